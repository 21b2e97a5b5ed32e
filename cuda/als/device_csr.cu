#include "cuda/als/device_csr.hpp"

#include <bit>

#include "cuda/als/csr_kernel.cuh"
#include "cuda/als/sort.hpp"
#include "cuda/core/launch.hpp"

namespace segue::cuda {
namespace {

using Keys = DeviceBuffer<std::uint64_t>;

Grid grid_for(std::int64_t elements) {
  constexpr int kThreads = 256;
  return Grid(static_cast<unsigned>((elements + kThreads - 1) / kThreads), kThreads);
}

// How many bits the numbers below `count` have, 1 at least.
int bits_below(std::int64_t count) {
  return count < 2 ? 1 : std::bit_width(static_cast<std::uint64_t>(count - 1));
}

// Offsets and indices of ascending keys.
DeviceCsr from_keys(const CudaContext& context, std::int64_t rows, std::int64_t columns, const Keys& keys,
                    std::int64_t count) {
  DeviceCsr matrix;
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.offsets = DeviceBuffer<std::int64_t>(rows + 1, context.stream());
  matrix.indices = DeviceBuffer<std::int32_t>(count, context.stream());
  launch(find_row_starts, grid_for(rows + 1), context.stream(), keys.data(), count, rows, matrix.offsets.data());
  if (count > 0)
    launch(take_columns, grid_for(count), context.stream(), keys.data(), count, matrix.indices.data());
  return matrix;
}

}  // namespace

DeviceCsr upload_csr(const CudaContext& context, const data::CsrView& matrix) {
  DeviceCsr copy;
  copy.rows = matrix.rows;
  copy.columns = matrix.columns;
  copy.offsets = DeviceBuffer<std::int64_t>(matrix.offsets, context.stream());
  copy.indices = DeviceBuffer<std::int32_t>(matrix.indices, context.stream());
  copy.values = DeviceBuffer<float>(matrix.values, context.stream());
  context.synchronize();
  return copy;
}

data::Csr download_csr(const CudaContext& context, const DeviceCsr& matrix) {
  data::Csr copy;
  copy.rows = matrix.rows;
  copy.columns = matrix.columns;
  copy.offsets.resize(static_cast<std::size_t>(matrix.offsets.size()));
  copy.indices.resize(static_cast<std::size_t>(matrix.indices.size()));
  copy.values.resize(static_cast<std::size_t>(matrix.values.size()));
  matrix.offsets.copy_to(copy.offsets);
  matrix.indices.copy_to(copy.indices);
  matrix.values.copy_to(copy.values);
  context.synchronize();
  return copy;
}

// By column only: the sort keeps the rows' order.
DeviceCsr transpose_csr(const CudaContext& context, const DeviceCsr& matrix) {
  const std::int64_t count = matrix.nonzeros();
  const bool pattern = matrix.values.size() == 0;
  Keys sorted(count, context.stream());
  DeviceBuffer<float> values(count, context.stream());
  if (count > 0) {
    Keys keys(count, context.stream());
    launch(make_transposed_keys, grid_for(count), context.stream(), matrix.offsets.data(), matrix.rows,
           matrix.indices.data(), count, keys.data());
    DeviceBuffer<float> none(pattern ? count : 0, context.stream());
    none.fill_bytes(0);
    sort_pairs(context, keys.data(), sorted.data(), pattern ? none.data() : matrix.values.data(), values.data(), count,
               32, 32 + bits_below(matrix.columns));
  }
  DeviceCsr result = from_keys(context, matrix.columns, matrix.rows, sorted, count);
  if (!pattern)
    result.values = std::move(values);
  return result;
}

std::int64_t transpose_bytes(std::int64_t nonzeros) {
  return 36 * nonzeros;  // keys twice, values, CUB's own copies of both, some slack
}

DeviceCsr build_csr(const CudaContext& context, std::int64_t rows, std::int64_t columns,
                    std::span<const std::int32_t> row_of, std::span<const std::int32_t> column_of,
                    std::span<const float> values) {
  const auto count = static_cast<std::int64_t>(row_of.size());
  if (count == 0)
    return from_keys(context, rows, columns, Keys(), 0);
  Keys keys(count, context.stream()), sorted(count, context.stream());
  DeviceBuffer<float> sorted_values(count, context.stream());
  launch(make_keys, grid_for(count), context.stream(), row_of.data(), column_of.data(), count, keys.data());
  sort_pairs(context, keys.data(), sorted.data(), values.data(), sorted_values.data(), count, 0, 32 + bits_below(rows));
  DeviceBuffer<std::int64_t> places(count + 1, context.stream());
  places.fill_bytes(0);
  launch(mark_firsts, grid_for(count), context.stream(), sorted.data(), count, places.data());
  exclusive_sum(context, places.data(), count + 1);
  std::int64_t distinct = 0;
  SEGUE_CUDA_CHECK(
      cudaMemcpyAsync(&distinct, places.data() + count, sizeof distinct, cudaMemcpyDeviceToHost, context.stream()));
  context.synchronize();
  DeviceBuffer<float> sums(distinct, context.stream());
  launch(add_equals, grid_for(count), context.stream(), sorted.data(), sorted_values.data(), count, places.data(),
         keys.data(), sums.data());
  DeviceCsr matrix = from_keys(context, rows, columns, keys, distinct);
  matrix.values = std::move(sums);
  return matrix;
}

}  // namespace segue::cuda
