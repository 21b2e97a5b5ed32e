#pragma once

#include <cstdint>
#include <span>

#include "cuda/core/context.hpp"
#include "cuda/core/device_buffer.hpp"
#include "segue/data/csr.hpp"

namespace segue::cuda {

/// Compressed sparse rows on the device, as data::CsrView describes them.
struct DeviceCsr {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  DeviceBuffer<std::int64_t> offsets;  ///< [rows + 1]
  DeviceBuffer<std::int32_t> indices;
  DeviceBuffer<float> values;  ///< empty: a pattern

  std::int64_t nonzeros() const { return indices.size(); }
};

/// A copy, when it returns.  @throws OutOfMemory
DeviceCsr upload_csr(const CudaContext& context, const data::CsrView& matrix);

/// A copy in the host's memory, for those who need the rows there too.
data::Csr download_csr(const CudaContext& context, const DeviceCsr& matrix);

/// columns × rows, indices ascending: the same as data::transpose(). Takes transpose_bytes() beside the result while it
/// runs.  @throws OutOfMemory
DeviceCsr transpose_csr(const CudaContext& context, const DeviceCsr& matrix);
std::int64_t transpose_bytes(std::int64_t nonzeros);

/// The matrix of (row, column, value) triples in any order, all on the device; the values of a pair that comes more
/// than once are added in the order given. What `segue bench als` makes its matrices with: draw the triples on the
/// device, build, download, or hand the solver a downloaded copy. Takes 40 bytes a triple while it runs.
/// @param row_of, column_of  [triples], 0 ≤ row < rows, 0 ≤ column < columns: not checked
/// @throws OutOfMemory
DeviceCsr build_csr(const CudaContext& context, std::int64_t rows, std::int64_t columns,
                    std::span<const std::int32_t> row_of, std::span<const std::int32_t> column_of,
                    std::span<const float> values);

}  // namespace segue::cuda
