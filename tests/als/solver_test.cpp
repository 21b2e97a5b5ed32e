#include "segue/als/solver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "tests/als/reference.hpp"

namespace segue::als {
namespace {

using reference::kPoison;
using reference::same_bits;
using reference::songs_of;
using reference::users_of;

void expect_solves(const data::CsrView& matrix, const Matrix<float>& others, const Matrix<float>& got,
                   const Options& options, double tolerance) {
  reference::Dense a;
  std::vector<double> b;
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    std::vector<double> want(static_cast<std::size_t>(options.rank), 0.0);
    if (matrix.row_size(row) > 0) {
      reference::normal_equations(matrix, row, others.view(), options, a, b);
      want = reference::solve(a, b);
    }
    EXPECT_TRUE(reference::row_is_near(got.row(row), want, tolerance)) << "row " << row;
  }
}

struct ExactCase {
  std::string name;
  int rank;
  Options options;
};

class SolvesNormalEquations : public testing::TestWithParam<ExactCase> {};

TEST_P(SolvesNormalEquations, OnBothSides) {
  const auto problem = reference::random_problem(40, 60, 0.2, 2008, true);
  Options options = GetParam().options;
  options.rank = GetParam().rank;
  options.gather_storage = Storage::float32;
  options.cg_steps = 100;
  const auto solver = make_solver(Device::cpu(), problem.by_user.view(), problem.by_song.view(), options);
  const Matrix<float> first_songs = reference::random_vectors(60, options.rank, 3);
  const Matrix<float> none(40, options.rank, 0.0f);
  solver->set_factors(none.view(), first_songs.view());
  // A song that nobody streams has no vector, whatever was set.
  const Matrix<float> songs_before = songs_of(*solver, 60);
  solver->iterate();
  const Matrix<float> users = users_of(*solver, 40);
  expect_solves(problem.by_user.view(), songs_before, users, options, 1e-4);
  expect_solves(problem.by_song.view(), users, songs_of(*solver, 60), options, 1e-4);
}

std::vector<ExactCase> exact_cases() {
  std::vector<ExactCase> cases;
  for (const int rank : {1, 7, 64, 130}) {
    const std::string suffix = "Rank" + std::to_string(rank);
    cases.push_back({"Cholesky" + suffix, rank, {.alpha = 3, .regularization = 0.5, .method = Method::cholesky}});
    cases.push_back({"PlainCg" + suffix, rank, {.alpha = 3, .regularization = 0.5}});
    cases.push_back(
        {"GramCg" + suffix, rank, {.alpha = 3, .regularization = 0.5, .preconditioner = Preconditioner::gram}});
    cases.push_back({"CholeskyByFrequency" + suffix,
                     rank,
                     {.alpha = 3, .regularization = 0.02, .regularization_exponent = 0.7, .method = Method::cholesky}});
    cases.push_back(
        {"PlainCgByFrequency" + suffix, rank, {.alpha = 3, .regularization = 0.02, .regularization_exponent = 0.7}});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Ranks, SolvesNormalEquations, testing::ValuesIn(exact_cases()),
                         [](const auto& test) { return test.param.name; });

TEST(Solver, EmptyRowsAreZerosEvenAfterSetFactors) {
  const auto problem = reference::random_problem(9, 8, 0.9, 1);
  const auto solver = make_solver(Device::cpu(), problem.by_user.view(), problem.by_song.view(), {.rank = 5});
  solver->set_factors(reference::random_vectors(9, 5, 1).view(), reference::random_vectors(8, 5, 2).view());
  solver->iterate();
  const Matrix<float> users = users_of(*solver, 9);
  const Matrix<float> songs = songs_of(*solver, 8);
  for (const std::int64_t user : {1, 4, 7})
    EXPECT_THAT(std::vector<float>(users.row(user).begin(), users.row(user).end()), testing::Each(0.0f));
  for (const std::int64_t song : {2, 6})
    EXPECT_THAT(std::vector<float>(songs.row(song).begin(), songs.row(song).end()), testing::Each(0.0f));
}

TEST(Solver, SameBitsOnOneAndTwoThreads) {
  const auto problem = reference::random_problem(3000, 200, 0.1, 5);
  for (const Options& options : {Options{.rank = 24}, Options{.rank = 24, .preconditioner = Preconditioner::gram},
                                 Options{.rank = 24, .method = Method::cholesky}}) {
    std::vector<Matrix<float>> users, songs;
    std::vector<double> losses;
    for (const int threads : {1, 2}) {
      set_thread_count(threads);
      const auto solver = make_solver(Device::cpu(), problem.by_user.view(), problem.by_song.view(), options);
      solver->iterate();
      solver->iterate();
      users.push_back(users_of(*solver, 3000));
      songs.push_back(songs_of(*solver, 200));
      losses.push_back(solver->loss());
    }
    set_thread_count(0);
    EXPECT_TRUE(same_bits(users[0], users[1]));
    EXPECT_TRUE(same_bits(songs[0], songs[1]));
    EXPECT_EQ(losses[0], losses[1]);
  }
}

// implicit's test_cg_nan: what is solved already, or cannot be, must not divide by zero.
TEST(Solver, StaysFiniteWithoutRegularization) {
  const auto problem = reference::random_problem(12, 16, 0.6, 3);
  for (const Options& options : {Options{.rank = 100, .regularization = 0, .cg_steps = 50},
                                 Options{.rank = 100, .alpha = 1e6, .regularization = 0},
                                 Options{.rank = 100, .regularization = 0, .method = Method::cholesky},
                                 Options{.rank = 100, .regularization = 0, .preconditioner = Preconditioner::gram},
                                 Options{.rank = 1024, .iterations = 3, .alpha = 1e6, .regularization = 1e-3}}) {
    const auto solver = make_solver(Device::cpu(), problem.by_user.view(), problem.by_song.view(), options);
    SCOPED_TRACE(testing::Message() << "rank " << options.rank << ", alpha " << options.alpha << ", steps "
                                    << options.cg_steps << ", method " << static_cast<int>(options.method)
                                    << ", preconditioner " << static_cast<int>(options.preconditioner));
    for (int iteration = 0; iteration < 5; ++iteration)
      solver->iterate();
    const Matrix<float> users = users_of(*solver, 12);
    EXPECT_TRUE(std::all_of(users.data(), users.data() + 12 * options.rank, [](float x) { return std::isfinite(x); }));
    EXPECT_TRUE(std::isfinite(solver->loss()));
  }
}

TEST(Solver, NobodyOrNothingWorks) {
  for (const auto& [users, songs] : {std::pair{0, 0}, std::pair{0, 3}, std::pair{2, 3}}) {
    const data::Csr by_user{.rows = users,
                            .columns = songs,
                            .offsets = std::vector<std::int64_t>(static_cast<std::size_t>(users) + 1, 0),
                            .indices = {},
                            .values = {}};
    const data::Csr by_song = data::transpose(by_user.view());
    for (const Options& options : {Options{.rank = 4}, Options{.rank = 4, .preconditioner = Preconditioner::gram},
                                   Options{.rank = 4, .method = Method::cholesky}}) {
      const auto solver = make_solver(Device::cpu(), by_user.view(), by_song.view(), options);
      solver->iterate();
      EXPECT_EQ(solver->loss(), 0);
      const Matrix<float> vectors = songs_of(*solver, songs);
      EXPECT_TRUE(std::all_of(vectors.data(), vectors.data() + songs * 4, [](float x) { return x == 0; }));
    }
  }
}

TEST(Solver, LossFalls) {
  const auto problem = reference::random_problem(200, 100, 0.2, 4);
  const auto solver =
      make_solver(Device::cpu(), problem.by_user.view(), problem.by_song.view(), {.rank = 16, .regularization = 1});
  double last = solver->loss();
  for (int iteration = 0; iteration < 6; ++iteration) {
    solver->iterate();
    EXPECT_LT(solver->loss(), last);
    last = solver->loss();
  }
}

TEST(Solver, FoldInGivesWhatTrainingGave) {
  const auto problem = reference::random_problem(50, 40, 0.2, 6, true);
  const auto solver = make_solver(Device::cpu(), problem.by_user.view(), problem.by_song.view(),
                                  {.rank = 9, .alpha = 2, .method = Method::cholesky});
  solver->iterate();
  Matrix<float> folded(40, 9, kPoison);
  solver->fold_in_songs(problem.by_song.view(), folded.view());  // songs were solved last, against these users
  EXPECT_TRUE(same_bits(folded, songs_of(*solver, 40)));
  Matrix<float> new_users(50, 9, kPoison);
  solver->fold_in_users(problem.by_user.view(), new_users.view());
  expect_solves(problem.by_user.view(), songs_of(*solver, 40), new_users, solver->options(), 1e-5);
}

TEST(Solver, RefusesWhatDoesNotFit) {
  const auto problem = reference::random_problem(10, 8, 0.5, 7);
  const auto solver = make_solver(Device::cpu(), problem.by_user.view(), problem.by_song.view(), {.rank = 4});
  Matrix<float> wrong(10, 5);
  const auto message = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing thrown";
  };
  EXPECT_EQ(message([&] { solver->copy_users(wrong.view()); }), "als: users is 10 × 5, expected 10 × 4");
  EXPECT_EQ(message([&] { solver->fold_in_users(problem.by_song.view(), wrong.view()); }),
            "als: the matrix to fold in is 8 × 10, expected 8 × 8");
  EXPECT_THAT(message([&] { make_solver(Device::cpu(), problem.by_user.view(), problem.by_user.view(), {}); }),
              testing::HasSubstr("the matrix by user is 10 × 8"));
  EXPECT_THAT(message([&] {
                make_solver({Device::Kind::cuda, 99}, problem.by_user.view(), problem.by_song.view(), {});
              }),
              testing::StartsWith("device cuda:99: "));
  data::Csr damaged = problem.by_user;
  damaged.values[3] = kPoison;
  EXPECT_THAT(message([&] { make_solver(Device::cpu(), damaged.view(), problem.by_song.view(), {.rank = 4}); }),
              testing::HasSubstr("has the value nan"));
}

TEST(Solver, MemoryPlanCountsTheVectors) {
  const auto problem = reference::random_problem(1000, 800, 0.01, 8);
  const Options options{.rank = 33};  // padded to 48
  EXPECT_GE(memory_plan(Device::cpu(), problem.by_user.view(), options).total_bytes(),
            (1000 + 800) * 48 * 4 + 1000 * 48 * 2);
}

}  // namespace
}  // namespace segue::als
