#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cuda/audio/layers/convolution.hpp"
#include "cuda/audio/layers/cudnn.hpp"
#include "cuda/core/device_buffer.hpp"

namespace segue::cuda {
namespace {

using audio::Shape;

int narrow(std::int64_t value) {
  if (value > std::numeric_limits<int>::max())
    throw Error("convolution: an axis of " + std::to_string(value) + " values is longer than cuDNN's 2³¹ − 1");
  return static_cast<int>(value);
}

/// A cuDNN descriptor that this owns.
template <class Handle>
class Owned {
 public:
  Owned(cudnnStatus_t (*create)(Handle*), cudnnStatus_t (*destroy)(Handle)) : destroy_(destroy) {
    SEGUE_CUDNN_CHECK(create(&handle_));
  }
  ~Owned() { destroy_(handle_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Handle get() const { return handle_; }

 private:
  Handle handle_{};
  cudnnStatus_t (*destroy_)(Handle);
};

struct TensorDescriptor : Owned<cudnnTensorDescriptor_t> {
  TensorDescriptor(const Shape& shape, cudnnDataType_t type)
      : Owned(SEGUE_CUDNN(cudnnCreateTensorDescriptor), SEGUE_CUDNN(cudnnDestroyTensorDescriptor)) {
    SEGUE_CUDNN_CHECK(SEGUE_CUDNN(cudnnSetTensor4dDescriptor)(get(), CUDNN_TENSOR_NCHW, type, narrow(shape.n),
                                                              narrow(shape.c), narrow(shape.h), narrow(shape.w)));
  }
};

struct FilterDescriptor : Owned<cudnnFilterDescriptor_t> {
  FilterDescriptor(const Shape& shape, cudnnDataType_t type)
      : Owned(SEGUE_CUDNN(cudnnCreateFilterDescriptor), SEGUE_CUDNN(cudnnDestroyFilterDescriptor)) {
    SEGUE_CUDNN_CHECK(SEGUE_CUDNN(cudnnSetFilter4dDescriptor)(get(), type, CUDNN_TENSOR_NCHW, narrow(shape.n),
                                                              narrow(shape.c), narrow(shape.h), narrow(shape.w)));
  }
};

// float32 keeps all of its bits: TF32 would lose 13 of 23.
struct ConvolutionDescriptor : Owned<cudnnConvolutionDescriptor_t> {
  ConvolutionDescriptor(const audio::ConvolutionOptions& options, cudnnDataType_t type)
      : Owned(SEGUE_CUDNN(cudnnCreateConvolutionDescriptor), SEGUE_CUDNN(cudnnDestroyConvolutionDescriptor)) {
    SEGUE_CUDNN_CHECK(SEGUE_CUDNN(cudnnSetConvolution2dDescriptor)(get(), options.pad_h, options.pad_w, 1, 1,
                                                                   options.dilation_h, options.dilation_w,
                                                                   CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    SEGUE_CUDNN_CHECK(SEGUE_CUDNN(cudnnSetConvolutionGroupCount)(get(), options.groups));
    SEGUE_CUDNN_CHECK(SEGUE_CUDNN(cudnnSetConvolutionMathType)(
        get(), type == CUDNN_DATA_HALF ? CUDNN_TENSOR_OP_MATH : CUDNN_FMA_MATH));
  }
};

struct Descriptors {
  Descriptors(const ConvolutionSizes& sizes, cudnnDataType_t type)
      : x(sizes.x, type), y(sizes.y(), type), weights(sizes.weights, type), convolution(sizes.options, type) {}

  TensorDescriptor x, y;
  FilterDescriptor weights;
  ConvolutionDescriptor convolution;
};

/// What a pass runs by, and the bytes that it needs.
struct Plan {
  int algorithm = 0;
  std::size_t workspace_bytes = 0;
};

enum class Pass { forward, forward_float16, backward_input, backward_weights };

std::vector<std::int64_t> key_of(Pass pass, const ConvolutionSizes& sizes) {
  const auto& [x, w, o] = sizes;
  return {static_cast<std::int64_t>(pass),
          x.n,
          x.c,
          x.h,
          x.w,
          w.n,
          w.h,
          w.w,
          o.pad_h,
          o.pad_w,
          o.dilation_h,
          o.dilation_w,
          o.groups};
}

}  // namespace

class Convolutions::Library {
 public:
  explicit Library(const CudaContext& context)
      : context_(context), handle_(SEGUE_CUDNN(cudnnCreate), SEGUE_CUDNN(cudnnDestroy)) {
    SEGUE_CUDNN_CHECK(SEGUE_CUDNN(cudnnSetStream)(handle_.get(), context.stream()));
  }

  void forward(Pass pass, const ConvolutionSizes& sizes, const void* x, const void* weights, void* y) {
    const Ready& ready = find(pass, sizes);
    const Descriptors& d = *ready.descriptors;
    SEGUE_CUDNN_CHECK(SEGUE_CUDNN(cudnnConvolutionForward)(
        handle_.get(), &kOne, d.x.get(), x, d.weights.get(), weights, d.convolution.get(),
        static_cast<cudnnConvolutionFwdAlgo_t>(ready.plan.algorithm), workspace_.data(), ready.plan.workspace_bytes,
        &kNought, d.y.get(), y));
  }

  void backward_input(const ConvolutionSizes& sizes, const float* dy, const float* weights, float* dx) {
    const Ready& ready = find(Pass::backward_input, sizes);
    const Descriptors& d = *ready.descriptors;
    SEGUE_CUDNN_CHECK(SEGUE_CUDNN(cudnnConvolutionBackwardData)(
        handle_.get(), &kOne, d.weights.get(), weights, d.y.get(), dy, d.convolution.get(),
        static_cast<cudnnConvolutionBwdDataAlgo_t>(ready.plan.algorithm), workspace_.data(), ready.plan.workspace_bytes,
        &kNought, d.x.get(), dx));
  }

  void backward_weights(const ConvolutionSizes& sizes, const float* x, const float* dy, float* d_weights) {
    const Ready& ready = find(Pass::backward_weights, sizes);
    const Descriptors& d = *ready.descriptors;
    SEGUE_CUDNN_CHECK(SEGUE_CUDNN(cudnnConvolutionBackwardFilter)(
        handle_.get(), &kOne, d.x.get(), x, d.y.get(), dy, d.convolution.get(),
        static_cast<cudnnConvolutionBwdFilterAlgo_t>(ready.plan.algorithm), workspace_.data(),
        ready.plan.workspace_bytes, &kNought, d.weights.get(), d_weights));
  }

 private:
  struct Ready {
    std::unique_ptr<Descriptors> descriptors;
    Plan plan;
  };

  static constexpr float kOne = 1, kNought = 0;
  static constexpr std::size_t kMost = 2000, kWorkspaceBytes = std::size_t{256} << 20;

  const Ready& find(Pass pass, const ConvolutionSizes& sizes) {
    if (ready_.size() >= kMost)
      ready_.clear();
    Ready& found = ready_[key_of(pass, sizes)];
    if (!found.descriptors) {
      found.descriptors =
          std::make_unique<Descriptors>(sizes, pass == Pass::forward_float16 ? CUDNN_DATA_HALF : CUDNN_DATA_FLOAT);
      found.plan = plan(pass, *found.descriptors);
    }
    if (workspace_.size() < static_cast<std::int64_t>(found.plan.workspace_bytes)) {
      workspace_ = {};  // before the larger one is asked for
      workspace_ = DeviceBuffer<std::byte>(static_cast<std::int64_t>(found.plan.workspace_bytes), context_.stream());
    }
    return found;
  }

  Plan plan(Pass pass, const Descriptors& d) {
    switch (pass) {
      case Pass::forward:
      case Pass::forward_float16:
        return fastest<cudnnConvolutionFwdAlgoPerf_t>([&](int most, int* count, auto* found) {
          return SEGUE_CUDNN(cudnnGetConvolutionForwardAlgorithm_v7)(
              handle_.get(), d.x.get(), d.weights.get(), d.convolution.get(), d.y.get(), most, count, found);
        });
      case Pass::backward_input:
        return fastest<cudnnConvolutionBwdDataAlgoPerf_t>([&](int most, int* count, auto* found) {
          return SEGUE_CUDNN(cudnnGetConvolutionBackwardDataAlgorithm_v7)(
              handle_.get(), d.weights.get(), d.y.get(), d.convolution.get(), d.x.get(), most, count, found);
        });
      case Pass::backward_weights:
        break;
    }
    return fastest<cudnnConvolutionBwdFilterAlgoPerf_t>([&](int most, int* count, auto* found) {
      return SEGUE_CUDNN(cudnnGetConvolutionBackwardFilterAlgorithm_v7)(
          handle_.get(), d.x.get(), d.y.get(), d.convolution.get(), d.weights.get(), most, count, found);
    });
  }

  /// The first of cuDNN's suggestions, which are in order of the time expected, that gives the same bits each time.
  template <class Suggestion, class Ask>
  static Plan fastest(Ask ask) {
    std::vector<Suggestion> suggestions(8);
    int count = 0;
    SEGUE_CUDNN_CHECK(ask(static_cast<int>(suggestions.size()), &count, suggestions.data()));
    suggestions.resize(static_cast<std::size_t>(count));
    const auto best = std::ranges::find_if(suggestions, [](const Suggestion& s) {
      return s.status == CUDNN_STATUS_SUCCESS && s.determinism == CUDNN_DETERMINISTIC && s.memory <= kWorkspaceBytes;
    });
    if (best == suggestions.end())
      throw CudaError("cuDNN has no deterministic algorithm for a convolution of this shape; use --device cpu");
    return {static_cast<int>(best->algo), best->memory};
  }

  const CudaContext& context_;
  Owned<cudnnHandle_t> handle_;
  std::map<std::vector<std::int64_t>, Ready> ready_;
  DeviceBuffer<std::byte> workspace_;
};

Convolutions::Convolutions(const CudaContext& context) : library_(std::make_unique<Library>(context)) {}
Convolutions::~Convolutions() = default;

void Convolutions::forward(const ConvolutionSizes& sizes, const float* x, const float* weights, float* y) {
  library_->forward(Pass::forward, sizes, x, weights, y);
}

void Convolutions::forward_float16(const ConvolutionSizes& sizes, const void* x, const void* weights, void* y) {
  library_->forward(Pass::forward_float16, sizes, x, weights, y);
}

void Convolutions::backward_input(const ConvolutionSizes& sizes, const float* dy, const float* weights, float* dx) {
  library_->backward_input(sizes, dy, weights, dx);
}

void Convolutions::backward_weights(const ConvolutionSizes& sizes, const float* x, const float* dy, float* d_weights) {
  library_->backward_weights(sizes, x, dy, d_weights);
}

}  // namespace segue::cuda
