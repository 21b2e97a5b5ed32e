#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/playlist/blend.hpp"
#include "segue/als/explain.hpp"

namespace segue::playlist {

/// One line a person understands for each choice, in their order. Each is true of the log.
/// @param explainer  of the songs' vectors; may be null when no choice is from Source::als
std::vector<std::string> reasons_for(const Inputs& inputs, const SongFacts& facts, const als::Explainer* explainer,
                                     std::int32_t user, std::span<const Choice> choices);

std::string followed_release_reason(const Inputs& inputs, std::int32_t song);
/// @param streamed_artist  the artist the user streams that is nearest to the song's: the song's own, another, or kNone
std::string similar_release_reason(const Inputs& inputs, std::int32_t song, std::int32_t streamed_artist);

}  // namespace segue::playlist
