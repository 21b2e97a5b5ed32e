// What the interpreter promises of CUDA's built-ins; on a GPU, that CUDA keeps it too.
#include "cuda/core/kernel.hpp"
//
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cuda_pipeline.h>
#include <gmock/gmock.h>

#include <numeric>
#include <thread>
#include <vector>

#include "cuda/core/launch.hpp"
#include "tests/core/kernel_test.hpp"

namespace segue::cuda {
namespace {

namespace cg = cooperative_groups;
using testing::Each;
using testing::ElementsAre;

__device__ int lane_id() {
  return static_cast<int>(threadIdx.x) % 32;
}

class Builtins : public KernelTest {
 protected:
  /// What the kernel leaves in an array of `count`, poisoned before.
  template <class T, class... P, class... A>
  static std::vector<T> run(void (*kernel)(T*, P...), const Grid& grid, std::size_t count, A... arguments) {
    DeviceBuffer<T> out(static_cast<std::int64_t>(count), stream());
    out.fill_bytes(0xab);
    launch(kernel, grid, stream(), out.data(), arguments...);
    return to_host(out);
  }
};

__global__ void number_threads(int* out) {
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] = static_cast<int>(thread * 1000 + block);
}

TEST_F(Builtins, IndicesCoverTheGrid) {
  const std::vector<int> out = run(number_threads, Grid(dim3(2, 3, 2), dim3(5, 4, 3)), 12 * 60);
  for (std::size_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], static_cast<int>(i % 60 * 1000 + i / 60)) << i;
}

__global__ void shuffle(int* out) {
  const int lane = lane_id();
  int* const mine = out + 9 * lane;
  mine[0] = __shfl_sync(kFullWarp, lane * 10, 5);
  mine[1] = __shfl_sync(kFullWarp, lane, 3, 8);
  mine[2] = __shfl_up_sync(kFullWarp, lane, 3, 16);
  mine[3] = __shfl_down_sync(kFullWarp, lane, 2, 4);
  mine[4] = __shfl_xor_sync(kFullWarp, lane, 9);
  mine[5] = __shfl_xor_sync(kFullWarp, lane, 8, 8);
  mine[6] = static_cast<int>(2 * __shfl_sync(kFullWarp, lane + 0.5, 31));
  mine[7] = static_cast<int>(__half2float(__shfl_xor_sync(kFullWarp, __float2half(static_cast<float>(lane)), 1)));
  // Two halves of the warp, in different places with their own masks.
  if (lane < 16)
    mine[8] = __shfl_sync(0x0000ffffu, lane, 7);
  else
    mine[8] = __shfl_sync(0xffff0000u, lane, 20) + 100;
}

TEST_F(Builtins, ShufflesMoveValuesBetweenLanes) {
  const std::vector<int> out = run(shuffle, Grid(1, 32), 9 * 32);
  for (int lane = 0; lane < 32; ++lane) {
    const std::vector<int> mine(out.begin() + 9 * lane, out.begin() + 9 * lane + 9);
    EXPECT_THAT(mine,
                ElementsAre(50, lane / 8 * 8 + 3, lane % 16 >= 3 ? lane - 3 : lane, lane % 4 + 2 < 4 ? lane + 2 : lane,
                            lane ^ 9, (lane ^ 8) > (lane | 7) ? lane : lane ^ 8, 63, lane ^ 1, lane < 16 ? 7 : 120))
        << lane;
  }
}

__global__ void vote(unsigned* out) {
  const unsigned lane = threadIdx.x;
  unsigned* const mine = out + 10 * lane;
  mine[0] = __ballot_sync(kFullWarp, lane % 3 == 0);
  mine[1] = static_cast<unsigned>(__any_sync(kFullWarp, lane == 31) + 2 * __all_sync(kFullWarp, lane < 32) +
                                  4 * __all_sync(kFullWarp, lane < 31) + 8 * __any_sync(kFullWarp, lane > 31));
  mine[2] = __match_any_sync(kFullWarp, static_cast<int>(lane % 4));
  int all = -1;
  mine[3] = __match_all_sync(kFullWarp, 7, &all);
  mine[3] += static_cast<unsigned>(all);
  mine[4] = __match_all_sync(kFullWarp, lane, &all);
  mine[4] += static_cast<unsigned>(all);
  mine[5] = __reduce_add_sync(kFullWarp, lane);
  mine[6] = static_cast<unsigned>(__reduce_min_sync(kFullWarp, static_cast<int>(lane) - 16));
  mine[7] = __reduce_max_sync(kFullWarp, lane * 3) + __reduce_or_sync(kFullWarp, 1u << (lane % 5));
  mine[8] = __reduce_and_sync(kFullWarp, lane | 0x60u) + __reduce_xor_sync(kFullWarp, 1u << lane);
  mine[9] = lane % 2 != 0 ? __ballot_sync(0xaaaaaaaau, lane > 15) : 0;
}

TEST_F(Builtins, VotesAndReductionsAgreeInAllLanes) {
  const std::vector<unsigned> out = run(vote, Grid(1, 32), 10 * 32);
  for (unsigned lane = 0; lane < 32; ++lane) {
    const std::vector<unsigned> mine(out.begin() + 10 * lane, out.begin() + 10 * lane + 10);
    EXPECT_THAT(mine, ElementsAre(0x49249249u, 3u, 0x11111111u << (lane % 4), 0u, 0u, 496u, 0xfffffff0u, 93u + 31u,
                                  0x60u + 0xffffffffu, lane % 2 != 0 ? 0xaaaa0000u : 0u))
        << lane;
  }
}

__global__ void vote_in_block(int* out) {
  const int thread = static_cast<int>(threadIdx.x);
  const int count = __syncthreads_count(thread % 3 == 0);
  const int any = __syncthreads_or(thread == 77);
  const int all = __syncthreads_and(thread < 1000);
  out[thread] = count * 100 + (any != 0 ? 10 : 0) + (all != 0 ? 1 : 0);
}

TEST_F(Builtins, BarriersCountAndVote) {
  EXPECT_THAT(run(vote_in_block, Grid(1, 200), 200), Each(67 * 100 + 10 + 1));
}

// Threads from `count` on leave early; the others go on to meet at barriers and in warp operations.
__global__ void leave_early(int* out, int count) {
  SEGUE_SHARED(int, sum);
  if (threadIdx.x == 0)
    sum = 0;
  __syncthreads();
  if (static_cast<int>(threadIdx.x) >= count)
    return;
  atomicAdd(&sum, 1);
  __syncthreads();
  out[threadIdx.x] = sum + static_cast<int>(__reduce_add_sync(__ballot_sync(kFullWarp, 1), 1));
}

TEST_F(Builtins, ThreadsThatLeftAreNotWaitedFor) {
  const std::vector<int> out = run(leave_early, Grid(1, 100), 100, 70);
  for (int i = 0; i < 70; ++i)
    EXPECT_EQ(out[static_cast<std::size_t>(i)], 70 + (i < 64 ? 32 : 6)) << i;
}

struct Totals {
  float half;
  int sum, max, min, countdown, exchanged, chain;
  unsigned wrapped, bits;
  unsigned long long wide;
  __half2 pair;
  double precise;
};

__global__ void add_atomically(Totals* out) {
  const int thread = static_cast<int>(threadIdx.x);
  atomicAdd(&out->half, 0.5f);
  atomicAdd(&out->sum, thread);
  atomicMax(&out->max, thread);
  atomicMin(&out->min, -thread);
  atomicSub(&out->countdown, 1);
  atomicExch(&out->exchanged, 42);
  atomicCAS(&out->chain, thread, thread + 1);
  atomicInc(&out->wrapped, 9u);
  atomicOr(&out->bits, 1u << (thread % 32));
  atomicAdd(&out->wide, 1ull << 33);
  atomicAdd(&out->pair, __floats2half2_rn(1.0f, 2.0f));
  atomicAdd(&out->precise, 0.25);
}

TEST_F(Builtins, AtomicsLoseNothing) {
  DeviceBuffer<Totals> totals(1, stream());
  totals.fill_bytes(0);
  launch(add_atomically, Grid(2, 128), stream(), totals.data());
  const Totals out = to_host(totals)[0];
  EXPECT_EQ(out.half, 128.0f);
  EXPECT_EQ(out.sum, 2 * 127 * 64);
  EXPECT_EQ(out.max, 127);
  EXPECT_EQ(out.min, -127);
  EXPECT_EQ(out.countdown, -256);
  EXPECT_EQ(out.exchanged, 42);
  EXPECT_GE(out.chain, 1);  // in the threads' order it counts up; thread 0 sets it in any
  EXPECT_LE(out.chain, 128);
  EXPECT_EQ(out.wrapped, 256u % 10);
  EXPECT_EQ(out.bits, 0xffffffffu);
  EXPECT_EQ(out.wide, 256ull << 33);
  EXPECT_EQ(__half2float(__low2half(out.pair)), 256.0f);
  EXPECT_EQ(__half2float(__high2half(out.pair)), 512.0f);
  EXPECT_EQ(out.precise, 64.0);
}

// A spin lock held across a plain update.
__global__ void add_under_a_lock(int* lock_and_value) {
  for (bool done = false; !done;) {
    if (atomicCAS(&lock_and_value[0], 0, 1) == 0) {
      __threadfence();
      volatile int* const value = lock_and_value + 1;
      *value = *value + 1;
      __threadfence();
      atomicExch(&lock_and_value[0], 0);
      done = true;
    }
  }
}

TEST_F(Builtins, ASpinLockLetsItsHolderRun) {
  DeviceBuffer<int> lock_and_value(2, stream());
  lock_and_value.fill_bytes(0);
  launch(add_under_a_lock, Grid(3, 100), stream(), lock_and_value.data());
  EXPECT_THAT(to_host(lock_and_value), ElementsAre(0, 300));
}

// The last block to finish adds up what the others left.
__global__ void sum_in_last_block(int* out, const int* in, int count, int* partial, unsigned* finished) {
  SEGUE_SHARED(int, sum);
  SEGUE_SHARED(bool, last);
  if (threadIdx.x == 0)
    sum = 0;
  __syncthreads();
  if (const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); i < count)
    atomicAdd(&sum, in[i]);
  __syncthreads();
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sum;
    __threadfence();
    last = atomicAdd(finished, 1u) == gridDim.x - 1;
    __threadfence();
  }
  __syncthreads();
  if (!last || threadIdx.x != 0)
    return;
  *out = 0;
  for (unsigned block = 0; block < gridDim.x; ++block)
    *out += partial[block];
}

TEST_F(Builtins, TheLastBlockSeesWhatTheOthersLeft) {
  std::vector<int> in(1000);
  for (std::size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<int>(i * 7 % 13);
  const DeviceBuffer<int> device_in = to_device(in);
  DeviceBuffer<int> partial(8, stream());
  DeviceBuffer<unsigned> finished = to_device(std::vector<unsigned>{0});
  const std::vector<int> out =
      run(sum_in_last_block, Grid(8, 128), 1, device_in.data(), 1000, partial.data(), finished.data());
  EXPECT_EQ(out[0], std::accumulate(in.begin(), in.end(), 0));
}

__global__ void tile_sums(int* out) {
  const auto block = cg::this_thread_block();
  const auto warp = cg::tiled_partition<32>(block);
  const auto eight = cg::tiled_partition<8>(warp);
  const int rank = static_cast<int>(block.thread_rank());
  int* const mine = out + 5 * rank;
  mine[0] = cg::reduce(eight, rank, cg::plus<int>());
  mine[1] = static_cast<int>(eight.thread_rank());
  mine[2] = eight.shfl(rank, 2);
  mine[3] = eight.any(rank == 3) != 0 ? 1 : 0;
  mine[4] = static_cast<int>(warp.meta_group_rank());
}

TEST_F(Builtins, CooperativeGroupsTileAWarp) {
  const std::vector<int> out = run(tile_sums, Grid(1, 64), 5 * 64);
  for (int rank = 0; rank < 64; ++rank) {
    const int first = rank / 8 * 8;
    EXPECT_THAT(std::vector<int>(out.begin() + 5 * rank, out.begin() + 5 * rank + 5),
                ElementsAre(8 * first + 28, rank % 8, first + 2, rank < 8 ? 1 : 0, rank / 32))
        << rank;
  }
}

__global__ void reverse_in_grid(int* a, int* b) {
  const auto grid = cg::this_grid();
  const int rank = static_cast<int>(grid.thread_rank()), count = static_cast<int>(grid.size());
  a[rank] = rank;
  grid.sync();
  b[rank] = a[count - 1 - rank];
  grid.sync();
  a[rank] = b[(rank + 1) % count];
}

TEST_F(Builtins, AGridBarrierOrdersBlocks) {
  constexpr int kCount = 5 * 96;
  DeviceBuffer<int> b(kCount, stream());
  Grid grid(5, 96);
  grid.cooperative = true;
  const std::vector<int> out = run(reverse_in_grid, grid, kCount, b.data());
  for (int i = 0; i < kCount; ++i)
    EXPECT_EQ(out[static_cast<std::size_t>(i)], kCount - 1 - (i + 1) % kCount) << i;
}

__global__ void pipeline_slices(float4* out, const float4* in, int slices) {
  SEGUE_SHARED(float4, buffer, [2][32]);
  const int lane = lane_id();
  const auto fetch = [&](int slice) {
    __pipeline_memcpy_async(&buffer[slice % 2][lane], &in[slice * 32 + lane], sizeof(float4));
    __pipeline_commit();
  };
  fetch(0);
  for (int slice = 0; slice < slices; ++slice) {
    if (slice + 1 < slices) {
      fetch(slice + 1);
      __pipeline_wait_prior(1);
    } else {
      __pipeline_wait_prior(0);
    }
    __syncwarp();
    float4 value = buffer[slice % 2][31 - lane];
    value.x *= 2;
    out[slice * 32 + lane] = value;
    __syncwarp();
  }
}

TEST_F(Builtins, AsynchronousCopiesLandAtTheWait) {
  constexpr int kSlices = 5;
  std::vector<float4> in;
  for (int i = 0; i < kSlices * 32; ++i)
    in.push_back(make_float4(static_cast<float>(i), 1, 2, 3));
  const DeviceBuffer<float4> device_in = to_device(in);
  const std::vector<float4> out = run(pipeline_slices, Grid(1, 32), in.size(), device_in.data(), kSlices);
  for (int i = 0; i < kSlices * 32; ++i) {
    EXPECT_EQ(out[static_cast<std::size_t>(i)].x, 2 * static_cast<float>(i / 32 * 32 + 31 - i % 32)) << i;
    EXPECT_EQ(out[static_cast<std::size_t>(i)].w, 3) << i;
  }
}

template <class T>
__global__ void fill_shared(int* out) {
  SEGUE_SHARED(T, three, [3]);
  SEGUE_SHARED(T, table, [5][2]);
  SEGUE_SHARED(int, count);
  SEGUE_DYNAMIC_SHARED(unsigned char, dynamic);
  SharedCarver carver(dynamic);
  T* const first = carver.take<T>(7);
  T* const second = carver.take<T>(4);
  if (threadIdx.x == 0) {
    count = static_cast<int>(sizeof(three) / sizeof(T));
    for (int i = 0; i < 10; ++i)
      table[i / 2][i % 2] = static_cast<T>(i);
  }
  if (threadIdx.x < 3)
    three[threadIdx.x] = static_cast<T>(threadIdx.x);
  if (threadIdx.x < 7)
    first[threadIdx.x] = static_cast<T>(10);
  if (threadIdx.x < 4)
    second[threadIdx.x] = static_cast<T>(20);
  __syncthreads();
  if (threadIdx.x == 0)
    out[blockIdx.x] = count + static_cast<int>(three[2] + table[4][1] + first[6] + second[0]);
}

TEST_F(Builtins, SharedVariablesDoNotOverlap) {
  SharedCarver carver(nullptr);
  carver.take<double>(7);
  carver.take<double>(4);
  EXPECT_THAT(run(fill_shared<double>, Grid(4, 64, carver.bytes()), 4), Each(3 + 2 + 9 + 10 + 20));
  EXPECT_THAT(run(fill_shared<short>, Grid(4, 64, carver.bytes()), 4), Each(3 + 2 + 9 + 10 + 20));
}

__device__ int device_counter;
__constant__ int constant_five = 5;

__global__ void count_in_a_variable(int* out) {
  out[threadIdx.x] = atomicAdd(&device_counter, constant_five);
}

TEST_F(Builtins, DeviceVariablesKeepTheirValueBetweenLaunches) {
  const std::vector<int> before = run(count_in_a_variable, Grid(1, 1), 1),
                         after = run(count_in_a_variable, Grid(1, 1), 1);
  EXPECT_EQ(after[0], before[0] + 5);
}

__global__ void compute(float* out) {
  const __half2 half =
      __hfma2(__floats2half2_rn(1.5f, 2.0f), __floats2half2_rn(2.0f, 3.0f), __floats2half2_rn(0.25f, 0.5f));
  out[0] = __half2float(__low2half(half)) + __half2float(__high2half(half));
  out[1] = __bfloat162float(__hfma(__float2bfloat16(1.5f), __float2bfloat16(2.0f), __float2bfloat16(1.0f)));
  out[2] = __half2float(hexp(__float2half(0.0f))) + __half2float(hsqrt(__float2half(4.0f)));
  out[3] =
      static_cast<float>(__float2int_rn(2.5f) + __float2int_rz(-2.7f) + __float2int_rd(-2.2f) + __float2int_ru(2.1f));
  out[4] = __int_as_float(__float_as_int(1.25f)) + __saturatef(1.5f) + rsqrtf(4.0f);
  out[5] = static_cast<float>(__dp4a(0x01020304, 0x01010101, 5) + max(3, 5)) + static_cast<float>(min(2u, 7u));
  out[6] = static_cast<float>(__popc(0xf0f0u) + __clz(1) + __ffs(8));
  out[7] = __brev(1u) == 0x80000000u && __byte_perm(0x33221100u, 0x77665544u, 0x7531u) == 0x77553311u ? 1.0f : 0.0f;
  out[8] = static_cast<float>(__funnelshift_l(0x80000000u, 1u, 1u) + __umulhi(0x80000000u, 6u));
  out[9] = __expf(1.0f) + __logf(2.0f) + __fdividef(1.0f, 4.0f);
}

TEST_F(Builtins, ArithmeticIsCudas) {
  const std::vector<float> out = run(compute, Grid(1, 1), 10);
  const std::vector<float> exact(out.begin(), out.begin() + 9);
  EXPECT_THAT(exact,
              ElementsAre(3.25f + 6.5f, 4, 1 + 2, 2 - 2 - 3 + 3, 1.25f + 1 + 0.5f, 15 + 5 + 2, 8 + 31 + 4, 1, 3 + 3));
  EXPECT_NEAR(out[9], 2.7182818f + 0.6931472f + 0.25f, 1e-5f);
}

TEST_F(Builtins, TwoThreadsOfTheHostLaunchAtOnce) {
  const auto count = [](int* out) {
    for (int i = 0; i < 20; ++i)
      *out += run(leave_early, Grid(1, 100), 100, 70)[0];
  };
  int there = 0, here = 0;
  context().synchronize();
  std::thread other(count, &there);
  count(&here);
  other.join();
  EXPECT_EQ(there, 20 * 102);
  EXPECT_EQ(here, 20 * 102);
}

}  // namespace
}  // namespace segue::cuda
