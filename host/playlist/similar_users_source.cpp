#include <algorithm>
#include <cmath>

#include "host/playlist/candidates.hpp"
#include "host/playlist/inputs.hpp"
#include "host/playlist/tally.hpp"
#include "segue/core/parallel.hpp"
#include "segue/search/index.hpp"

namespace segue::playlist {
namespace {

constexpr int kNearest = 50;

class SimilarUsersSource : public CandidateSource {
 public:
  SimilarUsersSource(const Inputs& inputs, Device device, const SongFacts& facts, int count)
      : inputs_(inputs),
        facts_(facts),
        index_(search::make_index(device, inputs.user_vectors, search::Metric::cosine)),
        with_taste_(search::make_mask(inputs.user_vectors.rows())),
        count_(count) {
    for (std::int32_t user = 0; user < inputs.user_vectors.rows(); ++user)
      if (has_taste(inputs, user))
        search::set_bit(with_taste_, user);
  }

  std::vector<Ranking> rank(const Block& block) const override {
    std::vector<std::size_t> asking;  // positions in the block
    data::Csr self{.columns = index_->rows()};
    for (std::size_t i = 0; i < block.users.size(); ++i) {
      if (!has_taste(inputs_, block.users[i]))
        continue;
      asking.push_back(i);
      self.indices.push_back(block.users[i]);
      end_row(self);
    }
    const Matrix<float> queries = gather_rows(inputs_.user_vectors, self.indices);
    Matrix<search::Hit> nearest(queries.rows(), kNearest);
    index_->search(queries.view(), nearest.view(), {.k = kNearest, .exclude = self.view(), .allow = with_taste_});

    std::vector<Ranking> rankings(block.users.size());
    PerThread<Tally> tallies;
    parallel_for(queries.rows(), 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t q = begin; q < end; ++q) {
        const std::size_t i = asking[static_cast<std::size_t>(q)];
        rankings[i] =
            rank_one(nearest.row(q), block.unwanted.row_indices(static_cast<std::int64_t>(i)), tallies.local());
      }
    });
    return rankings;
  }

 private:
  Ranking rank_one(std::span<const search::Hit> nearest, std::span<const std::int32_t> unwanted, Tally& tally) const {
    tally.reserve(inputs_.songs->size());
    for (const search::Hit& hit : nearest)
      if (hit.score > 0)
        add_songs_of(hit, unwanted, tally);
    Ranking ranking;
    for (const std::int32_t song : tally.best(count_))
      ranking.push_back({song, tally.at(song).count});
    tally.clear();
    return ranking;
  }

  void add_songs_of(const search::Hit& neighbour, std::span<const std::int32_t> unwanted, Tally& tally) const {
    const data::CsrView plays = inputs_.interactions->plays.view();
    const std::span<const std::int32_t> songs = plays.row_indices(neighbour.row);
    const std::span<const float> streams = plays.row_values(neighbour.row);
    for (std::size_t i = 0; i < songs.size(); ++i)
      if (streams[i] > 0 && facts_.may_be_given(songs[i]) && !std::ranges::binary_search(unwanted, songs[i]))
        tally.add(songs[i], neighbour.score * std::log1p(streams[i]), neighbour.row);
  }

  const Inputs& inputs_;
  const SongFacts& facts_;
  std::unique_ptr<search::Index> index_;
  std::vector<std::uint64_t> with_taste_;
  int count_;
};

}  // namespace

std::unique_ptr<CandidateSource> make_similar_users_source(const Inputs& inputs, Device device, const SongFacts& facts,
                                                           int count) {
  return std::make_unique<SimilarUsersSource>(inputs, device, facts, count);
}

}  // namespace segue::playlist
