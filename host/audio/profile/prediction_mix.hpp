#pragma once

#include "segue/audio/network.hpp"

namespace segue::audio {

/// The predictions of a clip's pieces, in order, as one: log-probabilities and embeddings averaged by weight, what
/// belongs to a moment put one after the other.
class PredictionMix {
 public:
  void add(Prediction prediction, double weight);
  bool empty() const { return pieces_ == 0; }
  /// One piece comes out as it was added.
  Prediction finish();

 private:
  Prediction first_;
  std::vector<double> key_, tempo_, metre_, embedding_;
  std::vector<float> key_by_window_;
  double weight_ = 0;
  std::int64_t pieces_ = 0;
};

}  // namespace segue::audio
