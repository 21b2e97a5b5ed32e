#include "segue/music/renderer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "host/music/render/effects.hpp"
#include "segue/core/error.hpp"
#include "tests/music/render/sound.hpp"

namespace segue::music {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::ThrowsMessage;

constexpr int kRate = 22'050;
constexpr double kSeconds = 6;

class RendererTest : public SoundFontTest {
 protected:
  static RenderOptions options(double detuning_limit = 50) {
    RenderOptions render;
    render.sample_rate = kRate;
    render.seconds = kSeconds;
    render.detuning_limit_cents = detuning_limit;
    return render;
  }
};

// A claves stroke on each beat, as dry as a click.
Arrangement clicks(audio::Metre metre, double bpm) {
  Arrangement arrangement;
  arrangement.tune = "clicks";
  arrangement.source = "test";
  arrangement.style = Style::latin;
  arrangement.metre = metre;
  arrangement.bpm = bpm;
  arrangement.beats = 42;
  arrangement.keyless = true;
  for (int beat = 0; beat < 42; ++beat)
    arrangement.drums.push_back({.on = 1.0 * beat, .off = beat + 0.1, .channel = 9, .pitch = 75, .velocity = 110});
  return arrangement;
}

double loudness(const std::vector<float>& samples, double from, double to) {
  const auto frame = [&](double seconds) {
    return std::clamp<std::size_t>(static_cast<std::size_t>(std::max(0.0, seconds) * kRate), 0, samples.size());
  };
  return rms(std::span(samples).subspan(frame(from), frame(to) - frame(from)));
}

TEST_F(RendererTest, BeatsOfTheLabelsAreWhereTheStrokesAre) {
  Renderer renderer(test_font(), options());
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    Random random(seed);
    const std::optional<Excerpt> excerpt = renderer.render(clicks(audio::Metre::four_four, 100), random);
    ASSERT_TRUE(excerpt);
    ASSERT_GE(excerpt->labels.beats.size(), 9u);
    EXPECT_NEAR(excerpt->labels.tempo, 100, 3);
    int on_beat = 0;
    for (const float beat : excerpt->labels.beats)
      on_beat += loudness(excerpt->samples, beat - 0.02, beat + 0.04) >
                 2 * loudness(excerpt->samples, beat - 0.12, beat - 0.06);
    EXPECT_GE(on_beat + 1, std::ssize(excerpt->labels.beats)) << "seed " << seed;
  }
}

TEST_F(RendererTest, DownbeatsAreEveryBarOfTheMetre) {
  Renderer renderer(test_font(), options());
  for (const audio::Metre metre : audio::kAllMetres) {
    Random random(4);
    const std::optional<Excerpt> excerpt = renderer.render(clicks(metre, 120), random);
    ASSERT_TRUE(excerpt);
    EXPECT_EQ(excerpt->labels.metre, metre);
    const std::vector<float>& downbeats = excerpt->labels.downbeats;
    ASSERT_GE(downbeats.size(), 2u);
    for (std::size_t i = 1; i < downbeats.size(); ++i)
      EXPECT_NEAR(downbeats[i] - downbeats[i - 1], beats_per_bar(metre) * 0.5, 0.1);
    if (metre == audio::Metre::seven_eight) {
      EXPECT_THAT(excerpt->labels.beats, IsEmpty());
      continue;
    }
    for (const float downbeat : downbeats)
      EXPECT_NE(std::ranges::find(excerpt->labels.beats, downbeat), excerpt->labels.beats.end());
  }
}

TEST_F(RendererTest, SaysWhatItPlayed) {
  Renderer renderer(test_font(), options());
  Arrangement arrangement = clicks(audio::Metre::three_four, 90);
  arrangement.keyless = false;
  arrangement.key = 9;
  arrangement.mode = 0;
  arrangement.band = {{.on = 0, .off = 42, .channel = 0, .pitch = 57, .velocity = 90}};
  arrangement.voice = {{.on = 0, .off = 42, .pitch = 69}};
  Random random(1);
  const std::optional<Excerpt> excerpt = renderer.render(arrangement, random);
  ASSERT_TRUE(excerpt);
  EXPECT_EQ(excerpt->samples.size(), static_cast<std::size_t>(kSeconds * kRate));
  EXPECT_NEAR(std::abs(*std::ranges::max_element(excerpt->samples, {}, [](float s) { return std::abs(s); })), 0.9,
              1e-3);
  EXPECT_EQ(excerpt->labels.key, 9);
  EXPECT_EQ(excerpt->labels.mode, 0);
  EXPECT_FALSE(excerpt->labels.keyless);
  EXPECT_EQ(excerpt->labels.tune, "clicks");
  EXPECT_EQ(excerpt->labels.source, "test");
  EXPECT_EQ(excerpt->labels.style, style_name(Style::latin));
  EXPECT_EQ(excerpt->labels.soundfont, "timgm");
}

TEST_F(RendererTest, TheSameSeedGivesTheSameSamples) {
  Renderer renderer(test_font(), options()), another(test_font(), options());
  Arrangement arrangement = clicks(audio::Metre::four_four, 110);
  arrangement.voice = {{.on = 0, .off = 4, .pitch = 69}, {.on = 5, .off = 20, .pitch = 65}};
  Random first(3), between(4), again(3), same(3);
  const std::vector<float> samples = renderer.render(arrangement, first)->samples;
  EXPECT_NE(renderer.render(arrangement, between)->samples, samples);
  EXPECT_EQ(renderer.render(arrangement, again)->samples, samples);
  EXPECT_EQ(another.render(arrangement, same)->samples, samples);
}

TEST_F(RendererTest, DetuningKeepsWithinItsLimit) {
  Renderer renderer(test_font(), options(10));
  int in_tune = 0;
  std::vector<double> detunings;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const std::optional<Excerpt> excerpt = renderer.render(clicks(audio::Metre::four_four, 100), random);
    ASSERT_TRUE(excerpt);
    detunings.push_back(std::abs(excerpt->labels.detuning_cents));
    in_tune += excerpt->labels.detuning_cents == 0;
  }
  EXPECT_THAT(detunings, Each(Le(10.0)));
  EXPECT_GT(in_tune, 10);
  EXPECT_LT(in_tune, 30);
}

TEST_F(RendererTest, NothingWhereNothingWithAKeySounds) {
  Renderer renderer(test_font(), options());
  Arrangement arrangement = clicks(audio::Metre::four_four, 100);
  arrangement.keyless = false;
  Random random(1);
  EXPECT_FALSE(renderer.render(arrangement, random)) << "drums alone, though a key is claimed";
  arrangement.drums.clear();
  arrangement.keyless = true;
  EXPECT_FALSE(renderer.render(arrangement, random)) << "no notes at all";
}

TEST(RendererErrors, SayWhatToDo) {
  EXPECT_THAT([] { Renderer({}, {}); }, ThrowsMessage<InvalidArgument>(HasSubstr("install one")));
  RenderOptions options;
  options.seconds = 0;
  EXPECT_THAT(
      [&] {
        Renderer({{"a", "a.sf2"}}, options);
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("0 seconds: 1–600 expected")));
  options = {};
  options.detuning_limit_cents = 200;
  EXPECT_THAT(
      [&] {
        Renderer({{"a", "a.sf2"}}, options);
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("up to 200 cents: 0–100 expected")));
  EXPECT_THAT([] { Renderer({{"a", "/nowhere/a.sf2"}}, {}); }, ThrowsMessage<IoError>(HasSubstr("/nowhere/a.sf2")));
}

}  // namespace
}  // namespace segue::music
