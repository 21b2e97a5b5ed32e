#include "host/audio/network/branches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "host/audio/network/inputs.hpp"
#include "host/audio/network/listener.hpp"
#include "segue/core/error.hpp"
#include "tests/audio/network/synthetic_clips.hpp"

namespace segue::audio {
namespace {

std::vector<float> downloaded(LayerOps& ops, const Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.shape.size()), std::nanf(""));
  ops.download(tensor, values);
  return values;
}

Tensor random_tensor(LayerOps& ops, Shape shape, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<std::size_t>(shape.size()));
  for (float& value : values)
    value = static_cast<float>(random.normal());
  return ops.upload(shape, values);
}

/// Weights as training would leave them, with running statistics that are not at their beginning.
Weights some_weights(LayerOps& ops, const FrontEndOptions& front_end) {
  Parameters parameters(ops, 5);
  for (int step = 0; step < 3; ++step) {
    Tape tape(ops, parameters, 1);
    const Variable x = tape.input(random_tensor(ops, {4, 1, front_end.harmonic_bands.bands, 8}, 1));
    harmonic_branch(tape, x, front_end.harmonic_bands);
    rhythm_branch(tape, tape.input(random_tensor(ops, {4, 2 * front_end.mel_bands.bands, 1, 96}, 2)),
                  tape.input(random_tensor(ops, {4, 1, 1, 96}, 3)), front_end.mel_frames_per_second());
  }
  Weights weights;
  parameters.save(weights);
  return weights;
}

// A convolution with batch norm folded into it, against the equations in double:
// y = s·(Σ w·x − μ)/√(σ² + 1e-5) + t, then ELU.
TEST(Folding, IsConvolutionThenNormThenElu) {
  const auto ops = make_layer_ops(Device::cpu());
  const Shape input{2, 3, 4, 5}, kernel{6, 3, 1, 1};
  Weights weights;
  const auto add = [&](const char* name, Shape shape, std::uint64_t seed) {
    weights.tensors[name] = {shape, downloaded(*ops, random_tensor(*ops, shape, seed))};
  };
  add("c.weight", kernel, 1);
  add("c.norm.scale", {1, 6, 1, 1}, 2);
  add("c.norm.shift", {1, 6, 1, 1}, 3);
  add("c.norm.mean", {1, 6, 1, 1}, 4);
  weights.tensors["c.norm.variance"] = {{1, 6, 1, 1}, {0, 0.1f, 1, 2, 3, 100}};
  FoldedParameters folded(*ops, weights);
  Tape tape(*ops, folded);
  const Tensor x = random_tensor(*ops, input, 6);
  const std::vector<float> y =
      downloaded(*ops, tape.convolution({"c", kernel, {}, true, Activation::elu}, tape.input(x)).value);

  const std::vector<float> in = downloaded(*ops, x);
  const auto at = [&](const char* name, std::int64_t i) {
    return static_cast<double>(weights.tensors.at(name).values[static_cast<std::size_t>(i)]);
  };
  for (std::int64_t n = 0; n < 2; ++n)
    for (std::int64_t c = 0; c < 6; ++c)
      for (std::int64_t i = 0; i < 20; ++i) {
        double sum = 0;
        for (std::int64_t k = 0; k < 3; ++k)
          sum += at("c.weight", c * 3 + k) * static_cast<double>(in[static_cast<std::size_t>((n * 3 + k) * 20 + i)]);
        const double normal =
            at("c.norm.scale", c) * (sum - at("c.norm.mean", c)) / std::sqrt(at("c.norm.variance", c) + 1e-5) +
            at("c.norm.shift", c);
        const double expected = normal > 0 ? normal : std::expm1(normal);
        EXPECT_NEAR(y[static_cast<std::size_t>((n * 6 + c) * 20 + i)], expected, 1e-4 * (1 + std::abs(expected)));
      }
}

// Whatever is sung a semitone higher: where all that sounds moves within its octave, the keys move with it. The octaves
// have weights of their own, so that this is exact for the folded layers alone; the layers in front learn it from
// transposed examples.
TEST(Harmonic, RotatedPitchClassesRotateTheKeys) {
  const auto ops = make_layer_ops(Device::cpu());
  const FrontEndOptions front_end = small_front_end();
  const Weights weights = some_weights(*ops, front_end);
  FoldedParameters folded(*ops, weights);
  Tape tape(*ops, folded);
  constexpr std::int64_t kWidth = 5;
  const std::int64_t channels = weights.tensors.at("harmonic.fold.weight").shape.c;
  const Tensor x = random_tensor(*ops, {1, channels, 12, kWidth}, 8);
  std::vector<float> values = downloaded(*ops, x);
  constexpr int kSemitones = 3;
  std::vector<float> rotated(values.size());
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t pitch = 0; pitch < 12; ++pitch)
      for (std::int64_t t = 0; t < kWidth; ++t)
        rotated[static_cast<std::size_t>((c * 12 + (pitch + kSemitones) % 12) * kWidth + t)] =
            values[static_cast<std::size_t>((c * 12 + pitch) * kWidth + t)];
  const std::vector<float> keys = downloaded(*ops, keys_of_pitch_classes(tape, tape.input(x)).keys.value);
  const std::vector<float> moved = downloaded(
      *ops, keys_of_pitch_classes(tape, tape.input(ops->upload({1, channels, 12, kWidth}, rotated))).keys.value);
  for (std::size_t mode = 0; mode < 2; ++mode)
    for (std::size_t tonic = 0; tonic < 12; ++tonic)
      EXPECT_NEAR(moved[mode * 12 + (tonic + kSemitones) % 12], keys[mode * 12 + tonic], 1e-4);
}

TEST(Listener, WindowsOfOneClipDoNotDependOnTheOthers) {
  const auto ops = make_layer_ops(Device::cpu());
  const FrontEndOptions front_end = small_front_end();
  const Weights weights = some_weights(*ops, front_end);
  Listener listener(*ops, weights, front_end);
  Random random(3);
  std::vector<Features> clips;
  for (const std::int64_t frames : {0, 1, 40, 512, 513, 1300, 2700})  // 0 s to 63 s
    clips.push_back({clicks(21.5, 3, frames, front_end.mel_bands.bands, random),
                     triad(frames % 12, 0, front_end.harmonic_bands, frames / 8, random)});
  std::vector<Heard> together(clips.size());
  listener.hear_harmony(clips, together);
  listener.hear_rhythm(clips, together);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    Heard alone;
    listener.hear_harmony({&clips[i], 1}, {&alone, 1});
    listener.hear_rhythm({&clips[i], 1}, {&alone, 1});
    ASSERT_EQ(alone.beat.size(), static_cast<std::size_t>(clips[i].mel.rows()));
    for (std::size_t key = 0; key < kKeys; ++key)
      EXPECT_NEAR(alone.key[key], together[i].key[key], 1e-4) << i;
    for (std::size_t c = 0; c < kTempoClasses; ++c)
      EXPECT_NEAR(alone.tempo[c], together[i].tempo[c], 1e-4) << i;
    for (std::size_t t = 0; t < alone.beat.size(); ++t) {
      ASSERT_GE(alone.beat[t], 0) << i << ' ' << t;
      ASSERT_LE(alone.beat[t], 1.0001f) << i << ' ' << t;
    }
    EXPECT_EQ(together[i].key_by_window.rows(),
              std::max<std::int64_t>(1, std::llround(static_cast<double>(clips[i].harmonic.rows()) / 100)));
  }
}

TEST(Listener, NamesAMissingTensor) {
  const auto ops = make_layer_ops(Device::cpu());
  const FrontEndOptions front_end = small_front_end();
  Weights weights = some_weights(*ops, front_end);
  const Features silence{Matrix<float>(60, 40, 0.0f), Matrix<float>(20, 48, 0.0f)};
  Heard heard;
  const auto message = [&] {
    Listener listener(*ops, weights, front_end);
    try {
      listener.hear_rhythm({&silence, 1}, {&heard, 1});
    } catch (const BadInput& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  weights.tensors["rhythm.beats.bias"].values[1] = std::nanf("");
  EXPECT_EQ(message(), "the weights' tensor rhythm.beats.bias has values that are not finite: the file is damaged");
  weights.tensors["rhythm.beats.bias"].shape = {1, 1, 2, 1};
  EXPECT_EQ(message(),
            "the weights' tensor rhythm.beats.bias is [1, 1, 2, 1], expected [1, 2, 1, 1]: they are of another "
            "network or version");
  weights.tensors.erase("rhythm.beats.bias");
  EXPECT_EQ(message(),
            "the weights have no tensor rhythm.beats.bias [1, 2, 1, 1]: they are of another network or version");
}

// log(1 + 20x/n)/3, n = 0.7·(mean spectrum averaged over ±1 octave, mirrored) + 0.1·mean, pairs of frames averaged.
TEST(Inputs, HarmonicIsWhitened) {
  Random random(1);
  const Matrix<float> x = triad(4, 1, {36, 12, 65.4}, 7, random);
  std::vector<float> out(36 * 3, std::nanf(""));
  harmonic_input(x.view(), 12, out);
  double all = 0;
  std::vector<double> mean(36);
  for (std::int64_t t = 0; t < 7; ++t)
    for (std::int64_t f = 0; f < 36; ++f) {
      all += static_cast<double>(x(t, f)) / (7 * 36);
      mean[static_cast<std::size_t>(f)] += static_cast<double>(x(t, f)) / 7;
    }
  for (int f = 0; f < 36; ++f) {
    double around = 0;
    for (int j = f - 12; j <= f + 12; ++j)
      around += mean[static_cast<std::size_t>(j < 0 ? -j : j > 35 ? 70 - j : j)] / 25;
    for (int pair = 0; pair < 3; ++pair) {
      const auto level = [&](int t) {
        return std::log1p(20 * static_cast<double>(x(t, f)) / (0.7 * around + 0.1 * all)) / 3;
      };
      EXPECT_NEAR(out[static_cast<std::size_t>(f * 3 + pair)], (level(2 * pair) + level(2 * pair + 1)) / 2, 1e-5);
    }
  }
}

TEST(Inputs, RhythmHasLevelsRisesAndFlux) {
  Matrix<float> x(3, 2);
  const std::vector<float> values = {1, 2, 3, 1, 0, 5};
  std::ranges::copy(values, x.data());
  std::vector<float> out(4 * 5, std::nanf("")), flux(5, std::nanf(""));
  rhythm_input(x.view(), 5, out, flux);
  const auto level = [](double value) { return std::log1p(10 * value / 2); };  // the mean is 2
  const std::vector<double> expected = {level(1), level(3), 0, 0, 0, level(2), level(1), level(5), 0, 0};
  for (std::size_t i = 0; i < 10; ++i)
    EXPECT_NEAR(out[i], expected[i], 1e-5) << i;
  EXPECT_NEAR(out[11], level(3) - level(1), 1e-5);
  EXPECT_NEAR(out[17], level(5) - level(1), 1e-5);
  EXPECT_NEAR(flux[1], (level(3) - level(1)) / 2, 1e-5);
  EXPECT_NEAR(flux[2], (level(5) - level(1)) / 2, 1e-5);
  EXPECT_EQ(flux[0], 0);
  EXPECT_EQ(flux[3], 0);
}

}  // namespace
}  // namespace segue::audio
