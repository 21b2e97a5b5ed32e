#pragma once

#include <cstdint>
#include <string_view>

#include "segue/core/file.hpp"
#include "segue/core/matrix.hpp"
#include "segue/core/progress.hpp"
#include "segue/data/export.hpp"

namespace segue::data {

std::int64_t bytes_each(Storage storage);

/// The numbers of all rows, little-endian.  @throws InvalidArgument  one that float16 does not hold: its row
void write_vectors(AtomicFile& file, MatrixView<const float> vectors, Storage storage, Progress& progress);

}  // namespace segue::data
