#include "segue/evaluate/bootstrap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"

namespace segue::evaluate {
namespace {

constexpr std::int64_t kResamplesATask = 8;

void check(MatrixView<const double> values, const ResamplingOptions& options) {
  if (options.resamples < 1 || options.resamples > 1'000'000)
    throw InvalidArgument(fmt::format("bootstrap: {} resamples, expected 1 to 1000000", options.resamples));
  if (!(options.confidence > 0 && options.confidence < 1))
    throw InvalidArgument(fmt::format("bootstrap: confidence is {}, expected above 0 and below 1", options.confidence));
  if (values.rows() < 1 || values.rows() > UINT32_MAX)
    throw InvalidArgument(fmt::format("bootstrap: {} users, expected 1 to {}", values.rows(), UINT32_MAX));
  for (std::int64_t user = 0; user < values.rows(); ++user)
    for (std::int64_t m = 0; m < values.columns(); ++m)
      if (!std::isfinite(values(user, m)))
        throw InvalidArgument(
            fmt::format("bootstrap: column {} of user {} is {}, expected a finite number", m, user, values(user, m)));
}

void add(std::span<const double> row, double* __restrict sums) {
  for (std::size_t m = 0; m < row.size(); ++m)
    sums[m] += row[m];
}

std::vector<double> means(MatrixView<const double> values) {
  std::vector<double> sums(static_cast<std::size_t>(values.columns()));
  for (std::int64_t user = 0; user < values.rows(); ++user)
    add(values.row(user), sums.data());
  for (double& sum : sums)
    sum /= static_cast<double>(values.rows());
  return sums;
}

/// One statistic for each resample and column: `fill(random, row)` makes row r from the stream r of the seed.
template <class Fill>
Matrix<double> resample(MatrixView<const double> values, const ResamplingOptions& options, std::uint64_t streams,
                        const Fill& fill) {
  Matrix<double> results(options.resamples, values.columns(), 0.0);
  parallel_for(options.resamples, kResamplesATask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      Random random(options.seed, 2 * static_cast<std::uint64_t>(r) + streams);
      fill(random, results.row(r));
      for (double& sum : results.row(r))
        sum /= static_cast<double>(values.rows());
    }
  });
  return results;
}

/// The quantile of ascending values, interpolated between neighbours (type 7 of Hyndman & Fan 1996).
double quantile(std::span<const double> sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::vector<double> column(const Matrix<double>& matrix, std::int64_t index) {
  std::vector<double> values;
  for (std::int64_t row = 0; row < matrix.rows(); ++row)
    values.push_back(matrix(row, index));
  return values;
}

}  // namespace

std::vector<Interval> bootstrap_means(MatrixView<const double> values, const ResamplingOptions& options) {
  check(values, options);
  const auto users = static_cast<std::uint32_t>(values.rows());
  const Matrix<double> resamples = resample(values, options, 0, [&](Random& random, std::span<double> sums) {
    for (std::uint32_t i = 0; i < users; ++i)
      add(values.row(random.below(users)), sums.data());
  });
  std::vector<Interval> intervals;
  const std::vector<double> all = means(values);
  for (std::size_t m = 0; m < all.size(); ++m) {
    std::vector<double> sorted = column(resamples, static_cast<std::int64_t>(m));
    std::sort(sorted.begin(), sorted.end());
    intervals.push_back({.mean = all[m],
                         .low = quantile(sorted, (1 - options.confidence) / 2),
                         .high = quantile(sorted, (1 + options.confidence) / 2)});
  }
  return intervals;
}

std::vector<PairedDifference> paired_differences(MatrixView<const double> a, MatrixView<const double> b,
                                                 const ResamplingOptions& options) {
  if (a.rows() != b.rows() || a.columns() != b.columns())
    throw InvalidArgument(
        fmt::format("paired comparison: {} × {} values and {} × {}: expected the same users and "
                    "metrics",
                    a.rows(), a.columns(), b.rows(), b.columns()));
  Matrix<double> differences(a.rows(), a.columns());
  for (std::int64_t user = 0; user < a.rows(); ++user)
    std::transform(a.row(user).begin(), a.row(user).end(), b.row(user).begin(), differences.row(user).begin(),
                   std::minus<>());
  const MatrixView<const double> values = std::as_const(differences).view();
  const std::vector<Interval> intervals = bootstrap_means(values, options);
  const Matrix<double> flipped = resample(values, options, 1, [&](Random& random, std::span<double> sums) {
    std::uint64_t bits = 0;
    for (std::int64_t user = 0; user < values.rows(); ++user) {
      bits = user % 64 == 0 ? random() : bits >> 1;
      const double sign = (bits & 1) != 0 ? 1 : -1;
      const std::span<const double> row = values.row(user);
      for (std::size_t m = 0; m < row.size(); ++m)
        sums[m] += sign * row[m];
    }
  });
  std::vector<PairedDifference> result;
  for (std::size_t m = 0; m < intervals.size(); ++m) {
    // Sums of the same terms in another order must not count as less extreme.
    const double observed = std::abs(intervals[m].mean) * (1 - 1e-12);
    const std::vector<double> random = column(flipped, static_cast<std::int64_t>(m));
    const auto extreme = std::count_if(random.begin(), random.end(), [&](double x) { return std::abs(x) >= observed; });
    result.push_back({.difference = intervals[m],
                      .p = static_cast<double>(1 + extreme) / static_cast<double>(1 + options.resamples)});
  }
  return result;
}

}  // namespace segue::evaluate
