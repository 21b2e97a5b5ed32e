#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "segue/audio/layer_ops.hpp"

namespace segue::audio {

/// A tensor in double, for references.
struct Array {
  explicit Array(Shape of, double value = 0) : shape(of), v(static_cast<std::size_t>(of.size()), value) {}

  double& operator()(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) { return v[index(n, c, h, w)]; }
  double operator()(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    return v[index(n, c, h, w)];
  }

  Shape shape;
  std::vector<double> v;

 private:
  std::size_t index(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    return static_cast<std::size_t>(((n * shape.c + c) * shape.h + h) * shape.w + w);
  }
};

/// body(n, c, h, w) for each element.
template <class Body>
void each(const Shape& shape, Body body) {
  for (std::int64_t n = 0; n < shape.n; ++n)
    for (std::int64_t c = 0; c < shape.c; ++c)
      for (std::int64_t h = 0; h < shape.h; ++h)
        for (std::int64_t w = 0; w < shape.w; ++w)
          body(n, c, h, w);
}

/// Standard normal values that a float holds.
Array random_array(Shape shape, std::uint64_t seed, double scale = 1);

using Function = std::function<Array(const std::vector<Array>&)>;

/// ∂(Σ dy·f(inputs))/∂inputs by central differences in double.
std::vector<Array> numeric_gradients(const Function& f, std::vector<Array> inputs, const Array& dy);

class LayerOpsTest : public testing::Test {
 protected:
  LayerOpsTest();
  void SetUp() override;  ///< skips where there is no such device

  Tensor upload(const Array& array);
  Array download(const Tensor& tensor);
  /// NaN in whatever memory the next tensors of this shape are given.
  void poison(const Shape& shape);
  /// Each value within `tolerance` of the largest of what is expected (or of 1e-3, if that is less); NaN never is.
  testing::AssertionResult near(const Tensor& actual, const Array& expected, double tolerance = 1e-5);

  std::unique_ptr<LayerOps> ops_;
};

}  // namespace segue::audio
