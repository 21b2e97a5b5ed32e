#include "host/audio/profile/song_stream.hpp"

#include <algorithm>

#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

Matrix<float> take_matrix(std::vector<float>& values, std::int64_t columns) {
  Matrix<float> matrix(static_cast<std::int64_t>(values.size()) / columns, columns);
  std::ranges::copy(values, matrix.data());
  values.clear();
  return matrix;
}

Matrix<float> stacked(const Matrix<float>& above, const Matrix<float>& below) {
  Matrix<float> all(above.rows() + below.rows(), below.columns());
  float* rest = std::copy_n(above.data(), above.rows() * above.columns(), all.data());
  std::copy_n(below.data(), below.rows() * below.columns(), rest);
  return all;
}

}  // namespace

SongStream::SongStream(std::filesystem::path path, const FrontEndOptions& front_end, bool for_picture)
    : path_(std::move(path)),
      front_end_(front_end),
      for_picture_(for_picture),
      mel_(front_end.mel),
      harmonic_(front_end.harmonic) {}

void SongStream::open() {
  reader_ = open_audio(path_);
  const AudioInfo& info = reader_->info();
  meter_ = make_loudness_meter(info.channels, info.sample_rate);
  resampler_ = make_mono_resampler(info.channels, info.sample_rate, front_end_.sample_rate);
}

void SongStream::decode(double seconds) {
  try {
    if (!reader_)
      open();
    decode_blocks(seconds);
  } catch (const Error& error) {
    if (error.exit_code() == ExitCode::unavailable)  // memory or device: not the file's fault
      throw;
    error_ = error.what();
    ended_ = true;
  }
}

void SongStream::decode_blocks(double seconds) {
  std::vector<float> mono;
  const std::int64_t until = frames_ + static_cast<std::int64_t>(seconds * reader_->info().sample_rate);
  while (!ended_ && frames_ < until) {
    const AudioBlock block = reader_->next();
    if (block.frames == 0) {
      resampler_->finish(mono);
      loudness_ = meter_->finish();
      ended_ = true;
    } else {
      meter_->add(block.samples);
      resampler_->add(block.samples, mono);
      frames_ += block.frames;
    }
  }
  add_mono(mono);
}

void SongStream::add_mono(const std::vector<float>& mono) {
  for (SpectrogramRows* rows : {&mel_, &harmonic_}) {
    rows->stream.add(mono);
    if (ended_)
      rows->stream.finish();
  }
}

Features SongStream::take_piece() {
  Features features;
  features.mel = take_matrix(mel_.values, front_end_.mel_bands.bands);
  features.harmonic = take_matrix(harmonic_.values, front_end_.harmonic_bands.bands);
  if (for_picture_) {
    kept_.mel = stacked(kept_.mel, features.mel);
    kept_.harmonic = stacked(kept_.harmonic, features.harmonic);
  }
  return features;
}

Analysis SongStream::finish(const ProfileOptions& options, std::size_t embedding_dimension) {
  Analysis analysis;
  analysis.path = path_.string();
  analysis.error = error_;
  if (error_)
    return analysis;
  analysis.damaged_packets = reader_->damaged_packets();
  if (mix_.empty() || is_silent(loudness_)) {
    analysis.profile.embedding.assign(embedding_dimension, 0);
  } else {
    analysis.prediction = mix_.finish();
    analysis.profile = decide(analysis.prediction, options);
  }
  if (for_picture_) {
    analysis.features = std::move(kept_);
  } else {
    analysis.prediction.beat.clear();
    analysis.prediction.downbeat.clear();
    analysis.prediction.key_by_window = {};
  }
  analysis.profile.seconds = static_cast<double>(frames_) / reader_->info().sample_rate;
  analysis.profile.loudness = loudness_;
  return analysis;
}

}  // namespace segue::audio
