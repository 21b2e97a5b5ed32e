#pragma once

#include <nlohmann/json.hpp>

#include "segue/audio/profile.hpp"

namespace segue::audio {

/// A profile but its embedding, by the names of the store's columns; a loudness of −∞ is null.
nlohmann::ordered_json json_of(const SongProfile& profile);

}  // namespace segue::audio
