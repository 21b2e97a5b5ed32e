#include "segue/bench/synthetic.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"

namespace segue::bench {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class PowerLawPlays : public testing::TestWithParam<PowerLaw> {};

TEST_P(PowerLawPlays, HasExactlyTheDifferentPairsAskedFor) {
  const PowerLaw shape = GetParam();
  const data::Csr plays = power_law_plays(shape, no_progress());
  EXPECT_EQ(plays.rows, shape.users);
  EXPECT_EQ(plays.columns, shape.songs);
  EXPECT_EQ(plays.nonzeros(), shape.interactions);
  EXPECT_NO_THROW(data::check_csr(plays.view(), "plays"));  // indices in range and strictly ascending: all different
  EXPECT_TRUE(std::ranges::all_of(plays.values, [](float count) { return count >= 1 && count == std::floor(count); }));
}

INSTANTIATE_TEST_SUITE_P(Shapes, PowerLawPlays,
                         testing::Values(PowerLaw{.users = 1, .songs = 8, .interactions = 0},
                                         PowerLaw{.users = 1, .songs = 8, .interactions = 1},
                                         PowerLaw{.users = 300, .songs = 100, .interactions = 2000},
                                         PowerLaw{.users = 255, .songs = 8, .interactions = 255},  // all there can be
                                         PowerLaw{.users = 257, .songs = 80, .interactions = 2570},
                                         PowerLaw{.users = 5000, .songs = 2000, .interactions = 100'000, .seed = 9}));

TEST(PowerLawPlays, IsTheSameOnAnyNumberOfThreadsAndAnotherForAnotherSeed) {
  const PowerLaw shape{.users = 1000, .songs = 500, .interactions = 20'000, .seed = 3};
  set_thread_count(1);
  const data::Csr one = power_law_plays(shape, no_progress());
  set_thread_count(2);
  const data::Csr two = power_law_plays(shape, no_progress());
  set_thread_count(0);
  EXPECT_EQ(one.offsets, two.offsets);
  EXPECT_EQ(one.indices, two.indices);
  EXPECT_EQ(one.values, two.values);
  PowerLaw other = shape;
  other.seed = 4;
  EXPECT_NE(power_law_plays(other, no_progress()).indices, one.indices);
}

// Of the continuous law: the first tenth of 10,000 places has ((1020)^0.1 − 20^0.1) / (10020^0.1 − 20^0.1) = 0.555 of
// the plays; rejecting repeated songs takes some away.
TEST(PowerLawPlays, FewSongsHaveMostOfThePlays) {
  const data::Csr plays = power_law_plays({.users = 20'000, .songs = 10'000, .interactions = 400'000}, no_progress());
  std::vector<std::int64_t> listeners(10'000);
  for (const std::int32_t song : plays.indices)
    ++listeners[static_cast<std::size_t>(song)];
  std::ranges::sort(listeners, std::greater());
  std::int64_t first_tenth = 0;
  for (std::size_t place = 0; place < 1000; ++place)
    first_tenth += listeners[place];
  EXPECT_NEAR(static_cast<double>(first_tenth) / 400'000, 0.54, 0.03);
}

// A log-normal law of σ = 1.2 has a median of exp(−0.72) = 0.49 of its mean.
TEST(PowerLawPlays, TheMedianUserHasHalfTheMean) {
  const data::Csr plays =
      power_law_plays({.users = 20'000, .songs = 100'000, .interactions = 1'000'000}, no_progress());
  std::vector<std::int64_t> sizes;
  for (std::int64_t user = 0; user < plays.rows; ++user)
    sizes.push_back(plays.view().row_size(user));
  std::ranges::nth_element(sizes, sizes.begin() + 10'000);
  EXPECT_NEAR(static_cast<double>(sizes[10'000]) / 50, 0.487, 0.02);
}

TEST(PowerLawPlays, RefusesWhatCannotBe) {
  const auto make = [](PowerLaw shape) { return [shape] { power_law_plays(shape, no_progress()); }; };
  EXPECT_THAT(make({.users = 0, .songs = 80, .interactions = 1}),
              ThrowsMessage<InvalidArgument>(HasSubstr("users is 0, expected 1 to 2147483647")));
  EXPECT_THAT(make({.users = 5, .songs = 7, .interactions = 1}),
              ThrowsMessage<InvalidArgument>(HasSubstr("songs is 7, expected 8 to")));
  EXPECT_THAT(make({.users = 5, .songs = 80, .interactions = 51}),
              ThrowsMessage<InvalidArgument>(HasSubstr("is 51, expected 0 to 50")));
}

// With length factor s, E log s = 0 and E s² = exp(2·0.3²) = 1.197.
TEST(FactorLikeVectors, HaveTheSpectrumAndTheLengthsOfFactors) {
  constexpr std::int64_t kRows = 20'000, kRank = 16;
  const Matrix<float> vectors = factor_like_vectors(kRows, kRank, 5);
  for (std::int64_t j = 0; j < kRank; ++j) {
    double sum = 0, squares = 0;
    for (std::int64_t row = 0; row < kRows; ++row) {
      const auto x = static_cast<double>(vectors(row, j));
      sum += x;
      squares += x * x;
    }
    const double variance = 1.197 / static_cast<double>(j + 1);
    EXPECT_NEAR(sum / kRows, 0, 4 * std::sqrt(variance / kRows)) << "component " << j;
    EXPECT_NEAR(squares / kRows / variance, 1, 0.06) << "component " << j;
  }
}

}  // namespace
}  // namespace segue::bench
