#include <fmt/format.h>

#include "host/data/export/companions.hpp"
#include "host/data/export/token.hpp"
#include "host/data/export/write_in_order.hpp"

namespace segue::data {
namespace {

void append_row(std::string& text, const CsrView& matrix, std::int64_t row) {
  const std::string row_number = fmt::format("{} ", row + 1);
  const std::span<const std::int32_t> columns = matrix.row_indices(row);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    text += row_number;
    append_number(text, columns[i] + std::int64_t{1});
    if (!matrix.values.empty()) {
      text += ' ';
      append_number(text, matrix.row_values(row)[i]);
    }
    text += '\n';
  }
}

}  // namespace

ExportResult export_matrix_market(const std::filesystem::path& path, const LabelledMatrix& interactions,
                                  Progress& progress) {
  const CsrView& matrix = interactions.matrix;
  std::vector<std::filesystem::path> files = write_ids_beside(path, interactions);
  AtomicFile file(path);
  file.write(fmt::format("%%MatrixMarket matrix coordinate {} general\n{} {} {}\n",
                         matrix.values.empty() ? "pattern" : "real", matrix.rows, matrix.columns, matrix.nonzeros()));
  write_rows_in_order(file, matrix, progress,
                      [&](std::int64_t row, std::string& text) { append_row(text, matrix, row); });
  file.commit();
  files.insert(files.begin(), path);
  return {std::move(files), matrix.rows};
}

}  // namespace segue::data
