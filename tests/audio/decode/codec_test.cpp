#include <gmock/gmock.h>

#include <string>
#include <tuple>
#include <vector>

#include "segue/audio/decode.hpp"
#include "segue/core/error.hpp"
#include "tests/audio/decode/signals.hpp"

namespace segue::audio {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Noise below a tenth of the rate: every codec keeps it, and it is like itself at one lag only.
std::vector<float> dull_noise(std::size_t count) {
  std::vector<float> samples = test::noise(count, 5);
  float low = 0;
  float lower = 0;
  for (float& sample : samples) {
    low += 0.2F * (sample - low);
    lower += 0.2F * (low - lower);
    sample = lower;
  }
  return samples;
}

class CodecRoundTrip : public testing::TestWithParam<std::tuple<std::string, int, int>> {};

TEST_P(CodecRoundTrip, StaysInPlace) {
  const auto& [codec, rate, samples] = GetParam();
  const std::vector<float> before = dull_noise(static_cast<std::size_t>(samples));
  const std::vector<float> after = codec_round_trip(before, rate, codec, 64'000);
  ASSERT_EQ(after.size(), before.size());
  EXPECT_NE(after, before);
  const int lag = test::best_lag(before, after, 40);
  EXPECT_LE(std::abs(lag), 1);
  EXPECT_GT(test::correlation(before, after, lag), 0.95);
  const std::span<const float> last = std::span(before).last(500);
  EXPECT_GT(test::correlation(last, std::span(after).last(500), lag), 0.8);
}

INSTANTIATE_TEST_SUITE_P(All, CodecRoundTrip,
                         testing::Combine(testing::Values("mp3", "aac", "vorbis", "opus"),
                                          testing::Values(16'000, 22'050, 44'100, 50'000),
                                          testing::Values(5'000, 40'001)),
                         [](const auto& each) {
                           return std::get<0>(each.param) + "_" + std::to_string(std::get<1>(each.param)) + "_" +
                                  std::to_string(std::get<2>(each.param));
                         });

TEST(CodecRoundTrips, TakeNothingAndOneSample) {
  for (const std::string codec : {"mp3", "aac", "vorbis", "opus"}) {
    EXPECT_TRUE(codec_round_trip({}, 22050, codec, 64'000).empty());
    EXPECT_EQ(codec_round_trip(std::vector<float>{0.5F}, 22050, codec, 64'000).size(), 1U) << codec;
  }
}

TEST(CodecRoundTrips, AreTheSameEachTime) {
  const std::vector<float> samples = dull_noise(20'000);
  for (const std::string codec : {"mp3", "aac", "vorbis", "opus"})
    EXPECT_EQ(codec_round_trip(samples, 22050, codec, 48'000), codec_round_trip(samples, 22050, codec, 48'000))
        << codec;
}

TEST(CodecRoundTrips, SayWhatTheyDoNotTake) {
  const std::vector<float> samples(1000);
  EXPECT_THAT([&] { codec_round_trip(samples, 22050, "ac3", 64'000); },
              ThrowsMessage<InvalidArgument>("codec \"ac3\": mp3, aac, vorbis or opus expected"));
  EXPECT_THAT([&] { codec_round_trip(samples, 22050, "mp3", 0); },
              ThrowsMessage<InvalidArgument>("0 bit/s for mp3: at least 1 expected"));
  EXPECT_THAT([&] { codec_round_trip(samples, 22050, "vorbis", 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("libvorbis does not take 22050 Hz at 1 bit/s")));
}

}  // namespace
}  // namespace segue::audio
