// The best k of each query: its pending rows are scored exactly, and the best of them and of those so far are kept.
//
//     key = score as an ordered integer · 2³² + ~id: more is better, of equal scores the smaller id, 0 is none
// A score has the bits of the CPU's: q·x one chain of fused multiply-adds in float32, d ascending; l2 −Σ(q − x)² in
// double, each operation rounded, then to float32. The k-th largest key is found by radix, 8 bits at a time from the
// top, in shared memory; then whatever is no less is kept.
//
// Layout: a block a query, a warp 32 pending rows: 32 components of each come coalesced, 4 rows × 128 B an instruction,
//         all 8 before the first use; through shared memory (rows 144 B apart: no bank twice) each lane gets its row.
// Bytes:  4·stride a pending row, gathered. Of n rows in random order that come in passes, each up to g times as far as
//         the one before, some 2k + k·(g − 1)·log_g(n/2k) are pending: 10,000 queries, 5 M × 128, k = 100, g = 4: 2,400
//         each, 12 GB of which the first passes' come from L2; 3 ms at 3.35 TB/s.
// FLOPs:  2·stride a pending row.
#pragma once

#include <cmath>
#include <type_traits>

#include "cuda/core/kernel.hpp"
#include "cuda/search/scan_kernel.cuh"

namespace segue::cuda::search {

using Key = unsigned long long;

struct Selection {
  RowsView rows;
  const std::int32_t* slots;  ///< [blocks]
  const float* queries;       ///< [slots × stride]
  const double* squares;      ///< by slot: see QueriesToPrepare
  Bound* bounds;              ///< by slot: the limit is raised
  Pending pending;            ///< emptied
  Key* keys;                  ///< [slots × k]: the best so far, in no order
  std::int32_t* counts;       ///< by slot: how many there are
  std::uint8_t* missed;       ///< [blocks]: 1 where rows were missing, so that none was taken
  std::int32_t k;
  bool ascending;  ///< every row comes after all rows with smaller ids: an equal score does not displace another
};

inline constexpr int kSelectThreads = 128;
inline constexpr int kSelectWarps = kSelectThreads / kWarpSize;
inline constexpr int kStagedStride = static_cast<int>(kSlab) + 4;
inline constexpr int kBins = 256;

struct SelectMemory {
  __host__ __device__ SelectMemory(void* base, std::int64_t stride, std::int32_t k, std::int32_t capacity) {
    SharedCarver carver(base);
    query = carver.take<float>(static_cast<std::size_t>(stride));
    keys = carver.take<Key>(static_cast<std::size_t>(k) + static_cast<std::size_t>(capacity));
    staged = carver.take<float>(static_cast<std::size_t>(kSelectWarps) * kWarpSize * kStagedStride);
    bins = carver.take<unsigned>(kBins);
    bytes = carver.bytes();
  }

  float* query;
  Key* keys;       // [k + capacity]
  float* staged;   // [warp][32][kStagedStride]
  unsigned* bins;  // [kBins]
  std::size_t bytes;
};

__device__ inline Key key_of(float score, std::int32_t id) {
  if (std::isnan(score))
    return 0;
  const unsigned bits = __float_as_uint(score + 0.0f);  // −0 and 0 are equal
  const unsigned ordered = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
  return static_cast<Key>(ordered) << 32 | static_cast<unsigned>(~id);
}

__device__ inline Hit hit_of(Key key) {
  if (key == 0)
    return {-kInfinity, -1};
  const auto ordered = static_cast<unsigned>(key >> 32);
  const unsigned bits = (ordered & 0x80000000u) != 0 ? ordered & ~0x80000000u : ~ordered;
  return {__uint_as_float(bits), static_cast<std::int32_t>(~static_cast<unsigned>(key))};
}

/// A score as its components come.
template <bool kIsL2>
struct RunningScore {
  std::conditional_t<kIsL2, double, float> sum = 0;

  __device__ void add(float q, float x) {
    if constexpr (kIsL2) {
      const double difference = static_cast<double>(q) - static_cast<double>(x);
      sum = __dadd_rn(sum, __dmul_rn(difference, difference));
    } else {
      sum = __fmaf_rn(q, x, sum);
    }
  }
  __device__ void add(const float4& q, const float4& x) {
    add(q.x, x.x);
    add(q.y, x.y);
    add(q.z, x.z);
    add(q.w, x.w);
  }
  __device__ float value() const {
    if constexpr (kIsL2)
      return static_cast<float>(0.0 - sum);
    else
      return sum;
  }
};

/// Each lane's row against the query; every lane of the warp takes part. @param row  −1: none
template <bool kIsL2>
__device__ float score_of(const RowsView& rows, const float* query, float* staged, std::int32_t row) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  RunningScore<kIsL2> score;
  for (std::int64_t d = 0; d < rows.stride; d += kSlab) {
    float4 loaded[8];
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const std::int64_t of = __shfl_sync(kFullWarp, row, 4 * i + lane / 8);
      loaded[i] = of < 0 ? float4{0, 0, 0, 0}
                         : *reinterpret_cast<const float4*>(rows.vectors + of * rows.stride + d + lane % 8 * 4);
    }
    __syncwarp();
#pragma unroll
    for (int i = 0; i < 8; ++i)
      *reinterpret_cast<float4*>(staged + (4 * i + lane / 8) * kStagedStride + lane % 8 * 4) = loaded[i];
    __syncwarp();
#pragma unroll
    for (int i = 0; i < 8; ++i)
      score.add(*reinterpret_cast<const float4*>(query + d + 4 * i),
                *reinterpret_cast<const float4*>(staged + lane * kStagedStride + 4 * i));
  }
  return score.value();
}

/// The k-th largest of more than k keys, or any value between it and the next: exactly k are no less, where it is not
/// 0.
__device__ inline Key kth_largest(const Key* keys, int count, int k, unsigned* bins) {
  struct Found {
    unsigned bin, wanted;  // the wanted-th largest of that bin is the k-th of all
    bool is_whole;         // which takes all of it
  };
  SEGUE_SHARED(Found, found);
  Key prefix = 0;
  unsigned wanted = static_cast<unsigned>(k);
  for (int shift = 56; shift >= 0; shift -= 8) {
    for (int i = static_cast<int>(threadIdx.x); i < kBins; i += kSelectThreads)
      bins[i] = 0;
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < count; i += kSelectThreads)
      if ((keys[i] ^ prefix) >> shift >> 8 == 0)
        atomicAdd(bins + (keys[i] >> shift & 255), 1u);
    __syncthreads();
    if (threadIdx.x < kWarpSize) {  // lane l: bins 255 − 8l … 248 − 8l
      const int lane = static_cast<int>(threadIdx.x), top = kBins - 1 - 8 * lane;
      unsigned mine = 0;
      for (int i = 0; i < 8; ++i)
        mine += bins[top - i];
      unsigned through = mine;
      for (unsigned distance = 1; distance < kWarpSize; distance *= 2) {
        const unsigned before = __shfl_up_sync(kFullWarp, through, distance);
        if (lane >= static_cast<int>(distance))
          through += before;
      }
      unsigned above = through - mine;
      if (above < wanted && wanted <= through) {
        int bin = top;
        for (; above + bins[bin] < wanted; --bin)
          above += bins[bin];
        found = {static_cast<unsigned>(bin), wanted - above, bins[bin] == wanted - above};
      }
    }
    __syncthreads();
    prefix |= static_cast<Key>(found.bin) << shift;
    wanted = found.wanted;
    if (found.is_whole)
      break;
  }
  return prefix;
}

/// What the scan compares with, from the k-th best score. For l2 it has w = q·x − ½‖x‖², and ‖q − x‖² = ‖q‖² − 2w: no
/// row with 2w ≤ ‖q‖² − D has a distance under D, here −score and what rounding to float32 can have taken off.
template <bool kIsL2>
__device__ float limit_of(float score, double square, float inverse_scale, bool ascending) {
  const double chain_underflow = square > 0 ? 0x1p-137 : 0;
  double limit = static_cast<double>(score) - chain_underflow;
  if (kIsL2)
    limit = (square - (-static_cast<double>(score) * (1 + 0x1p-22) + 0x1p-148)) / 2 - square * 0x1p-50;
  const auto scaled = static_cast<float>(limit * static_cast<double>(inverse_scale));
  return std::isnan(square) ? kNaN : ascending ? scaled : nextafterf(scaled, -kInfinity);
}

template <bool kIsL2>
__global__ void __launch_bounds__(kSelectThreads) select_kernel(Selection work) {
  SEGUE_DYNAMIC_SHARED(unsigned char, shared);
  SEGUE_SHARED(int, kept);
  SEGUE_SHARED(Key, worst);
  const SelectMemory memory(shared, work.rows.stride, work.k, work.pending.capacity);
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t slot = work.slots[blockIdx.x];
  const int pending = work.pending.counts[slot], before = work.counts[slot];
  __syncthreads();
  if (thread == 0) {
    work.pending.counts[slot] = 0;
    work.missed[blockIdx.x] = pending > work.pending.capacity ? 1 : 0;
    kept = 0;
    worst = ~Key{0};
  }
  if (pending > work.pending.capacity || pending == 0)
    return;

  for (std::int64_t d = thread; d < work.rows.stride; d += kSelectThreads)
    memory.query[d] = work.queries[slot * work.rows.stride + d];
  for (int i = thread; i < before; i += kSelectThreads)
    memory.keys[i] = work.keys[slot * work.k + i];
  __syncthreads();
  float* const staged = memory.staged + thread / kWarpSize * kWarpSize * kStagedStride;
  for (int first = thread / kWarpSize * kWarpSize; first < pending; first += kSelectThreads) {
    const int i = first + thread % kWarpSize;
    const std::int32_t row = i < pending ? work.pending.rows[slot * work.pending.capacity + i] : -1;
    const float score = score_of<kIsL2>(work.rows, memory.query, staged, row);
    if (row >= 0)
      memory.keys[before + i] = key_of(score, work.rows.ids != nullptr ? work.rows.ids[row] : row);
  }
  __syncthreads();

  const int count = before + pending;
  const Key least = count > work.k ? kth_largest(memory.keys, count, work.k, memory.bins) : 0;
  Key mine = ~Key{0};
  for (int i = thread; i < count; i += kSelectThreads) {
    const Key key = memory.keys[i];
    if (key == 0 || key < least)
      continue;
    work.keys[slot * work.k + atomicAdd(&kept, 1)] = key;
    mine = min(mine, key);
  }
  atomicMin(&worst, mine);
  __syncthreads();
  if (thread != 0)
    return;
  work.counts[slot] = kept;
  Bound& bound = work.bounds[slot];
  if (kept == work.k)
    bound.limit = limit_of<kIsL2>(hit_of(worst).score, work.squares[slot], bound.inverse_scale, work.ascending);
}

struct Sorting {
  const Key* keys;             ///< [slots × k]
  const std::int32_t* counts;  ///< by slot
  Hit* hits;                   ///< [slots × k], written whole
  std::int32_t k;
  std::int32_t padded;  ///< k rounded up to a power of two
};

/// The kept keys as hits, best first: bitonic in shared memory, a block a query.
template <int kThreads>
__global__ void __launch_bounds__(kThreads) sort_hits_kernel(Sorting work) {
  SEGUE_DYNAMIC_SHARED(Key, keys);
  const std::int64_t slot = blockIdx.x;
  for (int i = static_cast<int>(threadIdx.x); i < work.padded; i += kThreads)
    keys[i] = i < work.counts[slot] ? work.keys[slot * work.k + i] : 0;
  for (int length = 2; length <= work.padded; length *= 2)
    for (int distance = length / 2; distance > 0; distance /= 2) {
      __syncthreads();
      for (int i = static_cast<int>(threadIdx.x); i < work.padded; i += kThreads) {
        const int other = i ^ distance;
        const bool descending = (i & length) == 0;
        if (other > i && (keys[i] < keys[other]) == descending) {
          const Key key = keys[i];
          keys[i] = keys[other];
          keys[other] = key;
        }
      }
    }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < work.k; i += kThreads)
    work.hits[slot * work.k + i] = hit_of(keys[i]);
}

}  // namespace segue::cuda::search
