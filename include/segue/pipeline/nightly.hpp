#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "segue/core/device.hpp"
#include "segue/core/progress.hpp"
#include "segue/pipeline/config.hpp"
#include "segue/pipeline/run.hpp"
#include "segue/pipeline/stage_cache.hpp"

namespace segue::pipeline {

struct NightlyOptions {
  std::filesystem::path data;  ///< data directory
  std::filesystem::path runs;  ///< where runs are published
  std::optional<Date> date;  ///< lists are for the first Monday and Friday on or after it; none: after the last listen
  Device device;             ///< resolved
  Config config;
};

struct NightlyResult {
  std::filesystem::path run;  ///< the published directory
  bool up_to_date = false;    ///< it was there already, for the same inputs, options and dates
  Date monday{}, friday{};
  LogSummary summary;
  std::vector<Stage> stages;
  std::vector<double> loss;  ///< after each ALS iteration
  std::int64_t discover_weekly_lists = 0;
  std::int64_t cold_start_lists = 0;
  std::int64_t release_radar_lists = 0;
  double seconds = 0;
};

/// The whole night: read → factorise → group → playlists → publish. Every stage is cached by the hash of what it
/// depends on, under <runs>/.cache; a run appears under <runs>/<UTC time>-<hash> whole or not at all, and
/// <runs>/current, a symlink, flips last. Killed at any moment and started again, it goes on and ends with the same
/// bytes.
/// @throws Error  another nightly is working in the same folder;  BadInput, OutOfMemory, IoError
NightlyResult run_nightly(const NightlyOptions& options, Progress& progress);

/// Reads and factorises into `out`, which must not exist: a run without playlists. Resumable: work is kept in
/// <out>.partial until it is done.
NightlyResult train_als(const std::filesystem::path& data, const std::filesystem::path& out, Device device,
                        const Config& config, Progress& progress);

/// @param date  none: strictly after the last listen, or after today where the log has no times
PlaylistDates playlist_dates(const std::optional<Date>& date, const LogSummary& summary);

}  // namespace segue::pipeline
