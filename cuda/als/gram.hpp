#pragma once

#include <cstdint>

#include "cuda/als/blas.hpp"
#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"
#include "segue/core/matrix.hpp"

namespace segue::cuda {

/// What the products of a chunk are taken in: floats for iteration and loss, doubles for what is factored, as on the
/// CPU.
enum class Products { float32, float64 };

/// YᵀY of vectors that come in pieces: cuBLAS's products over chunks of 1024 rows, added in double in the rows' order.
class GramSum {
 public:
  /// Pieces but the last have a multiple of it.
  static constexpr std::int64_t kChunkRows = 1024;

  /// @param context, blas  borrowed
  /// @param columns        the padded rank
  GramSum(const CudaContext& context, const Blas& blas, std::int64_t columns, Products products);
  static std::int64_t bytes(std::int64_t columns, Products products);

  /// All of these queue on the context's stream.
  void clear();
  void add(const float* vectors, std::int64_t rows);  ///< [rows × columns] on the device
  const float* rounded();                             ///< [columns × columns] YᵀY on the device, until the next call

  /// YᵀY on the device, the upper triangle.
  double* sums() { return sums_.data(); }
  double largest_diagonal() const;  ///< waits
  /// YᵀY on the host, both triangles; waits.
  Matrix<double> matrix() const;

 private:
  template <class T>
  void add_chunks(const T* vectors, std::int64_t rows, T* partial);

  const CudaContext& context_;
  const Blas& blas_;
  std::int64_t columns_;
  Products products_;
  std::int64_t chunks_;                                      // at a time
  DeviceBuffer<double> sums_;                                // [columns × columns]
  DeviceBuffer<float> rounded_;                              // the same
  DeviceBuffer<float> partial_;                              // [chunks × columns × columns], float32
  DeviceBuffer<double> partial_in_double_, rows_in_double_;  // the same and [chunks · kChunkRows × columns], float64
};

/// *bits becomes those of the largest of itself and |values|, as floats. Queued on the context's stream.
void find_largest(const CudaContext& context, const float* values, std::int64_t count, unsigned* bits);

}  // namespace segue::cuda
