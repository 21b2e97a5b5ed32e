#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <charconv>

#include "host/data/simulate_tables.hpp"
#include "segue/core/date.hpp"
#include "segue/core/error.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::data::simulated {
namespace {

// Of 8 M listens on 2 cores: level 4 takes no longer than 1, and 6 takes 1.7 times as long for 5% fewer bytes.
constexpr int kGzipLevel = 4, kZstdLevel = 1;

std::string gzip_member(std::string_view text) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for gzip
  if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kGzipWindow, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    throw Error("zlib cannot start: out of memory");
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END)
    throw Error(fmt::format("zlib cannot compress {} bytes (code {})", text.size(), result));
  return out;
}

std::string zstd_frame(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), kZstdLevel);
  if (ZSTD_isError(size))
    throw Error(fmt::format("zstd cannot compress {} bytes: {}", text.size(), ZSTD_getErrorName(size)));
  out.resize(size);
  return out;
}

std::string artist_id(std::int64_t artist) {
  return fmt::format("a{:05d}", artist + 1);
}

void append_two_digits(std::string& out, std::int64_t value) {
  out.push_back(static_cast<char>('0' + value / 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

}  // namespace

Compression parse_compression(std::string_view name) {
  if (name == "none")
    return Compression::none;
  if (name == "gz")
    return Compression::gz;
  if (name == "zst")
    return Compression::zst;
  throw InvalidArgument(fmt::format("compression: \"{}\" is none of none, gz, zst", name));
}

std::string_view table_suffix(Compression compression) {
  switch (compression) {
    case Compression::gz:
      return ".csv.gz";
    case Compression::zst:
      return ".csv.zst";
    default:
      return ".csv";
  }
}

std::string compress(Compression compression, std::string text) {
  switch (compression) {
    case Compression::gz:
      return gzip_member(text);
    case Compression::zst:
      return zstd_frame(text);
    default:
      return text;
  }
}

std::string user_id(std::int64_t user) {
  return fmt::format("u{:06d}", user + 1);
}

void append_artist_row(std::string& out, const World& world, std::int64_t artist) {
  out += artist_id(artist);
  out += ',';
  append_csv_field(out, world.artists[static_cast<std::size_t>(artist)].name);
  out += '\n';
}

void append_song_row(std::string& out, const World& world, std::int64_t row) {
  const Song& song = world.songs[static_cast<std::size_t>(row)];
  out += world.song_id(row);
  out += ',';
  append_csv_field(out, song.title);
  const std::string released = format_date(Date(std::chrono::days(song.release_day)));
  fmt::format_to(std::back_inserter(out),
                 ",{},{},{},{:.3f},{:.3f},{},{:.3f},{},{:.4f},{:.3g},{:.3g},{:.3f},{:.3f},{:.3f},{}\n",
                 artist_id(song.artist), released, song.duration_ms, song.danceability, song.energy, song.key,
                 song.loudness, song.mode, song.speechiness, song.acousticness, song.instrumentalness, song.liveness,
                 song.valence, song.tempo, song.time_signature);
}

void append_follow_row(std::string& out, std::string_view user, std::int64_t artist) {
  out += user;
  out += ',';
  out += artist_id(artist);
  out += '\n';
}

void append_listen_rows(std::string& out, const World& world, std::string_view user,
                        const std::vector<Listen>& listens) {
  constexpr std::int64_t kDaySeconds = 86'400;
  std::int64_t day = -1;
  std::string date;
  char digits[16];
  for (const Listen& listen : listens) {
    if (listen.timestamp / kDaySeconds != day) {
      day = listen.timestamp / kDaySeconds;
      date = format_date(Date(std::chrono::days(day)));
    }
    const std::int64_t second = listen.timestamp % kDaySeconds;
    out.append(user).append(1, ',').append(world.song_id(listen.song)).append(1, ',').append(date).append(1, 'T');
    append_two_digits(out, second / 3600);
    out.push_back(':');
    append_two_digits(out, second / 60 % 60);
    out.push_back(':');
    append_two_digits(out, second % 60);
    out.append("Z,");
    out.append(digits, std::to_chars(digits, digits + sizeof digits, listen.ms_played).ptr);
    out.append(1, ',').append(kContextNames[static_cast<std::size_t>(listen.context)]).append(1, '\n');
  }
}

}  // namespace segue::data::simulated
