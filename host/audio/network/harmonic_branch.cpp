#include <fmt/format.h>

#include "host/audio/network/branches.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr int kPitchClasses = 12;
constexpr std::int64_t kFront = 16;      // channels in front of the harmonics
constexpr std::int64_t kHarmonics = 32;  // channels that see an octave and a half up and down
constexpr std::int64_t kFolded = 48;     // channels of a pitch class
constexpr int kHarmonicReach = 37;       // semitones: −18 … +18
constexpr float kDropout = 0.2f;

// Over all twelve pitch classes from each one on.
Variable circular(Tape& tape, Convolution layer, const Variable& x) {
  return tape.convolution(layer, tape.circular_pad_h(x, kPitchClasses - 1));
}

Convolution unit(std::string name, Shape weights, int pad_h, int pad_w) {
  Convolution layer{"harmonic." + std::move(name), weights, {}, true, Activation::elu};
  layer.options.pad_h = pad_h;
  layer.options.pad_w = pad_w;
  return layer;
}

}  // namespace

HarmonicOutputs harmonic_branch(Tape& tape, const Variable& input, const LogFrequencyOptions& bands) {
  const int per_semitone = bands.bins_per_octave / kPitchClasses;
  const std::int64_t octaves = bands.bands / bands.bins_per_octave;
  if (bands.bins_per_octave % kPitchClasses != 0 || bands.bands % bands.bins_per_octave != 0)
    throw InvalidArgument(fmt::format("harmonic bands: {} with {} an octave; whole octaves of 12, 24, 36 … expected",
                                      bands.bands, bands.bins_per_octave));

  Convolution front = unit("front1", {kFront, 1, 2 * per_semitone + 1, 3}, per_semitone, 1);
  front.pool_h = per_semitone;
  Variable x = tape.convolution(front, input);
  x = tape.convolution(unit("front2", {kFront, kFront, 5, 3}, 2, 1), x);

  Convolution reach = unit("reach", {kFront, 1, kHarmonicReach, 1}, kHarmonicReach / 2, 0);
  reach.options.groups = kFront;
  reach.normalised = false;
  reach.activation = Activation::none;
  x = tape.concat_channels(x, tape.convolution(reach, x));
  x = tape.convolution(unit("harmonics", {kHarmonics, 2 * kFront, 1, 1}, 0, 0), x);

  const Shape semitones = x.shape();
  x = tape.reshape(x, {semitones.n, kHarmonics * octaves, kPitchClasses, semitones.w});
  return keys_of_pitch_classes(tape, x);
}

HarmonicOutputs keys_of_pitch_classes(Tape& tape, const Variable& octaves) {
  const Shape shape = octaves.shape();
  Variable x = tape.convolution(unit("fold", {kFolded, shape.c, 1, 1}, 0, 0), octaves);
  x = tape.dropout(x, kDropout, true);
  const Variable evidence = circular(tape, unit("circle1", {kFolded, kFolded, kPitchClasses, 3}, 0, 1), x);

  x = circular(tape, unit("circle2", {kFolded, kFolded, kPitchClasses, 1}, 0, 0), tape.mean_over_w(evidence));
  x = tape.dropout(x, kDropout, true);
  Convolution last = unit("keys", {2, kFolded, kPitchClasses, 1}, 0, 0);
  last.normalised = false;
  last.activation = Activation::none;
  return {tape.reshape(circular(tape, last, x), {shape.n, 1, 1, kKeys}), evidence};
}

}  // namespace segue::audio
