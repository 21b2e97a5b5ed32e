#include "host/als/gram.hpp"

#include <cblas.h>

#include <algorithm>
#include <vector>

#include "segue/core/parallel.hpp"

namespace segue::als {
namespace {

constexpr std::int64_t kSumBytes = 64 << 20;
constexpr std::int64_t kMostSums = 64;

// Sums kept apart, whatever the thread count: as many as threads can use, in bounded memory.
std::int64_t sum_count(std::int64_t chunks, std::int64_t rank) {
  return std::min(chunks, std::clamp<std::int64_t>(kSumBytes / (8 * rank * rank), 4, kMostSums));
}

std::int64_t chunk_count(std::int64_t rows) {
  return (rows + kChunkRows - 1) / kChunkRows;
}

struct Scratch {
  Matrix<float> product;
  Matrix<double> rows;
};

void add_float32(MatrixView<const float> rows, Scratch& scratch, Matrix<double>& sum) {
  const auto rank = static_cast<int>(rows.columns());
  if (scratch.product.rows() == 0)
    scratch.product = Matrix<float>(rank, rank);
  cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, rank, static_cast<int>(rows.rows()), 1.0f, rows.data(),
              static_cast<int>(rows.stride()), 0.0f, scratch.product.data(), rank);
  for (std::int64_t i = 0; i < rank; ++i)
    for (std::int64_t j = i; j < rank; ++j)
      sum(i, j) += static_cast<double>(scratch.product(i, j));
}

void add_float64(MatrixView<const float> rows, Scratch& scratch, Matrix<double>& sum) {
  const auto rank = static_cast<int>(rows.columns());
  if (scratch.rows.rows() == 0)
    scratch.rows = Matrix<double>(kChunkRows, rank);
  for (std::int64_t row = 0; row < rows.rows(); ++row)
    std::ranges::copy(rows.row(row), scratch.rows.row(row).begin());
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, rank, static_cast<int>(rows.rows()), 1.0, scratch.rows.data(),
              rank, 1.0, sum.data(), rank);
}

}  // namespace

bool has_interactions(std::span<const std::int64_t> offsets, std::int64_t begin, std::int64_t end) {
  return offsets.empty() || offsets[static_cast<std::size_t>(begin)] < offsets[static_cast<std::size_t>(end)];
}

std::int64_t gram_scratch_bytes(std::int64_t rows, std::int64_t rank) {
  return (8 * (sum_count(chunk_count(rows), rank) + 1) + 4 * thread_count()) * rank * rank;
}

Matrix<double> gram_matrix(MatrixView<const float> vectors, Products products, std::span<const std::int64_t> offsets) {
  openblas_set_num_threads(1);  // our own loops are parallel around BLAS, here and in what is done with the result
  const std::int64_t rank = vectors.columns();
  const std::int64_t chunks = chunk_count(vectors.rows());
  const std::int64_t sums = sum_count(chunks, rank);
  std::vector<Matrix<double>> partial(static_cast<std::size_t>(sums));
  PerThread<Scratch> scratch;
  parallel_tasks(sums, [&](std::int64_t part) {
    Matrix<double>& sum = partial[static_cast<std::size_t>(part)] = Matrix<double>(rank, rank, 0.0);
    for (std::int64_t chunk = part * chunks / sums; chunk < (part + 1) * chunks / sums; ++chunk) {
      const std::int64_t begin = chunk * kChunkRows;
      const std::int64_t end = std::min(vectors.rows(), begin + kChunkRows);
      if (has_interactions(offsets, begin, end))
        (products == Products::float32 ? add_float32 : add_float64)(vectors.row_range(begin, end), scratch.local(),
                                                                    sum);
    }
  });
  Matrix<double> gram(rank, rank, 0.0);
  for (const Matrix<double>& sum : partial)
    for (std::int64_t i = 0; i < rank; ++i)
      for (std::int64_t j = i; j < rank; ++j)
        gram(i, j) += sum(i, j);
  for (std::int64_t i = 0; i < rank; ++i)
    for (std::int64_t j = 0; j < i; ++j)
      gram(i, j) = gram(j, i);
  return gram;
}

}  // namespace segue::als
