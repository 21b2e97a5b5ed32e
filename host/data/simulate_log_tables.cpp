#include <fmt/format.h>

#include <charconv>

#include "host/data/simulate_tables.hpp"
#include "segue/core/date.hpp"
#include "segue/core/error.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::data::simulated {
namespace {

std::string artist_id(std::int64_t artist) {
  return fmt::format("a{:05d}", artist + 1);
}

void append_two_digits(std::string& out, std::int64_t value) {
  out.push_back(static_cast<char>('0' + value / 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

}  // namespace

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
