#include "tests/audio/layers/gradients.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "segue/core/random.hpp"
#include "tests/audio/layers/layer_ops_under_test.hpp"

namespace segue::audio {

Array random_array(Shape shape, std::uint64_t seed, double scale) {
  Random random(seed);
  Array array(shape);
  for (double& value : array.v)
    value = static_cast<double>(static_cast<float>(scale * random.normal()));
  return array;
}

std::vector<Array> numeric_gradients(const Function& f, std::vector<Array> inputs, const Array& dy) {
  constexpr double kStep = 1e-5;
  const auto weighed = [&] {
    const Array y = f(inputs);
    double total = 0;
    for (std::size_t i = 0; i < y.v.size(); ++i)
      total += dy.v.at(i) * y.v[i];
    return total;
  };
  std::vector<Array> gradients;
  for (Array& input : inputs) {
    Array gradient(input.shape);
    for (std::size_t i = 0; i < input.v.size(); ++i) {
      const double value = input.v[i];
      input.v[i] = value + kStep;
      const double above = weighed();
      input.v[i] = value - kStep;
      gradient.v[i] = (above - weighed()) / (2 * kStep);
      input.v[i] = value;
    }
    gradients.push_back(gradient);
  }
  return gradients;
}

LayerOpsTest::LayerOpsTest() : ops_(layer_ops_under_test()) {}

void LayerOpsTest::SetUp() {
  if (!ops_)
    GTEST_SKIP() << "no GPU";
}

Tensor LayerOpsTest::upload(const Array& array) {
  const std::vector<float> values(array.v.begin(), array.v.end());
  return ops_->upload(array.shape, values);
}

Array LayerOpsTest::download(const Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.shape.size()));
  ops_->download(tensor, values);
  Array array(tensor.shape);
  std::ranges::copy(values, array.v.begin());
  return array;
}

void LayerOpsTest::poison(const Shape& shape) {
  const std::vector<float> nan(static_cast<std::size_t>(shape.size()), std::numeric_limits<float>::quiet_NaN());
  std::vector<Tensor> tensors;
  for (int i = 0; i < 4; ++i)
    tensors.push_back(ops_->upload(shape, nan));
}

testing::AssertionResult LayerOpsTest::near(const Tensor& actual, const Array& expected, double tolerance) {
  if (actual.shape != expected.shape)
    return testing::AssertionFailure() << "another shape, " << actual.shape.size() << " values instead of "
                                       << expected.shape.size();
  const std::vector<double> values = download(actual).v;
  double largest = 1e-3;
  for (const double value : expected.v)
    largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(std::abs(values[i] - expected.v[i]) <= tolerance * largest))
      return testing::AssertionFailure() << "value " << i << " is " << values[i] << ", expected " << expected.v[i]
                                         << " ± " << tolerance * largest;
  return testing::AssertionSuccess();
}

}  // namespace segue::audio
