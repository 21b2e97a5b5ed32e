#include "cuda/core/tensor_core.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "cuda/core/cp_async.hpp"
#include "cuda/core/launch.hpp"
#include "tests/core/kernel_test.hpp"

namespace segue::cuda {
namespace {

// c[16 × 8] = a[16 × 16]·b[8 × 16]ᵀ by one warp, fragments loaded by ldmatrix.
__global__ void multiply_tile(const __half* a, const __half* b, float* c) {
  SEGUE_SHARED(uint4, tiles, [48]);  // a: 16 rows of 32 bytes, b: 8 rows
  const int lane = static_cast<int>(threadIdx.x);
  cp_async<16>(&tiles[lane], a + 8 * lane);
  if (lane < 16)
    cp_async<16>(&tiles[32 + lane], b + 8 * lane);
  cp_async_commit();
  cp_async_wait<0>();
  __syncwarp();
  std::uint32_t fragment_a[4], fragment_b[4];
  ldmatrix_x4(fragment_a, &tiles[2 * (lane % 16) + lane / 16]);
  ldmatrix_x4(fragment_b, &tiles[32 + 2 * (lane % 8) + lane / 8 % 2]);
  float sums[4] = {};
  mma_m16n8k16<__half>(sums, fragment_a, {fragment_b[0], fragment_b[1]});
  for (int i = 0; i < 4; ++i)
    c[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = sums[i];
}

class TensorCore : public KernelTest {};

TEST_F(TensorCore, LdmatrixAndMmaMultiplyATile) {
  std::mt19937 random(1);
  std::vector<__half> a(256), b(128);
  for (__half& x : a)
    x = __float2half(static_cast<float>(static_cast<int>(random() % 17) - 8));
  for (__half& x : b)
    x = __float2half(static_cast<float>(static_cast<int>(random() % 17) - 8));
  const DeviceBuffer<__half> device_a = to_device(a), device_b = to_device(b);
  DeviceBuffer<float> c(128, stream());
  launch(multiply_tile, Grid(1, 32), stream(), device_a.data(), device_b.data(), c.data());
  const std::vector<float> got = to_host(c);
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 8; ++column) {
      double sum = 0;
      for (int k = 0; k < 16; ++k)
        sum += static_cast<double>(__half2float(a[static_cast<std::size_t>(row * 16 + k)])) *
               static_cast<double>(__half2float(b[static_cast<std::size_t>(column * 16 + k)]));
      EXPECT_EQ(got[static_cast<std::size_t>(row * 8 + column)], static_cast<float>(sum)) << row << ", " << column;
    }
}

}  // namespace
}  // namespace segue::cuda
