#include "cuda/search/stored_rows.hpp"

#include "cuda/core/launch.hpp"
#include "cuda/search/prepare_kernel.cuh"
#include "segue/core/memory_plan.hpp"

namespace segue::cuda::search {
namespace {

void require_memory(const CudaContext& context, std::int64_t rows, std::int64_t stride, bool has_ids) {
  const std::int64_t padded = round_up(rows, kTileRows);
  MemoryPlan plan("search index on " + context.name());
  plan.add("float32 vectors", checked_product({rows, stride, 4}));
  plan.add("16-bit copies", checked_product({padded, stride, 2}));
  plan.add("the rest",
           padded * 4 + padded / kTileRows * static_cast<std::int64_t>(sizeof(Tile)) + (has_ids ? rows * 4 : 0));
  plan.require(context.free_bytes(), "use --device cpu");
}

}  // namespace

StoredRows::StoredRows(const CudaContext& context, MatrixView<const float> vectors, Metric metric, Form form,
                       std::span<const std::int32_t> ids)
    : rows_(vectors.rows()),
      rank_(vectors.columns()),
      stride_(round_up(vectors.columns(), kSlab)),
      tiles_count_((vectors.rows() + kTileRows - 1) / kTileRows),
      metric_(metric) {
  context.use();
  require_memory(context, rows_, stride_, !ids.empty());
  const cudaStream_t stream = context.stream();
  vectors_ = DeviceBuffer<float>(rows_ * stride_, stream);
  copies_ = DeviceBuffer<__half>(tiles_count_ * kTileRows * stride_, stream);
  biases_ = DeviceBuffer<float>(tiles_count_ * kTileRows, stream);
  tiles_ = DeviceBuffer<Tile>(tiles_count_, stream);
  ids_ = DeviceBuffer<std::int32_t>(ids, stream);
  if (rows_ > 0) {
    vectors_.fill_bytes(0);
    SEGUE_CUDA_CHECK(cudaMemcpy2DAsync(vectors_.data(), static_cast<std::size_t>(stride_) * sizeof(float),
                                       vectors.data(), static_cast<std::size_t>(vectors.stride()) * sizeof(float),
                                       static_cast<std::size_t>(rank_) * sizeof(float), static_cast<std::size_t>(rows_),
                                       cudaMemcpyHostToDevice, stream));
    launch(metric == Metric::l2 ? prepare_rows_kernel<true> : prepare_rows_kernel<false>,
           Grid(static_cast<unsigned>(tiles_count_), static_cast<unsigned>(kTileRows)), stream,
           RowsToPrepare{.rows = rows_,
                         .stride = stride_,
                         .vectors = vectors_.data(),
                         .copies = copies_.data(),
                         .biases = biases_.data(),
                         .tiles = tiles_.data(),
                         .to_unit_length = metric == Metric::cosine && form == Form::raw});
  }
  context.synchronize();
}

RowsView StoredRows::view() const {
  return {.rows = rows_,
          .stride = stride_,
          .vectors = vectors_.data(),
          .copies = copies_.data(),
          .biases = biases_.data(),
          .tiles = tiles_.data(),
          .ids = ids_.data()};
}

void StoredRows::read(const CudaContext& context, MatrixView<float> vectors) const {
  context.use();
  if (rows_ > 0)
    SEGUE_CUDA_CHECK(cudaMemcpy2DAsync(vectors.data(), static_cast<std::size_t>(vectors.stride()) * sizeof(float),
                                       vectors_.data(), static_cast<std::size_t>(stride_) * sizeof(float),
                                       static_cast<std::size_t>(rank_) * sizeof(float), static_cast<std::size_t>(rows_),
                                       cudaMemcpyDeviceToHost, context.stream()));
  context.synchronize();
}

}  // namespace segue::cuda::search
