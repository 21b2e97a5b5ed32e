#include "cuda/als/blas.hpp"

#include <algorithm>

#include "cuda/core/cublas.hpp"

namespace segue::cuda {
namespace {

constexpr std::int64_t kMostRows = 1 << 20;  // of a triangular product: cuBLAS counts in int

cublasHandle_t handle_of(void* handle) {
  return static_cast<cublasHandle_t>(handle);
}

template <class Body>
void in_pieces(std::int64_t rows, int columns, float* x, const Body& body) {
  for (std::int64_t begin = 0; begin < rows; begin += kMostRows)
    body(static_cast<int>(std::min(kMostRows, rows - begin)), x + begin * columns);
}

}  // namespace

Blas::Blas(const CudaContext& context) : workspace_(kWorkspaceBytes, context.stream()) {
  cublasHandle_t made = nullptr;
  SEGUE_CUBLAS_CHECK(SEGUE_CUBLAS(cublasCreate)(&made));
  handle_ = made;
  SEGUE_CUBLAS_CHECK(SEGUE_CUBLAS(cublasSetStream)(made, context.stream()));
  SEGUE_CUBLAS_CHECK(SEGUE_CUBLAS(cublasSetWorkspace)(made, workspace_.data(), kWorkspaceBytes));
}

Blas::~Blas() {
  if (handle_ != nullptr)
    SEGUE_CUBLAS(cublasDestroy)(handle_of(handle_));
}

// cuBLAS is column-major: it sees Aᵀ [columns × rows].
void Blas::products(const float* a, int chunks, int rows, int columns, float* out) const {
  static const auto gemm = SEGUE_CUBLAS(cublasSgemmStridedBatched);
  const float one = 1, zero = 0;
  const long long stride = static_cast<long long>(rows) * columns, square = static_cast<long long>(columns) * columns;
  SEGUE_CUBLAS_CHECK(gemm(handle_of(handle_), CUBLAS_OP_N, CUBLAS_OP_T, columns, columns, rows, &one, a, columns,
                          stride, a, columns, stride, &zero, out, columns, square, chunks));
}

void Blas::products(const double* a, int chunks, int rows, int columns, double* out) const {
  static const auto gemm = SEGUE_CUBLAS(cublasDgemmStridedBatched);
  const double one = 1, zero = 0;
  const long long stride = static_cast<long long>(rows) * columns, square = static_cast<long long>(columns) * columns;
  SEGUE_CUBLAS_CHECK(gemm(handle_of(handle_), CUBLAS_OP_N, CUBLAS_OP_T, columns, columns, rows, &one, a, columns,
                          stride, a, columns, stride, &zero, out, columns, square, chunks));
}

// To cuBLAS, U's memory is the lower triangular Uᵀ, and x's is xᵀ [columns × rows].
void Blas::multiply_rows(const float* u, std::int64_t rows, int columns, float* x) const {
  static const auto trmm = SEGUE_CUBLAS(cublasStrmm);
  const float one = 1;
  in_pieces(rows, columns, x, [&](int count, float* piece) {
    SEGUE_CUBLAS_CHECK(trmm(handle_of(handle_), CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_T,
                            CUBLAS_DIAG_NON_UNIT, columns, count, &one, u, columns, piece, columns, piece, columns));
  });
}

void Blas::solve_rows(const float* u, std::int64_t rows, int columns, float* x) const {
  static const auto trsm = SEGUE_CUBLAS(cublasStrsm);
  const float one = 1;
  in_pieces(rows, columns, x, [&](int count, float* piece) {
    SEGUE_CUBLAS_CHECK(trsm(handle_of(handle_), CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_T,
                            CUBLAS_DIAG_NON_UNIT, columns, count, &one, u, columns, piece, columns));
  });
}

void Blas::solve_rows_transposed(const float* u, std::int64_t rows, int columns, float* x) const {
  static const auto trsm = SEGUE_CUBLAS(cublasStrsm);
  const float one = 1;
  in_pieces(rows, columns, x, [&](int count, float* piece) {
    SEGUE_CUBLAS_CHECK(trsm(handle_of(handle_), CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N,
                            CUBLAS_DIAG_NON_UNIT, columns, count, &one, u, columns, piece, columns));
  });
}

}  // namespace segue::cuda
