#pragma once

#include <cstdint>

#include "cuda/core/context.hpp"

namespace segue::cuda {

/// Sorts pairs by bits [first_bit, end_bit) of their keys, equal ones in the order given. CUB's radix sort, queued on
/// the context's stream; takes about 12 more bytes a pair while it runs.
/// @param keys, values            [count] on the device
/// @param sorted_keys, sorted_values  the same; not the same memory
void sort_pairs(const CudaContext& context, const std::uint64_t* keys, std::uint64_t* sorted_keys, const float* values,
                float* sorted_values, std::int64_t count, int first_bit, int end_bit);

/// values[i] = Σ of those before it, in place.
void exclusive_sum(const CudaContext& context, std::int64_t* values, std::int64_t count);

}  // namespace segue::cuda
