#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/analyze_plot.hpp"
#include "host/cli/session.hpp"
#include "segue/audio/accuracy.hpp"
#include "segue/audio/profile.hpp"

namespace segue::cli {

/// Counts how right the profiles of labelled files are, and beside them, where asked, what signal processing alone
/// says.
class AccuracyCheck {
 public:
  /// @param directory  with labels.jsonl or labels.csv; baselines need analyses with features
  AccuracyCheck(const std::filesystem::path& directory, bool baselines);

  /// The labelled files, those of them that are there.
  std::vector<std::filesystem::path> files() const;
  /// A file without labels is left alone.
  void add(const audio::Analysis& analysis, const audio::FrontEndOptions& front_end);

  void say(const Session& session) const;
  Json json() const;
  std::vector<NamedReliability> reliability() const;

 private:
  struct Contender {
    std::string name;
    bool tempo, key, metre;  ///< what it says something about
    std::vector<audio::SongProfile> profiles;
  };
  std::vector<audio::AccuracyReport> reports() const;

  std::filesystem::path directory_;
  std::map<std::filesystem::path, audio::Labels> labels_of_;
  std::vector<audio::Labels> labels_;  // of the files added
  std::vector<Contender> contenders_;
};

}  // namespace segue::cli
