// launch(kernel, Grid, stream, args…): the only way to start a kernel. cudaLaunchKernelExC under nvcc, the interpreter
// of tests/simt under a host compiler.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "cuda/core/check.hpp"
#include "cuda/core/kernel.hpp"

namespace segue::cuda {

/// Blocks, threads of each, bytes of dynamic shared memory, and where the launch stands in the source.
struct Grid {
  Grid(dim3 blocks_in, dim3 threads_in, std::size_t shared_bytes_in = 0, const char* file_in = __builtin_FILE(),
       int line_in = __builtin_LINE())
      : blocks(blocks_in), threads(threads_in), shared_bytes(shared_bytes_in), file(file_in), line(line_in) {}

  dim3 blocks;
  dim3 threads;
  std::size_t shared_bytes;
  const char* file;
  int line;
  bool cooperative = false;  ///< all blocks resident at once, so that they can wait for each other
};

namespace detail {

template <class... P, std::size_t... I, class... A>
void launch(void (*kernel)(P...), std::index_sequence<I...>, const Grid& grid, cudaStream_t stream, A&&... args) {
  static_assert(sizeof...(P) == sizeof...(A), "wrong number of kernel arguments");
  std::tuple<std::remove_cv_t<P>...> parameters{static_cast<P>(std::forward<A>(args))...};
#if defined(__CUDACC__)
  const void* const entry = reinterpret_cast<const void*>(kernel);
  constexpr std::size_t kSharedWithoutOptIn = 48 << 10;
  if (grid.shared_bytes > kSharedWithoutOptIn)
    check_cuda(
        cudaFuncSetAttribute(entry, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(grid.shared_bytes)),
        "cudaFuncSetAttribute", grid.file, grid.line);
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeCooperative;
  attribute.val.cooperative = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = grid.blocks;
  config.blockDim = grid.threads;
  config.dynamicSmemBytes = grid.shared_bytes;
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = grid.cooperative ? 1 : 0;
  void* pointers[sizeof...(P) + 1] = {const_cast<void*>(static_cast<const void*>(&std::get<I>(parameters)))...,
                                      nullptr};
  check_cuda(cudaLaunchKernelExC(&config, entry, pointers), "kernel launch", grid.file, grid.line);
#else
  (void)stream;  // launches are synchronous here
  struct Call {
    void (*kernel)(P...);
    std::tuple<std::remove_cv_t<P>...>* parameters;
  } call{kernel, &parameters};
  simt::LaunchInfo info;
  info.kernel = reinterpret_cast<const void*>(kernel);
  info.grid = {grid.blocks.x, grid.blocks.y, grid.blocks.z};
  info.block = {grid.threads.x, grid.threads.y, grid.threads.z};
  info.shared_bytes = grid.shared_bytes;
  info.cooperative = grid.cooperative;
  info.where = {grid.file, grid.line};
  simt::run(
      info,
      [](void* context) __attribute__((no_sanitize("thread"))) {  // the parameters are not the kernel's memory
        const Call& made = *static_cast<const Call*>(context);
        made.kernel(std::get<I>(*made.parameters)...);
      },
      &call);
#endif
}

}  // namespace detail

template <class... P, class... A>
void launch(void (*kernel)(P...), const Grid& grid, cudaStream_t stream, A&&... args) {
  detail::launch(kernel, std::index_sequence_for<P...>{}, grid, stream, std::forward<A>(args)...);
}

}  // namespace segue::cuda
