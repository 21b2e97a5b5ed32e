#pragma once

#include <span>
#include <vector>

#include "host/audio/network/listener.hpp"
#include "segue/audio/weights.hpp"

namespace segue::audio {

/// A clip as a point: the statistics of both branches over time (and over the pitch classes, so that a transposition
/// changes little), standardised, projected on their principal axes, scaled to unit length.
class Embedding {
 public:
  /// @throws BadInput  the weights have none
  explicit Embedding(const Weights& weights);

  int dimension() const { return static_cast<int>(projection_.size() / mean_.size()); }
  std::vector<float> of(const Heard& heard) const;

 private:
  std::vector<float> mean_, scale_;
  std::vector<float> projection_;  // [dimension × statistics]
};

inline constexpr int kEmbeddingDimension = 64;

/// Fits it to what was heard of training clips, of which there must be one at least, and puts it into the weights.
void fit_embedding(std::span<const Heard> heard, Weights& weights);

}  // namespace segue::audio
