#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "host/audio/profile/song_stream.hpp"
#include "segue/audio/profile.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"

namespace segue::audio {
namespace {

constexpr double kRoundSeconds = 30;   // decoded of each file before the spectrograms take over: 16 files hold 85 MB
constexpr double kPieceSeconds = 600;  // heard at once
constexpr double kLeastSeconds = 0.5;  // less than a beat: nothing to be heard but loudness

/// Part of one file, ready for the network.
struct Piece {
  SongStream* song;
  Features features;
};

bool is_audible(const Features& features) {
  const Matrix<float>& mel = features.mel;
  return std::any_of(mel.data(), mel.data() + mel.rows() * mel.columns(), [](float value) { return value > 0; });
}

void check(const AnalyzerOptions& options) {
  if (options.batch < 1 || options.batch > 4096)
    throw InvalidArgument(fmt::format("analyze: a batch of {} files; expected 1 to 4096", options.batch));
  const ProfileOptions& profile = options.profile;
  if (!(profile.tempo_low >= kTempoLow && profile.tempo_low * 1.05 <= profile.tempo_high))
    throw InvalidArgument(fmt::format("tempo range {:g}-{:g}: expected two tempi from {:g} BPM up, 5% or more apart",
                                      profile.tempo_low, profile.tempo_high, kTempoLow));
}

}  // namespace

struct Analyzer::Parts {
  Parts(Device device, std::unique_ptr<Network> given, const AnalyzerOptions& given_options)
      : network(std::move(given)), options(given_options), front_end(network->front_end()) {
    mel = make_spectrogram(device, uncentred(front_end.mel),
                           mel_filterbank(front_end.mel_bands, front_end.sample_rate, front_end.mel.n_fft));
    harmonic = make_spectrogram(
        device, uncentred(front_end.harmonic),
        log_frequency_filterbank(front_end.harmonic_bands, front_end.sample_rate, front_end.harmonic.n_fft));
  }

  /// A batch of files from the first byte to their profiles.
  void analyze(std::span<const std::filesystem::path> files, const std::function<void(Analysis&&)>& done,
               ProgressTask& task) {
    std::deque<SongStream> songs;  // addresses stay
    for (const std::filesystem::path& file : files)
      songs.emplace_back(file, front_end, options.keep_features);
    std::vector<SongStream*> active;
    for (SongStream& song : songs)
      active.push_back(&song);
    std::vector<Piece> pieces;
    while (!active.empty()) {
      parallel_tasks(static_cast<std::int64_t>(active.size()),
                     [&](std::int64_t i) { active[static_cast<std::size_t>(i)]->decode(kRoundSeconds); });
      compute(*mel, active, &SongStream::mel);
      compute(*harmonic, active, &SongStream::harmonic);
      for (SongStream* song : active)
        collect(*song, pieces);
      std::erase_if(active, [](const SongStream* song) { return song->ended(); });
      if (active.empty() || pieces.size() >= static_cast<std::size_t>(options.batch))
        hear(pieces);
    }
    for (SongStream& song : songs) {
      done(song.finish(options.profile, static_cast<std::size_t>(network->embedding_dimension())));
      task.advance(1);
    }
  }

  std::unique_ptr<Network> network;
  AnalyzerOptions options;
  FrontEndOptions front_end;
  std::unique_ptr<Spectrogram> mel, harmonic;

 private:
  /// Frames of all that the streams hold, in one batch.
  static void compute(Spectrogram& spectrogram, const std::vector<SongStream*>& songs,
                      SpectrogramRows& (SongStream::*rows_of)()) {
    std::vector<std::span<const float>> clips;
    std::vector<MatrixView<float>> out;
    for (SongStream* song : songs) {
      SpectrogramRows& rows = (song->*rows_of)();
      const std::int64_t frames = spectrogram.frames(static_cast<std::int64_t>(rows.stream.pending().size()));
      const std::size_t before = rows.values.size();
      rows.values.resize(before + static_cast<std::size_t>(frames * spectrogram.filters()));
      clips.push_back(rows.stream.pending());
      out.emplace_back(rows.values.data() + before, frames, spectrogram.filters());
    }
    spectrogram.compute(clips, out);
    for (std::size_t i = 0; i < songs.size(); ++i)
      (songs[i]->*rows_of)().stream.drop(out[i].rows());
  }

  void collect(SongStream& song, std::vector<Piece>& pieces) const {
    const double seconds =
        static_cast<double>(song.mel().values.size()) / front_end.mel_bands.bands / front_end.mel_frames_per_second();
    if (song.ended() ? seconds >= kLeastSeconds : seconds >= kPieceSeconds)
      pieces.push_back({&song, song.take_piece()});
  }

  void hear(std::vector<Piece>& pieces) {
    std::erase_if(pieces, [](const Piece& piece) { return !is_audible(piece.features); });
    std::vector<Features> clips;
    for (Piece& piece : pieces)
      clips.push_back(std::move(piece.features));
    std::vector<Prediction> predictions;
    if (!clips.empty())
      predictions = network->predict(clips);
    for (std::size_t i = 0; i < predictions.size(); ++i)
      pieces[i].song->add(std::move(predictions[i]), static_cast<double>(clips[i].mel.rows()));
    pieces.clear();
  }
};

Analyzer::Analyzer(Device device, const Weights& weights, const AnalyzerOptions& options)
    : Analyzer(device, make_network(device, weights), options) {}

Analyzer::Analyzer(Device device, std::unique_ptr<Network> network, const AnalyzerOptions& options) {
  check(options);
  parts_ = std::make_unique<Parts>(device, std::move(network), options);
}

Analyzer::~Analyzer() = default;

void Analyzer::analyze(std::span<const std::filesystem::path> files, const std::function<void(Analysis&&)>& done,
                       Progress& progress) {
  ProgressTask task(progress, "analyze", static_cast<std::int64_t>(files.size()), "songs");
  const auto batch = static_cast<std::size_t>(parts_->options.batch);
  for (std::size_t begin = 0; begin < files.size(); begin += batch)
    parts_->analyze(files.subspan(begin, std::min(batch, files.size() - begin)), done, task);
}

}  // namespace segue::audio
