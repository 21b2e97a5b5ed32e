// cuda/als/sort.hpp by the standard library, on the interpreter's device memory.
#include "cuda/als/sort.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "tests/simt/library/open_memory.hpp"

namespace segue::cuda {

void sort_pairs(const CudaContext&, const std::uint64_t* keys, std::uint64_t* sorted_keys, const float* values,
                float* sorted_values, std::int64_t count, int first_bit, int end_bit) {
  const OpenMemory open;
  const std::uint64_t mask = (end_bit == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << end_bit) - 1) >> first_bit;
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return (keys[a] >> first_bit & mask) < (keys[b] >> first_bit & mask);
  });
  for (std::int64_t i = 0; i < count; ++i) {
    sorted_keys[i] = keys[order[static_cast<std::size_t>(i)]];
    sorted_values[i] = values[order[static_cast<std::size_t>(i)]];
  }
}

void exclusive_sum(const CudaContext&, std::int64_t* values, std::int64_t count) {
  const OpenMemory open;
  std::exclusive_scan(values, values + count, values, std::int64_t{0});
}

}  // namespace segue::cuda
