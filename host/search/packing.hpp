#pragma once

#include <cstdint>
#include <span>

#include "host/search/index_cpu.hpp"
#include "host/search/scan_kernel.hpp"
#include "segue/core/aligned.hpp"
#include "segue/core/matrix.hpp"

namespace segue::search {

/// ‖vector‖, summed in double.
double norm(std::span<const float> vector);

/// [panels][depth][kPanelRows]: unit length for cosine, with the l2 component for l2, zero beyond the last row.
AlignedVector<float> pack_rows(const IndexShape& shape, MatrixView<const float> vectors);
/// The same with row row_at[i] in place i, and zeros where that is −1.
AlignedVector<float> pack_places(const IndexShape& shape, MatrixView<const float> vectors,
                                 std::span<const std::int32_t> row_at);

/// To [depth]: unit length for cosine, with a last component of 1 for l2.
void scale_query(const IndexShape& shape, std::span<const float> query, std::span<float> scaled);
/// Tile after tile, each [depth][its height], of scale_query()'s rows.
/// @param chosen  the rows of `scaled`, as many as the tiles have
void tile_queries(MatrixView<const float> scaled, std::span<const std::int32_t> chosen, const Tiles& tiles,
                  AlignedVector<float>& packed);
/// Both for all queries, in order.
AlignedVector<float> pack_queries(const IndexShape& shape, MatrixView<const float> queries, const Tiles& tiles);

}  // namespace segue::search
