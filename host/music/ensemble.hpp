#pragma once

#include <vector>

#include "host/music/tune.hpp"

namespace segue::music {

/// The tune by a band that is drawn for its style.
Arrangement play(const Tune& tune, const Setting& setting, const std::vector<const Groove*>& grooves, Random& random);

/// No key is to be heard.
Arrangement drums_alone(const Setting& setting, const std::vector<const Groove*>& grooves, Random& random);

}  // namespace segue::music
