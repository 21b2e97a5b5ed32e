// Warp-wide matrix products of 16-bit floats with fp32 sums, in the register layouts of the PTX ISA (mma.sync,
// ldmatrix; sm_80 and later).
#pragma once

#include <cstring>
#include <type_traits>

#include "cuda/core/kernel.hpp"

namespace segue::cuda {

#if defined(SEGUE_SIMT)
namespace detail {

struct MmaLane {
  const std::uint32_t* a;
  const std::uint32_t* b;
  float* d;
};

template <class T>
float element_of(const std::uint32_t* registers, int i) {
  T value;
  std::memcpy(static_cast<void*>(&value), reinterpret_cast<const char*>(registers) + 2 * i, 2);
  return static_cast<float>(value);
}

template <class T>
void multiply_fragments(void* const* lanes, unsigned mask) {
  if (mask != kFullWarp)
    simt::detail::fail("mma needs all 32 lanes", {__FILE__, __LINE__});
  float a[16][16], b[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const MmaLane& mine = *static_cast<const MmaLane*>(lanes[lane]);
    const int group = lane / 4, place = lane % 4;
    for (int i = 0; i < 8; ++i)
      a[i < 2 || (i >= 4 && i < 6) ? group : group + 8][place * 2 + (i & 1) + (i < 4 ? 0 : 8)] =
          element_of<T>(mine.a, i);
    for (int i = 0; i < 4; ++i)
      b[place * 2 + (i & 1) + (i < 2 ? 0 : 8)][group] = element_of<T>(mine.b, i);
  }
  for (int lane = 0; lane < 32; ++lane) {
    const MmaLane& mine = *static_cast<const MmaLane*>(lanes[lane]);
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + (i < 2 ? 0 : 8), column = lane % 4 * 2 + (i & 1);
      float sum = mine.d[i];
      for (int k = 0; k < 16; ++k)
        sum += a[row][k] * b[k][column];
      mine.d[i] = sum;
    }
  }
}

struct MatrixLane {
  std::uint16_t row[8];
  std::uint32_t* out;
};

template <bool kTransposed>
void deal_matrices(void* const* lanes, unsigned mask) {
  if (mask != kFullWarp)
    simt::detail::fail("ldmatrix needs all 32 lanes", {__FILE__, __LINE__});
  const auto at = [&](int matrix, int row, int column) {
    return static_cast<const MatrixLane*>(lanes[8 * matrix + row])->row[column];
  };
  for (int lane = 0; lane < 32; ++lane)
    for (int matrix = 0; matrix < 4; ++matrix) {
      const int first = lane % 4 * 2, other = lane / 4;
      const std::uint32_t low = kTransposed ? at(matrix, first, other) : at(matrix, other, first);
      const std::uint32_t high = kTransposed ? at(matrix, first + 1, other) : at(matrix, other, first + 1);
      static_cast<const MatrixLane*>(lanes[lane])->out[matrix] = low | high << 16;
    }
}

}  // namespace detail
#endif

/// d += a·b of one 16 × 8 × 16 tile: a row-major, b column-major; T is __half or __nv_bfloat16, two in each register.
template <class T>
__device__ inline void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  static_assert(std::is_same_v<T, __half> || std::is_same_v<T, __nv_bfloat16>);
#if defined(__CUDA_ARCH__)
  if constexpr (std::is_same_v<T, __half>)
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  else
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#elif defined(SEGUE_SIMT)
  detail::MmaLane mine{a, b, d};
  simt::detail::warp_wide(detail::multiply_fragments<T>, kFullWarp, &mine, {__FILE__, __LINE__});
#endif
}

/// Four 8 × 8 matrices of 16-bit elements: lane l names row l % 8 of matrix l / 8, 16 aligned bytes in shared memory;
/// out[m] holds of matrix m elements (l / 4, l % 4 · 2) and the one after it; with kTransposed, those of its transpose.
template <bool kTransposed = false>
__device__ inline void ldmatrix_x4(std::uint32_t (&out)[4], const void* shared_row) {
#if defined(__CUDA_ARCH__)
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(shared_row));
  if constexpr (kTransposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])
                 : "r"(address)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])
                 : "r"(address)
                 : "memory");
#elif defined(SEGUE_SIMT)
  if (reinterpret_cast<std::uintptr_t>(shared_row) % 16 != 0)
    simt::detail::fail("ldmatrix: misaligned address", {__FILE__, __LINE__});
  detail::MatrixLane mine;
  for (int i = 0; i < 8; ++i)
    mine.row[i] = static_cast<const std::uint16_t*>(shared_row)[i];
  mine.out = out;
  simt::detail::warp_wide(detail::deal_matrices<kTransposed>, kFullWarp, &mine, {__FILE__, __LINE__});
#endif
}

}  // namespace segue::cuda
