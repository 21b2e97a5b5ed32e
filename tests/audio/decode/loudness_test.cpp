// Loudness of signals made from the descriptions in EBU Tech 3341 (2016) table 1 and Tech 3342 (2016) table 1, within
// their tolerances. Cases 7 and 8 of the first, 5 and 6 of the second, are programmes that cannot be made.
#include "segue/audio/loudness.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "tests/audio/decode/signals.hpp"

namespace segue::audio {
namespace {

constexpr int kRate = 48000;
constexpr double kSilent = -std::numeric_limits<double>::infinity();

double amplitude(double decibels) {
  return std::pow(10, decibels / 20);
}

struct Part {
  double decibels;  // full scale, peak
  double seconds;
};

// A sine of 1 kHz in both channels, at one level after another.
std::vector<float> steps(const std::vector<Part>& parts, int sample_rate = kRate) {
  std::vector<float> stereo;
  for (const Part& part : parts) {
    const auto piece = test::in_channels(test::tone(1000, amplitude(part.decibels), part.seconds, sample_rate), 2);
    stereo.insert(stereo.end(), piece.begin(), piece.end());
  }
  return stereo;
}

Loudness measure(std::span<const float> interleaved, int channels, int sample_rate = kRate) {
  const ClipView clip{interleaved, channels};
  return measure_loudness(Device::cpu(), {&clip, 1}, sample_rate).front();
}

struct LoudnessCase {
  const char* name;
  std::vector<Part> parts;
  double want;
};

class Tech3341 : public testing::TestWithParam<LoudnessCase> {};

TEST_P(Tech3341, IntegratedLoudness) {
  for (const int rate : {44100, 48000, 22050})
    EXPECT_NEAR(measure(steps(GetParam().parts, rate), 2, rate).integrated_lufs, GetParam().want, 0.1) << rate;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Tech3341,
    testing::Values(
        LoudnessCase{"Case1", {{-23, 20}}, -23}, LoudnessCase{"Case2", {{-33, 20}}, -33},
        LoudnessCase{"Case3", {{-36, 10}, {-23, 60}, {-36, 10}}, -23},
        LoudnessCase{"Case4", {{-72, 10}, {-36, 10}, {-23, 60}, {-36, 10}, {-72, 10}}, -23},
        LoudnessCase{"Case5", {{-26, 20}, {-20, 20.1}, {-26, 20}}, -23},
        // its short-term loudness of -23 is what the document asks for; the mean over the periods is the same
        LoudnessCase{"Case9",
                     {{-20, 1.34},
                      {-30, 1.66},
                      {-20, 1.34},
                      {-30, 1.66},
                      {-20, 1.34},
                      {-30, 1.66},
                      {-20, 1.34},
                      {-30, 1.66},
                      {-20, 1.34},
                      {-30, 1.66}},
                     -23}),
    [](const auto& each) { return each.param.name; });

// L, R, C, Ls, Rs; then the same with an LFE before the surrounds, which does not count.
TEST(Tech3341, Case6FiveChannels) {
  for (const int lfe : {0, 1}) {
    std::vector<double> levels = {-28, -28, -24, -30, -30};
    if (lfe == 1)
      levels.insert(levels.begin() + 3, -6);
    std::vector<float> samples;
    for (const float sample : test::tone(1000, 1, 20, kRate))
      for (const double level : levels)
        samples.push_back(static_cast<float>(amplitude(level)) * sample);
    EXPECT_NEAR(measure(samples, 5 + lfe).integrated_lufs, -23, 0.1);
  }
}

class Tech3342 : public testing::TestWithParam<LoudnessCase> {};

TEST_P(Tech3342, LoudnessRange) {
  EXPECT_NEAR(measure(steps(GetParam().parts), 2).range_lu, GetParam().want, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Tech3342,
    testing::Values(LoudnessCase{"Case1", {{-20, 20}, {-30, 20}}, 10}, LoudnessCase{"Case2", {{-20, 20}, {-15, 20}}, 5},
                    LoudnessCase{"Case3", {{-40, 20}, {-20, 20}}, 20},
                    LoudnessCase{"Case4", {{-50, 20}, {-35, 20}, {-20, 20}, {-35, 20}, {-50, 20}}, 15}),
    [](const auto& each) { return each.param.name; });

// Of case 15 to 19: a quarter of the sample rate, at phases that put the peaks between the samples.
TEST(Tech3341, Cases15To19TruePeak) {
  struct Case {
    double amplitude, phase, want;
  };
  for (const Case& each : {Case{0.5, 0, -6}, {0.5, 45, -6}, {0.5, 60, -6}, {0.5, 67.5, -6}, {1.41, 45, 3}}) {
    const auto samples = test::in_channels(test::tone(kRate / 4.0, each.amplitude, 1, kRate, each.phase), 2);
    const double peak = measure(samples, 2).true_peak_dbtp;
    EXPECT_LE(peak, each.want + 0.2) << each.phase;
    EXPECT_GE(peak, each.want - 0.4) << each.phase;
  }
}

// After cases 20 to 23: a peak of full scale made at four times the rate, taken at each of the four offsets. Here it is
// the middle of a Gaussian burst of a sixth of the sample rate.
TEST(Tech3341, Cases20To23TruePeakBetweenSamples) {
  for (int offset = 0; offset < 4; ++offset) {
    std::vector<float> samples(kRate / 10);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const double t = static_cast<double>(i) - 2000 + offset / 4.0;
      samples[i] = static_cast<float>(std::exp(-t * t / 800) * std::cos(2 * std::numbers::pi * t / 6));
    }
    const double peak = measure(samples, 1).true_peak_dbtp;
    EXPECT_LE(peak, 0.2) << offset;
    EXPECT_GE(peak, -0.4) << offset;
  }
}

// Another implementation, ffmpeg 5.1's -af ebur128=peak=true, of this signal as a 32-bit float WAV. It takes the
// loudness range from ten times as many windows (libebur128: one a second, 38 here), and interpolates with a longer
// filter: the noise is dulled, so that filters matter little.
TEST(Loudness, AgreesWithFfmpeg) {
  std::vector<float> samples = test::noise(2 * 44100 * 40, 11);
  for (std::size_t i = 2; i < samples.size(); ++i)
    samples[i] = 0.25F * samples[i] + 0.75F * samples[i - 2];
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] *= static_cast<float>(0.05 + 0.9 * std::pow(std::sin(static_cast<double>(i) / 500'000), 2));
  const Loudness loudness = measure(samples, 2, 44100);
  EXPECT_NEAR(loudness.integrated_lufs, -17.9, 0.06);
  EXPECT_NEAR(loudness.range_lu, 19.0, 1.2);
  EXPECT_NEAR(loudness.true_peak_dbtp, -8.6, 0.2);
}

TEST(Loudness, CountsMonoAsOneChannel) {
  EXPECT_NEAR(measure(test::tone(1000, amplitude(-20), 5, kRate), 1).integrated_lufs, -23.0, 0.1);
}

TEST(Loudness, WeightsTheChannelsOfSevenOne) {
  const std::vector<double> weights = {1, 1, 1, 0, 1, 1, 1.41, 1.41};
  const auto tone = test::tone(1000, 0.1, 2, kRate);
  for (std::size_t channel = 0; channel < 8; ++channel) {
    std::vector<float> samples(tone.size() * 8);
    for (std::size_t i = 0; i < tone.size(); ++i)
      samples[i * 8 + channel] = tone[i];
    const double loudness = measure(samples, 8).integrated_lufs;
    const double want =
        weights[channel] == 0 ? kSilent : measure(tone, 1).integrated_lufs + 10 * std::log10(weights[channel]);
    if (std::isinf(want))
      EXPECT_EQ(loudness, want) << channel;
    else
      EXPECT_NEAR(loudness, want, 1e-6) << channel;
  }
}

TEST(Loudness, OfSilenceAndOfLessThanABlockIsMinusInfinity) {
  const Loudness silence = measure(std::vector<float>(kRate * 5), 1);
  EXPECT_EQ(silence.integrated_lufs, kSilent);
  EXPECT_EQ(silence.range_lu, 0);
  EXPECT_EQ(silence.true_peak_dbtp, kSilent);
  EXPECT_EQ(measure({}, 1).integrated_lufs, kSilent);
  EXPECT_EQ(measure({}, 2).true_peak_dbtp, kSilent);
  const Loudness shortest = measure(test::tone(1000, 0.5, 0.399, kRate), 1);
  EXPECT_EQ(shortest.integrated_lufs, kSilent);
  EXPECT_NEAR(shortest.true_peak_dbtp, -6, 0.3);
  EXPECT_GT(measure(test::tone(1000, 0.5, 0.401, kRate), 1).integrated_lufs, -12);
}

// The interpolator as BS.1770-4 annex 2 has it, written from the formula of libebur128's taps.
double true_peak(std::span<const float> samples, int factor) {
  double peak = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    peak = std::max(peak, std::abs(static_cast<double>(samples[i])));
    for (int phase = 0; phase < factor; ++phase) {
      double sum = 0;
      for (int j = phase; j < 49 && j / factor <= static_cast<int>(i); j += factor) {
        const double x = std::numbers::pi * (j - 24) / factor;
        const double hann = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * j / 48);
        sum += (x == 0 ? 1 : std::sin(x) / x) * hann * samples[i - static_cast<std::size_t>(j / factor)];
      }
      peak = std::max(peak, std::abs(sum));
    }
  }
  return peak;
}

TEST(Loudness, TruePeakFollowsTheFormulaForAnyLengthAndBlocks) {
  for (const auto& [rate, factor] : {std::pair{8000, 4}, {95'999, 4}, {96'000, 2}, {191'999, 2}, {192'000, 1}})
    for (const std::size_t length : {1U, 2U, 7U, 16U, 17U, 100U, 4095U, 4096U, 4097U, 9000U}) {
      const std::vector<float> samples = test::noise(length, static_cast<unsigned>(length));
      for (const std::size_t block : {std::size_t{1}, std::size_t{13}, length}) {
        const auto meter = make_loudness_meter(1, rate);
        for (std::size_t begin = 0; begin < length; begin += block)
          meter->add(std::span(samples).subspan(begin, std::min(block, length - begin)));
        EXPECT_NEAR(meter->finish().true_peak_dbtp, 20 * std::log10(true_peak(samples, factor)), 1e-4)
            << rate << " Hz, " << length << " samples in blocks of " << block;
      }
    }
}

TEST(Loudness, DoesNotDependOnTheThreads) {
  std::vector<std::vector<float>> signals;
  for (unsigned seed = 0; seed < 9; ++seed)
    signals.push_back(test::noise(30'000 + seed * 2, seed));
  std::vector<ClipView> clips;
  for (const auto& signal : signals)
    clips.push_back({signal, 2});
  const auto key = [](const Loudness& loudness) {
    return std::pair(loudness.integrated_lufs, loudness.true_peak_dbtp);
  };
  set_thread_count(1);
  const std::vector<Loudness> one = measure_loudness(Device::cpu(), clips, 22050);
  set_thread_count(3);
  const std::vector<Loudness> three = measure_loudness(Device::cpu(), clips, 22050);
  set_thread_count(0);
  ASSERT_EQ(one.size(), clips.size());
  for (std::size_t i = 0; i < clips.size(); ++i)
    EXPECT_EQ(key(one[i]), key(three[i])) << i;
}

TEST(Loudness, SaysWhatItDoesNotTake) {
  EXPECT_THAT([] { make_loudness_meter(65, 44100); },
              testing::ThrowsMessage<InvalidArgument>(
                  "loudness of 65 channels at 44100 Hz: 1 to 64 channels, 16 to 2822400 Hz expected"));
  EXPECT_THROW(make_loudness_meter(0, 44100), InvalidArgument);
  EXPECT_THROW(make_loudness_meter(1, 15), InvalidArgument);
  EXPECT_THAT([] { measure(std::vector<float>(5), 2); },
              testing::ThrowsMessage<InvalidArgument>("loudness: 5 samples of 2 channels: whole frames expected"));
}

}  // namespace
}  // namespace segue::audio
