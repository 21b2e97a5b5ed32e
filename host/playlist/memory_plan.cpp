#include "segue/playlist/memory_plan.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "host/playlist/candidates.hpp"
#include "host/playlist/inputs.hpp"
#include "host/playlist/tally.hpp"
#include "segue/core/parallel.hpp"
#include "segue/search/index.hpp"

namespace segue::playlist {
namespace {

constexpr std::int64_t kRow = 4;        // bytes of an index into songs, users or artists
constexpr std::int64_t kGrowth = 2;     // capacity of a growing vector over its size, at most
constexpr std::int64_t kReason = 96;    // a reason's text on the heap, about
constexpr std::int64_t kKeyNode = 120;  // a recording's hash node with its text, about
constexpr std::int64_t kSources = 5;    // rankings a user has in a block, at most

std::int64_t vectors_bytes(std::int64_t rows, std::int64_t rank) {
  return checked_product({rows, rank, sizeof(float)});
}

// Hits, and the keys the search keeps for them: twice as many.
std::int64_t hits_bytes(std::int64_t queries, std::int64_t k) {
  return checked_product({queries, k, 3 * static_cast<std::int64_t>(sizeof(search::Hit))});
}

// Rows of plays are users; the most plays that a block of consecutive ones has.
std::int64_t most_plays(const data::CsrView& plays, std::int64_t block) {
  std::int64_t most = 0;
  for (std::int64_t begin = 0; begin < plays.rows; ++begin) {
    const std::int64_t end = std::min(plays.rows, begin + block);
    most =
        std::max(most, plays.offsets[static_cast<std::size_t>(end)] - plays.offsets[static_cast<std::size_t>(begin)]);
  }
  return most;
}

std::int64_t lists_bytes(std::int64_t users, std::int64_t length) {
  return checked_product({users, length, static_cast<std::int64_t>(sizeof(PlaylistSong)) + kReason});
}

std::int64_t groups_of(const Inputs& inputs) {
  const std::span<const std::int32_t> groups = inputs.group_of_user;
  return groups.empty() ? 0 : *std::ranges::max_element(groups) + 1;
}

std::int64_t trained_count(const Inputs& inputs) {
  std::int64_t trained = 0;
  for (std::int64_t song = 0; song < inputs.song_vectors.rows(); ++song)
    trained += has_vector(inputs.song_vectors, song);
  return trained;
}

MemoryPlan discover_weekly_plan(const Inputs& inputs, const DiscoverWeeklyOptions& options) {
  const data::CsrView plays = inputs.interactions->plays.view();
  const std::int64_t songs = inputs.songs->size();
  const std::int64_t rank = inputs.song_vectors.columns();
  const std::int64_t users = inputs.user_vectors.rows();
  const std::int64_t trained = users > 0 ? trained_count(inputs) : 0;
  const std::int64_t block = std::min<std::int64_t>(options.block_users, plays.rows);
  const std::int64_t candidates = options.candidates;

  MemoryPlan plan("discover weekly");
  plan.add("facts of songs", checked_product({songs, 6 * kRow}));
  if (options.weight_als > 0)
    plan.add("songs to search", vectors_bytes(trained, rank) + (songs + trained) * kRow);
  std::int64_t while_made = vectors_bytes(trained, rank);
  if (options.weight_similar_songs > 0) {
    const std::int64_t seeds = std::min(trained, checked_product({plays.rows, kSeeds}));
    while_made += vectors_bytes(trained, rank);
    plan.add("neighbours of songs",
             checked_product({seeds, std::min<std::int64_t>(kNeighbours, trained), sizeof(search::Hit)}) +
                 (songs + trained + kGrowth * seeds) * kRow);
  }
  if (options.weight_group > 0 && users > 0)
    plan.add("songs of groups",
             kGrowth * std::min(plays.nonzeros(), checked_product({groups_of(inputs), kSpare, candidates})) *
                     static_cast<std::int64_t>(sizeof(Candidate)) +
                 kGrowth * users * kRow);
  if (options.weight_similar_users > 0)
    plan.add("listeners to search", vectors_bytes(users, rank));
  // Titles are compared first and forgotten, then vectors are packed.
  plan.add("titles or vectors on the way", std::max(checked_product({songs, kKeyNode}), while_made));
  plan.add("tallies", checked_product({thread_count(), songs, static_cast<std::int64_t>(sizeof(Tally::Entry)) + kRow}));
  // Twice for what was given before and for twins, twice again for the same as rows of the index.
  plan.add("songs left out", checked_product({most_plays(plays, block), 4 * kGrowth * kRow}));
  plan.add("candidates",
           checked_product({block, kSources * kGrowth * candidates, static_cast<std::int64_t>(sizeof(Candidate))}) +
               hits_bytes(block, candidates) + vectors_bytes(block, rank));
  plan.add("lists", lists_bytes(block, options.length) + plays.rows * kGrowth * kRow);
  return plan;
}

MemoryPlan release_radar_plan(const Inputs& inputs, const ReleaseRadarOptions& options) {
  const data::CsrView plays = inputs.interactions->plays.view();
  const std::int64_t rank = inputs.song_vectors.columns();
  const std::int64_t artists = inputs.catalogue->artists.size();
  const std::int64_t block = std::min<std::int64_t>(options.block_users, inputs.users->size());
  MemoryPlan plan("release radar");
  plan.add("releases", inputs.catalogue->songs() * kGrowth * kRow + artists * 8);
  if (options.similar_artists > 0 && inputs.song_vectors.rows() > 0) {
    plan.add("plays by song", checked_product({plays.nonzeros(), 8}) + plays.columns * 8);
    plan.add("artists to search", checked_product({4, vectors_bytes(artists, rank)}));  // sums in double, twice float
    plan.add("close artists",
             hits_bytes(block, std::min<std::int64_t>(options.similar_artists, artists)) + vectors_bytes(block, rank));
  }
  plan.add("artists left out", checked_product({most_plays(inputs.follows, block), kGrowth * kRow}));
  plan.add("lists", lists_bytes(block, options.length) + inputs.users->size() * kGrowth * kRow);
  return plan;
}

}  // namespace

MemoryPlan memory_plan(const Inputs& inputs, const DiscoverWeeklyOptions& weekly, const ReleaseRadarOptions& radar) {
  const MemoryPlan one = discover_weekly_plan(inputs, weekly);
  const MemoryPlan other = release_radar_plan(inputs, radar);
  return one.total_bytes() >= other.total_bytes() ? one : other;
}

}  // namespace segue::playlist
