#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "segue/audio/layer_ops.hpp"
#include "segue/core/aligned.hpp"

namespace segue::audio {

/// Keeps the memory of tensors that are gone: a training step allocates what the one before it freed, and touches no
/// fresh page. Sizes are rounded up to four steps an octave, so that crops of other lengths find it too.
class BufferPool {
 public:
  AlignedVector<float> take(std::int64_t size);
  void give_back(AlignedVector<float> buffer);

 private:
  std::mutex mutex_;
  std::map<std::size_t, std::vector<AlignedVector<float>>> free_;
};

class CpuStorage final : public TensorStorage {
 public:
  CpuStorage(std::shared_ptr<BufferPool> pool, std::int64_t size);
  ~CpuStorage() override;
  CpuStorage(const CpuStorage&) = delete;
  CpuStorage& operator=(const CpuStorage&) = delete;

  float* data() { return values_.data(); }

 private:
  std::shared_ptr<BufferPool> pool_;
  AlignedVector<float> values_;
};

inline float* data(const Tensor& tensor) {
  return static_cast<CpuStorage&>(*tensor.storage).data();
}

}  // namespace segue::audio
