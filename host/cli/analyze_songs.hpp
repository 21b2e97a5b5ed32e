#pragma once

#include <span>

#include "host/cli/session.hpp"
#include "segue/audio/profile_store.hpp"

namespace segue::cli {

/// "120.3 (0.93)"; empty where there is no answer.
std::string tempo_text(double tempo, double confidence);
/// "6/8"
std::string metre_text(int time_signature);

/// A table of answers with their confidences.
void say_songs(std::span<const audio::StoredProfile> songs, const Session& session);
/// For each group its size, what its songs have in common, and some of them.
void say_groups(std::span<const audio::StoredProfile> songs, const Session& session);
Json json_of(std::span<const audio::StoredProfile> songs);

}  // namespace segue::cli
