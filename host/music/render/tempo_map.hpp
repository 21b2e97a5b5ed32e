#pragma once

#include <vector>

#include "segue/core/random.hpp"
#include "segue/music/arrangement.hpp"

namespace segue::music {

/// When each beat of an arrangement comes. Half are as steady as a sequencer; the others speed up and slow down by up
/// to 2% and wander. The excerpt begins anywhere in the first eight beats.
class TempoMap {
 public:
  TempoMap(const Arrangement& arrangement, double seconds, Random& random);

  /// From the start of the excerpt, negative before it; off-beats where the swing has them.
  double seconds(double beat) const;
  double start() const { return -times_.front(); }  ///< how much is before the excerpt

 private:
  std::vector<double> times_;  // of the whole beats
  double swing_;
};

}  // namespace segue::music
