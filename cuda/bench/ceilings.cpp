#include "cuda/bench/ceilings.hpp"

#include <cuda_fp16.h>

#include <algorithm>
#include <memory>

#include "cuda/core/check.hpp"
#include "cuda/core/context.hpp"
#include "cuda/core/cublas.hpp"
#include "cuda/core/device_buffer.hpp"
#include "segue/core/random.hpp"

namespace segue::cuda {
namespace {

constexpr std::int64_t kMostCopied = std::int64_t{2} << 30;
constexpr std::int64_t kProductSize = 8192;
constexpr int kWarmUps = 5;
constexpr int kRepeats = 25;

struct DestroyCublas {
  void operator()(cublasContext* handle) const { SEGUE_CUBLAS(cublasDestroy)(handle); }
};
using Cublas = std::unique_ptr<cublasContext, DestroyCublas>;

// The header overloads the name.
using GemmEx = cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int, const void*,
                                  const void*, cudaDataType, int, const void*, cudaDataType, int, const void*, void*,
                                  cudaDataType, int, cublasComputeType_t, cublasGemmAlgo_t);

// `amount` over the seconds of each run.
template <class Work>
std::vector<double> rates(const CudaContext& context, double amount, const Work& work) {
  Event begin(Event::Timing::yes), end(Event::Timing::yes);
  std::vector<double> result;
  for (int run = 0; run < kWarmUps + kRepeats; ++run) {
    begin.record(context.stream());
    work();
    end.record(context.stream());
    end.synchronize();
    if (run >= kWarmUps)
      result.push_back(amount / Event::seconds_between(begin, end));
  }
  return result;
}

void sample_copy(const CudaContext& context, CeilingSamples& samples) {
  samples.copied_bytes = std::min(kMostCopied, context.free_bytes() / 4);
  DeviceBuffer<char> from(samples.copied_bytes, context.stream()), to(samples.copied_bytes, context.stream());
  from.fill_bytes(1);
  samples.copy_bytes_per_second = rates(context, 2.0 * static_cast<double>(samples.copied_bytes), [&] {
    SEGUE_CUDA_CHECK(
        cudaMemcpyAsync(to.data(), from.data(), from.span().size_bytes(), cudaMemcpyDeviceToDevice, context.stream()));
  });
}

// Random numbers: zeros multiply faster.
std::vector<__half> random_halves(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<__half> values(static_cast<std::size_t>(count));
  for (__half& value : values)
    value = __float2half(static_cast<float>(2 * random.uniform() - 1));
  return values;
}

void sample_product(const CudaContext& context, CeilingSamples& samples) {
  constexpr int kSize = kProductSize;
  constexpr std::int64_t kElements = kProductSize * kProductSize;
  samples.product_size = kProductSize;
  DeviceBuffer<__half> a(kElements, context.stream()), b(kElements, context.stream()), c(kElements, context.stream());
  const std::vector<__half> host_a = random_halves(kElements, 1), host_b = random_halves(kElements, 2);
  a.copy_from(host_a);
  b.copy_from(host_b);
  cublasHandle_t raw = nullptr;
  SEGUE_CUBLAS_CHECK(SEGUE_CUBLAS(cublasCreate)(&raw));
  const Cublas handle(raw);
  SEGUE_CUBLAS_CHECK(SEGUE_CUBLAS(cublasSetStream)(handle.get(), context.stream()));
  const auto multiply = reinterpret_cast<GemmEx>(cublas_symbol("cublasGemmEx"));
  const float one = 1, zero = 0;
  const double cube = static_cast<double>(kProductSize) * static_cast<double>(kElements);
  samples.product_flops = rates(context, 2 * cube, [&] {
    SEGUE_CUBLAS_CHECK(multiply(handle.get(), CUBLAS_OP_T, CUBLAS_OP_N, kSize, kSize, kSize, &one, a.data(), CUDA_R_16F,
                                kSize, b.data(), CUDA_R_16F, kSize, &zero, c.data(), CUDA_R_16F, kSize,
                                CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
  });
}

}  // namespace

CeilingSamples sample_ceilings(int device) {
  const CudaContext context(device);
  CeilingSamples samples;
  samples.device_name = context.name();
  sample_copy(context, samples);
  sample_product(context, samples);
  return samples;
}

void wait_for(int device) {
  SEGUE_CUDA_CHECK(cudaSetDevice(device));
  SEGUE_CUDA_CHECK(cudaDeviceSynchronize());
}

}  // namespace segue::cuda
