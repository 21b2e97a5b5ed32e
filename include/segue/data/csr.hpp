#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "segue/core/npy.hpp"

namespace segue::data {

/// Borrowed compressed sparse rows. offsets [rows + 1]; columns ascending within a row; values may be empty: a pattern.
struct CsrView {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::span<const std::int64_t> offsets;
  std::span<const std::int32_t> indices;
  std::span<const float> values;

  std::int64_t nonzeros() const { return offsets.empty() ? 0 : offsets.back(); }
  std::int64_t row_size(std::int64_t row) const {
    return offsets[static_cast<std::size_t>(row) + 1] - offsets[static_cast<std::size_t>(row)];
  }
  std::span<const std::int32_t> row_indices(std::int64_t row) const {
    return indices.subspan(static_cast<std::size_t>(offsets[static_cast<std::size_t>(row)]),
                           static_cast<std::size_t>(row_size(row)));
  }
  std::span<const float> row_values(std::int64_t row) const {
    return values.subspan(static_cast<std::size_t>(offsets[static_cast<std::size_t>(row)]),
                          static_cast<std::size_t>(row_size(row)));
  }
};

/// Owned compressed sparse rows.
struct Csr {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> indices;
  std::vector<float> values;

  CsrView view() const { return {rows, columns, offsets, indices, values}; }
  std::int64_t nonzeros() const { return offsets.back(); }
};

/// columns × rows, indices ascending. On all threads.
Csr transpose(const CsrView& matrix);

/// Offsets ascending from 0 to the number of indices, indices in range and strictly ascending in each row, as many
/// values as indices or none, all finite.
/// @throws InvalidArgument  what is wrong and where; `name` is for the message
void check_csr(const CsrView& matrix, const std::string& name);

/// Files in `directory`: <stem>.shape.npy (rows, columns), .offsets.npy, .indices.npy, .values.npy; a pattern has no
/// values file.  @throws IoError
void write_csr(const std::filesystem::path& directory, const std::string& stem, const CsrView& matrix);
/// The same, written piece by piece in order of rows.
class CsrWriter {
 public:
  /// @param offsets  [rows + 1], borrowed until commit()
  CsrWriter(const std::filesystem::path& directory, const std::string& stem, std::int64_t columns,
            std::span<const std::int64_t> offsets, bool has_values);
  /// @param values  as many as indices, or none of a pattern
  void write(std::span<const std::int32_t> indices, std::span<const float> values);
  /// @throws IoError;  Error  other than offsets.back() elements have been written
  void commit();

 private:
  std::filesystem::path directory_;
  std::string stem_;
  std::int64_t columns_;
  std::span<const std::int64_t> offsets_;
  NpyVectorWriter<std::int32_t> indices_;
  std::optional<NpyVectorWriter<float>> values_;
};

/// @throws IoError;  BadInput  files that do not belong together, or whatever check_csr() refuses
Csr read_csr(const std::filesystem::path& directory, const std::string& stem);

}  // namespace segue::data
