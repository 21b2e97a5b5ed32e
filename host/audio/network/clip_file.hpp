#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "segue/audio/network.hpp"
#include "segue/core/file.hpp"
#include "segue/core/matrix.hpp"

namespace segue::audio {

/// Spectrograms of many clips as float16, one after the other, so that an epoch reads them once, mapped: 20 s are 120
/// kB. Layout: for each clip mel then harmonic, row-major; then the clips' row counts (two int64 each); then the
/// footer.
class ClipWriter {
 public:
  /// @throws IoError
  ClipWriter(const std::filesystem::path& path, std::int64_t mel_bands, std::int64_t harmonic_bands);
  void add(const Features& features);
  void commit();

 private:
  void write(MatrixView<const float> values);

  AtomicFile file_;
  std::int64_t mel_bands_, harmonic_bands_;
  std::vector<std::int64_t> rows_;
};

class ClipFile {
 public:
  /// @throws IoError; BadInput  not such a file
  explicit ClipFile(const std::filesystem::path& path);

  std::int64_t size() const { return static_cast<std::int64_t>(clips_.size()); }
  MatrixView<const std::uint16_t> mel(std::int64_t clip) const;
  MatrixView<const std::uint16_t> harmonic(std::int64_t clip) const;
  Features features(std::int64_t clip) const;

 private:
  struct Clip {
    const std::uint16_t* begin = nullptr;
    std::int64_t mel_rows = 0, harmonic_rows = 0;
  };
  MappedFile file_;
  std::int64_t mel_bands_ = 0, harmonic_bands_ = 0;
  std::vector<Clip> clips_;
};

}  // namespace segue::audio
