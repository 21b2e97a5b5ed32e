#include <gtest/gtest.h>

#include "segue/als/solver.hpp"
#include "tests/als/reference.hpp"

namespace segue::als {
namespace {

double brute_force_loss(const data::CsrView& by_user, const data::CsrView& by_song, const Matrix<float>& users,
                        const Matrix<float>& songs, const Options& options) {
  double loss = 0, confidence = 0;
  std::vector<double> strength;
  for (std::int64_t u = 0; u < by_user.rows; ++u) {
    strength.assign(static_cast<std::size_t>(by_user.columns), 0.0);
    for (std::size_t j = 0; j < by_user.row_indices(u).size(); ++j)
      strength[static_cast<std::size_t>(by_user.row_indices(u)[j])] = static_cast<double>(by_user.row_values(u)[j]);
    for (std::int64_t i = 0; i < by_user.columns; ++i) {
      const double r = strength[static_cast<std::size_t>(i)];
      const double c = 1 + options.alpha * std::abs(r);
      double score = 0;
      for (std::int64_t k = 0; k < users.columns(); ++k)
        score += static_cast<double>(users(u, k)) * static_cast<double>(songs(i, k));
      const double error = (r > 0 ? 1.0 : 0.0) - score;
      loss += c * error * error;
      confidence += c;
    }
  }
  const auto penalty = [&](const data::CsrView& matrix, const Matrix<float>& vectors) {
    double sum = 0;
    for (std::int64_t row = 0; row < vectors.rows(); ++row)
      for (const float x : vectors.row(row))
        sum += reference::lambda(options, matrix, row) * static_cast<double>(x) * static_cast<double>(x);
    return sum;
  };
  return (loss + penalty(by_user, users) + penalty(by_song, songs)) / confidence;
}

TEST(Loss, IsTheObjectiveOverTheTotalConfidence) {
  const auto problem = reference::random_problem(70, 50, 0.2, 12, true);
  for (const double exponent : {0.0, 0.6}) {
    const Options options{.rank = 20, .alpha = 4, .regularization = 0.7, .regularization_exponent = exponent};
    const auto solver = make_solver(Device::cpu(), problem.by_user.view(), problem.by_song.view(), options);
    for (int iteration = 0; iteration < 2; ++iteration) {
      Matrix<float> users(70, 20), songs(50, 20);
      solver->copy_users(users.view());
      solver->copy_songs(songs.view());
      const double want = brute_force_loss(problem.by_user.view(), problem.by_song.view(), users, songs, options);
      EXPECT_NEAR(solver->loss(), want, 1e-6 * want);
      solver->iterate();
    }
  }
}

TEST(Loss, APatternCountsEachInteractionOnce) {
  auto problem = reference::random_problem(30, 20, 0.3, 13);
  std::ranges::fill(problem.by_user.values, 1.0f);
  std::ranges::fill(problem.by_song.values, 1.0f);
  data::CsrView by_user = problem.by_user.view(), by_song = problem.by_song.view();
  by_user.values = by_song.values = {};
  const Options options{.rank = 6};
  const auto ones = make_solver(Device::cpu(), problem.by_user.view(), problem.by_song.view(), options);
  const auto pattern = make_solver(Device::cpu(), by_user, by_song, options);
  ones->iterate();
  pattern->iterate();
  EXPECT_EQ(ones->loss(), pattern->loss());
}

}  // namespace
}  // namespace segue::als
