#include "cuda/als/gram.hpp"

#include <algorithm>
#include <vector>

#include "cuda/als/gram_kernel.cuh"
#include "cuda/core/launch.hpp"

namespace segue::cuda {
namespace {

constexpr std::int64_t kPartialBytes = 32 << 20;
constexpr int kThreads = 256;

unsigned blocks_for(std::int64_t threads) {
  return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
}

// As many as keep the device busy with products of one tile each, in bounded memory.
std::int64_t chunks_at_a_time(std::int64_t columns, Products products) {
  const std::int64_t bytes =
      products == Products::float32 ? 4 * columns * columns : 8 * columns * (columns + GramSum::kChunkRows);
  return std::clamp<std::int64_t>(kPartialBytes / bytes, 1, 512);
}

}  // namespace

GramSum::GramSum(const CudaContext& context, const Blas& blas, std::int64_t columns, Products products)
    : context_(context),
      blas_(blas),
      columns_(columns),
      products_(products),
      chunks_(chunks_at_a_time(columns, products)),
      sums_(columns * columns, context.stream()),
      rounded_(columns * columns, context.stream()) {
  const std::int64_t partial = chunks_ * columns * columns;
  if (products == Products::float32) {
    partial_ = DeviceBuffer<float>(partial, context.stream());
  } else {
    partial_in_double_ = DeviceBuffer<double>(partial, context.stream());
    rows_in_double_ = DeviceBuffer<double>(chunks_ * kChunkRows * columns, context.stream());
  }
}

std::int64_t GramSum::bytes(std::int64_t columns, Products products) {
  const std::int64_t chunks = chunks_at_a_time(columns, products);
  return 12 * columns * columns + (products == Products::float32 ? 4 * chunks * columns * columns
                                                                 : 8 * chunks * columns * (columns + kChunkRows));
}

void GramSum::clear() {
  sums_.fill_bytes(0);
}

void GramSum::add(const float* vectors, std::int64_t rows) {
  const std::int64_t step = chunks_ * kChunkRows;
  for (std::int64_t begin = 0; begin < rows; begin += step) {
    const std::int64_t count = std::min(step, rows - begin);
    if (products_ == Products::float32) {
      add_chunks(vectors + begin * columns_, count, partial_.data());
    } else {
      launch(to_double, Grid(blocks_for(count * columns_), kThreads), context_.stream(), vectors + begin * columns_,
             count * columns_, rows_in_double_.data());
      add_chunks(static_cast<const double*>(rows_in_double_.data()), count, partial_in_double_.data());
    }
  }
}

template <class T>
void GramSum::add_chunks(const T* vectors, std::int64_t rows, T* partial) {
  const std::int64_t whole = rows / kChunkRows, rest = rows % kChunkRows, square = columns_ * columns_;
  const auto columns = static_cast<int>(columns_);
  const auto add = [&](const T* from, std::int64_t chunks, std::int64_t chunk_rows) {
    if (chunks == 0 || chunk_rows == 0)
      return;
    blas_.products(from, static_cast<int>(chunks), static_cast<int>(chunk_rows), columns, partial);
    launch(add_products<T>, Grid(blocks_for(square), kThreads), context_.stream(), partial, static_cast<int>(chunks),
           square, sums_.data());
  };
  add(vectors, whole, kChunkRows);
  add(vectors + whole * kChunkRows * columns_, 1, rest);
}

const float* GramSum::rounded() {
  launch(round_gram, Grid(blocks_for(columns_ * columns_), kThreads), context_.stream(), sums_.data(),
         static_cast<int>(columns_), rounded_.data());
  return rounded_.data();
}

double GramSum::largest_diagonal() const {
  std::vector<double> diagonal(static_cast<std::size_t>(columns_));
  SEGUE_CUDA_CHECK(cudaMemcpy2DAsync(diagonal.data(), sizeof(double), sums_.data(),
                                     static_cast<std::size_t>(columns_ + 1) * sizeof(double), sizeof(double),
                                     diagonal.size(), cudaMemcpyDeviceToHost, context_.stream()));
  context_.synchronize();
  return *std::max_element(diagonal.begin(), diagonal.end());
}

Matrix<double> GramSum::matrix() const {
  Matrix<double> gram(columns_, columns_);
  sums_.copy_to({gram.data(), static_cast<std::size_t>(columns_ * columns_)});
  context_.synchronize();
  for (std::int64_t i = 0; i < columns_; ++i)
    for (std::int64_t j = 0; j < i; ++j)
      gram(i, j) = gram(j, i);
  return gram;
}

void find_largest(const CudaContext& context, const float* values, std::int64_t count, unsigned* bits) {
  const unsigned most = 16 * static_cast<unsigned>(context.multiprocessors());
  launch(max_abs_bits, Grid(std::min(blocks_for(count / 4), most), kThreads), context.stream(),
         reinterpret_cast<const float4*>(values), count / 4, bits);
}

}  // namespace segue::cuda
