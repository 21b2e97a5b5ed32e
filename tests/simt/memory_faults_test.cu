// With AddressSanitizer and UBSan: accesses outside of what they should touch end the process, with the place.
#include <gmock/gmock.h>

#include "faults.hpp"

namespace segue::cuda {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

class MemoryFaults : public Faults {
 protected:
  /// Launches and waits; the death test's statement.
  template <class... P, class... A>
  static void run(void (*kernel)(P...), const Grid& grid, A... arguments) {
    launch(kernel, grid, stream(), arguments...);
  }
  float* out() { return memory_.data(); }
  static constexpr int kCount = 60;

 private:
  DeviceBuffer<float> memory_{kCount, stream()};
};

__global__ void write_globally(float* out) {
  out[blockIdx.x * blockDim.x + threadIdx.x] = 1;  // fault: too many threads for the array
}

TEST_F(MemoryFaults, GlobalOverrun) {
  run(write_globally, Grid(3, 20), out());
  EXPECT_DEATH(run(write_globally, Grid(2, 32), out()),
               AllOf(HasSubstr("heap-buffer-overflow"), HasSubstr("write_globally"),
                     HasSubstr(fault("too many threads for the array"))));
}

TEST_F(MemoryFaults, UseAfterFree) {
  float* gone = nullptr;
  ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&gone), 4096), cudaSuccess);
  ASSERT_EQ(cudaFree(gone), cudaSuccess);
  EXPECT_DEATH(run(write_globally, Grid(1, 32), gone),
               AllOf(HasSubstr("heap-use-after-free"), HasSubstr(fault("too many threads for the array"))));
}

__global__ void write_static(float* out, int count) {
  SEGUE_SHARED(float, tile, [64]);
  float* const start = tile;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += 32)
    start[i] = 1;  // fault: more than the shared array holds
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}

TEST_F(MemoryFaults, StaticSharedOverrun) {
  run(write_static, Grid(1, 32), out(), 64);
  EXPECT_DEATH(run(write_static, Grid(1, 32), out(), 65),
               AllOf(HasSubstr("use-after-poison"), HasSubstr(fault("more than the shared array holds"))));
}

__global__ void index_static(float* out, int index) {
  SEGUE_SHARED(float, table, [4][8]);
  table[3][index] = 1;  // fault: the index may be too large
  out[0] = table[3][index];
}

TEST_F(MemoryFaults, IndexBeyondASharedArray) {
  run(index_static, Grid(1, 1), out(), 7);
  EXPECT_DEATH(run(index_static, Grid(1, 1), out(), 8),
               AllOf(HasSubstr("index 8 out of bounds"), HasSubstr(fault("the index may be too large"))));
}

__global__ void write_carved(float* out, int count) {
  SEGUE_DYNAMIC_SHARED(unsigned char, base);
  SharedCarver carver(base);
  float* const first = carver.take<float>(32);
  float* const second = carver.take<float>(32);
  second[threadIdx.x] = 2;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += 32)
    first[i] = 1;  // fault: into the next array of dynamic shared memory
  out[threadIdx.x] = second[threadIdx.x];
}

TEST_F(MemoryFaults, DynamicSharedOverrun) {
  SharedCarver carver(nullptr);
  carver.take<float>(32);
  carver.take<float>(32);
  const Grid grid(1, 32, carver.bytes());
  run(write_carved, grid, out(), 32);
  EXPECT_DEATH(run(write_carved, grid, out(), 33),
               AllOf(HasSubstr("use-after-poison"), HasSubstr(fault("into the next array of dynamic shared memory"))));
}

__global__ void read_vectors(float* out) {
  SEGUE_SHARED(float, tile, [64]);
  tile[threadIdx.x] = 1;
  __syncthreads();
  if (threadIdx.x < 15)
    reinterpret_cast<float4*>(out)[threadIdx.x] =
        reinterpret_cast<float4*>(tile)[threadIdx.x];  // fault: floats are not aligned as float4
}

TEST_F(MemoryFaults, MisalignedVector) {
  EXPECT_DEATH(run(read_vectors, Grid(1, 64), out()),
               AllOf(HasSubstr("misaligned address"), HasSubstr(fault("floats are not aligned as float4"))));
}

TEST_F(MemoryFaults, HostReadsDeviceMemory) {
  const volatile float* const pointer = out();
  EXPECT_DEATH(static_cast<void>(pointer[3]),  // fault: a device pointer on the host
               AllOf(HasSubstr("use-after-poison"), HasSubstr("memory_faults_test.cu")));
}

TEST_F(MemoryFaults, CopyBeyondABuffer) {
  const std::vector<float> host(kCount + 1);
  EXPECT_DEATH(cudaMemcpy(out(), host.data(), host.size() * sizeof(float), cudaMemcpyHostToDevice),
               HasSubstr("heap-buffer-overflow"));
}

}  // namespace
}  // namespace segue::cuda
