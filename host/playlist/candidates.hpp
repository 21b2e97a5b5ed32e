#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "host/playlist/song_facts.hpp"
#include "segue/core/device.hpp"
#include "segue/playlist/playlist.hpp"

namespace segue::playlist {

/// A song that one source proposes to one user.
struct Candidate {
  std::int32_t song;
  std::int32_t because;  ///< for the reason: a song (similar_songs), a number of listeners (group, similar_users), or 0
};
using Ranking = std::vector<Candidate>;  ///< best first

/// Users worked on together.
struct Block {
  std::span<const std::int32_t> users;
  data::CsrView unwanted;  ///< block's users × songs: what each played or was given, which no source may propose
};

/// Songs that may be given and have a vector: what is searched.
struct TrainedSongs {
  std::vector<std::int32_t> songs;  ///< by row of `vectors`, ascending
  Matrix<float> vectors;
};
TrainedSongs trained_songs(const Inputs& inputs, const SongFacts& facts);

constexpr int kSeeds = 10;        ///< of a user's strongest songs, whose neighbours are similar songs
constexpr int kNeighbours = 100;  ///< of each such song; with 8 bytes each, a table for 2 M songs takes 1.6 GB
/// A group keeps this many times the songs asked for: whoever has heard more than the rest gets a shorter ranking.
constexpr int kSpare = 4;

class CandidateSource {
 public:
  virtual ~CandidateSource() = default;
  /// One ranking for each user of the block; empty where the source knows nothing of the user.
  virtual std::vector<Ranking> rank(const Block& block) const = 0;
};

/// The songs with the largest inner product of user and song vector (Hu, Koren & Volinsky 2008).
std::unique_ptr<CandidateSource> make_als_source(const Inputs& inputs, Device device, const TrainedSongs& trained,
                                                 int count);
/// Songs with a large cosine to the user's strongest songs, summed over these. `users` are all that will be asked for:
/// each of their strongest songs is searched once, however many users share it.
std::unique_ptr<CandidateSource> make_similar_songs_source(const Inputs& inputs, Device device,
                                                           const TrainedSongs& trained,
                                                           std::span<const std::int32_t> users, int count);
/// Songs that others of the user's group stream and the user has not heard, by n·log(lift): the number n of listeners
/// in the group, and how much more often the group streams it than everybody does.
std::unique_ptr<CandidateSource> make_group_source(const Inputs& inputs, const SongFacts& facts,
                                                   std::span<const std::int32_t> users, int count);
/// Songs that the users with the nearest vectors stream: Σ cosine·log(1 + streams).
std::unique_ptr<CandidateSource> make_similar_users_source(const Inputs& inputs, Device device, const SongFacts& facts,
                                                           int count);
/// Unheard songs of the artists a user streams: the artists in the order of streams, a song each in turn; of an artist
/// first those without a vector, which no other source can propose.
std::unique_ptr<CandidateSource> make_artist_source(const Inputs& inputs, const SongFacts& facts, int per_artist,
                                                    int count);
/// For users without taste: songs of the artists they follow, a song each in turn, most listeners first.
std::unique_ptr<CandidateSource> make_followed_artist_source(const Inputs& inputs, const SongFacts& facts,
                                                             int per_artist, int count);

}  // namespace segue::playlist
