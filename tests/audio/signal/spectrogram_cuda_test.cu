#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "cuda/audio/frame_chunks.hpp"
#include "cuda/core/kernel.hpp"
#include "segue/audio/network.hpp"
#include "segue/core/error.hpp"
#include "tests/audio/signal/reference.hpp"
#include "tests/audio/signal/signals.hpp"
#include "tests/core/kernel_test.hpp"
#if defined(SEGUE_SIMT)
#include "simt/engine.hpp"
#endif

namespace segue::audio_signal {
namespace {

using audio::Filterbank;
using audio::make_spectrogram;
using audio::SpectrogramOptions;
using Output = SpectrogramOptions::Output;

constexpr Device kGpu{Device::Kind::cuda, 0};

class GpuSpectrogram : public cuda::KernelTest {};

void expect_near(const Matrix<float>& got, const Matrix<float>& want) {
  ASSERT_EQ(got.rows(), want.rows());
  ASSERT_EQ(got.columns(), want.columns());
  for (std::int64_t row = 0; row < want.rows(); ++row) {
    const float largest = *std::max_element(want.row(row).begin(), want.row(row).end());
    for (std::int64_t i = 0; i < want.columns(); ++i)
      ASSERT_LE(std::abs(got(row, i) - want(row, i)), 1e-4f * largest) << "row " << row << ", column " << i;
  }
}

Matrix<float> compute(Device device, const SpectrogramOptions& options, const Filterbank& bank,
                      std::span<const float> clip) {
  const auto spectrogram = make_spectrogram(device, options, bank);
  Matrix<float> result(spectrogram->frames(static_cast<std::int64_t>(clip.size())), spectrogram->filters(),
                       reference::kPoison);
  const MatrixView<float> view = result.view();
  spectrogram->compute({&clip, 1}, {&view, 1});
  return result;
}

TEST_F(GpuSpectrogram, MatchesTheTransformAsWrittenOverRandomShapes) {
  Random random(8192);
  const std::vector<int> lengths = {16, 24, 40, 64, 80, 96, 128, 256, 320};
  for (int round = 0; round < 14; ++round) {
    SpectrogramOptions options;
    options.n_fft = lengths[random.below(static_cast<std::uint32_t>(lengths.size()))];
    options.hop_length = options.n_fft / 4 + static_cast<int>(random.below(static_cast<std::uint32_t>(options.n_fft)));
    options.center = round % 2 == 0;
    options.output = random.below(2) == 0 ? Output::power : Output::magnitude;
    options.decibels = random.below(3) == 0;
    Filterbank bank;
    // Around 32, the filters that a block works on at once.
    if (const int bands = std::vector{0, 1, 31, 32, 33, 70}[random.below(6)]; bands > 0)
      bank = audio::mel_filterbank({.bands = bands, .norm = audio::FilterNorm::unit_sum}, 16000, options.n_fft);
    SCOPED_TRACE(testing::Message() << "n_fft " << options.n_fft << ", hop " << options.hop_length << ", "
                                    << bank.filters() << " filters, center " << options.center << ", decibels "
                                    << options.decibels);
    std::vector<std::vector<float>> clips;
    for (const std::int64_t samples : {0, 1, options.n_fft - 1, options.n_fft, 3 * options.n_fft + 5})
      clips.push_back(noise(samples, static_cast<std::uint64_t>(samples)));
    reference::expect_reference(*make_spectrogram(kGpu, options, bank), bank, clips);
    if (HasFatalFailure())
      return;
  }
}

void expect_front_end_of_the_cpu() {
  const std::vector<float> signal = chirp_and_noise(9000), empty, second = noise(300, 2);
  const std::vector<std::span<const float>> clips = {signal, empty, second};
  const auto got = audio::FrontEnd(kGpu, {}).compute(clips), want = audio::FrontEnd(Device::cpu(), {}).compute(clips);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    expect_near(got[i].mel, want[i].mel);
    expect_near(got[i].harmonic, want[i].harmonic);
  }
}

TEST_F(GpuSpectrogram, FrontEndIsTheCpus) {
  expect_front_end_of_the_cpu();
}

#if defined(SEGUE_SIMT)
constexpr std::int64_t kManyFrames = 90;

class LittleMemory {
 public:
  explicit LittleMemory(std::size_t bytes) { simt::set_device_memory(simt::device_memory_in_use() + bytes); }
  ~LittleMemory() { simt::set_device_memory(std::size_t{64} << 30); }
};
#else
constexpr std::int64_t kManyFrames = 200000;
struct LittleMemory {
  explicit LittleMemory(std::size_t) {}
};
#endif

TEST_F(GpuSpectrogram, ManyChunksAreAsOne) {
  const SpectrogramOptions options{.n_fft = 256, .hop_length = 90};
  const Filterbank bank = audio::mel_filterbank({}, 16000, 256);
  const std::vector<float> signal = noise(kManyFrames * 90, 1);
  const LittleMemory little(100 << 10);  // a chunk is a few frames
  expect_near(compute(kGpu, options, bank, signal), compute(Device::cpu(), options, bank, signal));
}

#if defined(SEGUE_SIMT)
TEST_F(GpuSpectrogram, FrontEndInManyChunksIsTheCpus) {
  const LittleMemory little(600 << 10);
  expect_front_end_of_the_cpu();
}

TEST_F(GpuSpectrogram, SaysWhatMemoryItNeeds) {
  const LittleMemory little(1200 << 10);  // enough for the window and the filters
  try {
    make_spectrogram(kGpu, {.n_fft = 65536}, {});
    ADD_FAILURE() << "accepted";
  } catch (const OutOfMemory& error) {
    EXPECT_THAT(error.what(), testing::MatchesRegex("spectrogram on cuda:0 .* needs .*use --device cpu.*"));
  }
}
#endif

SpectrogramOptions random_options(Random& random) {
  SpectrogramOptions options;
  options.n_fft = 16 << random.below(4);
  options.hop_length = 1 + static_cast<int>(random.below(200));
  options.center = random.below(2) == 0;
  return options;
}

/// Frames of one piece follow those of the last, and their samples are there.
void check_frames(const SpectrogramOptions& options, const cuda::ChunkPiece& piece, cuda::FrameRange frames,
                  std::int64_t clip_samples, std::int64_t& next) {
  if (frames.count() == 0)
    return;
  ASSERT_EQ(frames.begin, next);
  next = frames.end;
  for (std::int64_t t = frames.begin; t < frames.end; ++t) {
    const std::int64_t begin = std::clamp<std::int64_t>(frame_begin(options, t), 0, clip_samples);
    const std::int64_t end = std::clamp<std::int64_t>(frame_begin(options, t) + options.n_fft, begin, clip_samples);
    ASSERT_TRUE(begin == end || (begin >= piece.first_sample && end <= piece.first_sample + piece.samples));
  }
}

TEST(FrameChunks, HaveEachFrameOnceWithAllItsSamples) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    const std::vector<SpectrogramOptions> options = {random_options(random), random_options(random)};
    std::vector<std::vector<float>> signals(random.below(6));
    for (auto& signal : signals)
      signal.resize(random.below(2) == 0 ? random.below(3) : random.below(3000));
    const std::vector<std::span<const float>> clips(signals.begin(), signals.end());
    const cuda::ChunkLimits limits{cuda::reach_of(options) + 1 + random.below(4000),
                                   {1 + random.below(40), 1 + random.below(40)}};
    std::vector<std::array<std::int64_t, 2>> next(clips.size(), {0, 0});
    std::size_t last_clip = 0;
    for (const cuda::FrameChunk& chunk : cuda::chunks_of(options, clips, limits)) {
      std::vector<std::int64_t> frames(2, 0);
      std::int64_t samples = 0;
      for (const cuda::ChunkPiece& piece : chunk.pieces) {
        ASSERT_GE(piece.clip, last_clip);
        last_clip = piece.clip;
        ASSERT_EQ(piece.offset, samples);
        const auto clip_samples = static_cast<std::int64_t>(clips[piece.clip].size());
        ASSERT_LE(piece.first_sample + piece.samples, clip_samples);
        samples += piece.samples;
        for (std::size_t i = 0; i < 2; ++i) {
          check_frames(options[i], piece, piece.frames[i], clip_samples, next[piece.clip][i]);
          frames[i] += piece.frames[i].count();
        }
      }
      ASSERT_GT(frames[0] + frames[1], 0);
      ASSERT_EQ(chunk.frames, frames);
      ASSERT_EQ(chunk.samples, samples);
      ASSERT_LE(samples, limits.samples);
      for (std::size_t i = 0; i < 2; ++i)
        ASSERT_LE(frames[i], limits.frames[i]);
    }
    for (std::size_t clip = 0; clip < clips.size(); ++clip)
      for (std::size_t i = 0; i < 2; ++i)
        ASSERT_EQ(next[clip][i], audio::frame_count(options[i], static_cast<std::int64_t>(clips[clip].size())));
  }
}

}  // namespace
}  // namespace segue::audio_signal
