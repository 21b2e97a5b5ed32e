// Kernels that do one thing for each value. What it is, is a function object: kernels stay few, their launches short.
// Bytes: each reads and writes what its object names, once; neighbouring threads neighbouring floats.
#pragma once

#include <algorithm>

#include "cuda/core/context.hpp"
#include "cuda/core/launch.hpp"

namespace segue::cuda {

constexpr int kMapThreads = 256;

/// body(i) for 0 ≤ i < size.
template <class Body>
__global__ void map_values(std::int64_t size, Body body) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step)
    body(i);
}

/// body(plane, i) for 0 ≤ i < size of each plane, which is a column of blocks.
template <class Body>
__global__ void map_planes(std::int64_t size, Body body) {
  const std::int64_t step = std::int64_t{gridDim.y} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.y} * blockDim.x + threadIdx.x; i < size; i += step)
    body(std::int64_t{blockIdx.x}, i);
}

/// body(row) by the block whose row it is.
template <class Body>
__global__ void map_rows(Body body) {
  body(std::int64_t{blockIdx.x});
}

template <class Body>
void launch_values(const CudaContext& context, std::int64_t size, const Body& body) {
  const std::int64_t blocks =
      std::min<std::int64_t>((size + kMapThreads - 1) / kMapThreads, std::int64_t{16} * context.multiprocessors());
  launch(map_values<Body>, Grid(static_cast<unsigned>(blocks), kMapThreads), context.stream(), size, body);
}

template <class Body>
void launch_planes(const CudaContext& context, std::int64_t planes, std::int64_t size, const Body& body) {
  constexpr std::int64_t kValuesOfAThread = 4;
  const std::int64_t pieces = std::clamp<std::int64_t>(size / (kMapThreads * kValuesOfAThread), 1, 65535);
  const unsigned threads = static_cast<unsigned>(std::min<std::int64_t>(kMapThreads, (size + 31) / 32 * 32));
  launch(map_planes<Body>, Grid(dim3(static_cast<unsigned>(planes), static_cast<unsigned>(pieces)), threads),
         context.stream(), size, body);
}

/// @param size  of a row: how many threads are of use
template <class Body>
void launch_rows(const CudaContext& context, std::int64_t rows, std::int64_t size, const Body& body) {
  const unsigned threads = static_cast<unsigned>(std::clamp<std::int64_t>((size / 2 + 31) / 32 * 32, 32, 512));
  launch(map_rows<Body>, Grid(static_cast<unsigned>(rows), threads), context.stream(), body);
}

}  // namespace segue::cuda
