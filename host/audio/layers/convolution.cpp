#include "host/audio/layers/convolution.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

#include "segue/core/aligned.hpp"

// OpenMP's runtime, which Debian's oneDNN is built on; declared here because clang has no omp.h without its own
// runtime.
extern "C" {
int omp_get_max_threads();
void omp_set_num_threads(int threads);
}

namespace segue::audio {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

/// Pieces of a batch already run on Segue's threads: oneDNN gets one each, and OpenMP never starts its own.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& this_threads_stream() {
  thread_local dnnl::stream stream(cpu());
  return stream;
}

struct Argument {
  enum class Use { input, output };
  int id;
  Use use;
  memory::desc plain, preferred;
};

/// Scratch of the thread that calls, handed out in pieces of whole cache lines.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes) {
    thread_local AlignedVector<std::byte> memory;
    if (memory.size() < bytes)
      memory = AlignedVector<std::byte>(bytes);
    next_ = memory.data();
  }
  std::byte* take(std::size_t bytes) { return std::exchange(next_, next_ + padded(bytes)); }
  static std::size_t padded(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

 private:
  std::byte* next_;
};

/// A primitive between reorders from and to plain layouts.
class Compiled {
 public:
  Compiled(dnnl::primitive primitive, memory::desc scratchpad, const std::vector<Argument>& arguments)
      : primitive_(std::move(primitive)), scratchpad_(std::move(scratchpad)) {
    scratch_bytes_ = Scratch::padded(scratchpad_.get_size());
    for (const Argument& argument : arguments) {
      bound_.push_back({argument, {}});
      if (argument.plain == argument.preferred)
        continue;
      const bool input = argument.use == Argument::Use::input;
      bound_.back().reorder = dnnl::reorder(
          {cpu(), input ? argument.plain : argument.preferred, cpu(), input ? argument.preferred : argument.plain});
      scratch_bytes_ += Scratch::padded(argument.preferred.get_size());
    }
  }

  /// @param values  one for each argument, in order
  void run(std::initializer_list<float*> values) const {
    dnnl::stream& stream = this_threads_stream();
    Scratch scratch(scratch_bytes_);
    std::unordered_map<int, memory> memories;
    memories[DNNL_ARG_SCRATCHPAD] = memory(scratchpad_, cpu(), scratch.take(scratchpad_.get_size()));
    auto value = values.begin();
    for (const auto& [argument, reorder] : bound_) {
      memory plain(argument.plain, cpu(), *value++);
      if (!reorder) {
        memories[argument.id] = plain;
        continue;
      }
      memory inside(argument.preferred, cpu(), scratch.take(argument.preferred.get_size()));
      if (argument.use == Argument::Use::input)
        reorder.execute(stream, {{DNNL_ARG_FROM, plain}, {DNNL_ARG_TO, inside}});
      memories[argument.id] = inside;
    }
    primitive_.execute(stream, memories);
    value = values.begin();
    for (const auto& [argument, reorder] : bound_) {
      memory plain(argument.plain, cpu(), *value++);
      if (reorder && argument.use == Argument::Use::output)
        reorder.execute(stream, {{DNNL_ARG_FROM, memories[argument.id]}, {DNNL_ARG_TO, plain}});
    }
    stream.wait();
  }

 private:
  struct Bound {
    Argument argument;
    dnnl::primitive reorder;  ///< empty where the plain layout will do
  };

  dnnl::primitive primitive_;
  memory::desc scratchpad_;
  std::vector<Bound> bound_;
  std::size_t scratch_bytes_ = 0;
};

/// The tensors of one convolution as oneDNN describes them.
struct Descriptors {
  explicit Descriptors(const ConvolutionShape& shape) {
    const auto& [x, w, y, options] = shape;
    const std::int64_t groups = options.groups;
    const memory::dims weight_dims =
        groups == 1 ? memory::dims{w.n, w.c, w.h, w.w} : memory::dims{groups, w.n / groups, w.c, w.h, w.w};
    // A 1×1 convolution is a matrix product, which plain layouts serve as well and without reorders.
    const bool plain_inside = w.h == 1 && w.w == 1 && groups == 1;
    const auto describe = [&](const memory::dims& dims, Tag tag) {
      return memory::desc(dims, memory::data_type::f32, tag);
    };
    const memory::dims x_dims{x.n, x.c, x.h, x.w}, y_dims{y.n, y.c, y.h, y.w};
    const Tag weight_tag = groups == 1 ? Tag::oihw : Tag::goihw;
    plain_x = describe(x_dims, Tag::nchw);
    plain_y = describe(y_dims, Tag::nchw);
    plain_weights = describe(weight_dims, weight_tag);
    any_x = plain_inside ? plain_x : describe(x_dims, Tag::any);
    any_y = plain_inside ? plain_y : describe(y_dims, Tag::any);
    any_weights = plain_inside ? plain_weights : describe(weight_dims, Tag::any);
    bias = describe({y.c}, Tag::x);
    dilation = {options.dilation_h - 1, options.dilation_w - 1};
    padding = {options.pad_h, options.pad_w};
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (options.activation == Activation::elu) {
      dnnl::post_ops after;
#if DNNL_VERSION_MAJOR >= 3
      after.append_eltwise(dnnl::algorithm::eltwise_elu, 1.0f, 0.0f);
#else
      after.append_eltwise(1.0f, dnnl::algorithm::eltwise_elu, 1.0f, 0.0f);
#endif
      fused.set_post_ops(after);
    }
    fused.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  }

  memory::desc plain_x, plain_y, plain_weights, any_x, any_y, any_weights, bias;
  memory::dims strides{1, 1}, dilation, padding;
  dnnl::primitive_attr attributes, fused;
};

constexpr auto kDirect = dnnl::algorithm::convolution_direct;

// oneDNN 3 dropped the operation descriptors of 2.x.
#if DNNL_VERSION_MAJOR >= 3
dnnl::convolution_forward::primitive_desc describe_forward(const Descriptors& d) {
  return {cpu(),         dnnl::prop_kind::forward_training,
          kDirect,       d.any_x,
          d.any_weights, d.bias,
          d.any_y,       d.strides,
          d.dilation,    d.padding,
          d.padding,     d.fused};
}
dnnl::convolution_backward_data::primitive_desc describe_backward_input(const Descriptors& d) {
  return {cpu(),      kDirect,   d.any_x,   d.any_weights,       d.any_y,     d.strides,
          d.dilation, d.padding, d.padding, describe_forward(d), d.attributes};
}
dnnl::convolution_backward_weights::primitive_desc describe_backward_weights(const Descriptors& d) {
  return {cpu(),      kDirect,   d.any_x,   d.any_weights,       d.bias,      d.any_y, d.strides,
          d.dilation, d.padding, d.padding, describe_forward(d), d.attributes};
}
#else
dnnl::convolution_forward::primitive_desc describe_forward(const Descriptors& d) {
  return {{dnnl::prop_kind::forward_training, kDirect, d.any_x, d.any_weights, d.bias, d.any_y, d.strides, d.dilation,
           d.padding, d.padding},
          d.fused,
          cpu()};
}
dnnl::convolution_backward_data::primitive_desc describe_backward_input(const Descriptors& d) {
  return {{kDirect, d.any_x, d.any_weights, d.any_y, d.strides, d.dilation, d.padding, d.padding},
          d.attributes,
          cpu(),
          describe_forward(d)};
}
dnnl::convolution_backward_weights::primitive_desc describe_backward_weights(const Descriptors& d) {
  return {{kDirect, d.any_x, d.any_weights, d.bias, d.any_y, d.strides, d.dilation, d.padding, d.padding},
          d.attributes,
          cpu(),
          describe_forward(d)};
}
#endif

using Use = Argument::Use;

Compiled compile_forward(const ConvolutionShape& shape) {
  const Descriptors d(shape);
  const auto chosen = describe_forward(d);
  return {dnnl::convolution_forward(chosen),
          chosen.scratchpad_desc(),
          {{DNNL_ARG_SRC, Use::input, d.plain_x, chosen.src_desc()},
           {DNNL_ARG_WEIGHTS, Use::input, d.plain_weights, chosen.weights_desc()},
           {DNNL_ARG_BIAS, Use::input, d.bias, d.bias},
           {DNNL_ARG_DST, Use::output, d.plain_y, chosen.dst_desc()}}};
}

Compiled compile_backward_input(const ConvolutionShape& shape) {
  const Descriptors d(shape);
  const auto chosen = describe_backward_input(d);
  return {dnnl::convolution_backward_data(chosen),
          chosen.scratchpad_desc(),
          {{DNNL_ARG_DIFF_DST, Use::input, d.plain_y, chosen.diff_dst_desc()},
           {DNNL_ARG_WEIGHTS, Use::input, d.plain_weights, chosen.weights_desc()},
           {DNNL_ARG_DIFF_SRC, Use::output, d.plain_x, chosen.diff_src_desc()}}};
}

Compiled compile_backward_weights(const ConvolutionShape& shape) {
  const Descriptors d(shape);
  const auto chosen = describe_backward_weights(d);
  return {dnnl::convolution_backward_weights(chosen),
          chosen.scratchpad_desc(),
          {{DNNL_ARG_SRC, Use::input, d.plain_x, chosen.src_desc()},
           {DNNL_ARG_DIFF_DST, Use::input, d.plain_y, chosen.diff_dst_desc()},
           {DNNL_ARG_DIFF_WEIGHTS, Use::output, d.plain_weights, chosen.diff_weights_desc()},
           {DNNL_ARG_DIFF_BIAS, Use::output, d.bias, d.bias}}};
}

enum class Pass { forward, backward_input, backward_weights };

std::vector<std::int64_t> key_of(Pass pass, const ConvolutionShape& shape) {
  const auto& [x, w, y, o] = shape;
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
          o.groups,
          static_cast<std::int64_t>(o.activation)};
}

}  // namespace

class Convolutions::Cache {
 public:
  std::shared_ptr<const Compiled> find(Pass pass, const ConvolutionShape& shape) {
    const auto key = key_of(pass, shape);
    const std::lock_guard lock(mutex_);
    if (compiled_.size() >= kMost)  // crops of ever other lengths: compiling anew is cheaper than keeping all
      compiled_.clear();
    std::shared_ptr<const Compiled>& found = compiled_[key];
    if (!found)
      found = std::make_shared<Compiled>(compile(pass, shape));
    return found;
  }

 private:
  static constexpr std::size_t kMost = 2000;

  static Compiled compile(Pass pass, const ConvolutionShape& shape) {
    switch (pass) {
      case Pass::forward:
        return compile_forward(shape);
      case Pass::backward_input:
        return compile_backward_input(shape);
      case Pass::backward_weights:
        break;
    }
    return compile_backward_weights(shape);
  }

  std::mutex mutex_;
  std::map<std::vector<std::int64_t>, std::shared_ptr<const Compiled>> compiled_;
};

Convolutions::Convolutions() : cache_(std::make_unique<Cache>()) {}
Convolutions::~Convolutions() = default;

void Convolutions::forward(const ConvolutionShape& shape, const float* x, const float* weights, const float* bias,
                           float* y) {
  const OneThread guard;
  const std::vector<float> no_bias(bias == nullptr ? static_cast<std::size_t>(shape.y.c) : 0);
  cache_->find(Pass::forward, shape)
      ->run({const_cast<float*>(x), const_cast<float*>(weights),
             const_cast<float*>(bias == nullptr ? no_bias.data() : bias), y});
}

void Convolutions::backward_input(const ConvolutionShape& shape, const float* dy, const float* weights, float* dx) {
  const OneThread guard;
  cache_->find(Pass::backward_input, shape)->run({const_cast<float*>(dy), const_cast<float*>(weights), dx});
}

void Convolutions::backward_weights(const ConvolutionShape& shape, const float* x, const float* dy, float* d_weights,
                                    float* d_bias) {
  const OneThread guard;
  cache_->find(Pass::backward_weights, shape)->run({const_cast<float*>(x), const_cast<float*>(dy), d_weights, d_bias});
}

}  // namespace segue::audio
