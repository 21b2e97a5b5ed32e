#pragma once

#include <string>
#include <vector>

#include "host/cli/session.hpp"
#include "segue/audio/profile.hpp"

namespace segue::cli {

struct AnalyzeArguments {
  std::vector<std::string> inputs;
  std::string model;  ///< empty: the shipped one
  audio::ProfileOptions profile;
  std::string tempo_range;  ///< as it was given
  std::string store, embeddings, plot, labels, reliability, rejects;
  bool baselines = false;
  int groups = 0;
  int batch = 16;
};

/// From files to answers. Its code is bad_input where a file failed; the others are done then.
ExitCode run_analyze(const AnalyzeArguments& arguments, Session& session);

}  // namespace segue::cli
