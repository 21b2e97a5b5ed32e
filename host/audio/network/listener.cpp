#include "host/audio/network/listener.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/audio/network/inputs.hpp"
#include "segue/core/parallel.hpp"

namespace segue::audio {
namespace {

constexpr double kHarmonicWindowSeconds = 20;
constexpr std::int64_t kRhythmWindow = 512;
constexpr double kWholeSeconds = 60;  // longer clips' rhythm is heard in windows only
constexpr std::int64_t kBatchFrames = 16384;

/// Windows of the same width next to each other, the clips' order kept.
template <class Window>
void sort_by_width(std::vector<Window>& windows) {
  std::ranges::stable_sort(windows, {}, &Window::frames);
}

/// Calls body on batches of windows of one width.
template <class Window, class Body>
void for_batches(const std::vector<Window>& windows, Body&& body) {
  for (std::size_t begin = 0; begin < windows.size();) {
    const std::int64_t frames = windows[begin].frames;
    const auto most =
        static_cast<std::size_t>(std::max<std::int64_t>(1, kBatchFrames / std::max<std::int64_t>(1, frames)));
    std::size_t end = begin + 1;
    while (end < windows.size() && end - begin < most && windows[end].frames == frames)
      ++end;
    body(std::span(windows).subspan(begin, end - begin));
    begin = end;
  }
}

/// `count` windows of `frames` over `all`, evenly spaced.
template <class Window>
std::vector<Window> evenly(std::size_t clip, std::int64_t all, std::int64_t frames, std::int64_t count, float weight) {
  std::vector<Window> windows;
  for (std::int64_t i = 0; i < count; ++i)
    windows.push_back(
        {clip, count == 1 ? 0 : i * (all - frames) / (count - 1), frames, i, weight / static_cast<float>(count)});
  return windows;
}

void add_scaled(std::span<const float> values, float weight, std::span<float> sum) {
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] += weight * values[i];
}

/// The row's log-probabilities, added to a clip's mean.
void add_log_probabilities(std::span<float> logits, float weight, std::span<float> sum) {
  log_softmax(logits);
  add_scaled(logits, weight, sum);
}

std::span<float> row_of(std::vector<float>& values, std::size_t row, std::size_t columns) {
  return std::span(values).subspan(row * columns, columns);
}

}  // namespace

void log_softmax(std::span<float> logits) {
  const float largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits)
    sum += std::exp(static_cast<double>(logit - largest));
  const auto log_sum = static_cast<float>(std::log(sum));
  for (float& logit : logits)
    logit -= largest + log_sum;
}

std::vector<float> Listener::download(const Variable& x) {
  std::vector<float> values(static_cast<std::size_t>(x.shape().size()));
  ops_.download(x.value, values);
  return values;
}

// As many windows of about 20 s as fit best: a clip of 20 s and one frame is one.
std::vector<Listener::Window> Listener::harmonic_windows(std::size_t clip, std::int64_t frames) const {
  const double frames_per_second = static_cast<double>(front_end_.sample_rate) / front_end_.harmonic.hop_length;
  const std::int64_t count = std::max<std::int64_t>(
      1, std::llround(static_cast<double>(frames) / (kHarmonicWindowSeconds * frames_per_second)));
  return evenly<Window>(clip, frames, count == 1 ? frames : (frames + count - 1) / count, count, 1);
}

std::vector<Listener::Window> Listener::rhythm_windows(std::size_t clip, std::int64_t frames) const {
  if (frames <= kRhythmWindow)
    return {{clip, 0, frames, 0, 1}};
  const bool whole = static_cast<double>(frames) <= kWholeSeconds * front_end_.mel_frames_per_second() + 1;
  const std::int64_t count = 1 + (frames - kRhythmWindow + kRhythmWindow / 2 - 1) / (kRhythmWindow / 2);
  std::vector<Window> windows = evenly<Window>(clip, frames, kRhythmWindow, count, whole ? 0.5f : 1.0f);
  if (whole)
    windows.push_back({clip, 0, frames, count, 0.5f});
  return windows;
}

void Listener::hear_harmony(std::span<const Features> clips, std::span<Heard> heard) {
  std::vector<Window> windows;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const std::vector<Window> own = harmonic_windows(i, clips[i].harmonic.rows());
    heard[i].key_by_window = Matrix<float>(std::ssize(own), kKeys);
    windows.insert(windows.end(), own.begin(), own.end());
  }
  sort_by_width(windows);
  for_batches(windows, [&](std::span<const Window> batch) { hear_harmony(batch, clips, heard); });
}

void Listener::hear_harmony(std::span<const Window> batch, std::span<const Features> clips, std::span<Heard> heard) {
  const std::int64_t bands = front_end_.harmonic_bands.bands;
  const std::int64_t pairs = harmonic_pairs(batch[0].frames);
  const auto each = static_cast<std::size_t>(bands * pairs);
  std::vector<float> input(batch.size() * each);
  parallel_tasks(std::ssize(batch), [&](std::int64_t i) {
    const Window& window = batch[static_cast<std::size_t>(i)];
    harmonic_input(clips[window.clip].harmonic.view().row_range(window.begin, window.begin + window.frames),
                   front_end_.harmonic_bands.bins_per_octave, row_of(input, static_cast<std::size_t>(i), each));
  });
  Tape tape(ops_, parameters_);
  const Variable x = tape.input(ops_.upload({std::ssize(batch), 1, bands, pairs}, input));
  const HarmonicOutputs out = harmonic_branch(tape, x, front_end_.harmonic_bands);
  const Shape shape = out.evidence.shape();
  std::vector<float> keys = download(out.keys);
  std::vector<float> statistics =
      download(tape.statistics_over_w(tape.reshape(out.evidence, {shape.n, shape.c, 1, shape.h * shape.w})));

  const std::size_t width = statistics.size() / batch.size();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Window& window = batch[i];
    Heard& clip = heard[window.clip];
    add_log_probabilities(row_of(keys, i, kKeys), window.weight, clip.key);
    std::ranges::copy(row_of(keys, i, kKeys), clip.key_by_window.row(window.row).begin());
    clip.harmonic_statistics.resize(width);
    add_scaled(row_of(statistics, i, width), window.weight, clip.harmonic_statistics);
  }
}

void Listener::hear_rhythm(std::span<const Features> clips, std::span<Heard> heard) {
  std::vector<Window> windows;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const std::vector<Window> own = rhythm_windows(i, clips[i].mel.rows());
    windows.insert(windows.end(), own.begin(), own.end());
  }
  sort_by_width(windows);
  std::vector<std::vector<float>> covered(clips.size());
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const auto frames = static_cast<std::size_t>(clips[i].mel.rows());
    heard[i].beat.assign(frames, 0);
    heard[i].downbeat.assign(frames, 0);
    covered[i].assign(frames, 0);
  }
  for_batches(windows, [&](std::span<const Window> batch) {
    hear_rhythm(batch, clips, heard);
    for (const Window& window : batch)
      for (std::int64_t t = window.begin; t < window.begin + window.frames; ++t)
        ++covered[window.clip][static_cast<std::size_t>(t)];
  });
  for (std::size_t i = 0; i < clips.size(); ++i)
    for (std::size_t t = 0; t < covered[i].size(); ++t) {
      heard[i].beat[t] /= covered[i][t];
      heard[i].downbeat[t] /= covered[i][t];
    }
}

void Listener::hear_rhythm(std::span<const Window> batch, std::span<const Features> clips, std::span<Heard> heard) {
  const std::int64_t bands = front_end_.mel_bands.bands;
  const std::int64_t frames = batch[0].frames;
  const std::int64_t width = std::max(frames, kLeastRhythmFrames);
  const auto each = static_cast<std::size_t>(2 * bands * width);
  const auto columns = static_cast<std::size_t>(width);
  std::vector<float> input(batch.size() * each), flux(batch.size() * columns);
  parallel_tasks(std::ssize(batch), [&](std::int64_t i) {
    const Window& window = batch[static_cast<std::size_t>(i)];
    rhythm_input(clips[window.clip].mel.view().row_range(window.begin, window.begin + frames), width,
                 row_of(input, static_cast<std::size_t>(i), each), row_of(flux, static_cast<std::size_t>(i), columns));
  });
  Tape tape(ops_, parameters_);
  const Variable x = tape.input(ops_.upload({std::ssize(batch), 2 * bands, 1, width}, input));
  const Variable rise = tape.input(ops_.upload({std::ssize(batch), 1, 1, width}, flux));
  const RhythmOutputs out = rhythm_branch(tape, x, rise, front_end_.mel_frames_per_second());
  std::vector<float> tempo = download(out.tempo), metre = download(out.metre);
  std::vector<float> beats = download(tape.sigmoid(out.beats)), statistics = download(out.statistics);

  const std::size_t many = statistics.size() / batch.size();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Window& window = batch[i];
    Heard& clip = heard[window.clip];
    add_log_probabilities(row_of(tempo, i, kTempoClasses), window.weight, clip.tempo);
    add_log_probabilities(row_of(metre, i, kMetres), window.weight, clip.metre);
    clip.rhythm_statistics.resize(many);
    add_scaled(row_of(statistics, i, many), window.weight, clip.rhythm_statistics);
    const auto begin = static_cast<std::size_t>(window.begin), length = static_cast<std::size_t>(frames);
    add_scaled(row_of(beats, 2 * i, columns), 1, std::span(clip.beat).subspan(begin, length));
    add_scaled(row_of(beats, 2 * i + 1, columns), 1, std::span(clip.downbeat).subspan(begin, length));
  }
}

}  // namespace segue::audio
