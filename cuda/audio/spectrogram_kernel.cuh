// A chunk of frames on its way through the device:
//
//     frame(t) = window(t) · samples(begin + t)        frames_kernel
//     X = FFT(frame)                                   cuFFT
//     out(i) = form(Σₖ w(i, k)·|X(k)|²)                filter_kernel
//
// Bytes for the front end and a clip of 30 s (2048 samples a frame and hop 512; 8192 and 4410): floor 2.6 MB of samples
// read and 0.4 MB of results written, 0.9 µs on an H100. Frames and spectra, 10.6 + 4.9 MB each written and read, would
// be 18 µs more if they went to memory and back: a chunk is small enough for L2. The copy from the host, 2.6 MB, takes
// 53 µs at 50 GB/s beside all of it and is what the whole waits for: so both spectrograms share one. All by arithmetic.
#pragma once

#include "cuda/audio/slot_plan.hpp"
#include "cuda/core/kernel.hpp"

namespace segue::cuda {

/// As audio::Filterbank, on the device.
struct DeviceFilters {
  const std::int32_t* first;
  const std::int32_t* offset;
  const float* weights;
  std::int32_t count;
};

enum class SpectrogramForm { power, magnitude, decibels };

inline constexpr int kSpectrogramThreads = 256;

// One block a frame. Bytes: floor 4·hop read (what neighbours share comes from L2), 4·n_fft written.
__global__ void __launch_bounds__(kSpectrogramThreads)
    frames_kernel(const float* samples, const FrameSource* sources, const float* window, int n_fft, float* frames) {
  const FrameSource source = sources[blockIdx.x];
  float* const frame = frames + std::int64_t{blockIdx.x} * n_fft;
#if defined(__CUDACC__)
#pragma unroll 4
#endif
  for (int t = static_cast<int>(threadIdx.x); t < n_fft; t += kSpectrogramThreads)
    frame[t] = t >= source.from && t < source.to ? window[t] * samples[source.begin + t] : 0.0f;
}

__device__ inline float in_form(float power, SpectrogramForm form) {
  switch (form) {
    case SpectrogramForm::decibels:
      return 10 * log10f(fmaxf(power, 1e-10f));
    case SpectrogramForm::magnitude:
      return sqrtf(power);
    default:
      return power;
  }
}

// One block a frame, eight lanes a filter: most harmonic filters have fewer than eight bins, and eight spectrum
// values are two whole sectors. Neighbouring filters overlap; what the second one reads of a spectrum is in L1.
// Bytes: floor 8·(n_fft/2 + 1) read, 4·filters written. FLOPs: 5 a weight.
__global__ void __launch_bounds__(kSpectrogramThreads)
    filter_kernel(const float2* spectra, std::int64_t bins, DeviceFilters filters, SpectrogramForm form, float* out) {
  constexpr unsigned kLanes = 8, kGroups = kSpectrogramThreads / kLanes;
  const unsigned lane = threadIdx.x % kLanes, group = threadIdx.x / kLanes;
  const unsigned group_mask = 0xffu << (threadIdx.x % kWarpSize / kLanes * kLanes);
  const float2* const spectrum = spectra + std::int64_t{blockIdx.x} * bins;
  float* const row = out + std::int64_t{blockIdx.x} * filters.count;
  for (int i = static_cast<int>(group); i < filters.count; i += kGroups) {
    const float2* const x = spectrum + filters.first[i];
    const int begin = filters.offset[i], weights = filters.offset[i + 1] - begin;
    float sum = 0;
    for (int k = static_cast<int>(lane); k < weights; k += kLanes)
      sum += filters.weights[begin + k] * (x[k].x * x[k].x + x[k].y * x[k].y);
    for (unsigned step = kLanes / 2; step > 0; step /= 2)
      sum += __shfl_xor_sync(group_mask, sum, static_cast<int>(step));
    if (lane == 0)
      row[i] = in_form(sum, form);
  }
}

}  // namespace segue::cuda
