#pragma once

#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "segue/als/trainer.hpp"
#include "segue/data/catalogue.hpp"
#include "segue/data/interactions.hpp"
#include "segue/data/listens.hpp"
#include "segue/playlist/discover_weekly.hpp"
#include "segue/playlist/release_radar.hpp"
#include "segue/playlist/writer.hpp"
#include "segue/search/spherical_kmeans.hpp"

namespace segue::pipeline {

/// Everything that can be set. One TOML file holds it; `segue config` prints it with units and ranges.
struct Config {
  data::ListenOptions input;  ///< [input] and [input.columns]; its reject_limit counts for every table
  data::InteractionOptions interactions;
  als::TrainOptions als;
  search::KMeansOptions groups;
  playlist::DiscoverWeeklyOptions discover_weekly;
  playlist::ReleaseRadarOptions release_radar;
  playlist::WriterOptions output;
};

/// Defaults, overridden by the file (an empty path: none), then by `settings` such as "als.rank=64", then by `seed`
/// where it is not negative (for als and groups alike).
/// @throws IoError;  BadInput  for a file: its line, the key, the value, and what was expected; an unknown key with the
///         nearest one;  InvalidArgument  the same for a setting
Config load_config(const std::filesystem::path& file, std::span<const std::string> settings, std::int64_t seed);

/// The defaults overridden by a TOML text; `name` is for messages.  @throws BadInput
Config parse_config(std::string_view toml, const std::string& name);

/// The effective configuration as TOML, every key with a comment: meaning, unit, range. It reads back to the same.
std::string to_toml(const Config& config);

/// The keys and values of some sections in a fixed form without comments: what a stage's result depends on.
std::string fingerprint(const Config& config, std::initializer_list<std::string_view> sections);

}  // namespace segue::pipeline
