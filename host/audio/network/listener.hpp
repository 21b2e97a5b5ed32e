#pragma once

#include <array>
#include <span>
#include <vector>

#include "host/audio/network/branches.hpp"
#include "segue/audio/network.hpp"

namespace segue::audio {

/// What the two branches say of a clip, before calibration.
struct Heard {
  std::array<float, kKeys> key{};            ///< mean log-probabilities over the windows; not quite adding up to 1
  std::array<float, kTempoClasses> tempo{};  ///< the same
  std::array<float, kMetres> metre{};        ///< the same
  Matrix<float> key_by_window;               ///< log-probabilities [windows × 24]
  std::vector<float> beat, downbeat;         ///< by mel frame
  std::vector<float> harmonic_statistics, rhythm_statistics;  ///< mean over the windows
};

/// Runs the branches over the windows of clips, windows of one width in batches.
class Listener {
 public:
  /// Both are borrowed.
  Listener(LayerOps& ops, const Weights& weights, const FrontEndOptions& front_end)
      : ops_(ops), parameters_(ops, weights), front_end_(front_end) {}

  /// Each fills its part of heard[i] from clips[i].  @throws BadInput  a tensor is missing or has another shape
  void hear_harmony(std::span<const Features> clips, std::span<Heard> heard);
  void hear_rhythm(std::span<const Features> clips, std::span<Heard> heard);

 private:
  /// Frames [begin, begin + frames) of a clip.
  struct Window {
    std::size_t clip = 0;
    std::int64_t begin = 0, frames = 0;
    std::int64_t row = 0;  ///< which of its clip's windows
    float weight = 0;      ///< in the clip's mean
  };
  std::vector<Window> harmonic_windows(std::size_t clip, std::int64_t frames) const;
  std::vector<Window> rhythm_windows(std::size_t clip, std::int64_t frames) const;
  void hear_harmony(std::span<const Window> batch, std::span<const Features> clips, std::span<Heard> heard);
  void hear_rhythm(std::span<const Window> batch, std::span<const Features> clips, std::span<Heard> heard);
  std::vector<float> download(const Variable& x);

  LayerOps& ops_;
  FoldedParameters parameters_;
  FrontEndOptions front_end_;
};

/// log softmax of `logits`, in place.
void log_softmax(std::span<float> logits);

}  // namespace segue::audio
