#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/data/simulate_alias.hpp"
#include "segue/core/matrix.hpp"
#include "segue/data/simulate_log.hpp"

namespace segue::data::simulated {

constexpr std::size_t kSongIdLength = 22;

/// What a simulated part draws from: Random(seed, stream_of(part, index)). Streams never overlap.
enum class Part : std::uint64_t { genre, artist, album, activity, listener };
constexpr std::uint64_t stream_of(Part part, std::int64_t index) {
  return static_cast<std::uint64_t>(part) << 48 | static_cast<std::uint64_t>(index);
}

struct Song {
  std::string title;
  std::int32_t artist = 0;
  std::int32_t album = 0;        ///< number within the artist
  std::int32_t release_day = 0;  ///< days since 1970
  std::int32_t duration_ms = 0;
  bool cold = false;  ///< nobody plays it
  int key = 0, mode = 1, time_signature = 4;
  float danceability = 0, energy = 0, loudness = 0, speechiness = 0, acousticness = 0, instrumentalness = 0;
  float liveness = 0, valence = 0, tempo = 0;
};

struct Artist {
  std::string name;
  std::size_t genre = 0;
  double popularity = 0;        ///< Pareto
  double productivity = 0;      ///< songs, relative
  std::int64_t first_song = 0;  ///< its songs are consecutive, in order of release
  std::int64_t songs = 0;
};

/// Artists, their songs, and where both stand in the taste space.
struct World {
  std::vector<Artist> artists;
  std::vector<Song> songs;
  std::string song_ids;             ///< kSongIdLength characters each, end to end
  Matrix<float> genre_vectors;      ///< [genres × taste_dimensions], unit length; so are the other two
  Matrix<float> artist_vectors;     ///< [artists × taste_dimensions]
  Matrix<float> song_vectors;       ///< [songs × taste_dimensions]
  Alias genre_shares;               ///< by the genre's share
  Alias artist_chart;               ///< of all artists, by popularity; none whose songs are all cold
  std::vector<Alias> genre_charts;  ///< of the genre's artists; empty where the genre has none
  std::vector<std::vector<std::int32_t>> genre_artists;  ///< what genre_charts index
  std::vector<Alias> artist_songs;                       ///< of the artist's songs that are not cold
  std::int32_t first_day = 0, last_day = 0;              ///< of the log, days since 1970

  std::string_view song_id(std::int64_t song) const {
    return std::string_view(song_ids).substr(static_cast<std::size_t>(song) * kSongIdLength, kSongIdLength);
  }
};

World make_world(const SimulateOptions& options);

/// The vector scaled to length 1; the first axis where it has no direction.
void normalise(std::span<float> vector);

}  // namespace segue::data::simulated
