#include "host/data/export/write_vectors.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "segue/core/error.hpp"
#include "segue/core/float16.hpp"

namespace segue::data {
namespace {

void narrow(std::span<const float> from, std::int64_t row, std::vector<std::uint16_t>& to) {
  to.clear();
  for (const float value : from) {
    if (!(std::fabs(value) < kFloat16Limit))
      throw InvalidArgument(
          fmt::format("row {} holds {}, float16 goes to ±65504; export it with --storage float32", row, value));
    to.push_back(to_float16(value));
  }
}

}  // namespace

std::int64_t bytes_each(Storage storage) {
  return storage == Storage::float16 ? 2 : 4;
}

void write_vectors(AtomicFile& file, MatrixView<const float> vectors, Storage storage, Progress& progress) {
  ProgressTask task(progress, "export", vectors.rows(), "rows");
  std::vector<std::uint16_t> narrowed;
  for (std::int64_t row = 0; row < vectors.rows(); ++row) {
    if (storage == Storage::float16) {
      narrow(vectors.row(row), row, narrowed);
      file.write(std::as_bytes(std::span(narrowed)));
    } else {
      file.write(std::as_bytes(vectors.row(row)));
    }
    task.advance(1);
  }
}

}  // namespace segue::data
