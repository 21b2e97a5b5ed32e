#include "host/audio/profile/profile_json.hpp"

#include <cmath>

namespace segue::audio {
namespace {

nlohmann::ordered_json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

}  // namespace

nlohmann::ordered_json json_of(const SongProfile& profile) {
  return {{"seconds", profile.seconds},
          {"tempo", profile.tempo},
          {"tempo_confidence", profile.tempo_confidence},
          {"second_tempo", profile.second_tempo},
          {"second_tempo_confidence", profile.second_tempo_confidence},
          {"key", profile.key},
          {"mode", profile.mode},
          {"key_confidence", profile.key_confidence},
          {"mode_confidence", profile.mode_confidence},
          {"time_signature", profile.time_signature},
          {"time_signature_confidence", profile.time_signature_confidence},
          {"loudness", number_or_null(profile.loudness.integrated_lufs)},
          {"loudness_range", profile.loudness.range_lu},
          {"true_peak", number_or_null(profile.loudness.true_peak_dbtp)}};
}

}  // namespace segue::audio
