// The parts of solve_rows_cg(), one for each way that a row can go.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "cuda/als/cg_problem.cuh"
#include "cuda/als/gram_product.cuh"
#include "cuda/als/row_bins.hpp"
#include "cuda/core/context.hpp"

namespace segue::cuda {

struct CgLaunch {
  const CudaContext& context;
  cudaStream_t stream;
  CgProblem problem;
  als::Storage storage;
  const RowBins& bins;
  const GramFragment* gram;  // split_gram_kernel's, of YᵀY / gram_unscale
  float gram_unscale;
};

void solve_batches(const CgLaunch& work);
void solve_by_matrix(const CgLaunch& work, std::byte* workspace);
std::int64_t matrix_bytes(std::int64_t padded_rank, std::int64_t slices);
void solve_by_slices(const CgLaunch& work, std::byte* workspace);
std::int64_t slice_bytes(std::int64_t padded_rank, std::int64_t slices, std::int64_t rows);

/// The kernels are compiled for few ranks, those between are padded: calls body(std::integral_constant<int, kRank>).
template <int kLeast = 32, int kMost = 1024, class Body>
auto with_rank(std::int64_t padded_rank, const Body& body) {
  if constexpr (kLeast < kMost)
    if (padded_rank > kLeast)
      return with_rank<2 * kLeast, kMost>(padded_rank, body);
  return body(std::integral_constant<int, kLeast>{});
}

/// Calls body(__half{}), body(__nv_bfloat16{}) or body(float{}).
template <class Body>
auto with_storage(als::Storage storage, const Body& body) {
  switch (storage) {
    case als::Storage::float16:
      return body(__half{});
    case als::Storage::bfloat16:
      return body(__nv_bfloat16{});
    default:
      return body(float{});
  }
}

/// 2^k that brings `value` into [2^exponent, 2^(exponent + 1)).
inline float scale_to(float value, int exponent) {
  if (!(value > 0) || !std::isfinite(value))
    return 1;
  return std::ldexp(1.0f, std::clamp(exponent - std::ilogb(value), -100, 100));
}

}  // namespace segue::cuda
