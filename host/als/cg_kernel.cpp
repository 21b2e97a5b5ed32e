// A range of rows of one half-iteration. For user u, with d = c − 1 = alpha·|r| and p = [r > 0],
//     (YᵀY + λᵤI + Σᵢ dᵢyᵢyᵢᵀ) xᵤ = Σᵢ cᵢpᵢyᵢ        Hu, Koren & Volinsky (2008), eq. 4
// by conjugate gradient from the present xᵤ, the sum applied and never formed (Takács, Pilászy & Tikk 2011).
//
// A row's vectors are gathered once into a block of floats; the first residual is taken on the way. A pass over the
// block is 8 dot products, 8 weights, one 8-fold axpy. The last step needs pᵀAp only: half a pass, no residual. YᵀY·p
// is taken for a batch of rows at a time, so that YᵀY (64 KiB at rank 128, more than L1) passes once for the batch.
// With nnz interactions, n rows, f the padded rank, s steps:
// Bytes:  floor nnz·(f·sizeof(stored) + 8) + 8·n·f: each yᵢ once, index and strength, x in and out.
// FLOPs:  nnz·f·(4 + 4(s − 1) + 2) + 2(s + 1)·n·f².
// 20 M interactions of 300 k users and 60 k songs, f = 128, s = 3, one iteration: 11 GB, 118 GFLOP.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/als/cg_kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "host/als/half_iteration.hpp"
#include "host/als/vector_group-inl.h"

HWY_BEFORE_NAMESPACE();
namespace segue::als::HWY_NAMESPACE {

constexpr std::size_t kPrefetchAhead = 32;  // vectors before the one gathered
constexpr std::size_t kPrefetchPerGroup =
    4;  // vectors of the next batch for each 8 of this one; there are cg_steps passes

// kFixed is the padded rank where it is known when compiled, 0 elsewhere: the loops unroll.
template <std::size_t kFixed, class Stored>
class RowSolver {
 public:
  RowSolver(const HalfIteration& half, const Stored* source, CgScratch& scratch)
      : half_(half),
        scratch_(scratch),
        source_(source),
        rank_(static_cast<std::size_t>(half.target.columns())),
        end_(half.interactions.indices.size()) {}

  void solve(RowRange rows) {
    for (std::int64_t row = rows.begin; row < rows.end;)
      if (half_.interactions.row_size(row) == 0)
        ++row;
      else
        row = solve_batch(row, rows.end);
  }

 private:
  struct Row {
    std::int64_t row;
    std::size_t begin, size;  // interactions
    std::size_t stage;        // where its vectors start in the stage
    float lambda;
    float residual;  // rᵀr; 0: done
    float norm;      // the largest pᵀAp / pᵀp met: a lower bound of |A|₂
  };

  std::size_t f() const { return kFixed != 0 ? kFixed : rank_; }
  float* stage(std::size_t row) const { return scratch_.stage.data() + row * f(); }

  // Brings in what the next batch gathers, a few vectors for each group of this batch's passes: the gather alone would
  // wait for memory most of its time, with all the misses a core can have under way.
  void prefetch_next() {
    const std::size_t stop = std::min(ahead_ + kPrefetchPerGroup, ahead_end_);
    prefetch(ahead_, stop);
    ahead_ = std::max(ahead_, stop);
  }

  Row make_row(std::int64_t row, std::size_t stage_row) const {
    const auto begin = static_cast<std::size_t>(half_.interactions.offsets[static_cast<std::size_t>(row)]);
    const std::int64_t size = half_.interactions.row_size(row);
    const double lambda = row_lambda(half_.options, size, half_.interactions.columns);
    return {row, begin, static_cast<std::size_t>(size), stage_row, static_cast<float>(lambda), 0.0f, half_.gram_norm};
  }

  static std::size_t padded_size(const Row& row) { return (row.size + kGroup - 1) / kGroup * kGroup; }

  // Takes rows until the stage's share for a batch is full, solves them together; the row after them.
  std::int64_t solve_batch(std::int64_t row, std::int64_t end) {
    Row batch[CgScratch::kBatchRows];
    std::size_t count = 0, staged = 0;
    for (; row < end && count < CgScratch::kBatchRows; ++row) {
      const Row next = make_row(row, staged);
      if (next.size == 0)
        continue;
      if (count > 0 && staged + padded_size(next) > static_cast<std::size_t>(scratch_.batch_rows))
        break;
      staged += padded_size(next);
      batch[count++] = next;
    }
    ahead_ = batch[count - 1].begin + batch[count - 1].size + kPrefetchAhead;
    ahead_end_ = std::min(end_, ahead_ + static_cast<std::size_t>(scratch_.batch_rows));
    solve_together(batch, count);
    return row;
  }

  void solve_together(Row* batch, std::size_t count) {
    float* x = scratch_.x.data();
    float* r = scratch_.r.data();
    float* p = scratch_.p.data();
    float* q = scratch_.q.data();
    for (std::size_t b = 0; b < count; ++b)
      std::copy_n(half_.target.row(batch[b].row).data(), f(), x + b * f());
    multiply_shared(batch, count, x, q);
    for (std::size_t b = 0; b < count; ++b) {
      for (std::size_t k = 0; k < f(); ++k)
        r[b * f() + k] = -q[b * f() + k];
      gather(batch[b], x + b * f(), r + b * f());
      std::copy_n(r + b * f(), f(), p + b * f());
      batch[b].residual = dot(r + b * f(), r + b * f(), f());
    }
    for (int step = 1; step <= half_.options.cg_steps; ++step) {
      multiply_shared(batch, count, p, q);
      for (std::size_t b = 0; b < count; ++b)
        if (batch[b].residual > kNoResidual)
          advance(batch[b], b * f(), step == half_.options.cg_steps);
    }
    for (std::size_t b = 0; b < count; ++b)
      std::copy_n(x + b * f(), f(), half_.target.row(batch[b].row).data());
  }

  // One CG step of one row whose q holds (YᵀY + λI)p.
  void advance(Row& row, std::size_t at, bool last) {
    float* x = scratch_.x.data() + at;
    float* r = scratch_.r.data() + at;
    float* p = scratch_.p.data() + at;
    float* q = scratch_.q.data() + at;
    float curvature;  // pᵀAp
    if (last) {
      curvature = dot(p, q, f()) + squared_dots(row, p);
    } else {
      multiply_listened(row, p, q);
      curvature = dot(p, q, f());
    }
    const float square = dot(p, p, f());
    row.norm = std::max(row.norm, curvature / square);
    const float length = row.residual / curvature;
    // What A maps to less than rounding has no answer in floats (no regularisation, fewer rows than the rank): x stays.
    if (!(curvature > kRounding * row.norm * square) || !std::isfinite(length)) {
      row.residual = 0;
      return;
    }
    axpy(length, p, f(), x);
    if (last)
      return;
    axpy(-length, q, f(), r);
    const float next = dot(r, r, f());
    const float beta = next / row.residual;
    for (std::size_t k = 0; k < f(); k += kLanes)
      store(hn::MulAdd(hn::Set(Floats(), beta), load(p + k), load(r + k)), p + k);
    row.residual = next;
  }

  // out = (YᵀY + λI)·v, or v itself when whitened
  void multiply_shared(const Row* batch, std::size_t count, const float* v, float* out) const {
    if (half_.gram == nullptr) {
      std::copy_n(v, count * f(), out);
      return;
    }
    gram_product(half_.gram, f(), count, v, out);
    for (std::size_t b = 0; b < count; ++b)
      axpy(batch[b].lambda, v + b * f(), f(), out + b * f());
  }

  // The d and the c·p of a group, with the scale of what is stored: v = scale·stored.
  void strengths(std::size_t first, std::size_t count, float* d, float* target) const {
    const float scale = half_.source.scale;
    const float alpha = static_cast<float>(half_.options.alpha);
    const bool pattern = half_.interactions.values.empty();
    for (std::size_t i = 0; i < count; ++i) {
      const float strength = pattern ? 1.0f : half_.interactions.values[first + i];
      const float excess = alpha * std::abs(strength);
      d[i] = excess * scale * scale;
      target[i] = strength > 0 ? (1 + excess) * scale : 0.0f;
    }
    std::fill(d + count, d + kGroup, 0.0f);
    std::fill(target + count, target + kGroup, 0.0f);
  }

  void prefetch(std::size_t first, std::size_t end) const {
    const std::int32_t* indices = half_.interactions.indices.data();
    for (std::size_t i = first; i < end; ++i) {
      const Stored* vector = source_ + static_cast<std::size_t>(indices[i]) * f();
      for (std::size_t k = 0; k < f(); k += 64 / sizeof(Stored))
        hwy::Prefetch(vector + k);
    }
  }

  // Vectors of interactions [first, first + count) to a group; the rest of it zeros.
  void gather_group(std::size_t first, std::size_t count, float* group) const {
    prefetch(std::min(first + kPrefetchAhead, end_), std::min(first + kPrefetchAhead + kGroup, end_));
    const std::int32_t* indices = half_.interactions.indices.data() + first;
    for (std::size_t i = 0; i < count; ++i) {
      const Stored* vector = source_ + static_cast<std::size_t>(indices[i]) * f();
      for (std::size_t k = 0; k < f(); k += kLanes)
        store(load(vector + k), group + i * f() + k);
    }
    std::fill(group + count * f(), group + kGroup * f(), 0.0f);
  }

  // Stages what fits and adds Σᵢ (cᵢpᵢ − dᵢ yᵢ·x) yᵢ to r.
  void gather(const Row& row, const float* x, float* r) {
    HWY_ALIGN float dots[kGroup], target[kGroup], weight[kGroup];
    for (std::size_t i = 0; i < row.size; i += kGroup) {
      const std::size_t slot = slot_of(row, i);
      const std::size_t count = std::min(kGroup, row.size - i);
      float* d = scratch_.confidence.data() + slot;
      gather_group(row.begin + i, count, stage(slot));
      strengths(row.begin + i, count, d, target);
      group_dots(stage(slot), f(), x, dots);
      group_weights(d, dots, target, weight);
      group_axpy(stage(slot), f(), weight, r);
    }
  }

  // Where the group lies in the stage; past its end all share the last 8 places and are gathered in each pass.
  std::size_t slot_of(const Row& row, std::size_t i) const {
    return std::min(row.stage + i, static_cast<std::size_t>(scratch_.stage_rows));
  }
  std::size_t staged_group(const Row& row, std::size_t i) {
    const std::size_t slot = slot_of(row, i);
    if (slot == static_cast<std::size_t>(scratch_.stage_rows)) {
      HWY_ALIGN float unused[kGroup];
      const std::size_t count = std::min(kGroup, row.size - i);
      gather_group(row.begin + i, count, stage(slot));
      strengths(row.begin + i, count, scratch_.confidence.data() + slot, unused);
    }
    return slot;
  }

  // q += Σᵢ dᵢ (yᵢ·p) yᵢ
  void multiply_listened(const Row& row, const float* p, float* q) {
    HWY_ALIGN float dots[kGroup], weight[kGroup];
    for (std::size_t i = 0; i < row.size; i += kGroup) {
      prefetch_next();
      const std::size_t slot = staged_group(row, i);
      const float* d = scratch_.confidence.data() + slot;
      group_dots(stage(slot), f(), p, dots);
      group_weights(d, dots, weight);
      group_axpy(stage(slot), f(), weight, q);
    }
  }

  // Σᵢ dᵢ (yᵢ·p)²
  float squared_dots(const Row& row, const float* p) {
    HWY_ALIGN float dots[kGroup], sum[kGroup] = {};
    for (std::size_t i = 0; i < row.size; i += kGroup) {
      prefetch_next();
      const std::size_t slot = staged_group(row, i);
      const float* d = scratch_.confidence.data() + slot;
      group_dots(stage(slot), f(), p, dots);
      group_add_squares(d, dots, sum);
    }
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
  }

  static constexpr float kRounding = 0x1p-21f;  // of a float sum, relative to its largest terms
  static constexpr float kNoResidual = 1e-30f;  // below it rᵀr and pᵀAp leave float's range

  const HalfIteration& half_;
  CgScratch& scratch_;
  const Stored* source_;
  std::size_t rank_;
  std::size_t end_;        // of the interactions
  std::size_t ahead_ = 0;  // the next interaction to prefetch for the batch to come
  std::size_t ahead_end_ = 0;
};

template <class Stored>
void solve_with_rank(const HalfIteration& half, const Stored* source, RowRange rows, CgScratch& scratch) {
  switch (half.target.columns()) {
    case 32:
      return RowSolver<32, Stored>(half, source, scratch).solve(rows);
    case 64:
      return RowSolver<64, Stored>(half, source, scratch).solve(rows);
    case 128:
      return RowSolver<128, Stored>(half, source, scratch).solve(rows);
    default:
      return RowSolver<0, Stored>(half, source, scratch).solve(rows);
  }
}

void SolveRows(const HalfIteration& half, RowRange rows, CgScratch& scratch) {
  switch (half.source.storage) {
    case Storage::float16:
      return solve_with_rank(half, static_cast<const hwy::float16_t*>(half.source.vectors), rows, scratch);
    case Storage::bfloat16:
      return solve_with_rank(half, static_cast<const Bfloat16*>(half.source.vectors), rows, scratch);
    case Storage::float32:
      return solve_with_rank(half, static_cast<const float*>(half.source.vectors), rows, scratch);
  }
}

}  // namespace segue::als::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace segue::als {

HWY_EXPORT(SolveRows);

void solve_rows_cg(const HalfIteration& half, RowRange rows, CgScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(SolveRows)(half, rows, scratch);
}

}  // namespace segue::als
#endif
