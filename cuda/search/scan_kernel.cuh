// Which rows can be among the best of which queries: the product of their 16-bit copies, compared as it lies in
// registers. For query q and row x of a tile t
//     sum = bias(x)/s_q + Σ_d q̃[d]·x̃[d]        in units of s_q·s_t
//     x can be a hit unless sum ≤ limit/s_t − (slope + curve·n_t)·n_t/s_t        (prepare_kernel.cuh)
// Rows that can, and that the filters allow, are appended to the query's list; no score is written.
//
// Layout: a block takes one item: up to kQueries queries × a range of rows, a tile of 128 after the other. 8 warps:
//         256 queries: 4 × 2 warps of 64 × 64 sums (128 registers a thread); 32 queries: 1 × 8 warps of 32 × 16.
//         Slabs of 32 components come by cp.async through three stages; where the shared memory holds all slabs of the
//         queries, these stay and only rows pass. 16-byte chunk c of row r lies at c ^ (r/2 & 3): ldmatrix and cp.async
//         meet no bank twice.
// FLOPs:  2·queries·rows·stride on the tensor cores, and a comparison a sum: 10,000 × 5 M × 128 is 12.8 TFLOP, 13 ms at
//         the 989 TFLOP/s of an H100; mma.sync, which runs on all devices since sm_80, is said to reach 60–65% of that,
//         wgmma more: it would be a second variant for sm_90a.
// Bytes:  floor 2·rows·stride from memory for each 256 queries; one query: 1.3 GB, 0.4 ms at 3.35 TB/s.
//         From L2: 2·(128 + 256)·32 B a slab of 256 × 128 × 32 products, or 2·128·32 B with resident queries: 10 B a
//         clock and multiprocessor of the 24 there are. Shared reads: 32 B a clock for each of 4 warps, of 128.
#pragma once

#include "cuda/core/cp_async.hpp"
#include "cuda/core/kernel.hpp"
#include "cuda/core/tensor_core.hpp"
#include "cuda/search/prepare_kernel.cuh"
#include "cuda/search/stored_rows.hpp"

namespace segue::cuda::search {

/// Queries slots[first] … slots[first + count − 1] against rows [begin, end).
struct ScanItem {
  std::int32_t first, count;
  std::int64_t begin, end;
};

/// What a query may not get: device memory, or nullptr where there is no such filter.
struct Filter {
  const std::uint64_t* allow = nullptr;    ///< bit by id
  const std::int64_t* offsets = nullptr;   ///< [slots + 1]
  const std::int32_t* excluded = nullptr;  ///< ids, ascending for each slot

  __device__ bool allows(std::int32_t slot, std::int32_t id) const {
    if (allow != nullptr && (allow[id >> 6] >> (id & 63) & 1) == 0)
      return false;
    if (offsets == nullptr)
      return true;
    std::int64_t low = offsets[slot], high = offsets[slot + 1];
    const std::int64_t end = high;
    while (low < high) {
      const std::int64_t middle = (low + high) / 2;
      if (excluded[middle] < id)
        low = middle + 1;
      else
        high = middle;
    }
    return low == end || excluded[low] != id;
  }
};

/// Rows that wait to be scored: of slot s, counts[s] of them from rows + s·capacity. A count above the capacity says
/// that some are missing.
struct Pending {
  std::int32_t* counts;
  std::int32_t* rows;
  std::int32_t capacity;
};

struct Scan {
  RowsView rows;
  const ScanItem* items;  ///< [blocks]
  const std::int32_t* slots;
  const __half* queries;  ///< [slots × stride], copies
  const Bound* bounds;    ///< by slot
  Filter filter;
  Pending pending;
  bool keeps_queries;  ///< the shared memory holds all slabs of the queries
};

inline constexpr int kScanThreads = 256;
inline constexpr int kStages = 3;
inline constexpr int kChunks = 4;  // 16-byte pieces of a slab

/// Shared memory of a block; sized on the host by the same calls.
template <int kQueries>
struct ScanMemory {
  __host__ __device__ ScanMemory(void* base, std::int64_t query_slabs) {
    SharedCarver carver(base);
    queries = carver.take<uint4>(static_cast<std::size_t>(query_slabs) * kQueries * kChunks);
    rows = carver.take<uint4>(kStages * kTileRows * kChunks);
    biases = carver.take<float>(kStages * kTileRows);
    bounds = carver.take<Bound>(kQueries);
    slots = carver.take<std::int32_t>(kQueries);
    bytes = carver.bytes();
  }

  uint4* queries;       // [slab][kQueries][kChunks]
  uint4* rows;          // [stage][kTileRows][kChunks]
  float* biases;        // [stage][kTileRows], written with a tile's first slab
  Bound* bounds;        // [kQueries]
  std::int32_t* slots;  // [kQueries], −1 beyond the last
  std::size_t bytes;
};

__device__ inline int swizzled(int row, int chunk) {
  return row * kChunks + (chunk ^ (row >> 1 & 3));
}

/// Which sums are whose: warp w has kM × kN tiles of 16 queries × 8 rows.
template <int kQueries>
struct ScanLayout {
  static_assert(kQueries == 256 || kQueries == 32);
  static constexpr int kQueryWarps = kQueries == 256 ? 4 : 1;
  static constexpr int kRowWarps = kScanThreads / 32 / kQueryWarps;
  static constexpr int kM = kQueries / kQueryWarps / 16;
  static constexpr int kN = static_cast<int>(kTileRows) / kRowWarps / 8;

  int lane = static_cast<int>(threadIdx.x) % 32;
  int first_query = static_cast<int>(threadIdx.x) / 32 / kRowWarps * kM * 16;
  int first_row = static_cast<int>(threadIdx.x) / 32 % kRowWarps * kN * 8;

  /// Of sum (m, n, i), in the block's tile.
  __device__ int query(int m, int half) const { return first_query + m * 16 + half * 8 + lane / 4; }
  __device__ int row(int n, int i) const { return first_row + n * 8 + lane % 4 * 2 + i; }
};

/// Copies slabs to shared memory, tile after tile, kStages − 1 ahead of the products.
template <int kQueries>
struct ScanLoader {
  const Scan& scan;
  const ScanMemory<kQueries>& memory;
  std::int64_t tile, end_tile;
  int slabs;
  int slab = 0, stage = 0;

  /// This thread's share of the 16-byte pieces of a slab.
  template <int kRows, class Body>
  __device__ static void for_pieces(const Body& body) {
    constexpr int kPieces = kRows * kChunks;
#pragma unroll
    for (int first = 0; first < kPieces; first += kScanThreads) {
      const int i = first + static_cast<int>(threadIdx.x);
      if (kPieces % kScanThreads == 0 || i < kPieces)
        body(i / kChunks, i % kChunks);
    }
  }

  __device__ void load_queries(int from_slab, uint4* to) const {
    for_pieces<kQueries>([&](int query, int chunk) {
      const std::int64_t slot = memory.slots[query];
      cp_async<16>(to + swizzled(query, chunk),
                   scan.queries + max(slot, std::int64_t{0}) * scan.rows.stride + from_slab * kSlab + chunk * 8,
                   slot >= 0);
    });
  }

  /// The next slab, if there is one, as one group of copies.
  __device__ void advance() {
    if (tile < end_tile) {
      uint4* const to = memory.rows + stage * static_cast<int>(kTileRows) * kChunks;
      const __half* const from = scan.rows.copies + tile * kTileRows * scan.rows.stride + slab * kSlab;
      for_pieces<static_cast<int>(kTileRows)>([&](int row, int chunk) {
        cp_async<16>(to + swizzled(row, chunk), from + row * scan.rows.stride + chunk * 8);
      });
      if (slab == 0 && threadIdx.x < kTileRows / 4)
        cp_async<16>(memory.biases + stage * kTileRows + 4 * threadIdx.x,
                     scan.rows.biases + tile * kTileRows + 4 * threadIdx.x);
      if (!scan.keeps_queries)
        load_queries(slab, memory.queries + stage * kQueries * kChunks);
      if (++slab == slabs) {
        slab = 0;
        ++tile;
      }
      stage = stage + 1 == kStages ? 0 : stage + 1;
    }
    cp_async_commit();
  }
};

/// The sums of one warp.
template <int kQueries>
struct ScanSums {
  using Layout = ScanLayout<kQueries>;
  static constexpr int kM = Layout::kM, kN = Layout::kN;
  float sums[kM][kN][4];

  __device__ void start(const Layout& layout, const Bound* bounds, const float* biases) {
#pragma unroll
    for (int m = 0; m < kM; ++m) {
      const float low = bounds[layout.query(m, 0)].inverse_scale, high = bounds[layout.query(m, 1)].inverse_scale;
#pragma unroll
      for (int n = 0; n < kN; ++n) {
        const float2 bias = *reinterpret_cast<const float2*>(biases + layout.row(n, 0));
        sums[m][n][0] = bias.x * low;
        sums[m][n][1] = bias.y * low;
        sums[m][n][2] = bias.x * high;
        sums[m][n][3] = bias.y * high;
      }
    }
  }

  __device__ void add_slab(const Layout& layout, const uint4* queries, const uint4* rows) {
    const int query_at = swizzled(layout.first_query + layout.lane % 16, layout.lane / 16);
    const int row_at = swizzled(layout.first_row + layout.lane % 8 + layout.lane / 16 * 8, layout.lane / 8 % 2);
#pragma unroll
    for (int k = 0; k < static_cast<int>(kSlab) / 16; ++k) {
      std::uint32_t a[kM][4];
#pragma unroll
      for (int m = 0; m < kM; ++m)
        ldmatrix_x4(a[m], queries + (query_at ^ 2 * k) + m * 16 * kChunks);
#pragma unroll
      for (int n = 0; n < kN; n += 2) {
        std::uint32_t b[4];
        ldmatrix_x4(b, rows + (row_at ^ 2 * k) + n * 8 * kChunks);
#pragma unroll
        for (int m = 0; m < kM; ++m) {
          mma_m16n8k16<__half>(sums[m][n], a[m], {b[0], b[1]});
          mma_m16n8k16<__half>(sums[m][n + 1], a[m], {b[2], b[3]});
        }
      }
    }
  }
};

/// What a sum must exceed; NaN: no sum is too small.
__device__ inline float threshold_of(const Bound& bound, const Tile& tile) {
  const float error = (bound.slope + bound.curve * tile.norm) * (tile.norm * tile.inverse_scale);
  return error < 0x1p100f ? fmaf(bound.limit, tile.inverse_scale, -error) : kNaN;
}

/// The survivors of one query among a thread's sums, as bits 2n + i, written behind those of other threads. The four
/// lanes that share the query come together for one atomic. @returns whether the list is full
template <int kQueries>
__device__ bool append(const Scan& scan, const ScanItem& item, const ScanLayout<kQueries>& layout, std::int64_t tile,
                       std::int32_t slot, unsigned survivors) {
  unsigned kept = 0;
  const auto row_of = [&](int bit) { return tile * kTileRows + layout.row(bit / 2, bit % 2); };
  for (unsigned rest = slot < 0 ? 0 : survivors; rest != 0; rest &= rest - 1) {
    const int bit = __ffs(static_cast<int>(rest)) - 1;
    const std::int64_t row = row_of(bit);
    if (row < item.begin || row >= item.end)
      continue;
    const std::int32_t id = scan.rows.ids != nullptr ? scan.rows.ids[row] : static_cast<std::int32_t>(row);
    if (scan.filter.allows(slot, id))
      kept |= 1u << bit;
  }

  const int count = __popc(kept);
  int through = count;  // of this lane of the four and those before it
  for (int distance = 1; distance < 4; distance *= 2) {
    const int before = __shfl_up_sync(kFullWarp, through, static_cast<unsigned>(distance), 4);
    if (layout.lane % 4 >= distance)
      through += before;
  }
  const int total = __shfl_sync(kFullWarp, through, 3, 4);
  int start = 0;
  if (layout.lane % 4 == 0 && total > 0)
    start = atomicAdd(scan.pending.counts + slot, total);
  start = __shfl_sync(kFullWarp, start, 0, 4);
  std::int64_t at = start + through - count;
  for (unsigned rest = kept; rest != 0; rest &= rest - 1, ++at)
    if (at < scan.pending.capacity)
      scan.pending.rows[static_cast<std::int64_t>(slot) * scan.pending.capacity + at] =
          static_cast<std::int32_t>(row_of(__ffs(static_cast<int>(rest)) - 1));
  return start + total > scan.pending.capacity;
}

/// @param full  bit 2m + half: the list of this thread's query is full, and what more there is need not be found
template <int kQueries>
__device__ void offer(const Scan& scan, const ScanItem& item, const ScanLayout<kQueries>& layout,
                      const ScanMemory<kQueries>& memory, std::int64_t tile, const ScanSums<kQueries>& work,
                      unsigned& full) {
  constexpr int kM = ScanSums<kQueries>::kM, kN = ScanSums<kQueries>::kN;
  const Tile scale = scan.rows.tiles[tile];
  float thresholds[kM][2];
  bool any = false;
#pragma unroll
  for (int m = 0; m < kM; ++m)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float threshold = threshold_of(memory.bounds[layout.query(m, half)], scale);
      thresholds[m][half] = (full >> (2 * m + half) & 1) != 0 ? kInfinity : threshold;
#pragma unroll
      for (int n = 0; n < kN; ++n)
        any |= !(work.sums[m][n][2 * half] <= thresholds[m][half]) |
               !(work.sums[m][n][2 * half + 1] <= thresholds[m][half]);
    }
  if (!__any_sync(kFullWarp, any))
    return;
#pragma unroll
  for (int m = 0; m < kM; ++m)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      unsigned survivors = 0;
#pragma unroll
      for (int n = 0; n < kN; ++n)
#pragma unroll
        for (int i = 0; i < 2; ++i)
          survivors |= !(work.sums[m][n][2 * half + i] <= thresholds[m][half]) ? 1u << (2 * n + i) : 0u;
      if (!__any_sync(kFullWarp, survivors != 0))
        continue;
      if (append(scan, item, layout, tile, memory.slots[layout.query(m, half)], survivors))
        full |= 1u << (2 * m + half);
    }
}

template <int kQueries>
__global__ void __launch_bounds__(kScanThreads, kQueries == 256 ? 1 : 3) scan_kernel(Scan scan) {
  SEGUE_DYNAMIC_SHARED(unsigned char, shared);
  const int slabs = static_cast<int>(scan.rows.stride / kSlab);
  const ScanMemory<kQueries> memory(shared, scan.keeps_queries ? slabs : kStages);
  const ScanItem item = scan.items[blockIdx.x];
  for (int i = static_cast<int>(threadIdx.x); i < kQueries; i += kScanThreads) {
    memory.slots[i] = i < item.count ? scan.slots[item.first + i] : -1;
    memory.bounds[i] = i < item.count ? scan.bounds[memory.slots[i]] : Bound{kInfinity, 0, 0, 1};
  }
  __syncthreads();

  const std::int64_t first_tile = item.begin / kTileRows, end_tile = (item.end + kTileRows - 1) / kTileRows;
  ScanLoader<kQueries> loader{scan, memory, first_tile, end_tile, slabs};
  if (scan.keeps_queries)
    for (int slab = 0; slab < slabs; ++slab)
      loader.load_queries(slab, memory.queries + slab * kQueries * kChunks);
  for (int ahead = 0; ahead < kStages - 1; ++ahead)
    loader.advance();

  const ScanLayout<kQueries> layout;
  ScanSums<kQueries> work;
  unsigned full = 0;
  int stage = 0;
  for (std::int64_t tile = first_tile; tile < end_tile; ++tile) {
    for (int slab = 0; slab < slabs; ++slab) {
      cp_async_wait<kStages - 2>();
      __syncthreads();
      loader.advance();  // into the stage that was used up before the barrier
      if (slab == 0)
        work.start(layout, memory.bounds, memory.biases + stage * kTileRows);
      work.add_slab(layout, memory.queries + (scan.keeps_queries ? slab : stage) * kQueries * kChunks,
                    memory.rows + stage * static_cast<int>(kTileRows) * kChunks);
      stage = stage + 1 == kStages ? 0 : stage + 1;
    }
    offer(scan, item, layout, memory, tile, work, full);
  }
}

}  // namespace segue::cuda::search
