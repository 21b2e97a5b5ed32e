#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/evaluate/rank_kernel.hpp"
#include "host/search/packing.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/evaluate/scorer.hpp"

namespace segue::evaluate {
namespace {

constexpr std::int64_t kRowsATask = 1024;
constexpr double kGreatScore = 1e37;  // sums of float32 are far from overflow below it

/// The largest absolute value.  @throws InvalidArgument  one is not finite
double largest(MatrixView<const float> vectors, const char* side) {
  std::vector<float> most(static_cast<std::size_t>((vectors.rows() + kRowsATask - 1) / kRowsATask));
  parallel_for(vectors.rows(), kRowsATask, [&](std::int64_t begin, std::int64_t end) {
    float& value = most[static_cast<std::size_t>(begin / kRowsATask)];
    for (std::int64_t row = begin; row < end; ++row)
      for (std::int64_t d = 0; d < vectors.columns(); ++d) {
        const float x = std::abs(vectors(row, d));
        if (!std::isfinite(x))
          throw InvalidArgument(
              fmt::format("evaluate: component {} of {} vector {} is {}, expected a finite number: "
                          "train again with more regularization, or mend the file",
                          d, side, row, vectors(row, d)));
        value = std::max(value, x);
      }
  });
  return most.empty() ? 0 : static_cast<double>(*std::max_element(most.begin(), most.end()));
}

void check(MatrixView<const float> users, MatrixView<const float> songs) {
  if (users.columns() != songs.columns() || users.columns() < 1 || users.columns() > search::kMaxRank)
    throw InvalidArgument(
        fmt::format("evaluate: user vectors have rank {}, song vectors {}: expected the same, 1 to {}", users.columns(),
                    songs.columns(), search::kMaxRank));
  const double user = largest(users, "user"), song = largest(songs, "song");
  if (user * song * static_cast<double>(users.columns()) > kGreatScore)
    throw InvalidArgument(fmt::format(
        "evaluate: user vectors reach {:g} and song vectors {:g}: their products could overflow; scale them", user,
        song));
}

class FactorScorer final : public Scorer {
 public:
  FactorScorer(MatrixView<const float> users, MatrixView<const float> songs)
      : users_(users),
        songs_(songs),
        shape_{search::Metric::inner_product, songs.rows(), songs.columns()},
        panels_(search::pack_rows(shape_, songs)) {}

  std::int64_t users() const override { return users_.rows(); }
  std::int64_t songs() const override { return songs_.rows(); }
  std::unique_ptr<Block> block(std::int64_t first_user, std::int64_t users) const override {
    return std::make_unique<FactorBlock>(*this, first_user, users);
  }

 private:
  class FactorBlock final : public Block {
   public:
    FactorBlock(const FactorScorer& scorer, std::int64_t first_user, std::int64_t users)
        : scorer_(scorer),
          users_(scorer.users_.row_range(first_user, first_user + users)),
          tiles_(users),
          packed_(search::pack_queries(scorer.shape_, users_, tiles_)) {}

    void score(std::int64_t first_song, MatrixView<float> scores) override {
      const std::int64_t begin = first_song / search::kPanelRows;
      score_panels(
          {.panels = scorer_.panels_.data(), .depth = scorer_.shape_.depth(), .users = packed_.data(), .tiles = tiles_},
          begin, begin + scores.columns() / search::kPanelRows, scores);
    }
    void score(std::int64_t user, std::span<const std::int32_t> songs, std::span<float> scores) override {
      std::transform(songs.begin(), songs.end(), scores.begin(),
                     [&](std::int32_t song) { return inner_product(users_.row(user), scorer_.songs_.row(song)); });
    }

   private:
    const FactorScorer& scorer_;
    MatrixView<const float> users_;
    search::Tiles tiles_;
    AlignedVector<float> packed_;
  };

  MatrixView<const float> users_, songs_;
  search::IndexShape shape_;
  AlignedVector<float> panels_;
};

}  // namespace

std::unique_ptr<Scorer> make_factor_scorer(MatrixView<const float> users, MatrixView<const float> songs) {
  check(users, songs);
  return std::make_unique<FactorScorer>(users, songs);
}

}  // namespace segue::evaluate
