// The calls of the CUDA runtime that host code around kernels makes, in place of libcudart, on the host's memory.
// Allocations are exactly as large as asked for, so that AddressSanitizer sees overruns, and hold NaN. Streams do all
// at once; errors stay until they are asked for, as in CUDA.
#include <cuda_runtime_api.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "library/open_memory.hpp"
#include "simt/engine.hpp"

namespace {

std::atomic<std::size_t> capacity{std::size_t{64} << 30}, in_use{0};
std::mutex sizes_mutex;
std::map<void*, std::size_t> sizes;
thread_local cudaError_t last_error = cudaSuccess;

cudaError_t report(cudaError_t error) {
  if (error != cudaSuccess)
    last_error = error;
  return error;
}

void* allocate_host(std::size_t bytes) {
  constexpr std::size_t kAlignment = 256;
  void* start = nullptr;
  if (posix_memalign(&start, kAlignment, bytes != 0 ? bytes : 1) != 0)
    return nullptr;
  return std::memset(start, 0xff, bytes);
}

void* allocate(std::size_t bytes) {
  const std::lock_guard lock(sizes_mutex);
  if (bytes > capacity - in_use)
    return nullptr;
  void* const start = allocate_host(bytes);
  if (start != nullptr) {
    segue::simt::detail::register_device_memory(start, bytes);
    in_use += bytes;
    sizes[start] = bytes;
  }
  return start;
}

cudaError_t release(void* start) {
  if (start == nullptr)
    return cudaSuccess;
  const std::lock_guard lock(sizes_mutex);
  const auto allocation = sizes.find(start);
  if (allocation == sizes.end())
    return report(cudaErrorInvalidValue);
  segue::simt::detail::forget_device_memory(start);
  in_use -= allocation->second;
  sizes.erase(allocation);
  std::free(start);
  return cudaSuccess;
}

template <class T>
cudaError_t give(T* out, T value) {
  *out = value;
  return cudaSuccess;
}

}  // namespace

namespace segue::simt {

void set_device_memory(std::size_t bytes) {
  capacity = bytes;
}

std::size_t device_memory_in_use() {
  return in_use;
}

}  // namespace segue::simt

extern "C" {

cudaError_t cudaMalloc(void** start, std::size_t bytes) {
  *start = allocate(bytes);
  return report(*start != nullptr ? cudaSuccess : cudaErrorMemoryAllocation);
}
cudaError_t cudaMallocAsync(void** start, std::size_t bytes, cudaStream_t) {
  return cudaMalloc(start, bytes);
}
cudaError_t cudaMallocHost(void** start, std::size_t bytes) {
  *start = allocate_host(bytes);
  return report(*start != nullptr ? cudaSuccess : cudaErrorMemoryAllocation);
}
cudaError_t cudaFree(void* start) {
  return release(start);
}
cudaError_t cudaFreeAsync(void* start, cudaStream_t) {
  return release(start);
}
cudaError_t cudaFreeHost(void* start) {
  std::free(start);
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind) {
  const segue::cuda::OpenMemory open;
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  return cudaMemcpy(to, from, bytes, kind);
}
cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind, cudaStream_t) {
  const segue::cuda::OpenMemory open;
  for (std::size_t i = 0; i < height; ++i)
    std::memcpy(static_cast<char*>(to) + i * to_pitch, static_cast<const char*>(from) + i * from_pitch, width);
  return cudaSuccess;
}
cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
  const segue::cuda::OpenMemory open;
  std::memset(to, value, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t) {
  return cudaMemset(to, value, bytes);
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return give<cudaStream_t>(stream, nullptr);
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  return give<cudaStream_t>(stream, nullptr);
}
cudaError_t cudaStreamDestroy(cudaStream_t) {
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) {
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return give<cudaEvent_t>(event, nullptr);
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  return give<cudaEvent_t>(event, nullptr);
}
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) {
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t) {
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t, cudaEvent_t) {
  return give(milliseconds, 0.0f);
}
cudaError_t cudaEventDestroy(cudaEvent_t) {
  return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize() {
  return cudaSuccess;
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}
cudaError_t cudaPeekAtLastError() {
  return last_error;
}
const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    default:
      return "cudaErrorUnknown";
  }
}
const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidValue:
      return "invalid argument";
    default:
      return "an error of the interpreter's CUDA";
  }
}

cudaError_t cudaGetDeviceCount(int* count) {
  return give(count, 1);
}
cudaError_t cudaGetDevice(int* device) {
  return give(device, 0);
}
cudaError_t cudaSetDevice(int) {
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = capacity;
  *free = capacity - in_use;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  return give<cudaMemPool_t>(pool, nullptr);
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) {
  return cudaSuccess;
}
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr, void* value) {
  return give(static_cast<std::uint64_t*>(value), std::uint64_t{0});
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {};
  std::strcpy(properties->name, "interpreter");
  properties->totalGlobalMem = capacity;
  properties->multiProcessorCount = 2;
  properties->major = 9;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  switch (attribute) {
    case cudaDevAttrMultiProcessorCount:
      return give(value, 2);
    case cudaDevAttrComputeCapabilityMajor:
      return give(value, 9);
    case cudaDevAttrComputeCapabilityMinor:
      return give(value, 0);
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      return give(value, static_cast<int>(segue::simt::options().shared_bytes));
    case cudaDevAttrMaxSharedMemoryPerBlock:
      return give(value, 48 << 10);
    case cudaDevAttrCooperativeLaunch:
      return give(value, 1);
    default:
      return report(cudaErrorInvalidValue);
  }
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void*, int, std::size_t,
                                                                   unsigned) {
  return give(blocks, 2);
}
cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) {
  return cudaSuccess;
}
}
