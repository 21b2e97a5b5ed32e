#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"

namespace segue::cuda {

/// Passes blocks of host memory through the device: while one is worked on, the next is copied there and the last one
/// back. Two slots of device memory, each with pinned staging and a stream for its copies; the host waits only for a
/// slot that it wants to use again.
class BlockStream {
 public:
  BlockStream(const CudaContext& context, std::int64_t slot_bytes);
  ~BlockStream();
  BlockStream(const BlockStream&) = delete;
  BlockStream& operator=(const BlockStream&) = delete;

  std::int64_t slot_bytes() const { return slots_[0].device.size(); }

  struct Bytes {
    std::int64_t begin = 0;
    std::int64_t size = 0;
  };
  struct Work {
    /// Writes block b into the staging; how many bytes.
    std::function<std::int64_t(std::int64_t b, std::byte* staging)> fill;
    /// Queues the work on block b on the context's stream.
    std::function<void(std::int64_t b, std::byte* device)> queue;
    /// Which bytes of block b come back; not set: none.
    std::function<Bytes(std::int64_t b)> returned;
    /// Takes them from the staging, which is as it was filled but for them.
    std::function<void(std::int64_t b, const std::byte* staging)> drain;
  };
  /// Blocks [0, count) in order; all is done when it returns.
  void run(std::int64_t count, const Work& work);

 private:
  struct Slot {
    PinnedBuffer<std::byte> staging;
    DeviceBuffer<std::byte> device;
    Stream copies;
    Event uploaded, worked, returned;
  };
  void start(Slot& slot, std::int64_t b, const Work& work);
  static void finish(Slot& slot, std::int64_t b, const Work& work);

  const CudaContext& context_;
  std::array<Slot, 2> slots_;
};

}  // namespace segue::cuda
