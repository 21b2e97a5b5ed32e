#pragma once

#include "segue/core/memory_plan.hpp"
#include "segue/playlist/discover_weekly.hpp"
#include "segue/playlist/release_radar.hpp"

namespace segue::playlist {

/// What making both playlists for all users will hold on the host beside the inputs, at the peak of whichever needs
/// more: they are made one after the other. An upper estimate. Sources with weight 0 count nothing.
MemoryPlan memory_plan(const Inputs& inputs, const DiscoverWeeklyOptions& weekly, const ReleaseRadarOptions& radar);

}  // namespace segue::playlist
