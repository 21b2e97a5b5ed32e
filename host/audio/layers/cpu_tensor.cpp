#include "host/audio/layers/cpu_tensor.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace segue::audio {
namespace {

std::size_t rounded_up(std::size_t size) {
  const std::size_t step = std::max<std::size_t>(16, std::bit_floor(size) / 4);
  return (size + step - 1) / step * step;
}

}  // namespace

AlignedVector<float> BufferPool::take(std::int64_t size) {
  const std::size_t capacity = rounded_up(static_cast<std::size_t>(size));
  const std::lock_guard lock(mutex_);
  std::vector<AlignedVector<float>>& same_size = free_[capacity];
  if (same_size.empty())
    return AlignedVector<float>(capacity);
  AlignedVector<float> buffer = std::move(same_size.back());
  same_size.pop_back();
  return buffer;
}

void BufferPool::give_back(AlignedVector<float> buffer) {
  const std::lock_guard lock(mutex_);
  free_[buffer.size()].push_back(std::move(buffer));
}

CpuStorage::CpuStorage(std::shared_ptr<BufferPool> pool, std::int64_t size)
    : pool_(std::move(pool)), values_(pool_->take(size)) {}

CpuStorage::~CpuStorage() {
  pool_->give_back(std::move(values_));
}

}  // namespace segue::audio
