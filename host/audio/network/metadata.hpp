#pragma once

#include "segue/audio/network.hpp"
#include "segue/audio/weights.hpp"

namespace segue::audio {

/// Of each head; see calibration.hpp.
struct Temperatures {
  double key = 1, tempo = 1, metre = 1;
};

/// What weights hold beside the branches' parameters.
/// @throws BadInput  not there, or out of range
FrontEndOptions front_end_of(const Weights& weights);
Temperatures temperatures_of(const Weights& weights);
void set_front_end(Weights& weights, const FrontEndOptions& options);
void set_temperatures(Weights& weights, const Temperatures& temperatures);

}  // namespace segue::audio
