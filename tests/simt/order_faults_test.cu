// Without a race detector: faults of order give wrong results under some of the schedules, and right code under none.
#include "order_faults.cuh"

#include <gmock/gmock.h>

#include <numeric>

namespace segue::cuda {
namespace {

class OrderFaults : public Faults {
 protected:
  /// Under how many of ten schedules the kernel leaves something else than `want`.
  template <class T, class... P, class... A>
  static int count_wrong(void (*kernel)(T*, P...), const Grid& grid, const std::vector<T>& want, A... arguments) {
    int wrong = 0;
    for_each_schedule([&] {
      DeviceBuffer<T> out(static_cast<std::int64_t>(want.size()), stream());
      launch(kernel, grid, stream(), out.data(), arguments...);
      const std::vector<T> got = to_host(out);
      wrong += std::memcmp(got.data(), want.data(), want.size() * sizeof(T)) != 0 ? 1 : 0;
    });
    return wrong;
  }
  static std::vector<int> counting(int count, int step, int start) {
    std::vector<int> values;
    for (int i = 0; i < count; ++i)
      values.push_back(start + i * step);
    return values;
  }
};

TEST_F(OrderFaults, MissingSyncwarp) {
  const std::vector<int> want = counting(32, -1, 131);
  EXPECT_EQ(count_wrong(reverse_in_warp<Code::right>, Grid(1, 32), want), 0);
  EXPECT_GE(count_wrong(reverse_in_warp<Code::faulty>, Grid(1, 32), want), 8);
}

TEST_F(OrderFaults, MissingSyncthreads) {
  const std::vector<int> want = counting(64, -1, 163);
  EXPECT_EQ(count_wrong(reverse_in_block<Code::right>, Grid(1, 64), want), 0);
  EXPECT_GE(count_wrong(reverse_in_block<Code::faulty>, Grid(1, 64), want), 8);
}

TEST_F(OrderFaults, BufferWrittenWhileOthersRead) {
  const DeviceBuffer<int> in = to_device(counting(5 * 64, 3, 1));
  const std::vector<int> values = counting(5 * 64, 3, 1);
  const std::vector<int> want(64, std::accumulate(values.begin(), values.end(), 0));
  EXPECT_EQ(count_wrong(sum_slices<Code::right>, Grid(1, 64), want, in.data(), 5), 0);
  EXPECT_GE(count_wrong(sum_slices<Code::faulty>, Grid(1, 64), want, in.data(), 5), 8);
}

TEST_F(OrderFaults, CopyUsedBeforeItLands) {
  std::vector<int4> values, want;
  for (int i = 0; i < 32; ++i) {
    values.push_back(make_int4(i, 1, 2, 3));
    want.push_back(make_int4(31 - i, 1, 2, 3));
  }
  const DeviceBuffer<int4> in = to_device(values);
  EXPECT_EQ(count_wrong(copy_through_shared<Copy::right>, Grid(1, 32), want, in.data()), 0);
  EXPECT_EQ(count_wrong(copy_through_shared<Copy::not_waited_for>, Grid(1, 32), want, in.data()), 10);
  EXPECT_EQ(count_wrong(copy_through_shared<Copy::not_committed>, Grid(1, 32), want, in.data()), 10);
}

TEST_F(OrderFaults, SharedMemoryHasNoZeros) {
  const std::vector<unsigned> want = {10, 9, 9, 9, 9, 9, 9};
  EXPECT_EQ(count_wrong(count_remainders<Code::right>, Grid(1, 64), want), 0);
  EXPECT_EQ(count_wrong(count_remainders<Code::faulty>, Grid(1, 64), want), 10);
}

}  // namespace
}  // namespace segue::cuda
