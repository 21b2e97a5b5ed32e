#pragma once

#include <span>

#include "host/playlist/blend.hpp"

namespace segue::playlist {

/// Puts a list in playing order: the strongest song first, then always the one nearest to the last by
///     1 − cosine of the song vectors + |Δtempo|/120 BPM + |Δenergy| + |Δvalence|/2    (where the catalogue has them),
/// never two songs of one artist in a row where that can be avoided. Equal distances keep the order of `choices`.
void order_for_flow(const Inputs& inputs, std::span<Choice> choices);

}  // namespace segue::playlist
