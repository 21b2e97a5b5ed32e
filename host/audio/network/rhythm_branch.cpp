#include <array>
#include <cmath>

#include "host/audio/network/branches.hpp"

namespace segue::audio {
namespace {

constexpr std::int64_t kChannels = 32;  // of the temporal network; 20 would cost as much
constexpr int kBlocks = 8;              // dilations 1 … 128 and 2 … 256: sees ±4,080 frames
constexpr std::int64_t kActivations = 8;
constexpr std::int64_t kTempoChannels = 32;
constexpr std::int64_t kMetreChannels = 32;
constexpr std::int64_t kMetreHidden = 48;
constexpr float kDropout = 0.1f;

/// Lags in beats: the beat's own divisions, then what a bar can hold.
constexpr std::array<double, 9> kBeats = {1.0 / 3, 0.5, 1, 2, 3, 3.5, 4, 5, 6};
/// Classes beyond either end of the tempi, 1.44 octaves: half and double are in sight of every tempo.
constexpr int kMargin = 100;
constexpr std::int64_t kAxis = kTempoClasses + 2 * kMargin;
/// Knots of the learned tempo prior.
constexpr std::int64_t kPriorKnots = 24;

Convolution along_w(std::string name, std::int64_t out, std::int64_t in, int width, int dilation) {
  Convolution layer{"rhythm." + std::move(name), {out, in, 1, width}, {}, false, Activation::none};
  layer.options.dilation_w = dilation;
  layer.options.pad_w = dilation * (width / 2);
  return layer;
}

Convolution normalised_unit(std::string name, Shape weights, int pad_h, int pad_w) {
  Convolution layer{"rhythm." + std::move(name), weights, {}, true, Activation::elu};
  layer.options.pad_h = pad_h;
  layer.options.pad_w = pad_w;
  return layer;
}

// Bands down to one: [n, 2, bands, w] → [n, kChannels, 1, w].
Variable front(Tape& tape, Variable x) {
  Convolution first = normalised_unit("front1", {16, 2, 3, 3}, 1, 1);
  Convolution second = normalised_unit("front2", {kChannels, 16, 4, 3}, 0, 1);
  first.pool_h = second.pool_h = 3;
  x = tape.convolution(second, tape.convolution(first, x));
  x = tape.convolution(normalised_unit("front3", {kChannels, kChannels, x.shape().h, 1}, 0, 0), x);
  return tape.dropout(x, kDropout, false);
}

struct Temporal {
  Variable activations;  // the residual path
  Variable skip;         // sum of what the blocks add
};

Temporal temporal_network(Tape& tape, Variable x) {
  Variable skip;
  for (int block = 0; block < kBlocks; ++block) {
    const std::string name = "block" + std::to_string(block + 1);
    Convolution near = along_w(name + ".near", kChannels, kChannels, 5, 1 << block);
    Convolution far = along_w(name + ".far", kChannels, kChannels, 5, 2 << block);
    near.activation = far.activation = Activation::elu;
    const Variable both = tape.concat_channels(tape.convolution(near, x), tape.convolution(far, x));
    const Variable y =
        tape.convolution(along_w(name + ".out", kChannels, 2 * kChannels, 1, 1), tape.dropout(both, kDropout, false));
    x = tape.add(x, y);
    skip = block == 0 ? y : tape.add(skip, y);
  }
  return {tape.elu(x), tape.elu(skip)};
}

// Where in the autocorrelation the multiples of each tempo's beat lie; 0 where the window is too short to tell.
SamplePositions lags_of_tempi(std::int64_t frames, double frames_per_second) {
  SamplePositions positions;
  for (const double beats : kBeats)
    for (std::int64_t i = 0; i < kAxis; ++i) {
      const double lag = beats * 60 * frames_per_second / tempo_of_class(static_cast<double>(i - kMargin));
      positions.at.push_back(lag < 0.9 * static_cast<double>(frames - 1) ? static_cast<float>(lag) : -1.0f);
    }
  return positions;
}

SamplePositions evenly(double first, double last, std::int64_t count) {
  SamplePositions positions;
  for (std::int64_t i = 0; i < count; ++i)
    positions.at.push_back(
        static_cast<float>(first + (last - first) * static_cast<double>(i) / static_cast<double>(count - 1)));
  return positions;
}

// [n, kActivations, 1, frames] → what each tempo has for it [n, kTempoChannels, 1, kAxis].
Variable tempo_evidence(Tape& tape, const Variable& activations, double frames_per_second) {
  const Shape shape = activations.shape();
  constexpr auto kLags = static_cast<std::int64_t>(kBeats.size());
  const Variable sampled = tape.sample(tape.autocorrelation(activations), lags_of_tempi(shape.w, frames_per_second));
  Convolution layer = along_w("tempo1", kTempoChannels, kActivations * kLags, 5, 1);
  layer.normalised = true;
  layer.activation = Activation::elu;
  Variable x = tape.convolution(layer, tape.reshape(sampled, {shape.n, kActivations * kLags, 1, kAxis}));
  for (const int dilation : {4, 8, 12}) {
    layer = along_w("tempo.dilated" + std::to_string(dilation), kTempoChannels, kTempoChannels, 9, dilation);
    layer.normalised = true;
    layer.activation = Activation::elu;
    x = tape.add(x, tape.convolution(layer, x));
  }
  return x;
}

Variable metre_head(Tape& tape, const Variable& evidence, const Variable& tempo, const Variable& statistics) {
  Convolution layer = along_w("metre1", kMetreChannels, kTempoChannels, 5, 1);
  layer.normalised = true;
  layer.activation = Activation::elu;
  const Variable x = tape.convolution(layer, evidence);
  Variable all = tape.concat_channels(tape.attend(x, tempo), tape.statistics_over_w(x));
  all = tape.concat_channels(all, tape.norm("rhythm.metre.norm", statistics));
  layer = along_w("metre2", kMetreHidden, all.shape().c, 1, 1);
  layer.activation = Activation::elu;
  const Variable hidden = tape.dropout(tape.convolution(layer, all), 2 * kDropout, false);
  return tape.reshape(tape.convolution(along_w("metre3", kMetres, kMetreHidden, 1, 1), hidden),
                      {hidden.shape().n, 1, 1, kMetres});
}

}  // namespace

RhythmOutputs rhythm_branch(Tape& tape, const Variable& input, const Variable& flux, double frames_per_second) {
  const Shape shape = input.shape();
  Variable x = tape.norm("rhythm.input", input);
  x = front(tape, tape.reshape(x, {shape.n, 2, shape.c / 2, shape.w}));
  const auto [activations, skip] = temporal_network(tape, x);

  RhythmOutputs out;
  out.beats = tape.convolution(along_w("beats", 2, kChannels, 1, 1), activations);
  out.statistics = tape.concat_channels(tape.statistics_over_w(skip), tape.statistics_over_w(activations));

  Variable periodic = tape.convolution(along_w("periodic", kActivations - 2, kChannels, 1, 1), activations);
  periodic = tape.concat_channels(periodic, flux);
  periodic = tape.concat_channels(periodic, tape.sigmoid(tape.slice_channels(out.beats, 0, 1)));
  const Variable on_axis = tempo_evidence(tape, periodic, frames_per_second);
  const Variable evidence = tape.sample(on_axis, evenly(kMargin, kMargin + kTempoClasses - 1, kTempoClasses));
  const Variable prior = tape.parameter("rhythm.prior", {1, 1, 1, kPriorKnots});
  out.tempo = tape.add(tape.convolution(along_w("tempo.out", 1, kTempoChannels, 1, 1), evidence),
                       tape.sample(prior, evenly(0, kPriorKnots - 1, kTempoClasses)));
  out.metre = metre_head(tape, evidence, out.tempo, out.statistics);
  return out;
}

}  // namespace segue::audio
