#pragma once

#include <spdlog/spdlog.h>

/// Segue's log: spdlog's default logger, which the command line points at stderr. Library code logs through here only.
namespace segue::log {

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::warn;

}  // namespace segue::log
