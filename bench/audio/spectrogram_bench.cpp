#include <benchmark/benchmark.h>

#include <cmath>

#include "segue/audio/network.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"

namespace {

using namespace segue;

constexpr int kClips = 16;
constexpr double kSeconds = 30;

std::vector<std::vector<float>> noise() {
  std::vector<std::vector<float>> clips;
  for (std::uint64_t clip = 0; clip < kClips; ++clip) {
    Random random(2011, clip);
    clips.emplace_back(static_cast<std::size_t>(kSeconds * audio::kSampleRate));
    for (float& sample : clips.back())
      sample = static_cast<float>(0.2 * (random.uniform() - 0.5));
  }
  return clips;
}

/// 2.5·n·log₂n of the transforms alone: nine tenths of what there is to do.
double transform_flops(const audio::SpectrogramOptions& options, std::int64_t samples) {
  return static_cast<double>(audio::frame_count(options, samples)) * 2.5 * options.n_fft * std::log2(options.n_fft);
}

void count(benchmark::State& state, double flops) {
  using benchmark::Counter;
  state.counters["clips/s"] = {kClips, Counter::kIsIterationInvariantRate};
  state.counters["x_real_time"] = {kClips * kSeconds, Counter::kIsIterationInvariantRate};
  state.counters["FLOP/s"] = {kClips * flops, Counter::kIsIterationInvariantRate};
  // Floor: each sample once.
  state.counters["samples_B/s"] = {kClips * kSeconds * audio::kSampleRate * sizeof(float),
                                   Counter::kIsIterationInvariantRate};
}

void run(benchmark::State& state, const audio::SpectrogramOptions& options, const audio::Filterbank& bank) {
  set_thread_count(static_cast<int>(state.range(0)));
  const auto spectrogram = audio::make_spectrogram(Device::cpu(), options, bank);
  const std::vector<std::vector<float>> signals = noise();
  const std::vector<std::span<const float>> clips(signals.begin(), signals.end());
  const auto samples = static_cast<std::int64_t>(signals.front().size());
  std::vector<Matrix<float>> results;
  std::vector<MatrixView<float>> views;
  for (int i = 0; i < kClips; ++i)
    results.emplace_back(spectrogram->frames(samples), spectrogram->filters());
  for (Matrix<float>& result : results)
    views.push_back(result.view());
  for (auto _ : state)
    spectrogram->compute(clips, views);
  count(state, transform_flops(options, samples));
}

void mel(benchmark::State& state) {
  const audio::FrontEndOptions options;
  run(state, options.mel, audio::mel_filterbank(options.mel_bands, options.sample_rate, options.mel.n_fft));
}

/// librosa.feature.melspectrogram(y, sr=22050)
void mel_as_librosa(benchmark::State& state) {
  run(state, {}, audio::mel_filterbank({}, audio::kSampleRate, 2048));
}

void harmonic(benchmark::State& state) {
  const audio::FrontEndOptions options;
  run(state, options.harmonic,
      audio::log_frequency_filterbank(options.harmonic_bands, options.sample_rate, options.harmonic.n_fft));
}

void run_front_end(benchmark::State& state, Device device) {
  const audio::FrontEndOptions options;
  audio::FrontEnd front_end(device, options);
  const std::vector<std::vector<float>> signals = noise();
  const std::vector<std::span<const float>> clips(signals.begin(), signals.end());
  for (auto _ : state)
    benchmark::DoNotOptimize(front_end.compute(clips));
  const auto samples = static_cast<std::int64_t>(signals.front().size());
  count(state, transform_flops(options.mel, samples) + transform_flops(options.harmonic, samples));
}

void front_end(benchmark::State& state) {
  set_thread_count(static_cast<int>(state.range(0)));
  run_front_end(state, Device::cpu());
}

/// From the host's memory and back to it; all threads copy.
void front_end_on_gpu(benchmark::State& state) {
  set_thread_count(0);
  const Device device = resolve(Device{}).device;
  if (device.kind != Device::Kind::cuda)
    state.SkipWithError("no GPU here");
  else
    run_front_end(state, device);
}

BENCHMARK(mel)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(mel_as_librosa)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(harmonic)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(front_end)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(front_end_on_gpu)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
