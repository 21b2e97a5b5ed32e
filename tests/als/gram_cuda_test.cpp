// YᵀY on the device against plain loops in double.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "cuda/als/gram.hpp"
#include "segue/core/random.hpp"
#include "tests/core/kernel_test.hpp"

namespace segue::cuda {
namespace {

class GramTest : public KernelTest {
 protected:
  static std::vector<float> random_values(std::int64_t count) {
    Random random(1984);
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values)
      value = static_cast<float>(random.normal());
    return values;
  }

  static unsigned largest_bits(const std::vector<float>& values) {
    const DeviceBuffer<float> device = to_device(values);
    DeviceBuffer<unsigned> bits(1, stream());
    bits.fill_bytes(0);
    find_largest(context(), device.data(), device.size(), bits.data());
    return to_host(bits)[0];
  }
};

// |error| ≤ n·ε·Σ|terms|, ε of the products and of what they are rounded to.
void expect_gram(const Matrix<double>& got, const std::vector<float>& values, std::int64_t rows, std::int64_t columns,
                 double epsilon) {
  for (std::int64_t i = 0; i < columns; ++i)
    for (std::int64_t j = 0; j < columns; j += i % 7 + 1) {
      double want = 0, terms = 0;
      for (std::int64_t row = 0; row < rows; ++row) {
        const double term = static_cast<double>(values[static_cast<std::size_t>(row * columns + i)]) *
                            static_cast<double>(values[static_cast<std::size_t>(row * columns + j)]);
        want += term;
        terms += std::abs(term);
      }
      const double error = std::abs(got(i, j) - want);
      ASSERT_TRUE(error <= epsilon * static_cast<double>(std::min<std::int64_t>(rows, GramSum::kChunkRows)) * terms)
          << i << ", " << j << ": " << got(i, j) << " for " << want;
    }
}

// Row counts around chunks, and so many chunks that several are in flight.
TEST_F(GramTest, IsThatOfPlainLoops) {
  const Blas blas(context());
  for (const Products products : {Products::float32, Products::float64})
    for (const std::int64_t rows : {1, 1023, 1024, 1025, 9 * 1024 + 17}) {
      constexpr std::int64_t kColumns = 32;
      const std::vector<float> values = random_values(rows * kColumns);
      const DeviceBuffer<float> device = to_device(values);
      GramSum gram(context(), blas, kColumns, products);
      gram.clear();
      gram.add(device.data(), rows);
      const Matrix<double> got = gram.matrix();
      expect_gram(got, values, rows, kColumns, products == Products::float32 ? 0x1p-23 : 0x1p-52);
      EXPECT_EQ(gram.largest_diagonal(), [&] {
        double largest = 0;
        for (std::int64_t k = 0; k < kColumns; ++k)
          largest = std::max(largest, got(k, k));
        return largest;
      }());
      std::vector<float> rounded(kColumns * kColumns);
      SEGUE_CUDA_CHECK(
          cudaMemcpyAsync(rounded.data(), gram.rounded(), 4 * rounded.size(), cudaMemcpyDeviceToHost, stream()));
      context().synchronize();
      for (std::int64_t i = 0; i < kColumns * kColumns; ++i)
        EXPECT_EQ(rounded[static_cast<std::size_t>(i)], static_cast<float>(got(i / kColumns, i % kColumns)));
    }
}

// More rows than are converted to doubles at a time: 28 chunks of rank 128.
TEST_F(GramTest, TakesMoreRowsThanItsScratchHolds) {
  constexpr std::int64_t kColumns = 128, kRows = 29 * 1024 + 5;
  const std::vector<float> values = random_values(kRows * kColumns);
  const DeviceBuffer<float> device = to_device(values);
  const Blas blas(context());
  GramSum gram(context(), blas, kColumns, Products::float64);
  gram.clear();
  gram.add(device.data(), kRows);
  const Matrix<double> whole = gram.matrix();
  gram.clear();
  for (std::int64_t first = 0; first < kRows; first += 3 * 1024)
    gram.add(device.data() + first * kColumns, std::min<std::int64_t>(3 * 1024, kRows - first));
  const Matrix<double> in_pieces = gram.matrix();
  for (std::int64_t i = 0; i < kColumns * kColumns; ++i)
    ASSERT_NEAR(in_pieces.data()[i], whole.data()[i], 1e-9 * kRows);
  double want = 0;
  for (std::int64_t row = 0; row < kRows; ++row)
    want += static_cast<double>(values[static_cast<std::size_t>(row * kColumns + 3)]) *
            static_cast<double>(values[static_cast<std::size_t>(row * kColumns + 90)]);
  EXPECT_NEAR(whole(3, 90), want, 1e-8);
}

TEST_F(GramTest, FindsTheLargestMagnitude) {
  EXPECT_EQ(largest_bits({0, 0, 0, 0}), 0u);
  EXPECT_EQ(largest_bits({1, -2.5f, 0.1f, 2}), std::bit_cast<unsigned>(2.5f));
  std::vector<float> many = random_values(4 * 50'000);
  many[123'457] = -77;
  EXPECT_EQ(largest_bits(many), std::bit_cast<unsigned>(77.0f));
  many[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(std::bit_cast<float>(largest_bits(many))));
}

}  // namespace
}  // namespace segue::cuda
