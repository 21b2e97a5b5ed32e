#include "cuda/core/block_stream.hpp"

#include <algorithm>

#include "cuda/core/check.hpp"

namespace segue::cuda {

BlockStream::BlockStream(const CudaContext& context, std::int64_t slot_bytes) : context_(context) {
  for (Slot& slot : slots_) {
    slot.device = DeviceBuffer<std::byte>(slot_bytes, context.stream());
    slot.staging = PinnedBuffer<std::byte>(slot_bytes);
  }
  context.synchronize();  // the memory is there before the copies' streams use it
}

BlockStream::~BlockStream() {
  for (Slot& slot : slots_)
    cudaStreamSynchronize(slot.copies);  // after a failure, copies may still be under way
}

void BlockStream::run(std::int64_t count, const Work& work) {
  for (std::int64_t b = 0; b < count; ++b) {
    Slot& slot = slots_[static_cast<std::size_t>(b % 2)];
    if (b >= 2)
      finish(slot, b - 2, work);
    start(slot, b, work);
  }
  for (std::int64_t b = std::max<std::int64_t>(0, count - 2); b < count; ++b)
    finish(slots_[static_cast<std::size_t>(b % 2)], b, work);
}

void BlockStream::start(Slot& slot, std::int64_t b, const Work& work) {
  const auto bytes = static_cast<std::size_t>(work.fill(b, slot.staging.span().data()));
  SEGUE_CUDA_CHECK(
      cudaMemcpyAsync(slot.device.data(), slot.staging.span().data(), bytes, cudaMemcpyHostToDevice, slot.copies));
  slot.uploaded.record(slot.copies);
  slot.uploaded.wait_in(context_.stream());
  work.queue(b, slot.device.data());
  slot.worked.record(context_.stream());
  slot.worked.wait_in(slot.copies);
  if (work.returned) {
    const Bytes range = work.returned(b);
    SEGUE_CUDA_CHECK(cudaMemcpyAsync(slot.staging.span().data() + range.begin, slot.device.data() + range.begin,
                                     static_cast<std::size_t>(range.size), cudaMemcpyDeviceToHost, slot.copies));
  }
  slot.returned.record(slot.copies);
}

void BlockStream::finish(Slot& slot, std::int64_t b, const Work& work) {
  slot.returned.synchronize();
  if (work.drain)
    work.drain(b, slot.staging.span().data());
}

}  // namespace segue::cuda
