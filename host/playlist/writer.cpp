#include "segue/playlist/writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "host/playlist/labels.hpp"
#include "segue/core/error.hpp"
#include "segue/core/sha256.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::playlist {
namespace {

constexpr std::size_t kLongestName = 200;  // of the 255 bytes a file name may have

// Four significant digits: a score orders one list, and shorter numbers read better.
std::string short_score(float score) {
  return fmt::format("{:.4g}", score);
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
                       c == '-' || (c == '.' && !out.empty());  // a leading dot would hide the file
    if (plain)
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

// "discover-weekly" → "Discover Weekly"
std::string display_name(std::string_view name) {
  std::string out;
  for (const char c : name)
    out += c == '-'                                                     ? ' '
           : (out.empty() || out.back() == ' ') && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A')
                                                                        : c;
  return out;
}

// What a player opens: the catalogue's path where it has one that a line can hold, else a URI with the song's id.
std::string location_of(const Inputs& inputs, std::int32_t song) {
  const auto& paths = inputs.catalogue->path;
  if (static_cast<std::size_t>(song) < paths.size()) {
    const std::string& path = paths[static_cast<std::size_t>(song)];
    if (!path.empty() && path == one_line(path))
      return path.front() == '#' ? "./" + path : path;  // a line that begins with # is a comment
  }
  return "segue:song:" + percent_encode(inputs.songs->id(song));
}

std::string to_csv(const Playlist& playlist, std::string_view name, Date date, const Inputs& inputs) {
  std::string out;
  for (std::size_t i = 0; i < playlist.songs.size(); ++i) {
    const PlaylistSong& song = playlist.songs[i];
    data::append_csv_field(out, inputs.users->id(playlist.user));
    out += fmt::format(",{},{},{},{},", name, format_date(date), playlist.cold_start, i + 1);
    for (const std::string_view field : {inputs.songs->id(song.song), title_of(inputs, song.song),
                                         artist_id_of(inputs, song.song), artist_name_of(inputs, song.song)}) {
      data::append_csv_field(out, field);
      out += ',';
    }
    out += fmt::format("{},{},", short_score(song.score), name_of(song.source));
    data::append_csv_field(out, song.reason);
    out += '\n';
  }
  return out;
}

std::string to_m3u8(const Playlist& playlist, std::string_view name, Date date, const Inputs& inputs) {
  std::string out = fmt::format("#EXTM3U\n#PLAYLIST:{}, {}\n", display_name(name), format_date(date));
  for (const PlaylistSong& song : playlist.songs) {
    const std::int32_t duration_ms =
        inputs.catalogue->contains(song.song) ? inputs.catalogue->duration_ms[static_cast<std::size_t>(song.song)] : 0;
    const std::string_view artist = artist_name_of(inputs, song.song);
    out += fmt::format("#EXTINF:{},{}{}{}\n", duration_ms > 0 ? (duration_ms + 500) / 1000 : -1, one_line(artist),
                       artist.empty() ? "" : " - ", one_line(title_of(inputs, song.song)));
    out += location_of(inputs, song.song) + '\n';
  }
  return out;
}

// Without fsync: there is one for each user, and commit() syncs what matters, the name of the folder that holds them.
void write_plainly(const std::filesystem::path& path, std::string_view content) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0)
    throw IoError("create", path, errno);
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0) {
      const int error = errno;
      ::close(descriptor);
      throw IoError("write", path, error);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::close(descriptor) != 0)
    throw IoError("close", path, errno);
}

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    throw IoError("create", path, error.value());
}

void remove_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error)
    throw IoError("remove", path, error.value());
}

void rename_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error)
    throw IoError("rename", from, error.value());
}

// A folder filled under a temporary name; commit() puts it in the place of the old one.
class NewFolder {
 public:
  explicit NewFolder(std::filesystem::path path) : path_(std::move(path)), temporary_(beside("tmp")) {
    remove_folder(temporary_);
    make_folder(temporary_);
  }
  ~NewFolder() {
    std::error_code ignored;  // what is left is hidden and harmless
    std::filesystem::remove_all(temporary_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  const std::filesystem::path& path() const { return temporary_; }

  void commit() {
    const std::filesystem::path old = beside("old");
    const bool replaces = std::filesystem::exists(path_);
    if (replaces)
      rename_folder(path_, old);
    rename_folder(temporary_, path_);
    fsync_directory(path_.parent_path());
    if (replaces)
      remove_folder(old);
  }

 private:
  std::filesystem::path beside(std::string_view suffix) const {
    return path_.parent_path() / fmt::format(".{}.{}.{}", path_.filename().string(), ::getpid(), suffix);
  }

  std::filesystem::path path_, temporary_;
};

std::filesystem::path existing_folder(std::filesystem::path path) {
  make_folder(path);
  return path;
}

}  // namespace

struct PlaylistWriter::Impl {
  Impl(const std::filesystem::path& folder, std::string list_name, Date list_date, const Inputs& list_inputs,
       const WriterOptions& options)
      : name(std::move(list_name)),
        date(list_date),
        inputs(list_inputs),
        json(existing_folder(folder) / (name + ".jsonl")) {
    if (options.csv) {
      csv.emplace(folder / (name + ".csv"));
      csv->write("user,playlist,date,cold_start,position,song,title,artist_id,artist,score,source,reason\n");
    }
    if (options.m3u8)
      m3u8.emplace(folder / "m3u8" / name);
  }

  std::string name;
  Date date;
  Inputs inputs;
  AtomicFile json;
  std::optional<AtomicFile> csv;
  std::optional<NewFolder> m3u8;
};

PlaylistWriter::PlaylistWriter(const std::filesystem::path& directory, std::string name, Date date,
                               const Inputs& inputs, const WriterOptions& options)
    : impl_(std::make_unique<Impl>(directory, std::move(name), date, inputs, options)) {}

PlaylistWriter::~PlaylistWriter() = default;

void PlaylistWriter::write(const Playlist& playlist) {
  Impl& to = *impl_;
  to.json.write(to_json(playlist, to.name, to.date, to.inputs) + '\n');
  if (to.csv)
    to.csv->write(to_csv(playlist, to.name, to.date, to.inputs));
  if (to.m3u8)
    write_plainly(to.m3u8->path() / m3u8_file_name(to.inputs.users->id(playlist.user)),
                  to_m3u8(playlist, to.name, to.date, to.inputs));
}

void PlaylistWriter::commit() {
  if (impl_->m3u8)
    impl_->m3u8->commit();
  if (impl_->csv)
    impl_->csv->commit();
  impl_->json.commit();
}

std::string to_json(const Playlist& playlist, std::string_view name, Date date, const Inputs& inputs) {
  using Json = nlohmann::ordered_json;
  Json songs = Json::array();
  for (std::size_t i = 0; i < playlist.songs.size(); ++i) {
    const PlaylistSong& song = playlist.songs[i];
    songs.push_back({{"position", i + 1},
                     {"song", inputs.songs->id(song.song)},
                     {"title", title_of(inputs, song.song)},
                     {"artist_id", artist_id_of(inputs, song.song)},
                     {"artist", artist_name_of(inputs, song.song)},
                     {"score", std::stod(short_score(song.score))},
                     {"source", name_of(song.source)},
                     {"reason", song.reason}});
  }
  const Json line{{"user", inputs.users->id(playlist.user)},
                  {"playlist", name},
                  {"date", format_date(date)},
                  {"cold_start", playlist.cold_start},
                  {"songs", std::move(songs)}};
  // Ids are valid UTF-8; in titles and names a damaged byte becomes U+FFFD.
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string m3u8_file_name(std::string_view user) {
  std::string name = percent_encode(user);
  if (name.size() > kLongestName) {
    name.resize(kLongestName);
    name.resize(std::min(name.size(), name.find('%', kLongestName - 2)));  // no half of a %XX
    name += '~' + sha256(user).substr(0, 16);
  }
  return name + ".m3u8";
}

}  // namespace segue::playlist
