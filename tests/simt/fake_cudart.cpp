// The few calls of the CUDA runtime that host code around kernels makes, on host memory.  Linked instead of libcudart.
// Memory comes from the allocator exactly as large as asked for, so AddressSanitizer sees overruns, and holds 0xff.
#include <cuda_runtime_api.h>

#include "simt/engine.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

namespace {
using namespace segue::simt::detail;
std::atomic<std::size_t> capacity{std::size_t{64} << 30}, in_use{0};
std::mutex sizes_mutex;
std::map<void*, std::size_t> sizes;

void* host(size_t n) {
  void* p = nullptr;
  if (posix_memalign(&p, 256, n ? n : 1)) return nullptr;
  std::memset(p, 0xff, n);
  return p;
}
void* take(size_t n) {
  if (in_use + n > capacity) return nullptr;
  void* const p = host(n);
  if (p) {
    register_device_memory(p, n);
    in_use += n;
    const std::lock_guard lock(sizes_mutex);
    sizes[p] = n;
  }
  return p;
}
cudaError_t give(void* p) {
  if (!p) return cudaSuccess;
  forget_device_memory(p);
  {
    const std::lock_guard lock(sizes_mutex);
    in_use -= sizes[p];
    sizes.erase(p);
  }
  std::free(p);
  return cudaSuccess;
}
struct opened {
  opened() { open_device_memory(); }
  ~opened() { close_device_memory(); }
};
thread_local cudaError_t last = cudaSuccess;
cudaError_t done(cudaError_t e) {
  if (e != cudaSuccess) last = e;
  return e;
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
cudaError_t cudaMalloc(void** p, size_t n) { return done((*p = take(n)) ? cudaSuccess : cudaErrorMemoryAllocation); }
cudaError_t cudaMallocAsync(void** p, size_t n, cudaStream_t) { return cudaMalloc(p, n); }
cudaError_t cudaMallocHost(void** p, size_t n) { return done((*p = host(n)) ? cudaSuccess : cudaErrorMemoryAllocation); }
cudaError_t cudaFree(void* p) { return give(p); }
cudaError_t cudaFreeAsync(void* p, cudaStream_t) { return give(p); }
cudaError_t cudaFreeHost(void* p) { return std::free(p), cudaSuccess; }
cudaError_t cudaMemcpy(void* d, const void* s, size_t n, cudaMemcpyKind) {
  const opened o;
  return std::memcpy(d, s, n), cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* d, const void* s, size_t n, cudaMemcpyKind, cudaStream_t) {
  const opened o;
  return std::memcpy(d, s, n), cudaSuccess;
}
cudaError_t cudaMemset(void* d, int v, size_t n) {
  const opened o;
  return std::memset(d, v, n), cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* d, int v, size_t n, cudaStream_t) {
  const opened o;
  return std::memset(d, v, n), cudaSuccess;
}
cudaError_t cudaStreamCreate(cudaStream_t* s) { return *s = nullptr, cudaSuccess; }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* s, unsigned) { return *s = nullptr, cudaSuccess; }
cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }
cudaError_t cudaEventCreate(cudaEvent_t* e) { return *e = nullptr, cudaSuccess; }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* e, unsigned) { return *e = nullptr, cudaSuccess; }
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return cudaSuccess; }
cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t, cudaEvent_t) { return *ms = 0, cudaSuccess; }
cudaError_t cudaEventDestroy(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
cudaError_t cudaGetLastError() {
  const cudaError_t e = last;
  last = cudaSuccess;
  return e;
}
cudaError_t cudaPeekAtLastError() { return last; }
cudaError_t cudaGetDeviceCount(int* n) { return *n = 1, cudaSuccess; }
cudaError_t cudaGetDevice(int* d) { return *d = 0, cudaSuccess; }
cudaError_t cudaSetDevice(int) { return cudaSuccess; }
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *total = capacity;
  *free = capacity - in_use;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* p, int) { return *p = nullptr, cudaSuccess; }
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr, void* v) {
  return *static_cast<std::uint64_t*>(v) = 0, cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int) {
  *p = {};
  std::strcpy(p->name, "interpreter");
  p->totalGlobalMem = capacity;
  p->multiProcessorCount = 2;
  p->major = 9;
  return cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* n, const void*, int, size_t, unsigned) {
  return *n = 2, cudaSuccess;
}
cudaError_t cudaMemcpy2DAsync(void* d, size_t dp, const void* s, size_t sp, size_t width, size_t height, cudaMemcpyKind,
                              cudaStream_t) {
  const opened o;
  for (size_t i = 0; i < height; ++i)
    std::memcpy(static_cast<char*>(d) + i * dp, static_cast<const char*>(s) + i * sp, width);
  return cudaSuccess;
}
cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) { return cudaSuccess; }
cudaError_t cudaDeviceGetAttribute(int* v, cudaDeviceAttr a, int) {
  switch (a) {
    case cudaDevAttrMultiProcessorCount: *v = 2; break;
    case cudaDevAttrComputeCapabilityMajor: *v = 9; break;
    case cudaDevAttrComputeCapabilityMinor: *v = 0; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *v = 227 * 1024; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *v = 48 * 1024; break;
    case cudaDevAttrCooperativeLaunch: *v = 1; break;
    default: return done(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}
const char* cudaGetErrorString(cudaError_t e) { return e == cudaSuccess ? "no error" : "CUDA error (emulated)"; }
const char* cudaGetErrorName(cudaError_t e) { return e == cudaSuccess ? "cudaSuccess" : "cudaError"; }
}
