// The stand-in of the CUDA runtime, as far as engines rely on it beyond copies.
#include <gmock/gmock.h>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"
#include "segue/core/error.hpp"
#include "simt/engine.hpp"
#include "tests/core/kernel_test.hpp"

namespace segue::cuda {
namespace {

class Runtime : public KernelTest {};

TEST_F(Runtime, MemoryRunsOut) {
  const std::size_t in_use = simt::device_memory_in_use();
  simt::set_device_memory(in_use + 1000);
  {
    const DeviceBuffer<char> most(900, stream());
    EXPECT_EQ(context().free_bytes(), 100);
    EXPECT_THROW(DeviceBuffer<char>(101, stream()), OutOfMemory);
    EXPECT_EQ(cudaPeekAtLastError(), cudaErrorMemoryAllocation);
    EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess);
    EXPECT_NO_THROW(DeviceBuffer<char>(100, stream()));
  }
  EXPECT_EQ(simt::device_memory_in_use(), in_use);
  simt::set_device_memory(std::size_t{64} << 30);
}

TEST_F(Runtime, MemoryIsFreedOnce) {
  void* start = nullptr;
  ASSERT_EQ(cudaMalloc(&start, 100), cudaSuccess);
  EXPECT_EQ(cudaFree(start), cudaSuccess);
  EXPECT_EQ(cudaFree(start), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
}

TEST_F(Runtime, NewMemoryHoldsNan) {
  for (const float value : to_host(DeviceBuffer<float>(100, stream())))
    EXPECT_NE(value, value);
}

TEST_F(Runtime, ADeviceHasTheSharedMemoryOfTheOptions) {
  const simt::Options before = simt::options();
  simt::options().shared_bytes = 99 << 10;
  EXPECT_EQ(CudaContext(0).shared_bytes_per_block(), 99 << 10);
  simt::options() = before;
}

}  // namespace
}  // namespace segue::cuda
