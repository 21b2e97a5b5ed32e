#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "segue/core/aligned.hpp"
#include "segue/core/parallel.hpp"

namespace segue::data {

/// Entries by ranges of 2^shift keys, in their old order within each: the first digit of a radix sort, done by all
/// threads, after which each part fits a cache and is one task's.
template <class Entry>
struct Partition {
  std::int64_t keys = 0;
  int shift = 0;
  std::vector<std::int64_t> offsets;  // [parts + 1]
  AlignedVector<Entry> entries;

  std::int64_t parts() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  std::int64_t first_key(std::int64_t part) const { return part << shift; }
  std::int64_t end_key(std::int64_t part) const { return std::min(keys, (part + 1) << shift); }
  std::int64_t begin(std::int64_t part) const { return offsets[static_cast<std::size_t>(part)]; }
  std::int64_t end(std::int64_t part) const { return offsets[static_cast<std::size_t>(part) + 1]; }
};

/// @param count   elements of the source, each one entry
/// @param keys    number of keys; each key is in [0, keys)
/// @param source  source(begin, end, sink) calls sink(key, entry) for the elements [begin, end) in order; twice for
/// each
template <class Entry, class Source>
Partition<Entry> partition(std::int64_t count, std::int64_t keys, Source&& source) {
  constexpr std::int64_t kEntriesPerPart = 1 << 15, kMostParts = 2048, kMostChunks = 256, kLeastChunk = 1 << 14;
  const std::int64_t wanted_parts = std::clamp<std::int64_t>(count / kEntriesPerPart, 1, kMostParts);
  Partition<Entry> result;
  result.keys = keys;
  result.shift = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(keys - 1, 0) / wanted_parts));
  const std::int64_t parts = ((keys - 1) >> result.shift) + 1;
  const std::int64_t chunk = std::max(kLeastChunk, (count + kMostChunks - 1) / kMostChunks);
  const std::int64_t chunks = (count + chunk - 1) / chunk;

  std::vector<std::int64_t> next(static_cast<std::size_t>(chunks * parts));  // [chunk][part]: counts, then positions
  parallel_for(count, chunk, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t* counts = next.data() + begin / chunk * parts;
    source(begin, end, [&](std::int64_t key, const Entry&) { ++counts[key >> result.shift]; });
  });
  std::int64_t position = 0;
  for (std::int64_t part = 0; part < parts; ++part) {
    result.offsets.push_back(position);
    for (std::int64_t i = 0; i < chunks; ++i)
      position += std::exchange(next[static_cast<std::size_t>(i * parts + part)], position);
  }
  result.offsets.push_back(position);
  result.entries.resize(static_cast<std::size_t>(position));
  parallel_for(count, chunk, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t* positions = next.data() + begin / chunk * parts;
    source(begin, end, [&](std::int64_t key, const Entry& entry) {
      result.entries[static_cast<std::size_t>(positions[key >> result.shift]++)] = entry;
    });
  });
  return result;
}

}  // namespace segue::data
