// The race variant finds faults of order in any schedule, whatever the results.
#include <gmock/gmock.h>

#include "order_faults.cuh"

namespace segue::cuda {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

class RaceFaults : public Faults {
 protected:
  int* out() { return memory_.data(); }

  /// What is found under each of ten schedules.
  template <class... P, class... A>
  static std::vector<std::string> launch_faults(void (*kernel)(P...), const Grid& grid, A... arguments) {
    std::vector<std::string> found;
    for_each_schedule([&] { found.push_back(launch_fault(kernel, grid, arguments...)); });
    return found;
  }

 private:
  DeviceBuffer<int> memory_ = to_device(std::vector<int>(5 * 64));
};

TEST_F(RaceFaults, MissingSyncwarp) {
  EXPECT_THAT(launch_faults(reverse_in_warp<Code::right>, Grid(1, 32), out()), Each(""));
  EXPECT_THAT(launch_faults(reverse_in_warp<Code::faulty>, Grid(1, 32), out()),
              Each(AllOf(HasSubstr("bad accesses in kernel 'segue::cuda::reverse_in_warp<(segue::cuda::Code)1>'"),
                         HasSubstr(order_fault("no __syncwarp after the writes")), HasSubstr("of shared 'tile' + "),
                         HasSubstr("no __syncwarp or __syncthreads between them"))));
}

TEST_F(RaceFaults, MissingSyncthreads) {
  EXPECT_THAT(launch_faults(reverse_in_block<Code::right>, Grid(2, 64), out()), Each(HasSubstr("different blocks")));
  EXPECT_THAT(launch_faults(reverse_in_block<Code::right>, Grid(1, 64), out()), Each(""));
  EXPECT_THAT(launch_faults(reverse_in_block<Code::faulty>, Grid(1, 64), out()),
              Each(AllOf(HasSubstr(order_fault("no __syncthreads after the writes")), HasSubstr("of shared 'tile' + "),
                         HasSubstr("no __syncthreads between them"))));
}

TEST_F(RaceFaults, BufferWrittenWhileOthersRead) {
  const DeviceBuffer<int> in = to_device(std::vector<int>(5 * 64, 1));
  EXPECT_THAT(launch_faults(sum_slices<Code::right>, Grid(1, 64), out(), in.data(), 5), Each(""));
  EXPECT_THAT(launch_faults(sum_slices<Code::faulty>, Grid(1, 64), out(), in.data(), 5),
              Each(AllOf(HasSubstr(order_fault("others still read the slice before")),
                         HasSubstr("of shared 'slice' + "), HasSubstr("between them"))));
}

TEST_F(RaceFaults, CopyUsedBeforeItLands) {
  int4* const to = reinterpret_cast<int4*>(out());
  const DeviceBuffer<int4> in = to_device(std::vector<int4>(32));
  EXPECT_THAT(launch_faults(copy_through_shared<Copy::right>, Grid(1, 32), to, in.data()), Each(""));
  const auto found = Each(AllOf(HasSubstr("read of 16 bytes at " + order_fault("the copy is still under way")),
                                HasSubstr("of shared 'tile' + "), HasSubstr("which nobody has written")));
  EXPECT_THAT(launch_faults(copy_through_shared<Copy::not_waited_for>, Grid(1, 32), to, in.data()), found);
  EXPECT_THAT(launch_faults(copy_through_shared<Copy::not_committed>, Grid(1, 32), to, in.data()), found);
}

TEST_F(RaceFaults, SharedMemoryThatNobodyWrote) {
  unsigned* const to = reinterpret_cast<unsigned*>(out());
  EXPECT_THAT(launch_faults(count_remainders<Code::right>, Grid(1, 64), to), Each(""));
  EXPECT_THAT(launch_faults(count_remainders<Code::faulty>, Grid(1, 64), to),
              Each(AllOf(HasSubstr("atomic access of 4 bytes at " + order_fault("nobody has set the bins to zero")),
                         HasSubstr("of shared 'bins' + "), HasSubstr("which nobody has written"))));
}

__global__ void read_what_the_last_block_wrote(int* out) {
  SEGUE_SHARED(int, mine);
  if (blockIdx.x == 0)
    mine = 1;
  out[blockIdx.x] = mine;  // fault: only block 0 has written it
}

TEST_F(RaceFaults, SharedMemoryOfAnotherBlock) {
  EXPECT_THAT(launch_faults(read_what_the_last_block_wrote, Grid(2, 1), out()),
              Each(AllOf(HasSubstr(fault("only block 0 has written it") + " by thread (0,0,0) of block (1,0,0)"),
                         HasSubstr("of shared 'mine' + 0, which nobody has written"))));
}

template <Code kCode>
__global__ void count_in_shared(int* out) {
  SEGUE_SHARED(int, count);
  if (threadIdx.x == 0)
    count = 0;
  __syncthreads();
  if (kCode == Code::right)
    atomicAdd(&count, 1);
  else
    ++count;  // fault: not atomic
  __syncthreads();
  if (threadIdx.x == 0)
    out[blockIdx.x] = count;
}

TEST_F(RaceFaults, UpdateThatIsNotAtomic) {
  EXPECT_THAT(launch_faults(count_in_shared<Code::right>, Grid(3, 64), out()), Each(""));
  EXPECT_THAT(
      launch_faults(count_in_shared<Code::faulty>, Grid(3, 64), out()),
      Each(AllOf(HasSubstr(fault("not atomic")), HasSubstr("of shared 'count' + 0"), HasSubstr("between them"))));
}

__global__ void write_from_all_blocks(int* out) {
  if (threadIdx.x == 0)
    out[0] = static_cast<int>(blockIdx.x);  // fault: all blocks write here
}

TEST_F(RaceFaults, RaceBetweenBlocks) {
  EXPECT_THAT(launch_faults(write_from_all_blocks, Grid(1, 32), out()), Each(""));
  EXPECT_THAT(launch_faults(write_from_all_blocks, Grid(3, 32), out()),
              Each(AllOf(HasSubstr("write of 4 bytes at " + fault("all blocks write here")),
                         HasSubstr("of global memory 0x"), HasSubstr("different blocks"))));
}

template <Code kCode>
__global__ void sum_in_last_block(int* partial, unsigned* finished) {
  partial[1 + blockIdx.x] = static_cast<int>(blockIdx.x);
  if (kCode == Code::right)
    __threadfence();
  if (atomicAdd(finished, 1u) != gridDim.x - 1)
    return;
  for (unsigned block = 0; block < gridDim.x; ++block)
    partial[0] += partial[1 + block];  // fault: no __threadfence before the atomic
}

TEST_F(RaceFaults, MissingFence) {
  std::vector<std::string> found_right, found_faulty;
  for_each_schedule([&] {
    DeviceBuffer<unsigned> finished = to_device(std::vector<unsigned>{0});
    found_right.push_back(launch_fault(sum_in_last_block<Code::right>, Grid(4, 1), out(), finished.data()));
    finished = to_device(std::vector<unsigned>{0});
    found_faulty.push_back(launch_fault(sum_in_last_block<Code::faulty>, Grid(4, 1), out(), finished.data()));
  });
  EXPECT_THAT(found_right, Each(""));
  EXPECT_THAT(found_faulty, Each(AllOf(HasSubstr("read of 4 bytes at " + fault("no __threadfence before the atomic")),
                                       HasSubstr("different blocks"))));
}

__global__ void write_through(int* pointer) {
  pointer[threadIdx.x] = 1;  // fault: a pointer to the host's memory
}

TEST_F(RaceFaults, HostPointer) {
  std::vector<int> heap(32);
  int stack[32];
  EXPECT_THAT(launch_faults(write_through, Grid(1, 32), out()), Each(""));
  for (int* const pointer : {heap.data(), stack})
    EXPECT_THAT(launch_faults(write_through, Grid(1, 32), pointer),
                Each(AllOf(HasSubstr("write of 4 bytes at " + fault("a pointer to the host's memory")),
                           HasSubstr("of host memory, or of nothing that the device has"))));
}

}  // namespace
}  // namespace segue::cuda
