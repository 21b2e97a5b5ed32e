#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <numbers>

#include "segue/audio/decode.hpp"
#include "segue/audio/profile.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::audio {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
namespace fs = std::filesystem;

constexpr int kRate = 2000;  // so that ten minutes are quick

/// Says which metre and key by how loud it is, and keeps what it was given.
class FakeNetwork final : public Network {
 public:
  FakeNetwork() {
    options_.sample_rate = kRate;
    options_.mel = {256, 64, true, SpectrogramOptions::Output::magnitude, false};
    options_.mel_bands = {20, 20, 900, MelScale::htk, FilterNorm::unit_sum};
    options_.harmonic = {1024, 400, true, SpectrogramOptions::Output::magnitude, false};
    options_.harmonic_bands = {144, 36, 32.703};
  }
  const FrontEndOptions& front_end() const override { return options_; }
  int embedding_dimension() const override { return 2; }
  std::vector<Prediction> predict(std::span<const Features> clips) override {
    largest_call = std::max(largest_call, clips.size());
    std::vector<Prediction> predictions;
    for (const Features& clip : clips) {
      heard.push_back(clip);
      Prediction prediction;
      const float loudest = *std::max_element(clip.mel.data(), clip.mel.data() + clip.mel.rows() * clip.mel.columns());
      prediction.key[loudest > 1 ? 3 : 14] = 1;
      prediction.tempo[139] = 1;
      prediction.metre[loudest > 1 ? 0 : 2] = 1;
      prediction.beat.assign(static_cast<std::size_t>(clip.mel.rows()), 0.5f);
      prediction.downbeat = prediction.beat;
      prediction.key_by_window = Matrix<float>(1, kKeys, 0.1f);
      prediction.embedding = {0.6f, 0.8f};
      predictions.push_back(std::move(prediction));
    }
    return predictions;
  }

  std::vector<Features> heard;
  std::size_t largest_call = 0;

 private:
  FrontEndOptions options_;
};

class CountingProgress final : public Progress {
 public:
  void start(std::string_view, std::int64_t total, std::string_view) override { total_ = total; }
  void advance(std::int64_t amount) override { done += amount; }
  void note(std::string_view) override {}
  void finish() override {}
  std::int64_t total() const { return total_; }
  std::atomic<std::int64_t> done{0};

 private:
  std::int64_t total_ = 0;
};

void expect_same(const Matrix<float>& got, const Matrix<float>& want) {
  ASSERT_EQ(got.rows(), want.rows());
  ASSERT_EQ(got.columns(), want.columns());
  EXPECT_TRUE(std::equal(got.data(), got.data() + got.rows() * got.columns(), want.data()));
}

class AnalyzerTest : public testing::Test {
 protected:
  ~AnalyzerTest() override { set_thread_count(0); }

  /// A tone that slides up, of an amplitude.
  fs::path write(const std::string& name, double seconds, double amplitude, int rate = kRate) const {
    std::vector<float> samples(static_cast<std::size_t>(seconds * rate));
    double phase = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      samples[i] = static_cast<float>(amplitude * std::sin(phase));
      phase +=
          2 * std::numbers::pi * (110 + 300.0 * static_cast<double>(i) / static_cast<double>(samples.size())) / rate;
    }
    write_audio(folder_ / name, samples, rate);
    return folder_ / name;
  }

  std::vector<Analysis> analyze(const std::vector<fs::path>& files, AnalyzerOptions options = {}) {
    auto network = std::make_unique<FakeNetwork>();
    network_ = network.get();
    analyzer_ = std::make_unique<Analyzer>(Device::cpu(), std::move(network), options);
    std::vector<Analysis> all;
    analyzer_->analyze(
        files, [&](Analysis&& analysis) { all.push_back(std::move(analysis)); }, no_progress());
    return all;
  }

  Features whole(const fs::path& file) const {
    FrontEnd front_end(Device::cpu(), network_->front_end());
    const std::vector<float> samples = decode_mono(file, kRate);
    const std::span<const float> clip(samples);
    return front_end.compute({&clip, 1})[0];
  }

  TemporaryDirectory folder_;
  FakeNetwork* network_ = nullptr;
  std::unique_ptr<Analyzer> analyzer_;
};

TEST_F(AnalyzerTest, StreamedSpectrogramsAreThoseOfTheWhole) {
  const fs::path file = write("slide.wav", 95.37, 0.5);  // four rounds of 30 s
  const std::vector<Analysis> all = analyze({file});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_FALSE(all[0].error.has_value()) << *all[0].error;
  ASSERT_EQ(network_->heard.size(), 1u);
  const Features want = whole(file);
  expect_same(network_->heard[0].mel, want.mel);
  expect_same(network_->heard[0].harmonic, want.harmonic);
  EXPECT_NEAR(all[0].profile.seconds, 95.37, 1e-3);
}

TEST_F(AnalyzerTest, HoursAreHeardInPieces) {
  const fs::path file = write("long.wav", 1303.4, 0.5);
  AnalyzerOptions options;
  options.keep_features = true;
  const std::vector<Analysis> all = analyze({file}, options);
  ASSERT_EQ(network_->heard.size(), 3u);
  for (const Features& piece : network_->heard)
    EXPECT_LE(piece.mel.rows(), static_cast<std::int64_t>(630 * network_->front_end().mel_frames_per_second()));
  const Features want = whole(file);
  expect_same(all[0].features.mel, want.mel);
  expect_same(all[0].features.harmonic, want.harmonic);
  EXPECT_EQ(static_cast<std::int64_t>(all[0].prediction.beat.size()), want.mel.rows());
  EXPECT_EQ(all[0].prediction.key_by_window.rows(), 3);
}

TEST_F(AnalyzerTest, InOrderAndOneBadFileDoesNotStopTheOthers) {
  std::ofstream(folder_ / "text.mp3") << "this is not audio at all, whatever it is called";
  std::ofstream(folder_ / "empty.wav") << "";
  const std::vector<fs::path> files{write("loud.wav", 40, 0.9),  folder_ / "missing.flac", folder_ / "text.mp3",
                                    write("short.wav", 2, 0.01), folder_ / "empty.wav",    write("last.wav", 5, 0.9)};
  for (const int batch : {1, 4, 16}) {
    AnalyzerOptions options;
    options.batch = batch;
    const std::vector<Analysis> all = analyze(files, options);
    ASSERT_EQ(all.size(), files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
      EXPECT_EQ(all[i].path, files[i].string());
      EXPECT_EQ(all[i].error.has_value(), i == 1 || i == 2 || i == 4);
    }
    EXPECT_THAT(*all[1].error, HasSubstr("missing.flac"));
    EXPECT_EQ(all[0].profile.key, 3);
    EXPECT_EQ(all[0].profile.mode, 1);
    EXPECT_EQ(all[3].profile.key, 2);
    EXPECT_EQ(all[3].profile.mode, 0);
    EXPECT_EQ(all[3].profile.time_signature, 5);
    EXPECT_NEAR(all[5].profile.tempo, tempo_of_class(139), 1e-6);
    EXPECT_THAT(all[5].profile.embedding, testing::ElementsAre(0.6f, 0.8f));
    EXPECT_LE(network_->largest_call, static_cast<std::size_t>(batch));
  }
}

TEST_F(AnalyzerTest, TheSameOnAnyNumberOfThreads) {
  std::vector<fs::path> files;
  for (int i = 0; i < 7; ++i)
    files.push_back(write(std::to_string(i) + ".wav", 3 + 9.7 * i, 0.1 * (i + 1)));
  std::vector<std::vector<Features>> heard;
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    analyze(files);
    heard.push_back(network_->heard);
  }
  ASSERT_EQ(heard[0].size(), heard[1].size());
  for (std::size_t i = 0; i < heard[0].size(); ++i) {
    expect_same(heard[0][i].mel, heard[1][i].mel);
    expect_same(heard[0][i].harmonic, heard[1][i].harmonic);
  }
}

TEST_F(AnalyzerTest, NothingToHear) {
  const std::vector<Analysis> all =
      analyze({write("silent.wav", 4, 0), write("faint.wav", 4, 1e-4), write("click.wav", 0.1, 0.9)});
  for (const Analysis& analysis : all) {
    EXPECT_FALSE(analysis.error.has_value());
    EXPECT_EQ(analysis.profile.tempo, 0);
    EXPECT_EQ(analysis.profile.key, -1);
    EXPECT_EQ(analysis.profile.mode, -1);
    EXPECT_EQ(analysis.profile.time_signature_confidence, 0);
    EXPECT_THAT(analysis.profile.embedding, testing::ElementsAre(0, 0));
  }
  EXPECT_TRUE(std::isinf(all[0].profile.loudness.true_peak_dbtp));
  EXPECT_NEAR(all[1].profile.loudness.true_peak_dbtp, -80, 1.5);
  EXPECT_NEAR(all[2].profile.loudness.true_peak_dbtp, -0.9, 0.5);
}

TEST_F(AnalyzerTest, LoudnessIsOfTheFileAsItIs) {
  const fs::path file = write("tone.wav", 6, 0.5, 48000);
  const auto reader = open_audio(file);
  const auto meter = make_loudness_meter(1, 48000);
  for (AudioBlock block = reader->next(); block.frames > 0; block = reader->next())
    meter->add(block.samples);
  const Loudness want = meter->finish(), got = analyze({file})[0].profile.loudness;
  EXPECT_EQ(got.integrated_lufs, want.integrated_lufs);
  EXPECT_EQ(got.true_peak_dbtp, want.true_peak_dbtp);
  EXPECT_NEAR(got.true_peak_dbtp, -6.02, 0.1);
}

TEST_F(AnalyzerTest, PicturesPartsOnlyWhereAskedFor) {
  const Analysis plain = analyze({write("a.wav", 4, 0.5)})[0];
  EXPECT_TRUE(plain.prediction.beat.empty());
  EXPECT_TRUE(plain.prediction.downbeat.empty());
  EXPECT_EQ(plain.prediction.key_by_window.rows(), 0);
  EXPECT_EQ(plain.features.mel.rows(), 0);
}

TEST_F(AnalyzerTest, ReportsProgress) {
  const fs::path file = write("a.wav", 1, 0.5);
  analyze({});
  CountingProgress progress;
  analyzer_->analyze(
      std::vector<fs::path>{file, folder_ / "missing.wav", file}, [](Analysis&&) {}, progress);
  EXPECT_EQ(progress.total(), 3);
  EXPECT_EQ(progress.done, 3);
}

TEST_F(AnalyzerTest, RefusesOptionsOutOfRange) {
  AnalyzerOptions options;
  options.batch = 0;
  EXPECT_THAT([&] { analyze({}, options); }, ThrowsMessage<InvalidArgument>(HasSubstr("a batch of 0 files")));
  options.batch = 16;
  options.profile = {120, 121};
  EXPECT_THAT([&] { analyze({}, options); },
              ThrowsMessage<InvalidArgument>(HasSubstr("tempo range 120-121: expected two tempi from 30 BPM up")));
}

}  // namespace
}  // namespace segue::audio
