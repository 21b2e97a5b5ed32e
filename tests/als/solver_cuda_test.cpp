// The GPU engine against the CPU engine, which is itself tested against the equations.
#include "cuda/als/solver_cuda.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cuda/als/device_plan.hpp"
#include "segue/als/engine.hpp"
#include "segue/core/error.hpp"
#include "segue/core/log.hpp"
#include "tests/als/reference.hpp"
#include "tests/core/kernel_test.hpp"

#if __has_include("simt/engine.hpp")
#include "simt/engine.hpp"
#define SEGUE_ON_INTERPRETER 1
#endif

namespace segue::cuda {
namespace {

using als::Method;
using als::Options;
using als::Preconditioner;
using als::Solver;
using als::Storage;
using als::reference::kPoison;
using als::reference::Problem;
using als::reference::random_problem;
using als::reference::random_vectors;
using als::reference::same_bits;
using als::reference::songs_of;
using als::reference::users_of;

void expect_near(const Matrix<float>& got, const Matrix<float>& want, double tolerance) {
  ASSERT_EQ(got.rows(), want.rows());
  for (std::int64_t row = 0; row < want.rows(); ++row)
    EXPECT_TRUE(als::reference::row_is_near(got.row(row),
                                            std::vector<double>(want.row(row).begin(), want.row(row).end()), tolerance))
        << "row " << row;
}

std::unique_ptr<Solver> on_cpu(const Problem& problem, const Options& options) {
  return als::make_solver(Device::cpu(), problem.by_user.view(), problem.by_song.view(), options);
}

std::unique_ptr<Solver> on_gpu(const Problem& problem, const Options& options, std::int64_t most_bytes = 0) {
  return make_als_solver(0, problem.by_user.view(), problem.by_song.view(), options, most_bytes);
}

template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return std::to_string(static_cast<int>(error.exit_code())) + ": " + error.what();
  }
  return "nothing thrown";
}

struct Case {
  const char* name;
  Options options;
  bool pattern = false;

  friend void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }
};

// Plain CG with each storage, whitened CG with each storage, exact, by frequency, with and without values.
std::vector<Case> cases() {
  const Options plain{.rank = 20, .alpha = 3, .regularization = 0.6};
  Options by_frequency = plain, exact = plain, exact_by_frequency = plain;
  by_frequency.regularization = 0.05;
  by_frequency.regularization_exponent = 0.7;
  exact.method = Method::cholesky;
  exact_by_frequency = by_frequency;
  exact_by_frequency.method = Method::cholesky;
  std::vector<Case> all{{"ByFrequency", by_frequency},
                        {"Exact", exact},
                        {"ExactByFrequency", exact_by_frequency},
                        {"ExactPattern", exact, true},
                        {"PlainPattern", plain, true}};
  const std::pair<Storage, std::pair<const char*, const char*>> storages[] = {
      {Storage::float32, {"PlainFloat32", "GramFloat32"}},
      {Storage::float16, {"PlainFloat16", "GramFloat16"}},
      {Storage::bfloat16, {"PlainBfloat16", "GramBfloat16"}}};
  for (const auto& [storage, names] : storages) {
    Options options = plain;
    options.gather_storage = storage;
    all.push_back({names.first, options});
    options.preconditioner = Preconditioner::gram;
    all.push_back({names.second, options});
  }
  return all;
}

Problem problem_for(const Case& test, std::int64_t users, std::int64_t songs, double density) {
  Problem problem = random_problem(users, songs, density, 2014, true);
  if (test.pattern)
    problem.by_user.values.clear();
  if (test.pattern)
    problem.by_song.values.clear();
  return problem;
}

class CudaSolverAlone : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    spdlog::set_level(spdlog::level::warn);
  }
};
class CudaSolverTest : public CudaSolverAlone, public testing::WithParamInterface<Case> {};
class StreamingTest : public CudaSolverAlone, public testing::WithParamInterface<Case> {};

// A rounded vector can differ by a unit in its last place.
double tolerance_of(const Options& options) {
  return options.gather_storage == Storage::bfloat16 ? 4e-3 : 1e-3;
}

TEST_P(CudaSolverTest, AgreesWithTheCpu) {
  const Problem problem = problem_for(GetParam(), 90, 70, 0.15);
  const auto cpu = on_cpu(problem, GetParam().options);
  const auto gpu = on_gpu(problem, GetParam().options);
  expect_near(users_of(*gpu, 90), users_of(*cpu, 90), 0);  // the same first vectors
  expect_near(songs_of(*gpu, 70), songs_of(*cpu, 70), 0);
  EXPECT_NEAR(gpu->loss(), cpu->loss(), 1e-6 * cpu->loss());
  const double tolerance = tolerance_of(GetParam().options);
  for (int iteration = 0; iteration < 3; ++iteration) {
    cpu->iterate();
    gpu->iterate();
    EXPECT_NEAR(gpu->loss(), cpu->loss(), tolerance / 50 * cpu->loss());
  }
  expect_near(users_of(*gpu, 90), users_of(*cpu, 90), tolerance);
  expect_near(songs_of(*gpu, 70), songs_of(*cpu, 70), tolerance);
}

INSTANTIATE_TEST_SUITE_P(All, CudaSolverTest, testing::ValuesIn(cases()),
                         [](const auto& test) { return std::string(test.param.name); });

// The longer side passes through in two blocks and more. Batches of CG rows are then others, and so are the last bits.
TEST_P(StreamingTest, GivesTheSameAsResidence) {
  Case test = GetParam();
  test.options.rank = 5;
  // Where nothing but many interactions makes streaming take less.
  const double density = als::gathered_storage(test.options) == Storage::float32 || test.pattern ? 0.95 : 0.4;
  for (const auto& [users, songs] : {std::pair{1300, 30}, std::pair{30, 1300}}) {
    const Problem problem = problem_for(test, users, songs, density);
    const std::int64_t least =
        streamed_plan(context(), problem.by_user.view(), problem.by_song.view(), test.options, 0).memory.total_bytes();
    ASSERT_GT(resident_plan(context(), problem.by_user.view(), test.options).memory.total_bytes(), least);
    const auto resident = on_gpu(problem, test.options), streamed = on_gpu(problem, test.options, least);
    EXPECT_TRUE(same_bits(users_of(*streamed, users), users_of(*resident, users)));
    resident->iterate();
    streamed->iterate();
    const double tolerance = test.options.method == Method::cholesky ? 0 : tolerance_of(test.options);
    expect_near(users_of(*streamed, users), users_of(*resident, users), tolerance);
    expect_near(songs_of(*streamed, songs), songs_of(*resident, songs), tolerance);
    EXPECT_NEAR(streamed->loss(), resident->loss(), 1e-6 * resident->loss());
  }
}

TEST_F(CudaSolverAlone, StreamingGivesTheSameBitsEachTime) {
  const Options options{.rank = 5};
  const Problem problem = random_problem(1300, 30, 0.4, 12, true);
  const std::int64_t least =
      streamed_plan(context(), problem.by_user.view(), problem.by_song.view(), options, 0).memory.total_bytes();
  const auto one = on_gpu(problem, options, least), other = on_gpu(problem, options, least);
  one->iterate();
  other->iterate();
  EXPECT_TRUE(same_bits(users_of(*one, 1300), users_of(*other, 1300)));
  EXPECT_TRUE(same_bits(songs_of(*one, 30), songs_of(*other, 30)));
  EXPECT_EQ(one->loss(), other->loss());
}

INSTANTIATE_TEST_SUITE_P(Some, StreamingTest, testing::ValuesIn([] {
                           std::vector<Case> some = cases();
                           std::erase_if(some, [](const Case& test) {
                             const std::string name = test.name;
                             return name != "PlainFloat32" && name != "PlainPattern" && name != "GramFloat16" &&
                                    name != "Exact";
                           });
                           return some;
                         }()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(CudaSolverAlone, IsWhatMakeSolverMakes) {
  const Problem problem = random_problem(30, 20, 0.3, 5);
  const Options options{.rank = 9};
  const auto made = als::make_solver({Device::Kind::cuda, 0}, problem.by_user.view(), problem.by_song.view(), options);
  const auto automatic = als::make_solver({}, problem.by_user.view(), problem.by_song.view(), options);
  const auto direct = on_gpu(problem, options);
  for (Solver* solver : {made.get(), automatic.get(), direct.get()})
    solver->iterate();
  EXPECT_TRUE(same_bits(users_of(*made, 30), users_of(*direct, 30)));
  EXPECT_TRUE(same_bits(users_of(*automatic, 30), users_of(*direct, 30)));
  EXPECT_THAT(refusal([&] {
                als::make_solver({Device::Kind::cuda, 99}, problem.by_user.view(), problem.by_song.view(), options);
              }),
              testing::StartsWith("4: device cuda:99: there is no cuda:99"));
}

TEST_F(CudaSolverAlone, GoesOnFromACheckpoint) {
  const Problem problem = random_problem(60, 40, 0.2, 6);
  const Options options{.rank = 12};
  const auto whole = on_gpu(problem, options);
  whole->iterate();
  const Matrix<float> users = users_of(*whole, 60), songs = songs_of(*whole, 40);
  whole->iterate();
  const auto resumed = on_gpu(problem, options);
  resumed->set_factors(users.view(), songs.view());
  EXPECT_TRUE(same_bits(users_of(*resumed, 60), users));
  resumed->iterate();
  EXPECT_TRUE(same_bits(users_of(*resumed, 60), users_of(*whole, 60)));
  EXPECT_TRUE(same_bits(songs_of(*resumed, 40), songs_of(*whole, 40)));
}

TEST_F(CudaSolverAlone, EmptyRowsAreZerosEvenAfterSetFactors) {
  const Problem problem = random_problem(9, 8, 0.9, 1);
  const auto solver = on_gpu(problem, {.rank = 5});
  solver->set_factors(random_vectors(9, 5, 1).view(), random_vectors(8, 5, 2).view());
  solver->iterate();
  const Matrix<float> users = users_of(*solver, 9), songs = songs_of(*solver, 8);
  for (const std::int64_t user : {1, 4, 7})
    EXPECT_THAT(std::vector<float>(users.row(user).begin(), users.row(user).end()), testing::Each(0.0f));
  for (const std::int64_t song : {2, 6})
    EXPECT_THAT(std::vector<float>(songs.row(song).begin(), songs.row(song).end()), testing::Each(0.0f));
}

TEST_F(CudaSolverAlone, NobodyOrNothingWorks) {
  for (const auto& [users, songs] : {std::pair{0, 0}, std::pair{0, 3}, std::pair{2, 3}}) {
    Problem problem;
    problem.by_user.rows = users;
    problem.by_user.columns = songs;
    problem.by_user.offsets.assign(static_cast<std::size_t>(users) + 1, 0);
    problem.by_song = data::transpose(problem.by_user.view());
    for (const Options& options : {Options{.rank = 4}, Options{.rank = 4, .preconditioner = Preconditioner::gram},
                                   Options{.rank = 4, .method = Method::cholesky}}) {
      const auto solver = on_gpu(problem, options);
      solver->iterate();
      EXPECT_EQ(solver->loss(), 0);
      const Matrix<float> vectors = songs_of(*solver, songs);
      EXPECT_TRUE(std::all_of(vectors.data(), vectors.data() + songs * 4, [](float x) { return x == 0; }));
    }
  }
}

TEST_F(CudaSolverAlone, StaysFiniteWithoutRegularization) {
  const Problem problem = random_problem(12, 16, 0.6, 3);
  for (const Options& options : {Options{.rank = 50, .regularization = 0, .cg_steps = 50},
                                 Options{.rank = 50, .alpha = 1e6, .regularization = 0},
                                 Options{.rank = 50, .regularization = 0, .method = Method::cholesky},
                                 Options{.rank = 50, .regularization = 0, .preconditioner = Preconditioner::gram}}) {
    const auto solver = on_gpu(problem, options);
    for (int iteration = 0; iteration < 4; ++iteration)
      solver->iterate();
    const Matrix<float> users = users_of(*solver, 12);
    EXPECT_TRUE(std::all_of(users.data(), users.data() + 12 * options.rank, [](float x) { return std::isfinite(x); }));
    EXPECT_TRUE(std::isfinite(solver->loss()));
  }
}

TEST_F(CudaSolverAlone, FoldsInWhatTheCpuDoes) {
  const Problem problem = random_problem(50, 40, 0.2, 6, true);
  for (const Storage storage : {Storage::float32, Storage::float16}) {
    const Options options{.rank = 9, .alpha = 2, .regularization_exponent = 0.3, .gather_storage = storage};
    const auto cpu = on_cpu(problem, options);
    const auto gpu = on_gpu(problem, options);
    gpu->iterate();
    cpu->set_factors(users_of(*gpu, 50).view(), songs_of(*gpu, 40).view());
    Matrix<float> got(40, 9, kPoison), want(40, 9, kPoison);
    gpu->fold_in_songs(problem.by_song.view(), got.view());
    cpu->fold_in_songs(problem.by_song.view(), want.view());
    expect_near(got, want, 1e-6);
    data::CsrView pattern = problem.by_user.view();
    pattern.values = {};
    Matrix<float> wide_got(50, 12, kPoison), users_want(50, 9, kPoison);  // the output may have a stride
    const MatrixView<float> users_got(wide_got.data(), 50, 9, 12);
    gpu->fold_in_users(pattern, users_got);
    cpu->fold_in_users(pattern, users_want.view());
    for (std::int64_t row = 0; row < 50; ++row)
      EXPECT_TRUE(als::reference::row_is_near(
          users_got.row(row), std::vector<double>(users_want.row(row).begin(), users_want.row(row).end()), 1e-6));
    EXPECT_TRUE(std::isnan(wide_got(0, 9)));
    gpu->iterate();  // and training goes on
    EXPECT_TRUE(std::isfinite(gpu->loss()));
  }
}

// Ranks and lengths around the exact kernel's batches of 32 staged vectors, of fewer from rank 256 on.
TEST_F(CudaSolverAlone, FoldInSolvesTheNormalEquations) {
  constexpr std::int64_t kSongs = 90;
  for (const int rank : {1, 31, 33, 130, 300}) {
    const Problem problem = random_problem(40, kSongs, 0.3, 10, true);
    const Options options{.rank = rank, .alpha = 2, .regularization = 0.4, .regularization_exponent = 0.5};
    const auto solver = on_gpu(problem, options);
    solver->set_factors(random_vectors(40, rank, 11).view(), random_vectors(kSongs, rank, 12).view());
    const Matrix<float> songs = songs_of(*solver, kSongs);
    data::Csr fresh{.rows = 6, .columns = kSongs, .offsets = {0}, .indices = {}, .values = {}};
    for (const std::int32_t size : {1, 0, 31, 32, 65, 90}) {
      for (std::int32_t song = 0; song < size; ++song) {
        fresh.indices.push_back(song);
        fresh.values.push_back(static_cast<float>(song % 4) - 1.0f);
      }
      fresh.offsets.push_back(static_cast<std::int64_t>(fresh.indices.size()));
    }
    Matrix<float> got(6, rank, kPoison);
    solver->fold_in_users(fresh.view(), got.view());
    for (std::int64_t row = 0; row < 6; ++row) {
      als::reference::Dense a;
      std::vector<double> b, want(static_cast<std::size_t>(rank), 0.0);
      if (fresh.view().row_size(row) > 0) {
        als::reference::normal_equations(fresh.view(), row, songs.view(), options, a, b);
        want = als::reference::solve(a, b);
      }
      EXPECT_TRUE(als::reference::row_is_near(got.row(row), want, 1e-5)) << "rank " << rank << ", row " << row;
    }
  }
}

TEST_F(CudaSolverAlone, RefusesWhatDoesNotFitTogetherInTheCpusWords) {
  const Problem problem = random_problem(10, 8, 0.5, 7);
  const auto solver = on_gpu(problem, {.rank = 4});
  Matrix<float> wrong(10, 5);
  EXPECT_EQ(refusal([&] { solver->copy_users(wrong.view()); }), "2: als: users is 10 × 5, expected 10 × 4");
  EXPECT_EQ(refusal([&] { solver->set_factors(wrong.view(), wrong.view()); }),
            "2: als: users is 10 × 5, expected 10 × 4");
  EXPECT_EQ(refusal([&] { solver->fold_in_users(problem.by_song.view(), wrong.view()); }),
            "2: als: the matrix to fold in is 8 × 10, expected 8 × 8");
}

TEST_F(CudaSolverAlone, WhatCannotFitIsRefusedWithThePlan) {
  const Problem problem = random_problem(3000, 40, 0.05, 8);
  const std::string message = refusal([&] { on_gpu(problem, {.rank = 16}, 1'000'000); });
  EXPECT_THAT(message, testing::StartsWith("4: als on cuda:0 ("));
  for (const char* part : {": needs ", "vectors to gather", "two blocks of rows", "but only 1 MB is available",
                           "lower als.rank, or use --device cpu"})
    EXPECT_THAT(message, testing::HasSubstr(part));
}

#if defined(SEGUE_ON_INTERPRETER)
TEST_F(CudaSolverAlone, HoldsNoMoreThanThePlanAndGivesItBack) {
  const Problem problem = random_problem(3000, 40, 0.05, 9);
  context().synchronize();
  const std::size_t before = simt::device_memory_in_use();
  for (const Case& test : cases()) {
    const DevicePlan resident = resident_plan(context(), problem.by_user.view(), test.options);
    const DevicePlan streamed =
        streamed_plan(context(), problem.by_user.view(), problem.by_song.view(), test.options, 0);
    for (const DevicePlan* plan : {&resident, &streamed}) {
      const auto solver = on_gpu(problem, test.options, plan->memory.total_bytes());
      EXPECT_LE(simt::device_memory_in_use() - before, static_cast<std::size_t>(plan->memory.total_bytes()))
          << test.name;
    }
    EXPECT_EQ(simt::device_memory_in_use(), before) << test.name;
  }
}

TEST_F(CudaSolverAlone, ADeviceWithLessThanItSaidIsAMessageWithThePlan) {
  const Problem problem = random_problem(3000, 40, 0.05, 9);
  const std::size_t before = simt::device_memory_in_use();
  simt::set_device_memory(before + (34 << 20));
  const std::string message = refusal([&] { on_gpu(problem, {.rank = 16}, std::int64_t{1} << 40); });
  simt::set_device_memory(std::size_t{64} << 30);
  EXPECT_THAT(message, testing::StartsWith("4: als on cuda:0 ("));
  for (const char* part : {": needs ", "was free, but ", "cudaMallocAsync", "lower als.rank, or use --device cpu"})
    EXPECT_THAT(message, testing::HasSubstr(part));
  EXPECT_EQ(simt::device_memory_in_use(), before);
}

TEST_F(CudaSolverAlone, FoldInWithoutRoomIsAMessage) {
  const Problem problem = random_problem(3000, 40, 0.05, 9);
  const auto solver = on_gpu(problem, {.rank = 16});
  simt::set_device_memory(simt::device_memory_in_use() + 1000);
  Matrix<float> out(40, 16);
  const std::string message = refusal([&] { solver->fold_in_songs(problem.by_song.view(), out.view()); });
  simt::set_device_memory(std::size_t{64} << 30);
  EXPECT_THAT(message, testing::StartsWith("4: als on cuda:0 ("));
  EXPECT_THAT(message, testing::HasSubstr("fold-in needs 384 kB of users in floats"));
  solver->iterate();  // still works
}
#endif

}  // namespace
}  // namespace segue::cuda
