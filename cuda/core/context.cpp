#include "cuda/core/context.hpp"

#include <fmt/format.h>

#include "cuda/core/check.hpp"
#include "cuda/core/device_query.hpp"
#include "segue/core/error.hpp"

namespace segue::cuda {
namespace {

int attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  SEGUE_CUDA_CHECK(cudaDeviceGetAttribute(&value, which, device));
  return value;
}

}  // namespace

CudaContext::CudaContext(int device) : device_(device) {
  const DeviceQuery query = query_devices();
  if (query.count == 0)
    throw DeviceUnavailable(fmt::format("device cuda:{}: {}; use --device cpu", device, query.problem));
  if (device < 0 || device >= query.count)
    throw DeviceUnavailable(fmt::format("device cuda:{}: this machine has {} GPU(s)", device, query.count));
  use();
  multiprocessors_ = attribute(cudaDevAttrMultiProcessorCount, device);
  shared_bytes_per_block_ = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  cudaDeviceProp properties{};
  SEGUE_CUDA_CHECK(cudaGetDeviceProperties(&properties, device));
  name_ = fmt::format("cuda:{} ({})", device, properties.name);
  SEGUE_CUDA_CHECK(cudaDeviceGetDefaultMemPool(&pool_, device));
  // Buffers come and go with each call: the pool keeps what is freed.
  std::uint64_t threshold = UINT64_MAX;
  SEGUE_CUDA_CHECK(cudaMemPoolSetAttribute(pool_, cudaMemPoolAttrReleaseThreshold, &threshold));
  SEGUE_CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
}

CudaContext::~CudaContext() {
  cudaStreamDestroy(stream_);
}

void CudaContext::use() const {
  SEGUE_CUDA_CHECK(cudaSetDevice(device_));
}

void CudaContext::synchronize() const {
  SEGUE_CUDA_CHECK(cudaStreamSynchronize(stream_));
}

std::int64_t CudaContext::free_bytes() const {
  use();
  std::size_t free = 0, total = 0;
  SEGUE_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  std::uint64_t reserved = 0, used = 0;
  SEGUE_CUDA_CHECK(cudaMemPoolGetAttribute(pool_, cudaMemPoolAttrReservedMemCurrent, &reserved));
  SEGUE_CUDA_CHECK(cudaMemPoolGetAttribute(pool_, cudaMemPoolAttrUsedMemCurrent, &used));
  return static_cast<std::int64_t>(free + (reserved - used));
}

Stream::Stream() {
  SEGUE_CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
}

Stream::~Stream() {
  cudaStreamDestroy(stream_);
}

Event::Event(Timing timing) {
  SEGUE_CUDA_CHECK(
      cudaEventCreateWithFlags(&event_, timing == Timing::yes ? cudaEventDefault : cudaEventDisableTiming));
}

Event::~Event() {
  cudaEventDestroy(event_);
}

void Event::record(cudaStream_t stream) {
  SEGUE_CUDA_CHECK(cudaEventRecord(event_, stream));
}

void Event::wait_in(cudaStream_t stream) const {
  SEGUE_CUDA_CHECK(cudaStreamWaitEvent(stream, event_, 0));
}

void Event::synchronize() const {
  SEGUE_CUDA_CHECK(cudaEventSynchronize(event_));
}

double Event::seconds_between(const Event& begin, const Event& end) {
  float milliseconds = 0;
  SEGUE_CUDA_CHECK(cudaEventElapsedTime(&milliseconds, begin.event_, end.event_));
  return static_cast<double>(milliseconds) / 1000;
}

}  // namespace segue::cuda
