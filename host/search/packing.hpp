#pragma once

#include "host/search/index_cpu.hpp"
#include "host/search/scan_kernel.hpp"
#include "segue/core/aligned.hpp"
#include "segue/core/matrix.hpp"

namespace segue::search {

/// ‖vector‖, summed in double.
double norm(std::span<const float> vector);

/// [panels][depth][kPanelRows]: unit length for cosine, with the l2 component for l2, zero beyond the last row.
AlignedVector<float> pack_rows(const IndexShape& shape, MatrixView<const float> vectors);

/// Tile after tile, each [depth][its height]: unit length for cosine, with a last component of 1 for l2.
AlignedVector<float> pack_queries(const IndexShape& shape, MatrixView<const float> queries, const Tiles& tiles);

}  // namespace segue::search
