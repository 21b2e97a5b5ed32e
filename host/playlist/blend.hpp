#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/playlist/candidates.hpp"

namespace segue::playlist {

/// What one source proposes to one user, and how much it counts.
struct WeightedRanking {
  Source source;
  double weight;
  std::span<const Candidate> songs;
};

/// A song with the source that contributed most to its score.
struct Choice {
  std::int32_t song;
  Source source;
  std::int32_t because;  ///< see Candidate
  double score;
};

/// One list in which the sources' rankings are blended by reciprocal rank fusion (Cormack, Clarke & Büttcher 2009):
///     score = Σₛ weightₛ·(k + 1)/(k + rankₛ) / Σₛ weightₛ,  k = 60
/// so that 1 is a song that every source puts first. Best first, ties by row.
std::vector<Choice> fuse(std::span<const WeightedRanking> rankings);

struct ListRules {
  int length;
  int per_artist;
  int known_artist_songs;  ///< at most this many by artists the user streams, while there are others
  int artist_seats;        ///< of these, kept for songs that Source::artist brings
};

/// Picks from `fused` by the rules; where that is too little, the most popular songs that are left, and at last those
/// that nobody has streamed.
/// @param unwanted  ascending
/// @param known     artists the user streams, ascending
std::vector<Choice> choose(const Inputs& inputs, const SongFacts& facts, const ListRules& rules,
                           std::span<const Choice> fused, std::span<const std::int32_t> unwanted,
                           std::span<const std::int32_t> known);

}  // namespace segue::playlist
