#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "segue/als/solver.hpp"
#include "segue/core/date.hpp"
#include "segue/core/matrix.hpp"
#include "segue/data/catalogue.hpp"
#include "segue/data/id_table.hpp"
#include "segue/data/interactions.hpp"

namespace segue::playlist {

/// Where a song came from; the JSON has the name with '-' for '_'.
enum class Source {
  als,              ///< the user's vector against the songs'
  similar_songs,    ///< neighbours of songs the user streams
  group,            ///< what others of the user's group stream
  similar_users,    ///< what the nearest listeners stream
  artist,           ///< unheard songs of artists the user streams
  followed_artist,  ///< new releases of followed artists
  similar_artist,   ///< new releases of artists close to the user's taste
  popular,          ///< for those of whom nothing is known
};
std::string_view name_of(Source source);

struct PlaylistSong {
  std::int32_t song;
  float score;  ///< comparable within one list only
  Source source;
  std::string reason;  ///< one line a person understands
};

struct Playlist {
  std::int32_t user;
  bool cold_start = false;
  std::vector<PlaylistSong> songs;  ///< in playing order
};

/// What playlists are made from: everything is borrowed. User rows are those of `interactions`; rows past it (users
/// that only follow) have no vector.
struct Inputs {
  const data::IdTable* users = nullptr;
  const data::IdTable* songs = nullptr;
  const data::Catalogue* catalogue = nullptr;  ///< may be empty: then every song of the log can be given
  const data::Interactions* interactions = nullptr;
  data::CsrView follows;                        ///< users × catalogue->artists, may have 0 rows
  MatrixView<const float> user_vectors;         ///< [interactions rows × rank]
  MatrixView<const float> song_vectors;         ///< [songs × rank]; zero rows: never trained on
  std::span<const std::int32_t> group_of_user;  ///< −1: none
  als::Options als;                             ///< for explanations
};

}  // namespace segue::playlist
