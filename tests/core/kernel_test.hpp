#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"
#include "cuda/core/device_query.hpp"

namespace segue::cuda {

/// A test of kernels: on the interpreter, or on the first GPU; skipped where a build for GPUs finds none.
class KernelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const DeviceQuery query = query_devices(); query.count == 0)
      GTEST_SKIP() << query.problem;
  }

  static const CudaContext& context() {
    static const CudaContext context(0);
    return context;
  }
  static cudaStream_t stream() { return context().stream(); }

  template <class T>
  static DeviceBuffer<T> to_device(const std::vector<T>& host) {
    DeviceBuffer<T> buffer(std::span<const T>(host), stream());
    context().synchronize();
    return buffer;
  }
  template <class T>
  static std::vector<T> to_host(const DeviceBuffer<T>& buffer) {
    std::vector<T> host(static_cast<std::size_t>(buffer.size()));
    buffer.copy_to(host);
    context().synchronize();
    return host;
  }
};

}  // namespace segue::cuda
