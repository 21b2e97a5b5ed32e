#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "segue/core/device.hpp"

namespace segue::audio {

/// After ITU-R BS.1770-4 and EBU R 128 (Tech 3341, Tech 3342).
struct Loudness {
  double integrated_lufs = 0;  ///< gated; -infinity: silence, or less than 400 ms
  double range_lu = 0;         ///< LRA; 0 where there is too little
  double true_peak_dbtp = 0;   ///< largest of the channels, oversampled; -infinity: digital silence
};

/// Streaming, on the CPU: libebur128, with a faster true peak by the same filter. Channels as libav usually orders so
/// many:
///     1 one channel, counted once;  2 L R;  3 L R C;  4 L R Ls Rs;  5 L R C Ls Rs;  6 L R C LFE Ls Rs;
///     7 L R C LFE Cs Ls Rs;  8 L R C LFE, rear L R, side L R;  more: all weighted 1
/// LFE is left out of the loudness, what lies between 60° and 120° to either side weighted 1.41.
class LoudnessMeter {
 public:
  virtual ~LoudnessMeter() = default;
  /// @throws InvalidArgument  not whole frames
  virtual void add(std::span<const float> interleaved) = 0;
  virtual Loudness finish() = 0;
};

/// @throws InvalidArgument  more than 64 channels, a rate outside 16 Hz … 2.8 MHz
std::unique_ptr<LoudnessMeter> make_loudness_meter(int channels, int sample_rate);

/// Interleaved samples of one clip.
struct ClipView {
  std::span<const float> samples;
  int channels = 1;
};

/// Many clips of one sample rate at once, on either device.
/// @throws DeviceUnavailable; InvalidArgument
std::vector<Loudness> measure_loudness(Device device, std::span<const ClipView> clips, int sample_rate);

}  // namespace segue::audio
