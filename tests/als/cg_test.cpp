// One half-iteration of the CG kernel against a plain double-precision CG, on every SIMD target of this machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <bit>
#include <limits>

#include "host/als/half_iteration.hpp"
#include "segue/als/solver.hpp"
#include "tests/als/reference.hpp"

namespace segue::als {
namespace {

struct CgCase {
  int rank;
  int steps;
  Preconditioner preconditioner;
  Storage storage;
};

class CgOnTarget : public testing::TestWithParam<std::tuple<std::int64_t, CgCase>> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(std::get<0>(GetParam())); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(CgOnTarget, MatchesDoublePrecisionCg) {
  const CgCase& cg = std::get<1>(GetParam());
  const auto problem = reference::random_problem(30, 70, 0.4, 1952, true);
  const Options options{.rank = cg.rank,
                        .alpha = 2,
                        .regularization = 1.5,
                        .cg_steps = cg.steps,
                        .preconditioner = cg.preconditioner,
                        .gather_storage = cg.storage};
  const auto solver = make_solver(Device::cpu(), problem.by_user.view(), problem.by_song.view(), options);
  const Matrix<float> first_users = reference::random_vectors(30, cg.rank, 1);
  const Matrix<float> first_songs = reference::random_vectors(70, cg.rank, 2);
  solver->set_factors(first_users.view(), first_songs.view());
  Matrix<float> songs(70, cg.rank, std::numeric_limits<float>::quiet_NaN());
  solver->copy_songs(songs.view());
  solver->iterate();
  Matrix<float> users(30, cg.rank, std::numeric_limits<float>::quiet_NaN());
  solver->copy_users(users.view());

  // YᵀY + λI, the preconditioner: the normal equations of a row in which nobody listens.
  reference::Dense a, shared;
  std::vector<double> b;
  data::Csr silence{.rows = 1, .columns = 70, .offsets = {0, 0}, .indices = {}, .values = {}};
  if (cg.preconditioner == Preconditioner::gram)
    reference::normal_equations(silence.view(), 0, songs.view(), options, shared, b);
  // Rounding: float sums of about 70·c terms, amplified by A's condition; halves add 2⁻¹¹ of each vector, bfloat16 2⁻⁸.
  const double tolerance = cg.storage == Storage::float32 ? 1e-4 : cg.storage == Storage::float16 ? 4e-3 : 3.2e-2;
  for (std::int64_t row = 0; row < 30; ++row) {
    if (problem.by_user.view().row_size(row) == 0)
      continue;
    reference::normal_equations(problem.by_user.view(), row, songs.view(), options, a, b);
    const std::vector<double> start(first_users.row(row).begin(), first_users.row(row).end());
    const std::vector<double> want = reference::conjugate_gradient(a, b, start, cg.steps, shared);
    EXPECT_TRUE(reference::row_is_near(users.row(row), want, tolerance)) << "row " << row;
  }
}

std::vector<std::int64_t> targets() {
  std::vector<std::int64_t> found;
  for (const std::int64_t target : {HWY_SSE4, HWY_AVX2, HWY_AVX3})
    if ((hwy::SupportedTargets() & target) != 0)
      found.push_back(target);
  return found;
}

std::vector<CgCase> cases() {
  std::vector<CgCase> all;
  for (const int rank : {1, 7, 16, 17, 33, 64, 100})
    for (const int steps : {1, 2, 3})
      for (const Preconditioner preconditioner : {Preconditioner::none, Preconditioner::gram})
        for (const Storage storage : {Storage::float32, Storage::float16, Storage::bfloat16})
          all.push_back({rank, steps, preconditioner, storage});
  return all;
}

std::string name(std::int64_t target, const CgCase& cg) {
  return std::string(hwy::TargetName(target)) + "Rank" + std::to_string(cg.rank) + "Steps" + std::to_string(cg.steps) +
         (cg.preconditioner == Preconditioner::gram ? "Gram" : "Plain") + name_of(cg.storage);
}

INSTANTIATE_TEST_SUITE_P(All, CgOnTarget, testing::Combine(testing::ValuesIn(targets()), testing::ValuesIn(cases())),
                         [](const auto& test) { return name(std::get<0>(test.param), std::get<1>(test.param)); });

// A stage too small for the row: the vectors past it are gathered in each pass, and give the same bits.
TEST(CgScratch, GatheringAgainChangesNothing) {
  constexpr std::int64_t kSongs = 101, kRank = 32;
  data::Csr matrix{.rows = 1, .columns = kSongs, .offsets = {0, kSongs}, .indices = {}, .values = {}};
  for (std::int32_t song = 0; song < kSongs; ++song) {
    matrix.indices.push_back(song);
    matrix.values.push_back(static_cast<float>(song % 7) - 1.0f);
  }
  const Matrix<float> songs = reference::random_vectors(kSongs, kRank, 9);
  std::vector<Matrix<float>> results;
  for (const std::int64_t stage_rows : {104, 16, 0}) {
    Matrix<float> user(1, kRank, 0.25f);
    CgScratch scratch;
    scratch.reserve(matrix.view(), kRank);
    scratch.stage_rows = stage_rows;
    solve_rows_cg({.interactions = matrix.view(),
                   .target = user.view(),
                   .source = {.storage = Storage::float32, .vectors = songs.data()},
                   .options = {.rank = kRank}},
                  {0, 1}, scratch);
    results.push_back(std::move(user));
  }
  for (std::int64_t k = 0; k < kRank; ++k) {
    EXPECT_NE(results[0](0, k), 0.25f);
    EXPECT_EQ(results[0](0, k), results[1](0, k));
    EXPECT_EQ(results[0](0, k), results[2](0, k));
  }
}

TEST(RowTasks, CoverEveryRowOnceWithHeavyRowsFirst) {
  data::Csr matrix{.rows = 300, .columns = 40000, .offsets = {0}, .indices = {}, .values = {}};
  std::int64_t total = 0;
  for (std::int64_t row = 0; row < 300; ++row) {
    total += row == 250 ? 40000 : row % 7;
    matrix.offsets.push_back(total);
  }
  const std::vector<RowRange> tasks = row_tasks(matrix.view());
  EXPECT_EQ(tasks.front().begin, 250);
  EXPECT_EQ(tasks.front().end, 251);
  std::vector<int> seen(300, 0);
  for (const RowRange task : tasks)
    for (std::int64_t row = task.begin; row < task.end; ++row)
      ++seen[static_cast<std::size_t>(row)];
  for (std::int64_t row = 0; row < 300; ++row)
    EXPECT_EQ(seen[static_cast<std::size_t>(row)], 1) << row;
}

TEST(Float16, ScaledValuesKeepElevenBits) {
  alignas(64) float values[16];
  alignas(64) std::uint16_t halves[16];
  for (int i = 0; i < 16; ++i)
    values[i] = 1.5f * static_cast<float>(i);
  to_float16(values, 0.25f, halves);
  EXPECT_EQ(halves[0], 0x0000);
  EXPECT_EQ(halves[1], 0x3600);   // 0.375 = 1.5 · 2⁻²
  EXPECT_EQ(halves[15], 0x45a0);  // 5.625 = 1.40625 · 2²
  EXPECT_EQ(max_abs(values), 22.5f);
}

TEST(Bfloat16, RoundsToNearestTiesToEven) {
  alignas(64) float values[16] = {1.0f, -2.5f, 0x1.01p0f, 0x1.03p0f, 0x1.010002p0f,
                                  0.0f, -0.0f, 3e38f,     1e-40f,    0x1p-120f};
  values[10] = std::numeric_limits<float>::infinity();
  values[11] = std::bit_cast<float>(0x7fffffffu);  // a NaN, all ones
  values[12] = std::bit_cast<float>(0xffffffffu);
  alignas(64) std::uint16_t halves[16];
  to_bfloat16(values, 1, halves);
  EXPECT_THAT(std::vector<std::uint16_t>(halves, halves + 13),
              testing::ElementsAre(0x3f80, 0xc020, 0x3f80, 0x3f82, 0x3f81, 0, 0x8000, 0x7f62, 0x0001, 0x0380, 0x7f80,
                                   0x7fff, 0xffff));
  to_bfloat16(values, 0.25f, halves);
  EXPECT_EQ(halves[0], 0x3e80);
}

}  // namespace
}  // namespace segue::als
