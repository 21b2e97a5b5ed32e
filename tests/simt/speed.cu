// Speed of the interpreter: thread-steps (a thread that runs from one rendezvous to the next) and accesses per second.
#include <fmt/format.h>

#include <cstdio>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"
#include "cuda/core/launch.hpp"
#include "simt/engine.hpp"

namespace segue::cuda {
namespace {

__global__ void start_and_end(int* out) {
  if (out == nullptr)
    __trap();
}

__global__ void meet_at_barriers(int* out, int count) {
  for (int i = 0; i < count; ++i)
    __syncthreads();
  out[threadIdx.x] = count;
}

__global__ void sum_by_shuffles(int* out, int count) {
  unsigned sum = threadIdx.x;
  for (int i = 0; i < count; ++i)
    sum += __shfl_xor_sync(kFullWarp, sum, 1 << i % 5);
  out[threadIdx.x] = static_cast<int>(sum & 0xffff);
}

/// 32 × 32 products of tiles in shared memory: 64 reads of it between two barriers.
__global__ void multiply_tiles(float* out, const float* in, int tiles) {
  SEGUE_SHARED(float, a, [32][33]);
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  float sum = 0;
  for (int tile = 0; tile < tiles; ++tile) {
    a[y][x] = in[(tile * 32 + y) * 32 + x];
    __syncthreads();
    for (int i = 0; i < 32; ++i)
      sum += a[y][i] * a[i][x];
    __syncthreads();
  }
  out[y * 32 + x] = sum;
}

void show(const char* what, double accesses) {
  const simt::Stats& stats = simt::last_launch();
  fmt::print("{:24} {:6.3f} s  {:7.1f} M steps/s", what, stats.seconds,
             static_cast<double>(stats.switches) / stats.seconds / 1e6);
  if (accesses > 0)
    fmt::print("  {:7.1f} M accesses/s", accesses / stats.seconds / 1e6);
  fmt::print("\n");
}

void run() {
  const CudaContext context(0);
  DeviceBuffer<int> out(1024, context.stream());
  launch(start_and_end, Grid(2000, 256), context.stream(), out.data());
  show("threads", 0);
  launch(meet_at_barriers, Grid(1, 256), context.stream(), out.data(), 4000);
  show("barriers", 0);
  launch(sum_by_shuffles, Grid(1, 256), context.stream(), out.data(), 4000);
  show("shuffles", 0);
  constexpr int kTiles = 100;
  DeviceBuffer<float> in(kTiles * 1024, context.stream()), products(1024, context.stream());
  in.fill_bytes(0);
  launch(multiply_tiles, Grid(1, dim3(32, 32)), context.stream(), products.data(), in.data(), kTiles);
  show("products of tiles", 1024.0 * kTiles * (2 + 64));
}

}  // namespace
}  // namespace segue::cuda

int main() {
  segue::cuda::run();
}
