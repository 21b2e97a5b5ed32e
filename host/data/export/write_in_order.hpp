#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "segue/core/file.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/progress.hpp"
#include "segue/data/csr.hpp"

namespace segue::data {

/// Calls format(piece, text) for 0 ≤ piece < pieces on all threads, which appends to an empty text, and writes the
/// texts in order. Memory: four pieces a thread.
template <class Format>
void write_in_order(AtomicFile& file, std::int64_t pieces, Format&& format) {
  std::vector<std::string> texts(static_cast<std::size_t>(4 * thread_count()));
  const std::int64_t batch = static_cast<std::int64_t>(texts.size());
  for (std::int64_t begin = 0; begin < pieces; begin += batch) {
    const std::int64_t count = std::min(batch, pieces - begin);
    parallel_tasks(count, [&](std::int64_t i) {
      std::string& text = texts[static_cast<std::size_t>(i)];
      text.clear();
      format(begin + i, text);
    });
    for (std::int64_t i = 0; i < count; ++i)
      file.write(texts[static_cast<std::size_t>(i)]);
  }
}

/// The rows of a matrix in pieces of about as many entries each.
class RowPieces {
 public:
  explicit RowPieces(const CsrView& matrix) : matrix_(matrix) {}

  std::int64_t count() const { return matrix_.nonzeros() / kEntries + 1; }
  /// The rows of piece i are [begin(i), begin(i + 1)).
  std::int64_t begin(std::int64_t piece) const {
    if (piece == count())
      return matrix_.rows;
    return std::ranges::lower_bound(matrix_.offsets, piece * kEntries) - matrix_.offsets.begin();
  }

 private:
  static constexpr std::int64_t kEntries = 1 << 15;  // half a megabyte of text

  CsrView matrix_;
};

/// Writes what append_row(row, text) makes of each row of the matrix.
template <class AppendRow>
void write_rows_in_order(AtomicFile& file, const CsrView& matrix, Progress& progress, AppendRow&& append_row) {
  ProgressTask task(progress, "export", matrix.rows, "rows");
  const RowPieces pieces(matrix);
  write_in_order(file, pieces.count(), [&](std::int64_t piece, std::string& text) {
    const std::int64_t begin = pieces.begin(piece), end = pieces.begin(piece + 1);
    for (std::int64_t row = begin; row < end; ++row)
      append_row(row, text);
    task.advance(end - begin);
  });
}

}  // namespace segue::data
