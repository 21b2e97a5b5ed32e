#include "host/audio/network/clip_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "segue/core/error.hpp"
#include "segue/core/float16.hpp"

namespace segue::audio {
namespace {

constexpr std::array<char, 8> kMagic = {'S', 'G', 'C', 'L', 'I', 'P', 'S', '1'};

struct Footer {
  std::int64_t clips = 0, mel_bands = 0, harmonic_bands = 0;
  std::array<char, 8> magic = kMagic;
};

Matrix<float> to_float(MatrixView<const std::uint16_t> halves) {
  Matrix<float> values(halves.rows(), halves.columns());
  std::transform(halves.data(), halves.data() + halves.rows() * halves.columns(), values.data(), from_float16);
  return values;
}

}  // namespace

ClipWriter::ClipWriter(const std::filesystem::path& path, std::int64_t mel_bands, std::int64_t harmonic_bands)
    : file_(path), mel_bands_(mel_bands), harmonic_bands_(harmonic_bands) {}

void ClipWriter::write(MatrixView<const float> values) {
  std::vector<std::uint16_t> halves(static_cast<std::size_t>(values.columns()));
  for (std::int64_t row = 0; row < values.rows(); ++row) {
    std::ranges::transform(values.row(row), halves.begin(), to_float16);
    file_.write(std::as_bytes(std::span(halves)));
  }
}

void ClipWriter::add(const Features& features) {
  write(features.mel.view());
  write(features.harmonic.view());
  rows_.push_back(features.mel.rows());
  rows_.push_back(features.harmonic.rows());
}

void ClipWriter::commit() {
  const Footer footer{std::ssize(rows_) / 2, mel_bands_, harmonic_bands_};
  file_.write(std::as_bytes(std::span(rows_)));
  file_.write(std::as_bytes(std::span(&footer, 1)));
  file_.commit();
}

ClipFile::ClipFile(const std::filesystem::path& path) : file_(path) {
  const std::span<const std::byte> bytes = file_.bytes();
  const auto damaged = [&] {
    return BadInput(
        fmt::format("{}: not a whole file of spectrograms; delete it to have it made again", path.string()));
  };
  Footer footer;
  if (bytes.size() < sizeof footer)
    throw damaged();
  std::memcpy(&footer, bytes.data() + bytes.size() - sizeof footer, sizeof footer);
  const auto room = static_cast<std::int64_t>(bytes.size() - sizeof footer);
  if (footer.magic != kMagic || footer.clips < 0 || footer.clips > room / 16 || footer.mel_bands < 1 ||
      footer.harmonic_bands < 1 || footer.mel_bands > room || footer.harmonic_bands > room)
    throw damaged();
  mel_bands_ = footer.mel_bands;
  harmonic_bands_ = footer.harmonic_bands;
  std::vector<std::int64_t> rows(static_cast<std::size_t>(2 * footer.clips));
  std::int64_t left = room - 16 * footer.clips;
  if (!rows.empty())
    std::memcpy(rows.data(), bytes.data() + left, rows.size() * sizeof(std::int64_t));

  const auto* at = reinterpret_cast<const std::uint16_t*>(bytes.data());
  left /= 2;
  for (std::size_t i = 0; i < rows.size(); i += 2) {
    const Clip clip{at, rows[i], rows[i + 1]};
    if (clip.mel_rows < 0 || clip.mel_rows > left / mel_bands_)
      throw damaged();
    left -= clip.mel_rows * mel_bands_;
    if (clip.harmonic_rows < 0 || clip.harmonic_rows > left / harmonic_bands_)
      throw damaged();
    left -= clip.harmonic_rows * harmonic_bands_;
    at += clip.mel_rows * mel_bands_ + clip.harmonic_rows * harmonic_bands_;
    clips_.push_back(clip);
  }
  if (left != 0)
    throw damaged();
}

MatrixView<const std::uint16_t> ClipFile::mel(std::int64_t clip) const {
  const Clip& c = clips_[static_cast<std::size_t>(clip)];
  return {c.begin, c.mel_rows, mel_bands_};
}

MatrixView<const std::uint16_t> ClipFile::harmonic(std::int64_t clip) const {
  const Clip& c = clips_[static_cast<std::size_t>(clip)];
  return {c.begin + c.mel_rows * mel_bands_, c.harmonic_rows, harmonic_bands_};
}

Features ClipFile::features(std::int64_t clip) const {
  return {to_float(mel(clip)), to_float(harmonic(clip))};
}

}  // namespace segue::audio
