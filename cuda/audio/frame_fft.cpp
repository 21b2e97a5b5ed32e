#include "cuda/audio/frame_fft.hpp"

#include "cuda/audio/cufft.hpp"

namespace segue::cuda {

struct FrameFft::Plan {
  Plan() { SEGUE_CUFFT_CHECK(SEGUE_CUFFT(cufftCreate)(&handle)); }
  Plan(int n_fft, std::int64_t frames, cudaStream_t stream) : Plan() {
    SEGUE_CUFFT_CHECK(SEGUE_CUFFT(cufftSetAutoAllocation)(handle, 0));
    long long length = n_fft;
    SEGUE_CUFFT_CHECK(SEGUE_CUFFT(cufftMakePlanMany64)(handle, 1, &length, nullptr, 1, 0, nullptr, 1, 0, CUFFT_R2C,
                                                       frames, &workspace_bytes));
    SEGUE_CUFFT_CHECK(SEGUE_CUFFT(cufftSetStream)(handle, stream));
  }
  ~Plan() { SEGUE_CUFFT(cufftDestroy)(handle); }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  cufftHandle handle = -1;
  std::size_t workspace_bytes = 0;
};

FrameFft::FrameFft(const CudaContext& context, int n_fft, std::int64_t most_frames) : context_(context), n_fft_(n_fft) {
  plan_for(most_frames);
}

FrameFft::~FrameFft() = default;

void FrameFft::transform(std::int64_t frames, float* time, float2* spectrum) {
  static const auto execute = SEGUE_CUFFT(cufftExecR2C);
  const Plan& plan = plan_for(rounded(frames));
  SEGUE_CUFFT_CHECK(SEGUE_CUFFT(cufftSetWorkArea)(plan.handle, workspace_.data()));
  SEGUE_CUFFT_CHECK(execute(plan.handle, time, spectrum));
}

FrameFft::Plan& FrameFft::plan_for(std::int64_t rounded_frames) {
  std::unique_ptr<Plan>& plan = plans_[rounded_frames];
  if (plan == nullptr)
    plan = std::make_unique<Plan>(n_fft_, rounded_frames, context_.stream());
  if (const auto bytes = static_cast<std::int64_t>(plan->workspace_bytes); bytes > workspace_.size()) {
    workspace_ = {};  // before the larger one is asked for
    workspace_ = DeviceBuffer<std::byte>(bytes, context_.stream());
  }
  return *plan;
}

}  // namespace segue::cuda
