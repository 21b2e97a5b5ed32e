#include "cuda/audio/spectrogram.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <numeric>

#include "cuda/audio/frame_chunks.hpp"
#include "cuda/audio/frame_fft.hpp"
#include "cuda/audio/slot_plan.hpp"
#include "cuda/audio/spectrogram_kernel.cuh"
#include "cuda/core/block_stream.hpp"
#include "cuda/core/launch.hpp"
#include "segue/core/parallel.hpp"

namespace segue::cuda {
namespace {

/// A spectrogram without filters is one whose filters are its bins.
audio::Filterbank every_bin(int n_fft) {
  audio::Filterbank bank;
  bank.bins = n_fft / 2 + 1;
  const auto bins = static_cast<std::size_t>(bank.bins);
  bank.first.resize(bins);
  std::iota(bank.first.begin(), bank.first.end(), 0);
  bank.offset.resize(bins + 1);
  std::iota(bank.offset.begin(), bank.offset.end(), 0);
  bank.weights.assign(bins, 1.0f);
  return bank;
}

SpectrogramForm form_of(const audio::SpectrogramOptions& options) {
  if (options.decibels)
    return SpectrogramForm::decibels;
  return options.output == audio::SpectrogramOptions::Output::magnitude ? SpectrogramForm::magnitude
                                                                        : SpectrogramForm::power;
}

/// What one spectrogram has on the device.
class Stage {
 public:
  Stage(const CudaContext& context, const SpectrogramSetup& setup, std::int64_t most_frames)
      : Stage(context, setup, setup.filterbank.filters() > 0 ? setup.filterbank : every_bin(setup.options.n_fft),
              most_frames) {}

  /// Queued on the context's stream.
  /// @param frames   [rounded frames × n_fft], spectra [rounded frames × bins]: scratch
  /// @param results  [count × filters]
  void run(std::int64_t count, const float* samples, const FrameSource* sources, float* frames, float2* spectra,
           float* results) {
    const Grid grid(static_cast<unsigned>(count), kSpectrogramThreads);
    launch(frames_kernel, grid, context_.stream(), samples, sources, window_.data(), n_fft_, frames);
    fft_.transform(count, frames, spectra);
    const DeviceFilters filters{first_.data(), offset_.data(), weights_.data(),
                                static_cast<std::int32_t>(first_.size())};
    launch(filter_kernel, grid, context_.stream(), spectra, n_fft_ / 2 + 1, filters, form_, results);
  }

 private:
  Stage(const CudaContext& context, const SpectrogramSetup& setup, const audio::Filterbank& bank,
        std::int64_t most_frames)
      : context_(context),
        n_fft_(setup.options.n_fft),
        form_(form_of(setup.options)),
        window_(setup.window, context.stream()),
        first_(bank.first, context.stream()),
        offset_(bank.offset, context.stream()),
        weights_(bank.weights, context.stream()),
        fft_(context, n_fft_, most_frames) {
    context.synchronize();  // the host's vectors may go now
  }

  const CudaContext& context_;
  int n_fft_;
  SpectrogramForm form_;
  DeviceBuffer<float> window_;
  DeviceBuffer<std::int32_t> first_, offset_;
  DeviceBuffer<float> weights_;
  FrameFft fft_;
};

std::vector<audio::SpectrogramOptions> options_of(std::span<const SpectrogramSetup> setups) {
  std::vector<audio::SpectrogramOptions> options;
  for (const SpectrogramSetup& setup : setups)
    options.push_back(setup.options);
  return options;
}

std::vector<std::int64_t> filters_of(std::span<const SpectrogramSetup> setups) {
  std::vector<std::int64_t> filters;
  for (const SpectrogramSetup& setup : setups)
    filters.push_back(setup.filterbank.filters() > 0 ? setup.filterbank.filters() : setup.options.n_fft / 2 + 1);
  return filters;
}

class Engine : public SpectrogramEngine {
 public:
  Engine(int device, std::span<const SpectrogramSetup> setups)
      : context_(device),
        options_(options_of(setups)),
        filters_(filters_of(setups)),
        plan_(plan_slots(context_, options_, filters_)),
        stream_(context_, plan_.bytes),
        frames_(plan_.frames_bytes / 4, context_.stream()),
        spectra_(plan_.spectra_bytes / 8, context_.stream()) {
    for (std::size_t i = 0; i < setups.size(); ++i)
      stages_.emplace_back(context_, setups[i], plan_.limits.frames[i]);
  }

  void compute(std::span<const std::span<const float>> clips,
               std::span<const std::span<const MatrixView<float>>> out) override {
    const std::scoped_lock one_at_a_time(mutex_);
    context_.use();
    const std::vector<FrameChunk> chunks = chunks_of(options_, clips, plan_.limits);
    const auto chunk = [&](std::int64_t b) -> const FrameChunk& { return chunks[static_cast<std::size_t>(b)]; };
    BlockStream::Work work;
    work.fill = [&](std::int64_t b, std::byte* staging) {
      fill_samples(chunk(b), clips, reinterpret_cast<float*>(staging + plan_.samples));
      for (std::size_t i = 0; i < stages_.size(); ++i)
        fill_sources(chunk(b), clips, i, reinterpret_cast<FrameSource*>(staging + plan_.sources[i]));
      return plan_.samples + 4 * chunk(b).samples;
    };
    work.queue = [&](std::int64_t b, std::byte* slot) { queue(chunk(b), slot); };
    work.returned = [&](std::int64_t b) {
      const std::int64_t end = plan_.results.back() + 4 * chunk(b).frames.back() * filters_.back();
      return BlockStream::Bytes{plan_.results.front(), end - plan_.results.front()};
    };
    work.drain = [&](std::int64_t b, const std::byte* staging) {
      for (std::size_t i = 0; i < stages_.size(); ++i)
        drain(chunk(b), i, reinterpret_cast<const float*>(staging + plan_.results[i]), out[i]);
    };
    stream_.run(static_cast<std::int64_t>(chunks.size()), work);
  }

 private:
  static void fill_samples(const FrameChunk& chunk, std::span<const std::span<const float>> clips, float* samples) {
    constexpr std::int64_t kPiece = 65536;
    for (const ChunkPiece& piece : chunk.pieces) {
      const float* const clip = clips[piece.clip].data() + piece.first_sample;
      parallel_for(piece.samples, kPiece, [&](std::int64_t begin, std::int64_t end) {
        std::copy(clip + begin, clip + end, samples + piece.offset + begin);
      });
    }
  }

  void fill_sources(const FrameChunk& chunk, std::span<const std::span<const float>> clips, std::size_t spectrogram,
                    FrameSource* source) const {
    const audio::SpectrogramOptions& options = options_[spectrogram];
    for (const ChunkPiece& piece : chunk.pieces) {
      const auto samples = static_cast<std::int64_t>(clips[piece.clip].size());
      for (std::int64_t frame = piece.frames[spectrogram].begin; frame < piece.frames[spectrogram].end; ++frame) {
        const std::int64_t begin = frame_begin(options, frame);
        const std::int64_t from = std::clamp<std::int64_t>(-begin, 0, options.n_fft);
        const std::int64_t to = std::clamp<std::int64_t>(samples - begin, from, options.n_fft);
        *source++ = {begin - piece.first_sample + piece.offset, static_cast<std::int32_t>(from),
                     static_cast<std::int32_t>(to)};
      }
    }
  }

  void queue(const FrameChunk& chunk, std::byte* slot) {
    for (std::size_t i = 0; i < stages_.size(); ++i)
      if (chunk.frames[i] > 0)
        stages_[i].run(chunk.frames[i], reinterpret_cast<const float*>(slot + plan_.samples),
                       reinterpret_cast<const FrameSource*>(slot + plan_.sources[i]), frames_.data(), spectra_.data(),
                       reinterpret_cast<float*>(slot + plan_.results[i]));
  }

  void drain(const FrameChunk& chunk, std::size_t spectrogram, const float* rows,
             std::span<const MatrixView<float>> out) const {
    constexpr std::int64_t kPiece = 256;
    const std::int64_t filters = filters_[spectrogram];
    for (const ChunkPiece& piece : chunk.pieces) {
      const FrameRange frames = piece.frames[spectrogram];
      parallel_for(frames.count(), kPiece, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
          std::copy_n(rows + i * filters, filters, out[piece.clip].row(frames.begin + i).data());
      });
      rows += frames.count() * filters;
    }
  }

  CudaContext context_;
  std::vector<audio::SpectrogramOptions> options_;
  std::vector<std::int64_t> filters_;
  SlotPlan plan_;
  BlockStream stream_;
  DeviceBuffer<float> frames_;
  DeviceBuffer<float2> spectra_;
  std::deque<Stage> stages_;
  std::mutex mutex_;
};

}  // namespace

std::unique_ptr<SpectrogramEngine> make_spectrogram_engine(int device, std::span<const SpectrogramSetup> spectrograms) {
  return std::make_unique<Engine>(device, spectrograms);
}

}  // namespace segue::cuda
