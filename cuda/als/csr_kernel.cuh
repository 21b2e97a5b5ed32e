// CSR from sorted 64-bit keys, row << 32 | column, and back; a thread takes an element.
#pragma once

#include "cuda/core/kernel.hpp"

namespace segue::cuda {

__device__ inline std::int64_t element_of_thread() {
  return std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
}

// The first of count ascending numbers that is above (or not below) `value`.
template <bool kAbove, class T>
__device__ std::int64_t first_from(const T* numbers, std::int64_t count, T value) {
  std::int64_t low = 0, high = count;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (kAbove ? numbers[middle] <= value : numbers[middle] < value)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// The transpose's keys: column << 32 | row.
__global__ void make_transposed_keys(const std::int64_t* offsets, std::int64_t rows, const std::int32_t* indices,
                                     std::int64_t count, std::uint64_t* keys) {
  const std::int64_t i = element_of_thread();
  if (i >= count)
    return;
  const std::int64_t row = first_from<true>(offsets, rows + 1, i) - 1;
  keys[i] = static_cast<std::uint64_t>(indices[i]) << 32 | static_cast<std::uint64_t>(row);
}

__global__ void make_keys(const std::int32_t* rows, const std::int32_t* columns, std::int64_t count,
                          std::uint64_t* keys) {
  const std::int64_t i = element_of_thread();
  if (i < count)
    keys[i] = static_cast<std::uint64_t>(rows[i]) << 32 | static_cast<std::uint64_t>(columns[i]);
}

__global__ void find_row_starts(const std::uint64_t* keys, std::int64_t count, std::int64_t rows,
                                std::int64_t* offsets) {
  const std::int64_t row = element_of_thread();
  if (row <= rows)
    offsets[row] = first_from<false>(keys, count, static_cast<std::uint64_t>(row) << 32);
}

__global__ void take_columns(const std::uint64_t* keys, std::int64_t count, std::int32_t* indices) {
  const std::int64_t i = element_of_thread();
  if (i < count)
    indices[i] = static_cast<std::int32_t>(keys[i] & 0xffffffffu);
}

// 1 where a key is not the one before.
__global__ void mark_firsts(const std::uint64_t* keys, std::int64_t count, std::int64_t* firsts) {
  const std::int64_t i = element_of_thread();
  if (i < count)
    firsts[i] = i == 0 || keys[i] != keys[i - 1] ? 1 : 0;
}

// Equal keys become one at places[i], their values added in order by the thread of the first.
__global__ void add_equals(const std::uint64_t* keys, const float* values, std::int64_t count,
                           const std::int64_t* places, std::uint64_t* out_keys, float* out_values) {
  const std::int64_t i = element_of_thread();
  if (i >= count || (i > 0 && keys[i] == keys[i - 1]))
    return;
  float sum = values[i];
  for (std::int64_t next = i + 1; next < count && keys[next] == keys[i]; ++next)
    sum += values[next];
  out_keys[places[i]] = keys[i];
  out_values[places[i]] = sum;
}

}  // namespace segue::cuda
