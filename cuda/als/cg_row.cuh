// Conjugate gradient of one row, its vectors over the lanes of one warp: what comes after a product with the matrix.
#pragma once

#include "cuda/als/cg_problem.cuh"

namespace segue::cuda {

inline constexpr float kRounding = 0x1p-21f;  // of a float sum, relative to its largest terms
inline constexpr float kNoResidual = 1e-30f;  // below it rᵀr and pᵀAp leave float's range

/// The same in every lane.
struct CgState {
  float residual;  // rᵀr; 0: done
  float norm;      // the largest pᵀAp / pᵀp met: a lower bound of |A|₂
  float bound;     // ≥ |p|², for its scale as halves

  __device__ bool done() const { return !(residual > kNoResidual); }
};

template <int kRank>
__device__ inline CgState cg_start(float gram_norm, const LaneVector<kRank>& r) {
  const float residual = r.dot(r);
  return {residual, gram_norm, residual};
}

/// One step. `product` is Ap, not needed where it is the last step; `curvature` is pᵀAp. Returns whether p changed.
template <int kRank>
__device__ inline bool cg_advance(CgState& state, LaneVector<kRank>& x, LaneVector<kRank>& r, LaneVector<kRank>& p,
                                  const LaneVector<kRank>& product, float curvature, bool last) {
  if (state.done())
    return false;
  const float square = p.dot(p);
  state.norm = fmaxf(state.norm, curvature / square);
  const float length = state.residual / curvature;
  // What A maps to less than rounding has no answer in floats (no regularisation, fewer rows than the rank): x stays.
  if (!(curvature > kRounding * state.norm * square) || !(fabsf(length) <= 3e38f)) {
    state.residual = 0;
    return false;
  }
  x.add(length, p);
  if (last)
    return false;
  r.add(-length, product);
  const float next = r.dot(r);
  const float beta = next / state.residual;
#pragma unroll
  for (int i = 0; i < LaneVector<kRank>::kValues; ++i)
    p.value[i] = r.value[i] + beta * p.value[i];
  state.bound = 2 * (next + beta * beta * square);
  state.residual = next;
  return true;
}

}  // namespace segue::cuda
