#include "segue/audio/baselines.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "segue/core/error.hpp"
#include "tests/audio/signal/signals.hpp"

namespace segue::audio {
namespace {

Features features_of(const std::vector<float>& signal) {
  const std::span<const float> clip(signal);
  FrontEnd front_end(Device::cpu(), {});
  return std::move(front_end.compute({&clip, 1}).front());
}

/// Bursts of noise that die away, the first of four louder.
std::vector<float> clicks(double bpm, double seconds) {
  std::vector<float> signal(static_cast<std::size_t>(seconds * kSampleRate), 0.0f);
  const std::vector<float> burst = audio_signal::noise(2000, 3);
  for (int beat = 0; beat * 60 / bpm < seconds; ++beat) {
    const auto start = static_cast<std::size_t>(beat * 60 / bpm * kSampleRate);
    for (std::size_t i = 0; i < burst.size() && start + i < signal.size(); ++i)
      signal[start + i] +=
          static_cast<float>(beat % 4 == 0 ? 1.0 : 0.6) * burst[i] * std::exp(-static_cast<float>(i) / 400);
  }
  return signal;
}

TEST(CombFilterTempo, HearsAClickTrack) {
  const double frames_per_second = FrontEndOptions().mel_frames_per_second();
  for (const double bpm : {75.0, 100.0, 120.0, 137.5, 160.0})
    EXPECT_NEAR(comb_filter_tempo(features_of(clicks(bpm, 15)).mel.view(), frames_per_second), bpm, 0.03 * bpm);
}

TEST(CombFilterTempo, NothingThatBeginsHasNoTempo) {
  EXPECT_EQ(comb_filter_tempo({}, 43), 0);
  for (const std::int64_t frames : {1, 2, 700}) {
    EXPECT_EQ(comb_filter_tempo(Matrix<float>(frames, 40, 0.0f).view(), 43), 0);
    EXPECT_EQ(comb_filter_tempo(Matrix<float>(frames, 40, 0.25f).view(), 43), 0);
  }
}

/// Triads one after the other, a second each, each tone with two overtones.
std::vector<float> chords(const std::vector<std::array<int, 3>>& triads) {
  std::vector<float> signal;
  for (const auto& triad : triads)
    for (int t = 0; t < kSampleRate; ++t) {
      double value = 0;
      for (const int pitch : triad)
        for (const int harmonic : {1, 2, 3})
          value += 0.1 / harmonic *
                   std::sin(2 * std::numbers::pi * harmonic * 440 * std::exp2((pitch - 69) / 12.0) * t / kSampleRate);
      signal.push_back(static_cast<float>(value));
    }
  return signal;
}

class TemplateKeys : public testing::TestWithParam<KeyProfile> {};

TEST_P(TemplateKeys, HearsCadencesInAllKeys) {
  for (int tonic = 0; tonic < 12; ++tonic) {
    const int i = 48 + tonic, iv = i + 5, v = i + 7;
    const TemplateKey major = template_key(
        features_of(chords({{i, i + 4, i + 7}, {iv, iv + 4, iv + 7}, {v, v + 4, v + 7}, {i, i + 4, i + 7}}))
            .harmonic.view(),
        36, GetParam());
    EXPECT_EQ(major.key, tonic);
    EXPECT_EQ(major.mode, 1);
    const TemplateKey minor = template_key(
        features_of(chords({{i, i + 3, i + 7}, {iv, iv + 3, iv + 7}, {v, v + 3, v + 7}, {i, i + 3, i + 7}}))
            .harmonic.view(),
        36, GetParam());
    EXPECT_EQ(minor.key, tonic);
    EXPECT_EQ(minor.mode, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Profiles, TemplateKeys,
                         testing::Values(KeyProfile::krumhansl_kessler, KeyProfile::temperley_1999,
                                         KeyProfile::temperley_2005));

TEST(TemplateKey, SilenceIsCMajor) {
  for (const std::int64_t frames : {0, 1, 20}) {
    const TemplateKey key = template_key(Matrix<float>(frames, 252, 0.0f).view(), 36, KeyProfile::krumhansl_kessler);
    EXPECT_EQ(key.key, 0);
    EXPECT_EQ(key.mode, 1);
  }
}

TEST(TemplateKey, RefusesTheWrongBands) {
  const Matrix<float> bands(1, 252);
  try {
    template_key(bands.view(), 40, KeyProfile::temperley_1999);
    ADD_FAILURE() << "accepted";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(), "template key: 40 bins per octave, expected a multiple of 12");
  }
  try {
    template_key(bands.view(), 48, KeyProfile::temperley_1999);
    ADD_FAILURE() << "accepted";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(), "template key: 252 bands, expected at least 288 (6 octaves from C1)");
  }
}

}  // namespace
}  // namespace segue::audio
