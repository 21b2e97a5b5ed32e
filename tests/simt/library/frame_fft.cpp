// cuda/audio/frame_fft.hpp in double precision, on the interpreter's device memory.
#include "cuda/audio/frame_fft.hpp"

#include <complex>
#include <numbers>
#include <vector>

#include "tests/simt/library/open_memory.hpp"

namespace segue::cuda {
namespace {

using Complex = std::complex<double>;

/// Cooley & Tukey 1965: of every p-th value for the smallest prime p of the length, put together again.
std::vector<Complex> transform(const std::vector<Complex>& x) {
  const std::size_t n = x.size();
  if (n == 1)
    return x;
  const std::size_t p = n % 2 == 0 ? 2 : n % 3 == 0 ? 3 : 5, m = n / p;
  std::vector<Complex> result(n);
  for (std::size_t residue = 0; residue < p; ++residue) {
    std::vector<Complex> part;
    for (std::size_t t = residue; t < n; t += p)
      part.push_back(x[t]);
    const std::vector<Complex> transformed = transform(part);
    for (std::size_t k = 0; k < n; ++k)
      result[k] += transformed[k % m] *
                   std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(residue * k) / static_cast<double>(n));
  }
  return result;
}

}  // namespace

struct FrameFft::Plan {};

FrameFft::FrameFft(const CudaContext& context, int n_fft, std::int64_t) : context_(context), n_fft_(n_fft) {}
FrameFft::~FrameFft() = default;

void FrameFft::transform(std::int64_t frames, float* time, float2* spectrum) {
  const OpenMemory open;
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    const float* const x = time + frame * n_fft_;
    const std::vector<Complex> transformed = cuda::transform(std::vector<Complex>(x, x + n_fft_));
    for (std::int64_t k = 0; k <= n_fft_ / 2; ++k) {
      const Complex value = transformed[static_cast<std::size_t>(k)];
      float2& out = spectrum[frame * (n_fft_ / 2 + 1) + k];
      out.x = static_cast<float>(value.real());
      out.y = static_cast<float>(value.imag());
    }
  }
}

}  // namespace segue::cuda
