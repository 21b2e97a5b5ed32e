#include <algorithm>
#include <iterator>

#include "host/playlist/candidates.hpp"
#include "host/playlist/inputs.hpp"
#include "segue/core/parallel.hpp"

namespace segue::playlist {
namespace {

using Songs = std::vector<std::int32_t>;

Songs wanted(std::span<const std::int32_t> songs, std::span<const std::int32_t> unwanted) {
  Songs left;
  std::ranges::copy_if(songs, std::back_inserter(left),
                       [&](std::int32_t song) { return !std::ranges::binary_search(unwanted, song); });
  return left;
}

// The first of each artist's songs, then the second of each, …
std::vector<Songs> rounds_of(std::span<const Songs> songs_by_artist, int per_artist) {
  std::vector<Songs> rounds(static_cast<std::size_t>(per_artist));
  for (const Songs& songs : songs_by_artist)
    for (std::size_t i = 0; i < std::min(songs.size(), rounds.size()); ++i)
      rounds[i].push_back(songs[i]);
  return rounds;
}

Ranking flatten(std::span<const Songs> rounds, int count) {
  Ranking ranking;
  for (const Songs& round : rounds)
    for (const std::int32_t song : round)
      if (ranking.size() < static_cast<std::size_t>(count))
        ranking.push_back({song, 0});
  return ranking;
}

class ArtistSource : public CandidateSource {
 public:
  ArtistSource(const Inputs& inputs, const SongFacts& facts, int per_artist, int count)
      : inputs_(inputs), facts_(facts), per_artist_(per_artist), count_(count) {}

  std::vector<Ranking> rank(const Block& block) const override {
    std::vector<Ranking> rankings(block.users.size());
    parallel_for(static_cast<std::int64_t>(block.users.size()), 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        std::vector<Songs> songs_by_artist;
        for (const ArtistStreams& streamed : artists_streamed(inputs_, block.users[static_cast<std::size_t>(i)])) {
          Songs songs = wanted(facts_.songs_of(streamed.artist), block.unwanted.row_indices(i));
          std::stable_partition(songs.begin(), songs.end(),
                                [&](std::int32_t song) { return !has_vector(inputs_.song_vectors, song); });
          songs_by_artist.push_back(std::move(songs));
        }
        rankings[static_cast<std::size_t>(i)] = flatten(rounds_of(songs_by_artist, per_artist_), count_);
      }
    });
    return rankings;
  }

 private:
  const Inputs& inputs_;
  const SongFacts& facts_;
  int per_artist_, count_;
};

class FollowedArtistSource : public CandidateSource {
 public:
  FollowedArtistSource(const Inputs& inputs, const SongFacts& facts, int per_artist, int count)
      : inputs_(inputs), facts_(facts), per_artist_(per_artist), count_(count) {}

  std::vector<Ranking> rank(const Block& block) const override {
    std::vector<Ranking> rankings(block.users.size());
    for (std::size_t i = 0; i < block.users.size(); ++i) {
      if (has_taste(inputs_, block.users[i]))
        continue;
      std::vector<Songs> songs_by_artist;
      for (const std::int32_t artist : indices_of(inputs_.follows, block.users[i]))
        songs_by_artist.push_back(
            wanted(facts_.songs_of(artist), block.unwanted.row_indices(static_cast<std::int64_t>(i))));
      std::vector<Songs> rounds = rounds_of(songs_by_artist, per_artist_);
      for (Songs& round : rounds)
        std::stable_sort(round.begin(), round.end(), [&](std::int32_t a, std::int32_t b) {
          return facts_.listeners[static_cast<std::size_t>(a)] > facts_.listeners[static_cast<std::size_t>(b)];
        });
      rankings[i] = flatten(rounds, count_);
    }
    return rankings;
  }

 private:
  const Inputs& inputs_;
  const SongFacts& facts_;
  int per_artist_, count_;
};

}  // namespace

std::unique_ptr<CandidateSource> make_artist_source(const Inputs& inputs, const SongFacts& facts, int per_artist,
                                                    int count) {
  return std::make_unique<ArtistSource>(inputs, facts, per_artist, count);
}

std::unique_ptr<CandidateSource> make_followed_artist_source(const Inputs& inputs, const SongFacts& facts,
                                                             int per_artist, int count) {
  return std::make_unique<FollowedArtistSource>(inputs, facts, per_artist, count);
}

}  // namespace segue::playlist
