// What the engines of all devices do alike, so that they give the same factors. For host/als and cuda/als; nobody else
// needs it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>

#include "segue/als/solver.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"

namespace segue::als {

/// Pivots below these shares of the largest diagonal element are lifted to it: of a row's equations, which leaves the
/// digits of a float in what the pivot divides, and of whitening, where U's diagonal spans 10³ at most and single
/// precision stands the way there and back.
inline constexpr double kExactPivotFloor = 1e-12;
inline constexpr double kWhiteningPivotFloor = 1e-6;

/// Which vectors are gathered: the exact method reads them as they are.
inline Storage gathered_storage(const Options& options) {
  return options.method == Method::cholesky ? Storage::float32 : options.gather_storage;
}

/// CG in whitened coordinates?
inline bool is_whitened(const Options& options) {
  return options.method == Method::conjugate_gradient && options.preconditioner == Preconditioner::gram;
}
/// Is YᵀY factored? Then it is summed in double.
inline bool factors_gram(const Options& options) {
  return options.method == Method::cholesky || is_whitened(options);
}

/// λ of a row with `interactions` of `columns` possible ones.
inline double row_lambda(const Options& options, std::int64_t interactions, std::int64_t columns) {
  if (options.regularization_exponent == 0)
    return options.regularization;
  const double size = static_cast<double>(interactions) + static_cast<double>(columns) / options.alpha;
  return options.regularization * std::pow(size, options.regularization_exponent);
}

enum class SideName : std::uint64_t { users = 0, songs = 1 };

/// A row's first vector.
inline void draw_vector(const Options& options, SideName side, std::int64_t row, std::span<float> vector) {
  Random random(options.seed, 2 * static_cast<std::uint64_t>(row) + static_cast<std::uint64_t>(side));
  const double deviation = options.init_scale / std::sqrt(options.rank);
  for (float& element : vector)
    element = static_cast<float>(deviation * random.normal());
}

/// e, for vectors stored as halves of 2⁻ᵉ times their values, of which `largest` is the largest: it comes to lie in
/// [2¹⁴, 2¹⁵), so that nothing overflows, and 11 bits stay down to 2⁻²⁹ of it. Whitened vectors are no longer than 1.
inline int float16_exponent(float largest) {
  return largest > 0 && std::isfinite(largest) ? std::clamp(std::ilogb(largest) - 14, -100, 100) : 0;
}
inline constexpr int kWhitenedExponent = -15;

/// Σ c over all pairs.
inline double total_confidence(const data::CsrView& by_user, double alpha) {
  const double pairs = static_cast<double>(by_user.rows) * static_cast<double>(by_user.columns);
  if (by_user.values.empty())
    return pairs + alpha * static_cast<double>(by_user.nonzeros());
  return pairs + alpha * parallel_sum(by_user.nonzeros(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
                   const auto values =
                       by_user.values.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
                   return std::accumulate(values.begin(), values.end(), 0.0, [](double sum, float value) {
                     return sum + static_cast<double>(std::abs(value));
                   });
                 });
}

/// @throws InvalidArgument
inline void check_shape(const char* what, std::int64_t rows, std::int64_t columns, std::int64_t expected_rows,
                        std::int64_t expected_columns) {
  const auto shape = [](std::int64_t r, std::int64_t c) { return std::to_string(r) + " × " + std::to_string(c); };
  if (rows != expected_rows || columns != expected_columns)
    throw InvalidArgument("als: " + std::string(what) + " is " + shape(rows, columns) + ", expected " +
                          shape(expected_rows, expected_columns));
}

/// Checks what is given to fold_in_users() and fold_in_songs().  @throws InvalidArgument
inline void check_fold_in(const data::CsrView& interactions, std::int64_t columns, MatrixView<float> out, int rank) {
  check_shape("the matrix to fold in", interactions.rows, interactions.columns, interactions.rows, columns);
  check_shape("the output of fold-in", out.rows(), out.columns(), interactions.rows, rank);
  data::check_csr(interactions, "the matrix to fold in");
}

}  // namespace segue::als
