#include "cuda/als/gather.hpp"

#include <algorithm>
#include <cmath>

#include "cuda/als/round_kernel.cuh"
#include "cuda/core/launch.hpp"

namespace segue::cuda {
namespace {

constexpr std::int64_t kWhiteBytes = 32 << 20;

std::int64_t white_rows(std::int64_t padded_rank) {
  return kWhiteBytes / (4 * padded_rank);
}

std::int64_t size_of(als::Storage storage) {
  return storage == als::Storage::float32 ? 4 : 2;
}

}  // namespace

Gather::Gather(const CudaContext& context, const Blas& blas, std::int64_t bytes, std::int64_t padded_rank,
               bool whitened)
    : context_(context),
      blas_(blas),
      padded_rank_(padded_rank),
      copy_(bytes, context.stream()),
      white_(whitened ? white_rows(padded_rank) * padded_rank : 0, context.stream()) {}

std::int64_t Gather::white_bytes(std::int64_t padded_rank) {
  return 4 * white_rows(padded_rank) * padded_rank;
}

GatherSource Gather::prepare(const Side& side, als::Storage storage, int exponent, const float* upper) {
  if (storage == als::Storage::float32 && upper == nullptr && side.resident_vectors() != nullptr)
    return {.vectors = side.resident_vectors(), .storage = storage, .scale = 1};
  const std::int64_t vector_bytes = size_of(storage) * padded_rank_;
  if (copy_.size() < side.rows() * vector_bytes) {
    copy_ = {};  // before the larger one is asked for
    copy_ = DeviceBuffer<std::byte>(side.rows() * vector_bytes, context_.stream());
  }
  side.for_each_piece([&](const float* vectors, std::int64_t first, std::int64_t rows) {
    std::byte* const out = copy_.data() + first * vector_bytes;
    if (upper == nullptr)
      convert(vectors, rows, storage, exponent, out);
    else
      whiten(vectors, rows, storage, exponent, upper, out);
  });
  return {.vectors = copy_.data(),
          .storage = storage,
          .scale = storage == als::Storage::float32 ? 1.0f : std::ldexp(1.0f, exponent)};
}

void Gather::convert(const float* vectors, std::int64_t rows, als::Storage storage, int exponent,
                     std::byte* out) const {
  const std::int64_t values = rows * padded_rank_;
  if (storage == als::Storage::float32) {
    SEGUE_CUDA_CHECK(cudaMemcpyAsync(out, vectors, static_cast<std::size_t>(4 * values), cudaMemcpyDeviceToDevice,
                                     context_.stream()));
    return;
  }
  constexpr int kThreads = 256;
  const std::int64_t eights = values / 8;
  launch(storage == als::Storage::float16 ? round_vectors<__half> : round_vectors<__nv_bfloat16>,
         Grid(static_cast<unsigned>((eights + kThreads - 1) / kThreads), kThreads), context_.stream(),
         reinterpret_cast<const float4*>(vectors), eights, std::ldexp(1.0f, -exponent), reinterpret_cast<uint4*>(out));
}

void Gather::whiten(const float* vectors, std::int64_t rows, als::Storage storage, int exponent, const float* upper,
                    std::byte* out) {
  const std::int64_t step = white_rows(padded_rank_);
  for (std::int64_t first = 0; first < rows; first += step) {
    const std::int64_t count = std::min(step, rows - first);
    convert(vectors + first * padded_rank_, count, als::Storage::float32, 0,
            reinterpret_cast<std::byte*>(white_.data()));
    blas_.solve_rows_transposed(upper, count, static_cast<int>(padded_rank_), white_.data());
    convert(white_.data(), count, storage, exponent, out + first * size_of(storage) * padded_rank_);
  }
}

}  // namespace segue::cuda
