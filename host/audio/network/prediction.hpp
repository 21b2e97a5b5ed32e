#pragma once

#include "host/audio/network/embedding.hpp"
#include "host/audio/network/metadata.hpp"

namespace segue::audio {

/// What was heard, as calibrated probabilities and a point.
Prediction prediction_of(Heard&& heard, const Temperatures& temperatures, const Embedding& embedding);

}  // namespace segue::audio
