// The CG kernels of GPU ALS, each way that a row can go, against double-precision CG on the normal equations.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "cuda/als/half_iteration.hpp"
#include "cuda/core/kernel.hpp"
#include "tests/als/reference.hpp"
#include "tests/core/kernel_test.hpp"

namespace segue::cuda {
namespace {

using als::Storage;
namespace reference = als::reference;

struct CgCase {
  const char* name;
  int rank;
  Storage storage = Storage::float16;
  std::vector<int> sizes;  ///< interactions of each row
  RowLimits limits = {};
  int steps = 3;
  bool pattern = false;
  bool whitened = false;
  double exponent = 0;
  double regularization = 1.5;
  int columns = 0;  ///< 0: a few more than the longest row has
};

/// A block of rows in the middle of a matrix, and the other side's vectors as the kernel sees them.
struct Problem {
  explicit Problem(const CgCase& test)
      : options{.rank = test.rank,
                .alpha = 0.75,
                .regularization = test.regularization,
                .regularization_exponent = test.exponent,
                .cg_steps = test.steps,
                .gather_storage = test.storage},
        stride(padded_rank(test.rank)),
        columns(test.columns > 0 ? test.columns : *std::max_element(test.sizes.begin(), test.sizes.end()) + 9),
        whitened(test.whitened) {
    fill_interactions(test);
    fill_vectors();
    fill_gram();
  }

  std::int64_t rows() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  std::int64_t size(std::int64_t row) const {
    return offsets[static_cast<std::size_t>(row) + 1] - offsets[static_cast<std::size_t>(row)];
  }
  float strength(std::int64_t at) const { return values.empty() ? 1.0f : values[static_cast<std::size_t>(at)]; }
  double vector(std::int64_t column, int k) const {
    return static_cast<double>(vectors[static_cast<std::size_t>(column * stride + k)]);
  }

  als::Options options;
  std::int64_t stride;
  int columns;
  bool whitened;
  std::mt19937 random{2011};
  std::vector<std::int64_t> offsets{1000};  // as in the middle of a larger matrix
  std::vector<std::int32_t> indices;
  std::vector<float> values;
  std::vector<float> target;
  std::vector<float> vectors;  // scale · what is stored
  std::vector<std::uint16_t> halves;
  std::vector<float> stored;
  float scale = 1;
  std::vector<float> gram;
  float gram_norm = 0;

 private:
  void fill_interactions(const CgCase& test) {
    std::vector<std::int32_t> all(static_cast<std::size_t>(columns));
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = static_cast<std::int32_t>(i);
    for (const int count : test.sizes) {
      std::shuffle(all.begin(), all.end(), random);
      std::sort(all.begin(), all.begin() + count);
      indices.insert(indices.end(), all.begin(), all.begin() + count);
      offsets.push_back(offsets.back() + count);
    }
    if (!test.pattern)
      for (std::size_t i = 0; i < indices.size(); ++i)
        values.push_back(static_cast<float>(1 + random() % 5) * (random() % 4 == 0 ? -0.5f : 1.0f));
  }

  void fill_vectors() {
    std::normal_distribution<float> normal(0.0f, 0.3f / std::sqrt(static_cast<float>(options.rank)) * 4);
    const auto fill = [&](std::vector<float>& to, std::int64_t count) {
      to.assign(static_cast<std::size_t>(count * stride), 0.0f);
      for (std::int64_t row = 0; row < count; ++row)
        for (int k = 0; k < options.rank; ++k)
          to[static_cast<std::size_t>(row * stride + k)] = normal(random);
    };
    fill(target, rows());
    fill(vectors, columns);
    scale = options.gather_storage == Storage::float16 ? 0x1p-14f : 1.0f;
    for (float& value : vectors) {
      if (options.gather_storage == Storage::float16) {
        halves.push_back(__half_as_ushort(__float2half_rn(value / scale)));
        value = scale * __half2float(__ushort_as_half(halves.back()));
      } else {
        stored.push_back(value);
      }
    }
  }

  void fill_gram() {
    const auto side = static_cast<std::size_t>(stride);
    gram.assign(side * side, 0.0f);
    for (std::size_t k = 0; k < static_cast<std::size_t>(options.rank); ++k)
      for (std::size_t l = 0; l <= k; ++l) {
        double sum = 0;
        for (int i = 0; i < columns; ++i)
          sum += vector(i, static_cast<int>(k)) * vector(i, static_cast<int>(l));
        gram[k * side + l] = gram[l * side + k] = static_cast<float>(sum);
      }
    for (std::size_t k = 0; k < side; ++k)
      gram_norm = std::max(gram_norm, gram[k * side + k]);
  }
};

/// A and b of a row, from the equations: YᵀY + λI (or I) + Σ d y yᵀ, Σ c p y.
void normal_equations(const Problem& problem, std::int64_t row, reference::Dense& a, std::vector<double>& b) {
  const als::Options& options = problem.options;
  const auto rank = static_cast<std::size_t>(options.rank);
  const double n = static_cast<double>(problem.size(row));
  const double lambda =
      options.regularization * std::pow(n + problem.columns / options.alpha, options.regularization_exponent);
  a.assign(rank, std::vector<double>(rank, 0.0));
  b.assign(rank, 0.0);
  for (std::size_t k = 0; k < rank; ++k) {
    if (!problem.whitened)
      for (std::size_t l = 0; l < rank; ++l)
        a[k][l] = static_cast<double>(problem.gram[k * static_cast<std::size_t>(problem.stride) + l]);
    a[k][k] += problem.whitened ? 1.0 : lambda;
  }
  std::vector<double> y(rank);
  const std::int64_t first = problem.offsets[static_cast<std::size_t>(row)] - problem.offsets[0];
  for (std::int64_t at = first; at < first + problem.size(row); ++at) {
    const double r = static_cast<double>(problem.strength(at)), excess = options.alpha * std::abs(r);
    for (std::size_t k = 0; k < rank; ++k)
      y[k] = problem.vector(problem.indices[static_cast<std::size_t>(at)], static_cast<int>(k));
    for (std::size_t k = 0; k < rank; ++k) {
      b[k] += r > 0 ? (1 + excess) * y[k] : 0.0;
      for (std::size_t l = 0; l < rank; ++l)
        a[k][l] += excess * y[k] * y[l];
    }
  }
}

class CgKernels : public KernelTest {
 protected:
  /// The target after one half-iteration; device memory that the kernels must write first holds NaN.
  static std::vector<float> solve(const Problem& problem, const RowLimits& limits, const std::vector<float>& target) {
    const RowBins bins(context(), problem.offsets, problem.values, problem.options, limits);
    const DeviceBuffer<std::int32_t> indices = to_device(problem.indices);
    const DeviceBuffer<float> values = to_device(problem.values), gram = to_device(problem.gram);
    const DeviceBuffer<std::uint16_t> halves = to_device(problem.halves);
    const DeviceBuffer<float> stored = to_device(problem.stored);
    DeviceBuffer<float> result = to_device(target);
    DeviceBuffer<std::byte> workspace(bins.workspace_bytes(), stream());
    workspace.fill_bytes(0xff);
    HalfIteration half;
    half.rows = problem.rows();
    half.columns = problem.columns;
    half.indices = indices.data();
    half.values = values.data();
    half.target = result.data();
    half.source.storage = problem.options.gather_storage;
    half.source.vectors = problem.halves.empty() ? static_cast<const void*>(stored.data()) : halves.data();
    half.source.scale = problem.scale;
    half.gram = problem.whitened ? nullptr : gram.data();
    half.gram_norm = problem.whitened ? 0.0f : problem.gram_norm;
    half.options = problem.options;
    solve_rows_cg(context(), stream(), half, bins, workspace.span());
    return to_host(result);
  }

  static std::vector<double> row_of(const Problem& problem, const std::vector<float>& vectors, std::int64_t row) {
    const float* const first = vectors.data() + row * problem.stride;
    return {first, first + problem.options.rank};
  }

  /// Within tolerance of the largest value of the answer or of what CG began with; NaN is not.
  static void expect_near(const Problem& problem, const std::vector<float>& got, std::int64_t row,
                          const std::vector<double>& want, double tolerance) {
    const float* const vector = got.data() + row * problem.stride;
    const std::vector<double> start = row_of(problem, problem.target, row);
    double largest = 0, error = 0;
    for (std::size_t k = 0; k < want.size(); ++k) {
      largest = std::max({largest, std::abs(want[k]), std::abs(start[k])});
      const double difference = std::abs(static_cast<double>(vector[k]) - want[k]);
      if (!(difference <= error))
        error = difference;
    }
    EXPECT_LE(error, tolerance * largest) << "row " << row << " with " << problem.size(row) << " interactions";
    for (std::int64_t k = problem.options.rank; k < problem.stride; ++k)
      EXPECT_EQ(vector[k], 0.0f) << "row " << row << ", padding";
  }
};

class CgCases : public CgKernels, public testing::WithParamInterface<CgCase> {};

TEST_P(CgCases, MatchDoublePrecisionCg) {
  Problem problem(GetParam());
  for (std::int64_t row = 0; row < problem.rows(); ++row)
    if (problem.size(row) == 0)
      problem.target[static_cast<std::size_t>(row * problem.stride)] = -77;
  const std::vector<float> got = solve(problem, GetParam().limits, problem.target);
  reference::Dense a;
  std::vector<double> b;
  for (std::int64_t row = 0; row < problem.rows(); ++row) {
    if (problem.size(row) == 0) {
      EXPECT_EQ(got[static_cast<std::size_t>(row * problem.stride)], -77) << "row " << row << " has been touched";
      continue;
    }
    normal_equations(problem, row, a, b);
    // Rounding: sums of about 100·c terms to 2⁻²² of each, amplified by A's condition.
    expect_near(problem, got, row,
                reference::conjugate_gradient(a, b, row_of(problem, problem.target, row), problem.options.cg_steps),
                1e-4);
  }
  EXPECT_EQ(std::memcmp(got.data(), solve(problem, GetParam().limits, problem.target).data(), 4 * got.size()), 0)
      << "a second run gave other bits";
}

// Row sizes around groups, tiles and batches.
std::vector<int> mixed_sizes(int rows, int longest) {
  std::vector<int> sizes;
  for (int row = 0; row < rows; ++row)
    sizes.push_back(row % 7 == 3 ? 0 : row % 5 == 1 ? 1 : 1 + row * row * 13 % longest);
  sizes[static_cast<std::size_t>(rows) / 2] = longest;
  return sizes;
}

std::vector<CgCase> cases() {
  std::vector<CgCase> all;
  constexpr RowLimits kSmallBatches{.batch = 64}, kLong{.batch = 8, .slice = 24, .round = 6};
  constexpr int kRanks[] = {1, 7, 31, 32, 33, 64, 100, 128, 200, 256, 512, 1024};
  for (const Storage storage : {Storage::float16, Storage::float32})
    for (const int rank : kRanks) {
      const int rows = rank <= 64 ? 60 : rank <= 128 ? 40 : rank <= 256 ? 20 : 7;
      const int longest = rank > 512 ? 16 : rank > 256 ? 36 : 60;
      all.push_back({.name = "Batches",
                     .rank = rank,
                     .storage = storage,
                     .sizes = mixed_sizes(rows, longest),
                     .limits = kSmallBatches});
      all.push_back({.name = "Split",
                     .rank = rank,
                     .storage = storage,
                     .sizes = rank <= 256 ? std::vector<int>{0, 25, 49, 9, 100, 24} : std::vector<int>{25, 0, 60},
                     .limits = kLong});
      if (storage == Storage::float16 && rank <= 256)
        all.push_back({.name = "Matrix",
                       .rank = rank,
                       .storage = storage,
                       .sizes = {15, 16, 0, 65, 31, 130},
                       .limits = {.batch = 8}});
    }
  const auto vary = [&](const char* name, const auto& change) {
    for (const int rank : {32, 100})
      for (const Storage storage : {Storage::float16, Storage::float32}) {
        CgCase test{.name = name,
                    .rank = rank,
                    .storage = storage,
                    .sizes = {30, 1, 0, 5, 12, 40, 70, 90},
                    .limits = {.batch = 32, .slice = 64}};
        change(test);
        all.push_back(test);
      }
  };
  vary("Pattern", [](CgCase& test) { test.pattern = true; });
  vary("Exponent", [](CgCase& test) { test.exponent = 0.6; });
  vary("Whitened", [](CgCase& test) { test.whitened = true; });
  vary("OneStep", [](CgCase& test) { test.steps = 1; });
  vary("TwoStepsOfOneRow", [](CgCase& test) { test.steps = 2, test.sizes = {17}; });
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, CgCases, testing::ValuesIn(cases()), [](const auto& test) {
  return std::string(test.param.name) + "Rank" + std::to_string(test.param.rank) +
         (test.param.storage == Storage::float16 ? "Halves" : "Floats");
});

// What the device holds decides: a split row, one solved by its matrix, batches.
TEST_F(CgKernels, RowsOfAllLengthsTogether) {
  const CgCase test{.name = "", .rank = 128, .sizes = {5, 4500, 700, 90, 1, 330, 0, 200, 150}};
  const Problem problem(test);
  const RowBins bins(context(), problem.offsets, problem.values, problem.options);
  EXPECT_EQ(bins.rounds().size(), 1u);
  EXPECT_GE(bins.whole_rows().size(), 1u);
  EXPECT_GE(bins.batch_count(), 2);
  const std::vector<float> got = solve(problem, {}, problem.target);
  reference::Dense a;
  std::vector<double> b;
  for (std::int64_t row = 0; row < problem.rows(); ++row)
    if (problem.size(row) > 0) {
      normal_equations(problem, row, a, b);
      expect_near(problem, got, row, reference::conjugate_gradient(a, b, row_of(problem, problem.target, row), 3),
                  1e-4);
    }
}

TEST_F(CgKernels, ManyStepsReachTheSolution) {
  for (const Storage storage : {Storage::float16, Storage::float32})
    for (const RowLimits limits : {RowLimits{}, RowLimits{.batch = 8}, RowLimits{.batch = 8, .slice = 16}}) {
      const CgCase test{.name = "", .rank = 20, .storage = storage, .sizes = {40, 3, 18, 60}, .steps = 40};
      const Problem problem(test);
      const std::vector<float> got = solve(problem, limits, problem.target);
      reference::Dense a;
      std::vector<double> b;
      for (std::int64_t row = 0; row < problem.rows(); ++row) {
        normal_equations(problem, row, a, b);
        expect_near(problem, got, row, reference::solve(a, b), 1e-4);
      }
    }
}

// Without regularisation and with fewer vectors than the rank A is singular: x stays finite and solves A·x = b.
TEST_F(CgKernels, SingularMatricesGiveFiniteVectors) {
  for (const Storage storage : {Storage::float16, Storage::float32})
    for (const RowLimits limits : {RowLimits{}, RowLimits{.batch = 8}, RowLimits{.batch = 8, .slice = 16}}) {
      const CgCase test{.name = "",
                        .rank = 64,
                        .storage = storage,
                        .sizes = {20, 3, 12},
                        .steps = 60,
                        .regularization = 0,
                        .columns = 20};
      const Problem problem(test);
      const std::vector<float> got = solve(problem, limits, problem.target);
      reference::Dense a;
      std::vector<double> b;
      for (std::int64_t row = 0; row < problem.rows(); ++row) {
        normal_equations(problem, row, a, b);
        const std::vector<double> product = reference::multiply(a, row_of(problem, got, row));
        double error = 0;
        for (std::size_t k = 0; k < b.size(); ++k)
          error += (product[k] - b[k]) * (product[k] - b[k]);
        EXPECT_LE(std::sqrt(error), 1e-3 * std::sqrt(reference::dot(b, b))) << "row " << row;
      }
    }
}

// One weight a million times the others': halves of the products keep the others.
TEST_F(CgKernels, AnOutlierLeavesOtherRowsExact) {
  for (const RowLimits limits : {RowLimits{}, RowLimits{.batch = 8}}) {
    const CgCase test{.name = "", .rank = 40, .sizes = {30, 30}};
    Problem problem(test);
    problem.values[0] = 1e6f;
    const std::vector<float> got = solve(problem, limits, problem.target);
    reference::Dense a;
    std::vector<double> b;
    normal_equations(problem, 1, a, b);
    expect_near(problem, got, 1, reference::conjugate_gradient(a, b, row_of(problem, problem.target, 1), 3), 1e-3);
  }
}

class Bins : public KernelTest {};

TEST_F(Bins, CoverEveryRowOnce) {
  std::vector<std::int64_t> offsets{7};
  std::mt19937 random(3);
  for (int row = 0; row < 3000; ++row)
    offsets.push_back(offsets.back() + (row % 11 == 0 ? 0 : row == 77 ? 200'000 : static_cast<int>(random() % 500)));
  for (const Storage storage : {Storage::float16, Storage::float32})
    for (const int rank : {32, 128, 300}) {
      const als::Options options{.rank = rank, .gather_storage = storage};
      const RowBins bins(context(), offsets, {}, options);
      const BatchRoom room = batch_room(padded_rank(rank), storage, context().shared_bytes_per_block());
      std::vector<std::int64_t> found(offsets.size() - 1, 0);
      const auto count = [&](std::int32_t row, std::int64_t begin, std::int64_t size) {
        const auto at = static_cast<std::size_t>(row);
        EXPECT_EQ(begin, offsets[at] - offsets[0] + found[at]) << "row " << row;
        found[at] += size;
      };
      const auto copy = [&](const auto* from, std::int64_t size) {
        std::vector<std::remove_cvref_t<decltype(*from)>> spans(static_cast<std::size_t>(size));
        if (size > 0)
          SEGUE_CUDA_CHECK(
              cudaMemcpyAsync(spans.data(), from, spans.size() * sizeof(*from), cudaMemcpyDeviceToHost, stream()));
        context().synchronize();
        return spans;
      };
      const std::vector<RowSpan> batches = copy(bins.batches(), bins.batch_count() * room.rows);
      std::int64_t used = 0;
      for (std::size_t i = 0; i < batches.size(); ++i) {
        used = i % static_cast<std::size_t>(room.rows) == 0 ? 0 : used;
        used += (batches[i].size + room.multiple - 1) / room.multiple * room.multiple;
        EXPECT_LE(used, room.interactions);
        if (batches[i].size > 0)
          count(batches[i].row, batches[i].begin, batches[i].size);
      }
      for (const RowSpan& row : copy(bins.whole_rows().data(), static_cast<std::int64_t>(bins.whole_rows().size())))
        count(row.row, row.begin, row.size);
      for (const RowBins::Round& round : bins.rounds()) {
        const std::vector<SplitRow> rows = copy(bins.split_rows() + round.first_row, round.rows);
        for (const RowSpan& slice : copy(bins.slices() + round.first_slice, round.slices))
          count(rows[static_cast<std::size_t>(slice.row)].row, slice.begin, slice.size);
      }
      for (std::size_t row = 0; row < found.size(); ++row)
        EXPECT_EQ(found[row], offsets[row + 1] - offsets[row]) << "row " << row;
      const std::int64_t interactions = offsets.back() - offsets[0];
      EXPECT_LE(bins.bytes(), RowBins::most_bytes(context(), 3000, interactions, options));
      EXPECT_LE(bins.workspace_bytes(), RowBins::most_workspace_bytes(context(), 3000, interactions, options));
    }
}

}  // namespace
}  // namespace segue::cuda
