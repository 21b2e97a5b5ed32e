#include <algorithm>

#include "host/playlist/candidates.hpp"
#include "host/playlist/inputs.hpp"
#include "segue/search/index.hpp"

namespace segue::playlist {
namespace {

class AlsSource : public CandidateSource {
 public:
  AlsSource(const Inputs& inputs, Device device, const TrainedSongs& trained, int count)
      : inputs_(inputs),
        songs_(trained.songs),
        row_of_song_(static_cast<std::size_t>(inputs.songs->size()), -1),
        index_(search::make_index(device, trained.vectors.view(), search::Metric::inner_product)),
        count_(static_cast<int>(std::min<std::int64_t>(count, index_->rows()))) {
    for (std::size_t row = 0; row < songs_.size(); ++row)
      row_of_song_[static_cast<std::size_t>(songs_[row])] = static_cast<std::int32_t>(row);
  }

  std::vector<Ranking> rank(const Block& block) const override {
    std::vector<std::size_t> asking;  // positions in the block of the users below
    std::vector<std::int32_t> users;
    data::Csr exclude{.columns = index_->rows()};
    for (std::size_t i = 0; i < block.users.size(); ++i) {
      if (!has_taste(inputs_, block.users[i]))
        continue;
      asking.push_back(i);
      users.push_back(block.users[i]);
      for (const std::int32_t song : block.unwanted.row_indices(static_cast<std::int64_t>(i)))
        if (const std::int32_t row = row_of_song_[static_cast<std::size_t>(song)]; row >= 0)
          exclude.indices.push_back(row);
      end_row(exclude);
    }
    const Matrix<float> queries = gather_rows(inputs_.user_vectors, users);
    Matrix<search::Hit> hits(queries.rows(), count_);
    index_->search(queries.view(), hits.view(), {.k = count_, .exclude = exclude.view()});

    std::vector<Ranking> rankings(block.users.size());
    for (std::size_t q = 0; q < asking.size(); ++q)
      for (const search::Hit& hit : hits.row(static_cast<std::int64_t>(q)))
        if (hit.row >= 0)
          rankings[asking[q]].push_back({songs_[static_cast<std::size_t>(hit.row)], 0});
    return rankings;
  }

 private:
  const Inputs& inputs_;
  std::vector<std::int32_t> songs_;
  std::vector<std::int32_t> row_of_song_;  // in the index, −1: not there
  std::unique_ptr<search::Index> index_;
  int count_;
};

}  // namespace

TrainedSongs trained_songs(const Inputs& inputs, const SongFacts& facts) {
  TrainedSongs trained;
  for (std::int32_t song = 0; song < inputs.song_vectors.rows(); ++song)
    if (facts.may_be_given(song) && has_vector(inputs.song_vectors, song))
      trained.songs.push_back(song);
  trained.vectors = gather_rows(inputs.song_vectors, trained.songs);
  return trained;
}

std::unique_ptr<CandidateSource> make_als_source(const Inputs& inputs, Device device, const TrainedSongs& trained,
                                                 int count) {
  return std::make_unique<AlsSource>(inputs, device, trained, count);
}

}  // namespace segue::playlist
