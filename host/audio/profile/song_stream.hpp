#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/audio/profile/frame_stream.hpp"
#include "host/audio/profile/prediction_mix.hpp"
#include "segue/audio/decode.hpp"
#include "segue/audio/loudness.hpp"
#include "segue/audio/profile.hpp"

namespace segue::audio {

/// Rows of one spectrogram, and what it still waits for.
struct SpectrogramRows {
  explicit SpectrogramRows(const SpectrogramOptions& options) : stream(options) {}
  FrameStream stream;
  std::vector<float> values;
};

/// One file on its way through the Analyzer. Whatever is wrong with the file ends up in error(), and then it is over.
class SongStream {
 public:
  /// @param for_picture  finish() gives the spectrograms and the prediction's parts by time
  SongStream(std::filesystem::path path, const FrontEndOptions& front_end, bool for_picture);

  /// Decodes about `seconds` more: into the loudness meter, and mono, resampled, into both spectrograms' streams.
  void decode(double seconds);
  bool ended() const { return ended_; }
  SpectrogramRows& mel() { return mel_; }
  SpectrogramRows& harmonic() { return harmonic_; }

  /// The spectrograms so far; they begin again after it.
  Features take_piece();
  void add(Prediction prediction, double weight) { mix_.add(std::move(prediction), weight); }

  Analysis finish(const ProfileOptions& options, std::size_t embedding_dimension);

 private:
  void open();
  void decode_blocks(double seconds);
  void add_mono(const std::vector<float>& mono);

  std::filesystem::path path_;
  FrontEndOptions front_end_;
  bool for_picture_;
  Features kept_;
  std::unique_ptr<AudioReader> reader_;
  std::unique_ptr<LoudnessMeter> meter_;
  std::unique_ptr<MonoResampler> resampler_;
  SpectrogramRows mel_, harmonic_;
  std::int64_t frames_ = 0;  // of the file
  bool ended_ = false;
  Loudness loudness_;
  PredictionMix mix_;
  std::optional<std::string> error_;
};

}  // namespace segue::audio
