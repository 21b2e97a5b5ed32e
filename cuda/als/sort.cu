#include "cuda/als/sort.hpp"

#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>

#include "cuda/core/device_buffer.hpp"

namespace segue::cuda {

void sort_pairs(const CudaContext& context, const std::uint64_t* keys, std::uint64_t* sorted_keys, const float* values,
                float* sorted_values, std::int64_t count, int first_bit, int end_bit) {
  const auto run = [&](void* scratch, std::size_t& bytes) {
    SEGUE_CUDA_CHECK(cub::DeviceRadixSort::SortPairs(scratch, bytes, keys, sorted_keys, values, sorted_values, count,
                                                     first_bit, end_bit, context.stream()));
  };
  std::size_t bytes = 0;
  run(nullptr, bytes);
  DeviceBuffer<std::byte> scratch(static_cast<std::int64_t>(bytes), context.stream());
  run(scratch.data(), bytes);
}

void exclusive_sum(const CudaContext& context, std::int64_t* values, std::int64_t count) {
  const auto run = [&](void* scratch, std::size_t& bytes) {
    SEGUE_CUDA_CHECK(cub::DeviceScan::ExclusiveSum(scratch, bytes, values, values, count, context.stream()));
  };
  std::size_t bytes = 0;
  run(nullptr, bytes);
  DeviceBuffer<std::byte> scratch(static_cast<std::int64_t>(bytes), context.stream());
  run(scratch.data(), bytes);
}

}  // namespace segue::cuda
