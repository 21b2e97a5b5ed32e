// Planted faults that every variant of the interpreter finds: at barriers, in warp collectives, and in launches.
#include <cooperative_groups.h>
#include <gmock/gmock.h>

#include <stdexcept>

#include "cuda/core/cp_async.hpp"
#include "faults.hpp"

namespace segue::cuda {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

class RendezvousFaults : public Faults {
 protected:
  int* out() { return memory_.data(); }

 private:
  DeviceBuffer<int> memory_{256, stream()};
};

__global__ void diverge(int* out) {
  if (threadIdx.x < 64)
    __syncthreads();  // fault: half of the block waits here
  else
    __syncthreads();  // fault: the other half waits here
  out[threadIdx.x] = 1;
}

TEST_F(RendezvousFaults, DivergentBarrier) {
  EXPECT_THAT(
      launch_fault(diverge, Grid(2, 128), out()),
      AllOf(HasSubstr("divergent barrier"),
            HasSubstr("64 threads (0,0,0)..(63,0,0) wait at __syncthreads, " + fault("half of the block waits here")),
            HasSubstr("64 threads (64,0,0)..(127,0,0) wait at __syncthreads, " + fault("the other half waits here")),
            HasSubstr("kernel 'segue::cuda::diverge' launched at rendezvous_faults_test.cu:")));
}

__global__ void skip_barrier(int* out) {
  if (threadIdx.x % 32 < 16)
    __syncthreads();                                           // fault: only half of each warp comes here
  out[threadIdx.x] = __any_sync(kFullWarp, threadIdx.x == 5);  // fault: the other half comes here
}

TEST_F(RendezvousFaults, MissingBarrier) {
  EXPECT_THAT(launch_fault(skip_barrier, Grid(1, 64), out()),
              AllOf(HasSubstr("deadlock"),
                    HasSubstr("32 threads (0,0,0)..(15,0,0), (32,0,0)..(47,0,0) wait at __syncthreads, " +
                              fault("only half of each warp comes here")),
                    HasSubstr("32 threads (16,0,0)..(31,0,0), (48,0,0)..(63,0,0) wait in __any_sync with mask "
                              "0xffffffff, " +
                              fault("the other half comes here"))));
}

__global__ void return_before_barrier(int* out) {
  if (threadIdx.x >= 50)
    return;
  __syncthreads();  // fault: 14 threads have returned
  out[threadIdx.x] = 1;
}

TEST_F(RendezvousFaults, ReturnBeforeABarrierIsAFaultWhereAskedFor) {
  EXPECT_EQ(launch_fault(return_before_barrier, Grid(1, 64), out()), "");
  simt::options().strict_exit = true;
  EXPECT_THAT(
      launch_fault(return_before_barrier, Grid(1, 64), out()),
      AllOf(HasSubstr("threads returned before a __syncthreads() that the others reached"),
            HasSubstr("50 threads (0,0,0)..(49,0,0) wait at __syncthreads, " + fault("14 threads have returned")),
            HasSubstr("14 threads (50,0,0)..(63,0,0) returned")));
}

__global__ void shuffle_without_caller(int* out) {
  if (threadIdx.x < 16)
    out[threadIdx.x] = __shfl_down_sync(0xffff0000u, 1, 1);  // fault: lanes 0–15 name 16–31
}

TEST_F(RendezvousFaults, CallerOutsideOfItsOwnMask) {
  EXPECT_THAT(launch_fault(shuffle_without_caller, Grid(1, 32), out()),
              MatchesRegex("simt: __shfl_down_sync at " + fault("lanes 0–15 name 16–31") +
                           ": the calling lane [0-9]+ is not in its own mask 0xffff0000\n"
                           "  in kernel 'segue::cuda::shuffle_without_caller' launched at .*, thread .* of block .*"));
}

__global__ void shuffle_in_half_a_warp(int* out) {
  if (threadIdx.x < 16)
    out[threadIdx.x] = __shfl_xor_sync(kFullWarp, 7, 1);  // fault: the mask names lanes that wait elsewhere
  __syncthreads();
}

TEST_F(RendezvousFaults, MaskNamesLanesThatDoNotCall) {
  EXPECT_THAT(launch_fault(shuffle_in_half_a_warp, Grid(1, 64), out()),
              AllOf(HasSubstr("deadlock"), HasSubstr("16 threads (0,0,0)..(15,0,0) wait in __shfl_xor_sync with mask "
                                                     "0xffffffff, " +
                                                     fault("the mask names lanes that wait elsewhere"))));
}

__global__ void sync_with_two_masks(int* out) {
  __syncwarp(threadIdx.x < 16 ? kFullWarp : 0xffff0001u);  // fault: the masks of the lanes differ
  out[threadIdx.x] = 1;
}

TEST_F(RendezvousFaults, MasksThatDiffer) {
  EXPECT_THAT(launch_fault(sync_with_two_masks, Grid(1, 32), out()),
              AllOf(HasSubstr("deadlock"),
                    HasSubstr("__syncwarp with mask 0xffffffff, " + fault("the masks of the lanes differ")),
                    HasSubstr("__syncwarp with mask 0xffff0001, " + fault("the masks of the lanes differ"))));
}

__global__ void two_collectives(int* out) {
  if (threadIdx.x < 16)
    out[threadIdx.x] = __shfl_sync(kFullWarp, 7, 1);  // fault: half of the warp shuffles
  else
    out[threadIdx.x] = __all_sync(kFullWarp, 1);  // fault: half of the warp votes
}

TEST_F(RendezvousFaults, OneMaskTwoCollectives) {
  EXPECT_THAT(
      launch_fault(two_collectives, Grid(1, 32), out()),
      AllOf(HasSubstr("deadlock"), HasSubstr("__shfl_sync with mask 0xffffffff, " + fault("half of the warp shuffles")),
            HasSubstr("__all_sync with mask 0xffffffff, " + fault("half of the warp votes"))));
}

__global__ void shuffle_of_width(int* out, int width) {
  out[threadIdx.x] = __shfl_sync(kFullWarp, 7, 1, width);  // fault: the width may be wrong
}

TEST_F(RendezvousFaults, WidthOfAShuffle) {
  EXPECT_EQ(launch_fault(shuffle_of_width, Grid(1, 32), out(), 16), "");
  for (const int width : {0, 12, 33, 64, -8})
    EXPECT_THAT(launch_fault(shuffle_of_width, Grid(1, 32), out(), width),
                HasSubstr(fault("the width may be wrong") + ": the width " + std::to_string(width) +
                          " is not a power of two up to 32"));
}

__global__ void wait_for_nobody(const volatile int* flag) {
  while (*flag == 0)
    __nanosleep(10);
}

TEST_F(RendezvousFaults, Livelock) {
  const DeviceBuffer<int> flag = to_device(std::vector<int>{0});
  simt::options().max_switches = 10'000;
  EXPECT_THAT(launch_fault(wait_for_nobody, Grid(1, 64), flag.data()), HasSubstr("livelock? More than 10000 switches"));
}

__global__ void wait_for_the_grid(int* out) {
  if (blockIdx.x == 1)
    return;
  cooperative_groups::this_grid().sync();  // fault: a block never comes
  out[32 * blockIdx.x + threadIdx.x] = 1;
}

TEST_F(RendezvousFaults, GridBarrierThatABlockDoesNotReach) {
  EXPECT_THAT(launch_fault(wait_for_the_grid, Grid(1, 32), out()), HasSubstr("not launched cooperatively"));
  Grid grid(3, 32);
  grid.cooperative = true;
  EXPECT_THAT(launch_fault(wait_for_the_grid, grid, out()),
              AllOf(HasSubstr("deadlock"), HasSubstr("32 threads (0,0,0)..(31,0,0) wait at the grid barrier, " +
                                                     fault("a block never comes"))));
}

__global__ void throw_an_exception(int* out) {
  out[0] = 1;
  throw std::runtime_error("no such thing on a GPU");
}

__global__ void trap(int* out) {
  if (out != nullptr)
    __trap();  // fault: the kernel gives up
}

TEST_F(RendezvousFaults, KernelsThatGiveUp) {
  EXPECT_THAT(
      launch_fault(throw_an_exception, Grid(1, 1), out()),
      AllOf(HasSubstr("the kernel throws: no such thing on a GPU"), HasSubstr("thread (0,0,0) of block (0,0,0)")));
  EXPECT_THAT(launch_fault(trap, Grid(1, 1), out()), HasSubstr("__trap() at " + fault("the kernel gives up")));
}

__global__ void copy_from_odd_address(const char* in) {
  SEGUE_SHARED(uint4, target);
  cp_async<16>(&target, in + 4);
}

TEST_F(RendezvousFaults, MisalignedAsynchronousCopy) {
  EXPECT_THAT(launch_fault(copy_from_odd_address, Grid(1, 1), reinterpret_cast<const char*>(out())),
              HasSubstr("cp_async: misaligned address"));
}

template <int kKib>
__global__ void use_shared(int* out) {
  SEGUE_SHARED(char, many, [kKib << 10]);
  many[threadIdx.x] = 1;
  out[threadIdx.x] = many[threadIdx.x];
}

TEST_F(RendezvousFaults, LaunchesThatNoGpuTakes) {
  EXPECT_THAT(launch_fault(use_shared<1>, Grid(1, 1025), out()),
              AllOf(HasSubstr("invalid launch of kernel 'segue::cuda::use_shared<1>' at rendezvous_faults_test.cu:"),
                    HasSubstr("a block of 1025 × 1 × 1 threads")));
  EXPECT_THAT(launch_fault(use_shared<1>, Grid(0, 32), out()), HasSubstr("a grid of 0 × 1 × 1 blocks"));
  EXPECT_THAT(launch_fault(use_shared<1>, Grid(dim3(1, 65536), 32), out()),
              HasSubstr("a grid of 1 × 65536 × 1 blocks"));
  Grid cooperative(65, 1024);
  cooperative.cooperative = true;
  EXPECT_THAT(launch_fault(use_shared<1>, cooperative, out()), HasSubstr("a cooperative grid of 66560 threads"));
}

TEST_F(RendezvousFaults, MoreSharedMemoryThanABlockHas) {
  simt::options().shared_bytes = 64 << 10;
  EXPECT_EQ(launch_fault(use_shared<1>, Grid(1, 32, 63 << 10), out()), "");
  EXPECT_THAT(launch_fault(use_shared<1>, Grid(1, 32, 65 << 10), out()),
              HasSubstr("dynamic shared memory of 66560 bytes: a block has at most 65536"));
  EXPECT_THAT(
      launch_fault(use_shared<1>, Grid(1, 32, 64 << 10), out()),
      HasSubstr("static shared memory of 1024 bytes with 'many' and dynamic of 65536: a block has at most 65536"));
  EXPECT_THAT(launch_fault(use_shared<49>, Grid(1, 32), out()),
              HasSubstr("static shared memory of 50176 bytes with 'many': a block has at most 49152"));
}

}  // namespace
}  // namespace segue::cuda
