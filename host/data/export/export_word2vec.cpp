#include <fmt/format.h>

#include <algorithm>

#include "host/data/export/companions.hpp"
#include "host/data/export/token.hpp"
#include "host/data/export/write_in_order.hpp"

namespace segue::data {
namespace {

constexpr std::int64_t kNumbersAPiece = 1 << 16;

bool has_direction(std::span<const float> vector) {
  return std::ranges::any_of(vector, [](float value) { return value != 0; });
}

void append_line(std::string& text, std::string_view id, std::span<const float> vector) {
  append_token(text, id);
  for (const float value : vector) {
    text += ' ';
    append_number(text, value);
  }
  text += '\n';
}

}  // namespace

ExportResult export_word2vec(const std::filesystem::path& path, const FactorTable& table, Progress& progress) {
  const MatrixView<const float> vectors = table.vectors.view();
  check_ids(table.ids, vectors.rows(), path.string());
  std::int64_t written = 0;
  for (std::int64_t row = 0; row < vectors.rows(); ++row)
    written += has_direction(vectors.row(row)) ? 1 : 0;

  AtomicFile file(path);
  file.write(fmt::format("{} {}\n", written, vectors.columns()));
  ProgressTask task(progress, "export", vectors.rows(), "rows");
  const std::int64_t rows_a_piece =
      std::max<std::int64_t>(1, kNumbersAPiece / std::max<std::int64_t>(1, vectors.columns()));
  write_in_order(file, (vectors.rows() + rows_a_piece - 1) / rows_a_piece, [&](std::int64_t piece, std::string& text) {
    const std::int64_t begin = piece * rows_a_piece, end = std::min(vectors.rows(), begin + rows_a_piece);
    for (std::int64_t row = begin; row < end; ++row)
      if (has_direction(vectors.row(row)))
        append_line(text, table.ids.id(static_cast<std::int32_t>(row)), vectors.row(row));
    task.advance(end - begin);
  });
  file.commit();
  return {{path}, written};
}

}  // namespace segue::data
