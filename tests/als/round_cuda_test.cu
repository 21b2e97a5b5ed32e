// Rounding to 16 bits: the same bits as on the CPU.
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

#include "cuda/als/round_kernel.cuh"
#include "cuda/core/launch.hpp"
#include "host/als/half_iteration.hpp"
#include "tests/core/kernel_test.hpp"

namespace segue::cuda {
namespace {

class RoundTest : public KernelTest {};

// Of all magnitudes, and ties of both types.
std::vector<float> values_to_round() {
  std::mt19937 random(7);
  std::vector<float> values;
  for (int exponent = -40; exponent < 40; ++exponent)
    for (int i = 0; i < 48; ++i)
      values.push_back(
          std::ldexp(static_cast<float>(static_cast<int>(random() % (1 << 24)) - (1 << 23)), exponent - 23));
  for (const float value :
       {0.0f, -0.0f, 0x1.002p0f, 0x1.006p0f, 0x1.01p0f, 0x1.03p0f, 65504.0f, 65520.0f, 1e30f, -1e30f, 0x1p-24f,
        0x1p-25f, 0x1.8p-25f, std::numeric_limits<float>::infinity(), 1e-40f, -3.0f})
    values.push_back(value);
  return values;
}

template <class Half>
std::vector<std::uint16_t> round_on_device(const DeviceBuffer<float>& values, float factor, cudaStream_t stream) {
  const std::int64_t eights = values.size() / 8;
  DeviceBuffer<std::uint16_t> out(values.size(), stream);
  launch(round_vectors<Half>, Grid(static_cast<unsigned>((eights + 255) / 256), 256), stream,
         reinterpret_cast<const float4*>(values.data()), eights, factor, reinterpret_cast<uint4*>(out.data()));
  std::vector<std::uint16_t> host(static_cast<std::size_t>(values.size()));
  out.copy_to(host);
  SEGUE_CUDA_CHECK(cudaStreamSynchronize(stream));
  return host;
}

TEST_F(RoundTest, GivesTheCpusBits) {
  const std::vector<float> values = values_to_round();
  AlignedVector<float> aligned(values.begin(), values.end());
  AlignedVector<std::uint16_t> want(values.size());
  const DeviceBuffer<float> device = to_device(values);
  for (const float factor : {1.0f, 0x1p-9f, 0x1p20f}) {
    als::to_float16(aligned, factor, want);
    const std::vector<std::uint16_t> halves = round_on_device<__half>(device, factor, stream());
    EXPECT_TRUE(std::equal(halves.begin(), halves.end(), want.begin())) << factor;
    als::to_bfloat16(aligned, factor, want);
    const std::vector<std::uint16_t> bfloats = round_on_device<__nv_bfloat16>(device, factor, stream());
    EXPECT_TRUE(std::equal(bfloats.begin(), bfloats.end(), want.begin())) << factor;
  }
}

}  // namespace
}  // namespace segue::cuda
