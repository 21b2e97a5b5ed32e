#pragma once

#include <algorithm>
#include <cstdint>

#include "segue/audio/layer_ops.hpp"
#include "segue/core/parallel.hpp"

namespace segue::audio {

constexpr std::int64_t kPieceFloats = 16384;  // 64 KiB: long enough to be worth a task, short enough to stay in L2

/// body(i) for 0 ≤ i < count, each over `size` floats: as many to a piece as make it worth a task.
template <class Body>
void for_rows(std::int64_t count, std::int64_t size, Body body) {
  const std::int64_t chunk = std::max<std::int64_t>(1, kPieceFloats / std::max<std::int64_t>(1, size));
  parallel_for(count, chunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      body(i);
  });
}

/// body(plane) for each (n, c).
template <class Body>
void for_planes(const Shape& shape, Body body) {
  for_rows(shape.n * shape.c, shape.h * shape.w, body);
}

/// body(first, size) over the values of a tensor, whatever its shape.
template <class Body>
void for_values(const Shape& shape, Body body) {
  parallel_for(shape.size(), kPieceFloats, [&](std::int64_t begin, std::int64_t end) { body(begin, end - begin); });
}

}  // namespace segue::audio
