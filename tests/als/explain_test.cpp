#include "segue/als/explain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "segue/core/error.hpp"
#include "tests/als/reference.hpp"

namespace segue::als {
namespace {

// The exact user vector's score of a song is the sum of what each listen adds.
TEST(Explainer, ContributionsSumToTheScore) {
  const Options options{.rank = 12, .alpha = 2, .regularization = 0.3};
  const Matrix<float> songs = reference::random_vectors(30, 12, 11);
  data::Csr user{
      .rows = 1, .columns = 30, .offsets = {0, 5}, .indices = {2, 7, 11, 19, 28}, .values = {1, 3, 2, -1, 5}};
  reference::Dense a;
  std::vector<double> b;
  reference::normal_equations(user.view(), 0, songs.view(), options, a, b);
  const std::vector<double> x = reference::solve(a, b);
  const Explainer explainer(songs.view(), options);
  const std::vector<std::int32_t> recommended{0, 5, 13, 29};
  // Each listen alone, so that negative parts are seen too: those of another sign are left out by explain().
  for (const std::int32_t song : recommended) {
    const double score = std::inner_product(x.begin(), x.end(), songs.row(song).begin(), 0.0);
    const std::vector<double> w = reference::solve(a, {songs.row(song).begin(), songs.row(song).end()});
    double positive = 0, total = 0;
    for (std::size_t j = 0; j < 5; ++j) {
      const double c = user.values[j] > 0 ? 1 + 2.0 * static_cast<double>(user.values[j]) : 0.0;
      const double part = c * std::inner_product(w.begin(), w.end(), songs.row(user.indices[j]).begin(), 0.0);
      positive += std::max(part, 0.0);
      total += part;
    }
    ASSERT_NEAR(total, score, 1e-9);
    const auto explained = explainer.explain(user.indices, user.values, std::vector{song}, 5);
    double sum = 0;
    for (const Contribution& contribution : explained[0]) {
      EXPECT_GT(contribution.weight, 0.0f);
      EXPECT_NE(contribution.song, 19);  // a skip adds nothing
      sum += static_cast<double>(contribution.weight);
    }
    EXPECT_NEAR(sum, positive, 1e-6);
    EXPECT_TRUE(std::ranges::is_sorted(explained[0], std::greater<>(), &Contribution::weight));
    const auto shorter = explainer.explain(user.indices, user.values, std::vector{song}, 1);
    ASSERT_LE(shorter[0].size(), 1u);
    if (!explained[0].empty()) {
      EXPECT_EQ(shorter[0].at(0).song, explained[0][0].song);
    }
  }
}

TEST(Explainer, NothingListenedNothingExplained) {
  const Matrix<float> songs = reference::random_vectors(4, 3, 1);
  const Explainer explainer(songs.view(), {.rank = 3});
  const auto explained = explainer.explain({}, {}, std::vector<std::int32_t>{1, 2}, 3);
  ASSERT_EQ(explained.size(), 2u);
  EXPECT_TRUE(explained[0].empty());
}

TEST(Explainer, RefusesWrongArguments) {
  const Matrix<float> songs = reference::random_vectors(4, 3, 1);
  EXPECT_THROW(Explainer(songs.view(), {.rank = 4}), InvalidArgument);
  const Explainer explainer(songs.view(), {.rank = 3});
  const std::vector<std::int32_t> listened{1, 2};
  const std::vector<float> strength{1};
  EXPECT_THROW(explainer.explain(listened, strength, listened, 3), InvalidArgument);
  EXPECT_THROW(explainer.explain(listened, {}, listened, 0), InvalidArgument);
}

}  // namespace
}  // namespace segue::als
