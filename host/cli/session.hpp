#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "host/cli/terminal.hpp"
#include "segue/core/device.hpp"
#include "segue/core/error.hpp"
#include "segue/pipeline/config.hpp"

namespace segue::cli {

using Json = nlohmann::ordered_json;

/// The options that every command takes.
struct GlobalOptions {
  std::string config_file;
  std::vector<std::string> settings;  ///< "section.key=value"
  std::string device = "auto";
  std::int64_t seed = -1;    ///< −1: the configuration's
  int threads = 0;           ///< 0: all cores
  std::uint64_t memory = 0;  ///< bytes the process is to hold at most; 0: what the machine has
  bool json = false;
  bool quiet = false;
};

/// What a command works with: the configuration in force, the device, and how to answer. Answers go to stdout, as a
/// table or as one JSON document; the log and the progress bars go to stderr.
class Session {
 public:
  explicit Session(const GlobalOptions& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const pipeline::Config& config() const { return config_; }
  Device device() const { return device_; }
  Progress& progress() { return progress_; }
  bool json() const { return json_; }

  /// A line for people; nothing under --json.
  void say(std::string_view line) const;
  /// `rows` is an array of flat objects with the same keys: a table for people; nothing under --json.
  void say_table(const Json& rows) const;
  /// The document for machines; nothing without --json.
  void answer(const Json& document) const;

 private:
  pipeline::Config config_;
  Device device_;
  TerminalProgress progress_;
  bool json_;
};

/// What main() runs once the command line is parsed.
using Command = std::function<ExitCode(Session&)>;

}  // namespace segue::cli
