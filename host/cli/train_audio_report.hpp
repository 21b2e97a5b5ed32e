#pragma once

#include <string>

#include "host/cli/session.hpp"
#include "segue/audio/training.hpp"

namespace segue::cli {

/// How a training went and how right its network is: tables for people, or the document for machines.
void report_audio_training(const audio::TrainingResult& result, const std::string& path, const Session& session);

}  // namespace segue::cli
