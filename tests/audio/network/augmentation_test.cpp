#include "host/audio/network/augmentation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "host/audio/network/inputs.hpp"
#include "segue/core/float16.hpp"

namespace segue::audio {
namespace {

Matrix<std::uint16_t> to_half(const Matrix<float>& x) {
  Matrix<std::uint16_t> halves(x.rows(), x.columns());
  std::transform(x.data(), x.data() + x.rows() * x.columns(), halves.data(), to_float16);
  return halves;
}

std::int64_t loudest_band(const Matrix<float>& x) {
  std::vector<double> sum(static_cast<std::size_t>(x.columns()));
  for (std::int64_t t = 0; t < x.rows(); ++t)
    for (std::int64_t f = 0; f < x.columns(); ++f)
      sum[static_cast<std::size_t>(f)] += static_cast<double>(x(t, f));
  return std::ranges::max_element(sum) - sum.begin();
}

// One loud band moves by as many semitones as are said, and by up to a quarter of one more.
TEST(AugmentHarmonic, MovesWhatSoundsAsItSays) {
  constexpr int kBinsPerOctave = 36;
  Matrix<float> x(40, 108, 0.001f);
  for (std::int64_t t = 0; t < x.rows(); ++t)
    x(t, 54) = 10;
  const Matrix<std::uint16_t> clip = to_half(x);
  std::vector<int> seen(9);
  for (std::uint64_t i = 0; i < 200; ++i) {
    Random random(1, i);
    Matrix<float> out(30, 108, std::nanf(""));
    const int semitones = augment_harmonic(clip.view(), kBinsPerOctave, random, out.view());
    ASSERT_LE(std::abs(semitones), 4);
    ++seen[static_cast<std::size_t>(semitones + 4)];
    for (const float value : std::span(out.data(), 30 * 108))
      ASSERT_TRUE(value >= 0 && std::isfinite(value));
    EXPECT_NEAR(static_cast<double>(loudest_band(out)), 54 + 3 * semitones, 1);
  }
  EXPECT_GT(*std::ranges::min_element(seen), 5);
}

// A click each 20 frames is one each 20/ratio frames of the crop, the first where the crop says.
TEST(AugmentRhythm, StretchesAsItSays) {
  Matrix<float> x(900, 40, 0.001f);
  for (std::int64_t t = 0; t < x.rows(); t += 20)
    std::ranges::fill(x.row(t), 10.0f);
  const Matrix<std::uint16_t> clip = to_half(x);
  for (std::uint64_t i = 0; i < 100; ++i) {
    Random random(2, i);
    Matrix<float> out(256, 40, std::nanf(""));
    const TimeCrop crop = augment_rhythm(clip.view(), 100, random, out.view());
    ASSERT_GE(crop.ratio, 0.8);
    ASSERT_LE(crop.ratio, 1.25);
    std::vector<double> level(256);
    for (std::int64_t t = 0; t < 256; ++t)
      for (const float value : out.row(t)) {
        ASSERT_TRUE(value >= 0 && std::isfinite(value));
        level[static_cast<std::size_t>(t)] += static_cast<double>(value);
      }
    double on = 0, off = 0;
    for (double event = std::ceil(crop.begin / 20) * 20; (event - crop.begin) / crop.ratio < 250; event += 20) {
      const double at = (event - crop.begin) / crop.ratio;
      on += level[static_cast<std::size_t>(std::llround(at))];
      off += level[static_cast<std::size_t>(std::max(0.0, at - 4))];
    }
    EXPECT_GT(on, 2 * off) << i << ' ' << crop.begin << ' ' << crop.ratio;
  }
}

TEST(AugmentRhythm, KeepsTheTempoWithinReach) {
  const Matrix<std::uint16_t> clip = to_half(Matrix<float>(900, 40, 1.0f));
  Matrix<float> out(256, 40);
  for (std::uint64_t i = 0; i < 100; ++i)
    for (const double tempo : {42.0, 225.0}) {
      Random random(3, i);
      const double heard = tempo * augment_rhythm(clip.view(), tempo, random, out.view()).ratio;
      EXPECT_GE(heard, 40);
      EXPECT_LE(heard, 230);
    }
}

TEST(AugmentRhythm, SilenceFollowsAClipThatIsTooShort) {
  const Matrix<std::uint16_t> clip = to_half(Matrix<float>(50, 40, 1.0f));
  Random random(4);
  Matrix<float> out(256, 40, std::nanf(""));
  const TimeCrop crop = augment_rhythm(clip.view(), 100, random, out.view());
  EXPECT_EQ(crop.ratio, 1);
  EXPECT_EQ(crop.begin, 0);
  for (const float value : std::span(out.data(), 256 * 40))
    EXPECT_TRUE(value >= 0 && std::isfinite(value));
}

TEST(Augmentation, IsAFunctionOfItsRandomAlone) {
  const Matrix<std::uint16_t> clip = to_half(Matrix<float>(900, 48, 1.0f));
  Matrix<float> first(256, 48), second(256, 48, std::nanf(""));
  Random one(5, 6), two(5, 6);
  augment_rhythm(clip.view(), 100, one, first.view());
  augment_rhythm(clip.view(), 100, two, second.view());
  EXPECT_TRUE(std::equal(first.data(), first.data() + 256 * 48, second.data()));
}

}  // namespace
}  // namespace segue::audio
