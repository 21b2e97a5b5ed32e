#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "segue/core/date.hpp"
#include "segue/core/file.hpp"
#include "segue/playlist/playlist.hpp"

namespace segue::playlist {

struct WriterOptions {
  bool csv = true;
  bool m3u8 = true;  ///< a file a user under m3u8/<playlist>/
};

/// Writes lists as they come, in bounded memory: <name>.jsonl (DESIGN.md, "Formats"), <name>.csv and
/// m3u8/<name>/*.m3u8. commit() gives them their names.
class PlaylistWriter {
 public:
  /// @param name    "discover-weekly" or "release-radar"
  /// @param inputs  copied; what it points to is borrowed
  PlaylistWriter(const std::filesystem::path& directory, std::string name, Date date, const Inputs& inputs,
                 const WriterOptions& options);
  ~PlaylistWriter();
  void write(const Playlist& playlist);
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One list as its JSON line, without the newline.
std::string to_json(const Playlist& playlist, std::string_view name, Date date, const Inputs& inputs);

/// The file name for a user's M3U8: letters, digits, '.', '_' and '-' as they are, every other byte as %XX.
std::string m3u8_file_name(std::string_view user);

}  // namespace segue::playlist
