// cuda/als/blas.hpp by plain loops, on the interpreter's device memory.
#include "cuda/als/blas.hpp"

#include <algorithm>

#include "tests/simt/library/open_memory.hpp"

namespace segue::cuda {
namespace {

template <class T>
void multiply_chunks(const T* a, int chunks, int rows, int columns, T* out) {
  const OpenMemory open;
  std::fill_n(out, std::int64_t{chunks} * columns * columns, T{0});
  for (std::int64_t row = 0; row < std::int64_t{chunks} * rows; ++row) {
    const T* const vector = a + row * columns;
    T* const sums = out + row / rows * columns * columns;
    for (std::int64_t i = 0; i < columns; ++i)
      for (std::int64_t j = 0; j < columns; ++j)
        sums[i * columns + j] += vector[i] * vector[j];
  }
}

}  // namespace

Blas::Blas(const CudaContext& context) : workspace_(kWorkspaceBytes, context.stream()) {}
Blas::~Blas() = default;

void Blas::products(const float* a, int chunks, int rows, int columns, float* out) const {
  multiply_chunks(a, chunks, rows, columns, out);
}

void Blas::products(const double* a, int chunks, int rows, int columns, double* out) const {
  multiply_chunks(a, chunks, rows, columns, out);
}

void Blas::multiply_rows(const float* u, std::int64_t rows, int columns, float* x) const {
  const OpenMemory open;
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t i = 0; i < columns; ++i) {
      float sum = 0;
      for (std::int64_t j = i; j < columns; ++j)
        sum += u[i * columns + j] * x[row * columns + j];
      x[row * columns + i] = sum;
    }
}

void Blas::solve_rows(const float* u, std::int64_t rows, int columns, float* x) const {
  const OpenMemory open;
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t i = columns; i-- > 0;) {
      float sum = x[row * columns + i];
      for (std::int64_t j = i + 1; j < columns; ++j)
        sum -= u[i * columns + j] * x[row * columns + j];
      x[row * columns + i] = sum / u[i * columns + i];
    }
}

void Blas::solve_rows_transposed(const float* u, std::int64_t rows, int columns, float* x) const {
  const OpenMemory open;
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t i = 0; i < columns; ++i) {
      float sum = x[row * columns + i];
      for (std::int64_t j = 0; j < i; ++j)
        sum -= u[j * columns + i] * x[row * columns + j];
      x[row * columns + i] = sum / u[i * columns + i];
    }
}

}  // namespace segue::cuda
