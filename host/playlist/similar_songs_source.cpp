#include <algorithm>

#include "host/playlist/candidates.hpp"
#include "host/playlist/inputs.hpp"
#include "host/playlist/tally.hpp"
#include "segue/core/parallel.hpp"
#include "segue/search/index.hpp"

namespace segue::playlist {
namespace {

constexpr std::int64_t kQueriesAtOnce = 4096;

// The user's songs of largest strength that have a vector, strongest first, ties by row.
std::vector<std::int32_t> strongest_songs(const Inputs& inputs, std::int32_t user) {
  const data::CsrView strength = inputs.interactions->strength.view();
  const std::span<const std::int32_t> songs = indices_of(strength, user);
  const std::span<const float> values = values_of(strength, user);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < songs.size(); ++i)
    if (values[i] > 0 && has_vector(inputs.song_vectors, songs[i]))
      order.push_back(i);
  const std::size_t kept = std::min<std::size_t>(kSeeds, order.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
      [&](std::size_t a, std::size_t b) { return values[a] != values[b] ? values[a] > values[b] : a < b; });
  std::vector<std::int32_t> strongest(kept);
  std::transform(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), strongest.begin(),
                 [&](std::size_t i) { return songs[i]; });
  return strongest;
}

class SimilarSongsSource : public CandidateSource {
 public:
  SimilarSongsSource(const Inputs& inputs, Device device, const TrainedSongs& trained,
                     std::span<const std::int32_t> users, int count)
      : inputs_(inputs),
        songs_(trained.songs),
        row_of_seed_(static_cast<std::size_t>(inputs.songs->size()), -1),
        count_(count) {
    const std::vector<std::int32_t> seeds = number_seeds(users);
    const auto index = search::make_index(device, trained.vectors.view(), search::Metric::cosine);
    neighbours_ = Matrix<search::Hit>(static_cast<std::int64_t>(seeds.size()),
                                      std::min<std::int64_t>(kNeighbours, index->rows()));
    for (std::int64_t begin = 0; begin < neighbours_.rows(); begin += kQueriesAtOnce)
      search_neighbours(*index, seeds, begin, std::min(neighbours_.rows(), begin + kQueriesAtOnce));
  }

  std::vector<Ranking> rank(const Block& block) const override {
    std::vector<Ranking> rankings(block.users.size());
    PerThread<Tally> tallies;
    parallel_for(static_cast<std::int64_t>(block.users.size()), 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        if (const std::int32_t user = block.users[static_cast<std::size_t>(i)]; has_taste(inputs_, user))
          rankings[static_cast<std::size_t>(i)] = rank_one(user, block.unwanted.row_indices(i), tallies.local());
    });
    return rankings;
  }

 private:
  std::vector<std::int32_t> number_seeds(std::span<const std::int32_t> users) {
    std::vector<std::int32_t> seeds;
    for (const std::int32_t user : users) {
      if (!has_taste(inputs_, user))
        continue;
      for (const std::int32_t song : strongest_songs(inputs_, user))
        if (std::int32_t& row = row_of_seed_[static_cast<std::size_t>(song)]; row < 0) {
          row = static_cast<std::int32_t>(seeds.size());
          seeds.push_back(song);
        }
    }
    return seeds;
  }

  void search_neighbours(const search::Index& index, std::span<const std::int32_t> seeds, std::int64_t begin,
                         std::int64_t end) {
    const Matrix<float> queries = gather_rows(
        inputs_.song_vectors, seeds.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
    index.search(queries.view(), neighbours_.view().row_range(begin, end),
                 {.k = static_cast<int>(neighbours_.columns())});
  }

  Ranking rank_one(std::int32_t user, std::span<const std::int32_t> unwanted, Tally& tally) const {
    tally.reserve(inputs_.songs->size());
    for (const std::int32_t seed : strongest_songs(inputs_, user))
      for (const search::Hit& hit : neighbours_.row(row_of_seed_[static_cast<std::size_t>(seed)]))
        if (hit.score > 0)
          tally.add(songs_[static_cast<std::size_t>(hit.row)], hit.score, seed);
    Ranking ranking;
    for (const std::int32_t song : tally.best(static_cast<int>(tally.touched().size())))
      if (ranking.size() < static_cast<std::size_t>(count_) && !std::ranges::binary_search(unwanted, song))
        ranking.push_back({song, tally.at(song).from});
    tally.clear();
    return ranking;
  }

  const Inputs& inputs_;
  std::vector<std::int32_t> songs_;
  std::vector<std::int32_t> row_of_seed_;  // in `neighbours_`, −1: nobody's seed
  Matrix<search::Hit> neighbours_;         // a seed is its own: whoever has the seed has heard it
  int count_;
};

}  // namespace

std::unique_ptr<CandidateSource> make_similar_songs_source(const Inputs& inputs, Device device,
                                                           const TrainedSongs& trained,
                                                           std::span<const std::int32_t> users, int count) {
  return std::make_unique<SimilarSongsSource>(inputs, device, trained, users, count);
}

}  // namespace segue::playlist
