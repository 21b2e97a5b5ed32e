#include "host/search/packing.hpp"

#include <algorithm>
#include <cmath>
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

void pack_panel(const IndexShape& shape, MatrixView<const float> vectors, std::int64_t panel, float* packed) {
  std::fill_n(packed, shape.panel_floats(), 0.0f);
  const std::int64_t first = panel * kPanelRows;
  for (std::int64_t lane = 0; lane < std::min(kPanelRows, shape.rows - first); ++lane) {
    const std::span<const float> vector = vectors.row(first + lane);
    const double scale = scale_of(shape, vector);
    for (std::int64_t d = 0; d < shape.rank; ++d)
      packed[d * kPanelRows + lane] = static_cast<float>(vector[static_cast<std::size_t>(d)] * scale);
    if (shape.metric == Metric::l2)
      packed[shape.rank * kPanelRows + lane] = half_square_component(vector);
  }
}

}  // namespace

double norm(std::span<const float> vector) {
  double sum = 0;
  for (const float x : vector)
    sum += static_cast<double>(x) * x;
  return std::sqrt(sum);
}

AlignedVector<float> pack_rows(const IndexShape& shape, MatrixView<const float> vectors) {
  AlignedVector<float> packed;
  packed.resize(static_cast<std::size_t>(shape.panels() * shape.panel_floats()));
  parallel_for(shape.panels(), kPanelsATask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t panel = begin; panel < end; ++panel)
      pack_panel(shape, vectors, panel, packed.data() + panel * shape.panel_floats());
  });
  return packed;
}

AlignedVector<float> pack_queries(const IndexShape& shape, MatrixView<const float> queries, const Tiles& tiles) {
  AlignedVector<float> packed;
  packed.resize(static_cast<std::size_t>(queries.rows() * shape.depth()));
  for (std::int64_t t = 0; t < tiles.count(); ++t) {
    const std::int64_t height = tiles.height(t);
    float* tile = packed.data() + tiles.first(t) * shape.depth();
    for (std::int64_t q = 0; q < height; ++q) {
      const std::span<const float> query = queries.row(tiles.first(t) + q);
      const double scale = scale_of(shape, query);
      for (std::int64_t d = 0; d < shape.rank; ++d)
        tile[d * height + q] = static_cast<float>(query[static_cast<std::size_t>(d)] * scale);
      if (shape.metric == Metric::l2)
        tile[shape.rank * height + q] = 1;
    }
  }
  return packed;
}

}  // namespace segue::search
