#include <gmock/gmock.h>

#include <cmath>
#include <vector>

#include "segue/audio/decode.hpp"
#include "segue/core/error.hpp"
#include "tests/audio/decode/signals.hpp"

namespace segue::audio {
namespace {

std::vector<float> resample(std::span<const float> samples, int rate_in, int rate_out, std::size_t block) {
  std::vector<float> out;
  const auto resampler = make_mono_resampler(1, rate_in, rate_out);
  for (std::size_t begin = 0; begin < samples.size(); begin += block)
    resampler->add(samples.subspan(begin, std::min(block, samples.size() - begin)), out);
  resampler->finish(out);
  return out;
}

TEST(MonoResampler, TakesTheMeanOfTheChannels) {
  std::vector<float> out;
  const auto resampler = make_mono_resampler(3, 8000, 8000);
  resampler->add(std::vector<float>{1, 2, 6, -1, 0, 1}, out);
  resampler->finish(out);
  EXPECT_THAT(out, testing::Pointwise(testing::FloatNear(1e-6F), {3.0F, 0.0F}));
}

TEST(MonoResampler, KeepsLengthAndTime) {
  for (const auto& [rate_in, rate_out] :
       {std::pair{44100, 22050}, {48000, 22050}, {22050, 48000}, {8000, 22050}, {192000, 16000}, {11025, 44100}}) {
    const std::vector<float> out = resample(test::tone(997, 0.8, 1, rate_in), rate_in, rate_out, 4096);
    EXPECT_NEAR(static_cast<double>(out.size()), rate_out, 1) << rate_in;
    const std::vector<float> want = test::tone(997, 0.8, 1, rate_out);
    for (std::size_t i = out.size() / 10; i < out.size() * 9 / 10; ++i)
      ASSERT_NEAR(out[i], want[i], 2e-5) << rate_in << " to " << rate_out << ", sample " << i;
  }
}

TEST(MonoResampler, KeepsOutWhatWouldFold) {
  const std::vector<float> out = resample(test::tone(15'000, 1, 1, 44100), 44100, 22050, 4096);
  for (std::size_t i = 1000; i < 21'000; ++i)
    ASSERT_LT(std::abs(out[i]), 1e-5) << i;  // -100 dB
}

TEST(MonoResampler, DoesNotDependOnTheBlocks) {
  const std::vector<float> samples = test::noise(30'000, 3);
  const std::vector<float> whole = resample(samples, 44100, 22050, samples.size());
  EXPECT_EQ(resample(samples, 44100, 22050, 1), whole);
  EXPECT_EQ(resample(samples, 44100, 22050, 1153), whole);
}

TEST(MonoResampler, TakesNothingAndLittle) {
  EXPECT_TRUE(resample({}, 44100, 22050, 1).empty());
  EXPECT_EQ(resample(std::vector<float>{0.5F}, 44100, 22050, 1).size(), 1U);
  EXPECT_EQ(resample(std::vector<float>{0.5F}, 22050, 44100, 1).size(), 2U);
}

TEST(MonoResampler, RefusesRatesBelowOne) {
  EXPECT_THAT([] { make_mono_resampler(0, 44100, 22050); },
              testing::ThrowsMessage<InvalidArgument>(
                  "resampling 0 channels from 44100 Hz to 22050 Hz: each at least 1 expected"));
  EXPECT_THROW(make_mono_resampler(1, 0, 22050), InvalidArgument);
  EXPECT_THROW(make_mono_resampler(1, 44100, -1), InvalidArgument);
}

}  // namespace
}  // namespace segue::audio
