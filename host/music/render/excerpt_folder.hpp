#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "segue/music/renderer.hpp"

namespace segue::music {

/// A folder that excerpts are being added to: audio/<split>-<number>.flac and a line of labels.jsonl each. Whenever the
/// process is killed, every line is whole and has its audio.
class ExcerptFolder {
 public:
  /// Makes the folder, or goes on with it.
  /// @param parameters  of this split: a folder that was begun with others is refused
  /// @throws IoError; InvalidArgument  other parameters, or another process writes into it; BadInput  damaged labels
  ExcerptFolder(std::filesystem::path folder, audio::Split split, const std::string& parameters);
  ~ExcerptFolder();
  ExcerptFolder(const ExcerptFolder&) = delete;
  ExcerptFolder& operator=(const ExcerptFolder&) = delete;

  bool has(std::int64_t number) const { return lines_.contains(relative_path(number)); }
  std::filesystem::path audio_path(std::int64_t number) const { return folder_ / relative_path(number); }
  /// Thread-safe.
  void add(std::int64_t number, const Excerpt& excerpt, int sample_rate);
  /// Puts the lines of labels.jsonl in the order of the paths: however many threads there were, it is the same.
  void sort() const;

 private:
  std::string relative_path(std::int64_t number) const;
  void lock_folder();
  void require_same(const std::string& parameters) const;
  void read_labels();

  std::filesystem::path folder_;
  audio::Split split_;
  int lock_ = -1;    // descriptor of the folder
  int labels_ = -1;  // descriptor of labels.jsonl, at its end
  std::mutex adding_;
  std::map<std::string, std::string> lines_;  // path → line
};

}  // namespace segue::music
