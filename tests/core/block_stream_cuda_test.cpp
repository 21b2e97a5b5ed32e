#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "cuda/core/block_stream.hpp"
#include "cuda/core/check.hpp"
#include "tests/core/kernel_test.hpp"

namespace segue::cuda {
namespace {

class BlockStreamTest : public KernelTest {};

// Block b is b + 1 numbers; the device copies them behind themselves, and the copy comes back.
TEST_F(BlockStreamTest, EveryBlockGoesThereIsWorkedOnAndComesBackInOrder) {
  BlockStream blocks(context(), 4096);
  EXPECT_EQ(blocks.slot_bytes(), 4096);
  for (const std::int64_t count : {0, 1, 2, 3, 9}) {
    std::vector<std::int64_t> filled, drained;
    const auto size_of = [](std::int64_t b) { return 8 * (b + 1); };
    BlockStream::Work work;
    work.fill = [&](std::int64_t b, std::byte* staging) {
      filled.push_back(b);
      std::vector<std::int64_t> numbers(static_cast<std::size_t>(b + 1), 100 * count + b);
      std::memcpy(staging, numbers.data(), static_cast<std::size_t>(size_of(b)));
      return size_of(b);
    };
    work.queue = [&](std::int64_t b, std::byte* device) {
      SEGUE_CUDA_CHECK(cudaMemcpyAsync(device + 1024, device, static_cast<std::size_t>(size_of(b)),
                                       cudaMemcpyDeviceToDevice, KernelTest::stream()));
    };
    work.returned = [&](std::int64_t b) { return BlockStream::Bytes{1024, size_of(b)}; };
    work.drain = [&](std::int64_t b, const std::byte* staging) {
      drained.push_back(b);
      std::vector<std::int64_t> got(static_cast<std::size_t>(b + 1));
      std::memcpy(got.data(), staging + 1024, static_cast<std::size_t>(size_of(b)));
      EXPECT_EQ(got, std::vector<std::int64_t>(got.size(), 100 * count + b));
    };
    blocks.run(count, work);
    ASSERT_EQ(filled.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(drained, filled);
    EXPECT_TRUE(std::is_sorted(filled.begin(), filled.end()));
  }
}

}  // namespace
}  // namespace segue::cuda
