#include "host/search/packing.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "segue/core/parallel.hpp"

namespace segue::search {
namespace {

// ½‖x‖² beyond this could overflow a score though the distance does not. NaN makes each query measure the row.
constexpr double kGreatHalfSquare = 1e37;
constexpr std::int64_t kPanelsATask = 64;

float half_square_component(std::span<const float> vector) {
  const double length = norm(vector);
  const double half_square = length * length / 2;
  return half_square < kGreatHalfSquare ? static_cast<float>(-half_square) : std::numeric_limits<float>::quiet_NaN();
}

/// What a vector is multiplied by. A zero vector stays zero, one that is not finite becomes NaN somewhere.
double scale_of(const IndexShape& shape, std::span<const float> vector) {
  if (shape.metric != Metric::cosine)
    return 1;
  const double length = norm(vector);
  return length == 0 ? 0 : 1 / length;
}

/// Lanes [0, count) of a panel, lane i from the row that row_at(i) names; −1: none.
template <class RowAt>
void pack_panel(const IndexShape& shape, MatrixView<const float> vectors, std::int64_t count, RowAt row_at,
                float* packed) {
  std::fill_n(packed, shape.panel_floats(), 0.0f);
  for (std::int64_t lane = 0; lane < count; ++lane) {
    const std::int64_t row = row_at(lane);
    if (row < 0)
      continue;
    const std::span<const float> vector = vectors.row(row);
    const double scale = scale_of(shape, vector);
    for (std::int64_t d = 0; d < shape.rank; ++d)
      packed[d * kPanelRows + lane] = static_cast<float>(vector[static_cast<std::size_t>(d)] * scale);
    if (shape.metric == Metric::l2)
      packed[shape.rank * kPanelRows + lane] = half_square_component(vector);
  }
}

template <class RowAt>
AlignedVector<float> pack(const IndexShape& shape, MatrixView<const float> vectors, std::int64_t places, RowAt row_at) {
  const std::int64_t panels = (places + kPanelRows - 1) / kPanelRows;
  AlignedVector<float> packed;
  packed.resize(static_cast<std::size_t>(panels * shape.panel_floats()));
  parallel_for(panels, kPanelsATask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t panel = begin; panel < end; ++panel) {
      const std::int64_t first = panel * kPanelRows;
      pack_panel(
          shape, vectors, std::min(kPanelRows, places - first), [&](std::int64_t lane) { return row_at(first + lane); },
          packed.data() + panel * shape.panel_floats());
    }
  });
  return packed;
}

/// Query q of the tiles is row row_at(q) of `scaled`.
template <class RowAt>
void tile_rows(MatrixView<const float> scaled, const Tiles& tiles, RowAt row_at, AlignedVector<float>& packed) {
  for (std::int64_t t = 0; t < tiles.count(); ++t) {
    const std::int64_t height = tiles.height(t);
    float* tile = packed.data() + tiles.first(t) * scaled.columns();
    for (std::int64_t q = 0; q < height; ++q) {
      const float* query = scaled.row(row_at(tiles.first(t) + q)).data();
      for (std::int64_t d = 0; d < scaled.columns(); ++d)
        tile[d * height + q] = query[d];
    }
  }
}

}  // namespace

void scale_query(const IndexShape& shape, std::span<const float> query, std::span<float> scaled) {
  const double scale = scale_of(shape, query);
  std::ranges::transform(query, scaled.begin(), [&](float x) { return static_cast<float>(x * scale); });
  if (shape.metric == Metric::l2)
    scaled.back() = 1;
}

double norm(std::span<const float> vector) {
  double sum = 0;
  for (const float x : vector)
    sum += static_cast<double>(x) * x;
  return std::sqrt(sum);
}

AlignedVector<float> pack_rows(const IndexShape& shape, MatrixView<const float> vectors) {
  return pack(shape, vectors, shape.rows, std::identity());
}

AlignedVector<float> pack_places(const IndexShape& shape, MatrixView<const float> vectors,
                                 std::span<const std::int32_t> row_at) {
  return pack(shape, vectors, static_cast<std::int64_t>(row_at.size()),
              [&](std::int64_t place) -> std::int64_t { return row_at[static_cast<std::size_t>(place)]; });
}

void tile_queries(MatrixView<const float> scaled, std::span<const std::int32_t> chosen, const Tiles& tiles,
                  AlignedVector<float>& packed) {
  packed.resize(chosen.size() * static_cast<std::size_t>(scaled.columns()));
  tile_rows(
      scaled, tiles, [&](std::int64_t q) -> std::int64_t { return chosen[static_cast<std::size_t>(q)]; }, packed);
}

AlignedVector<float> pack_queries(const IndexShape& shape, MatrixView<const float> queries, const Tiles& tiles) {
  Matrix<float> scaled(queries.rows(), shape.depth());
  for (std::int64_t q = 0; q < queries.rows(); ++q)
    scale_query(shape, queries.row(q), scaled.row(q));
  AlignedVector<float> packed;
  packed.resize(static_cast<std::size_t>(queries.rows() * shape.depth()));
  tile_rows(scaled.view(), tiles, std::identity(), packed);
  return packed;
}

}  // namespace segue::search
