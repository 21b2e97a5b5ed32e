#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "cuda/core/check.hpp"

namespace segue::cuda {

/// Owned device memory, allocated and freed in a stream's order; uninitialised. Borrow it as a span, which only kernels
/// and copies may look into.
template <class T>
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  /// @throws OutOfMemory  the device has not that much left
  DeviceBuffer(std::int64_t size, cudaStream_t stream) : size_(static_cast<std::size_t>(size)), stream_(stream) {
    assert(size >= 0);
    if (size_ > 0)
      SEGUE_CUDA_CHECK(cudaMallocAsync(reinterpret_cast<void**>(&data_), size_ * sizeof(T), stream_));
  }
  DeviceBuffer(std::span<const T> host, cudaStream_t stream)
      : DeviceBuffer(static_cast<std::int64_t>(host.size()), stream) {
    copy_from(host);
  }
  ~DeviceBuffer() {
    if (data_ != nullptr)
      cudaFreeAsync(data_, stream_);
  }
  DeviceBuffer(DeviceBuffer&& other) noexcept { swap(other); }
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    DeviceBuffer(std::move(other)).swap(*this);
    return *this;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::int64_t size() const { return static_cast<std::int64_t>(size_); }
  std::span<T> span() { return {data_, size_}; }
  std::span<const T> span() const { return {data_, size_}; }

  /// Queued on the buffer's stream; the host memory must stay until the stream gets there.
  void copy_from(std::span<const T> host) {
    assert(host.size() <= size_);
    if (!host.empty())
      SEGUE_CUDA_CHECK(cudaMemcpyAsync(data_, host.data(), host.size_bytes(), cudaMemcpyHostToDevice, stream_));
  }
  void copy_to(std::span<T> host) const {
    assert(host.size() <= size_);
    if (!host.empty())
      SEGUE_CUDA_CHECK(cudaMemcpyAsync(host.data(), data_, host.size_bytes(), cudaMemcpyDeviceToHost, stream_));
  }
  /// Sets every byte.
  void fill_bytes(int value) {
    if (size_ > 0)
      SEGUE_CUDA_CHECK(cudaMemsetAsync(data_, value, size_ * sizeof(T), stream_));
  }

 private:
  void swap(DeviceBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(stream_, other.stream_);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  cudaStream_t stream_ = nullptr;
};

/// Owned host memory that the copy engines reach directly, so that copies run beside kernels.
template <class T>
class PinnedBuffer {
 public:
  PinnedBuffer() = default;
  explicit PinnedBuffer(std::int64_t size) : size_(static_cast<std::size_t>(size)) {
    if (size_ > 0)
      SEGUE_CUDA_CHECK(cudaMallocHost(reinterpret_cast<void**>(&data_), size_ * sizeof(T)));
  }
  ~PinnedBuffer() {
    if (data_ != nullptr)
      cudaFreeHost(data_);
  }
  PinnedBuffer(PinnedBuffer&& other) noexcept { swap(other); }
  PinnedBuffer& operator=(PinnedBuffer&& other) noexcept {
    PinnedBuffer(std::move(other)).swap(*this);
    return *this;
  }

  std::span<T> span() { return {data_, size_}; }
  std::span<const T> span() const { return {data_, size_}; }

 private:
  void swap(PinnedBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace segue::cuda
