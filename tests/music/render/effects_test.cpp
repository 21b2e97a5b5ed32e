#include "host/music/render/effects.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/music/render/sound.hpp"

namespace segue::music {
namespace {

constexpr int kRate = 22'050;

std::vector<float> tone(double hz, double seconds, double amplitude = 0.5) {
  std::vector<float> samples(static_cast<std::size_t>(seconds * kRate));
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / kRate));
  return samples;
}

// In decibels, once it has settled.
double gain_at(const Filter& section, double hz) {
  std::vector<float> samples = tone(hz, 1);
  const double before = amplitude_at(std::span(samples).subspan(kRate / 2), kRate, hz);
  filter(samples, kRate, section);
  return 20 * std::log10(amplitude_at(std::span(samples).subspan(kRate / 2), kRate, hz) / before);
}

TEST(Filter, HasTheCookbooksGains) {
  using Kind = Filter::Kind;
  EXPECT_NEAR(gain_at({.kind = Kind::peak, .hz = 1000, .gain_db = 6, .q = 1}, 1000), 6, 0.01);
  EXPECT_NEAR(gain_at({.kind = Kind::peak, .hz = 1000, .gain_db = -9, .q = 1}, 1000), -9, 0.01);
  EXPECT_NEAR(gain_at({.kind = Kind::peak, .hz = 1000, .gain_db = 6, .q = 1}, 50), 0, 0.1);
  EXPECT_NEAR(gain_at({.kind = Kind::low_shelf, .hz = 500, .gain_db = 6}, 40), 6, 0.1);
  EXPECT_NEAR(gain_at({.kind = Kind::low_shelf, .hz = 500, .gain_db = 6}, 500), 3, 0.1);
  EXPECT_NEAR(gain_at({.kind = Kind::low_shelf, .hz = 500, .gain_db = 6}, 8000), 0, 0.1);
  EXPECT_NEAR(gain_at({.kind = Kind::high_shelf, .hz = 2000, .gain_db = -6}, 9000), -6, 0.1);
  EXPECT_NEAR(gain_at({.kind = Kind::high_shelf, .hz = 2000, .gain_db = -6}, 100), 0, 0.1);
  EXPECT_NEAR(gain_at({.kind = Kind::low_pass, .hz = 1000}, 1000), -3, 0.05);
  EXPECT_LT(gain_at({.kind = Kind::low_pass, .hz = 1000}, 4000), -23);
  EXPECT_NEAR(gain_at({.kind = Kind::high_pass, .hz = 1000}, 1000), -3, 0.05);
  EXPECT_LT(gain_at({.kind = Kind::high_pass, .hz = 1000}, 250), -23);
}

TEST(Level, OfATone) {
  std::vector<float> samples = tone(100, 1, 0.5);
  EXPECT_NEAR(rms(samples), 0.5 / std::sqrt(2.0), 1e-6);
  EXPECT_EQ(rms({}), 0);
  EXPECT_NEAR(decibels(-20), 0.1, 1e-12);
  normalise_peak(samples, 0.9);
  EXPECT_NEAR(*std::ranges::max_element(samples), 0.9, 1e-3);
  std::vector<float> silence(100);
  normalise_peak(silence, 0.9);
  EXPECT_EQ(rms(silence), 0);
}

// Energy of the response between two times falls by 60 dB in the decay time, the highs sooner.
TEST(Room, DecaysAsAsked) {
  std::vector<float> samples(2 * kRate);
  samples[0] = 1;
  add_room(samples, kRate, {.decay_seconds = 1, .wet = 0.5});
  EXPECT_EQ(samples[0], 1);
  const auto level = [&](double from) {
    return 20 * std::log10(rms(std::span(samples).subspan(static_cast<std::size_t>(from * kRate), kRate / 10)));
  };
  const double fall = level(0.1) - level(0.5);
  EXPECT_GT(fall, 0.4 * 60);
  EXPECT_LT(fall, 1.6 * 0.4 * 60);
}

TEST(Room, IsStable) {
  std::vector<float> samples(10 * kRate, 0.5f);
  add_room(samples, kRate, {.decay_seconds = 1.5, .size = 1.6, .wet = 0.4});
  EXPECT_LT(std::abs(samples.back()), 5);
}

TEST(Compressor, BringsLoudAndQuietTogether) {
  std::vector<float> samples = tone(200, 1, 0.8);
  const std::vector<float> quiet = tone(200, 1, 0.1);
  samples.insert(samples.end(), quiet.begin(), quiet.end());
  compress(samples, kRate, {.threshold = 0.1, .ratio = 4});
  const std::span<const float> heard = samples;
  const double loud = rms(heard.subspan(kRate / 2, kRate / 2));
  const double soft = rms(heard.subspan(3 * kRate / 2));
  EXPECT_NEAR(20 * std::log10(loud / soft), 20 * std::log10(8.0) / 4, 0.5);
}

TEST(Limiter, KeepsWithinOneAndAddsHarmonics) {
  std::vector<float> samples = tone(300, 1, 0.1);
  limit(samples, 3);
  for (const float sample : samples)
    ASSERT_LE(std::abs(sample), 1);
  EXPECT_GT(amplitude_at(samples, kRate, 900), 0.1 * amplitude_at(samples, kRate, 300));
  std::vector<float> silence(100);
  limit(silence, 3);
  EXPECT_EQ(rms(silence), 0);
}

TEST(Noise, HasItsLevel) {
  Random random(1);
  std::vector<float> samples = tone(440, 2);
  const std::vector<float> before = samples;
  add_noise(samples, kRate, 1000, 0.1, random);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] -= before[i];
  EXPECT_NEAR(rms(samples), 0.1 * rms(before), 1e-4);
}

TEST(RecordPlayer, HumsAndClicks) {
  Random random(1);
  std::vector<float> samples = tone(1000, 4);
  const double level = rms(samples);
  const std::vector<float> before = samples;
  add_record_player(samples, kRate, {.hum_hz = 60, .hum_level = 0.05, .clicks_per_second = 10}, random);
  EXPECT_NEAR(amplitude_at(samples, kRate, 60), 0.05 * level, 0.01 * level);
  int clicks = 0;
  for (std::size_t i = 0; i < samples.size(); ++i)
    clicks += std::abs(samples[i] - before[i]) > 0.3 * level;
  EXPECT_GT(clicks, 15);
  EXPECT_LT(clicks, 100);
}

}  // namespace
}  // namespace segue::music
