#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <string>

namespace segue::cuda {

/// One GPU as an engine sees it: which one, what it has, and the stream that the engine's work is queued on.
class CudaContext {
 public:
  /// @throws DeviceUnavailable  there is no such GPU or no driver;  CudaError
  explicit CudaContext(int device);
  ~CudaContext();
  CudaContext(const CudaContext&) = delete;
  CudaContext& operator=(const CudaContext&) = delete;

  /// Makes this GPU the calling thread's: the first thing in each public call of an engine.
  void use() const;
  void synchronize() const;

  int device() const { return device_; }
  cudaStream_t stream() const { return stream_; }
  int multiprocessors() const { return multiprocessors_; }
  /// Dynamic shared memory that one block can have.
  std::int64_t shared_bytes_per_block() const { return shared_bytes_per_block_; }
  /// What can still be allocated, the unused rest of the memory pool included.
  std::int64_t free_bytes() const;
  /// "cuda:0 (NVIDIA H100 80GB HBM3)"
  const std::string& name() const { return name_; }

 private:
  int device_;
  cudaStream_t stream_ = nullptr;
  cudaMemPool_t pool_ = nullptr;
  int multiprocessors_ = 0;
  std::int64_t shared_bytes_per_block_ = 0;
  std::string name_;
};

/// A second stream beside a context's, for copies that run during kernels.
class Stream {
 public:
  Stream();
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  operator cudaStream_t() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

/// A point in a stream's work.
class Event {
 public:
  enum class Timing { no, yes };
  explicit Event(Timing timing = Timing::no);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void record(cudaStream_t stream);
  /// Work queued on `stream` from now on waits for this point.
  void wait_in(cudaStream_t stream) const;
  /// Waits on the host.
  void synchronize() const;
  /// Both with timing, both reached.
  static double seconds_between(const Event& begin, const Event& end);

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace segue::cuda
