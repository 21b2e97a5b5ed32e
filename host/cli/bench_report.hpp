#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/cli/session.hpp"
#include "segue/bench/cost.hpp"

namespace segue::cli {

/// What all of `segue bench` shares: how runs are timed, and how figures stand beside the ceilings of the same run.
class BenchReport {
 public:
  /// Measures the ceilings and says them.
  explicit BenchReport(Session& session);

  /// Seconds of each of `repeats` runs of `work`, after two that are not counted.
  bench::Spread time(const std::string& task, int repeats, const std::function<void()>& work);

  /// Adds a row: `shape`, the time, the rates and the floor for `cost`, then `results`.
  void add(Json shape, const bench::Spread& seconds, const bench::Cost& cost, const Json& results);

  struct Column {
    const char* key;     ///< of a row
    const char* header;  ///< in the table
  };
  /// The table for people, with these columns before and after the time's, or the document for machines.
  void answer(const std::vector<Column>& shape_columns, const std::vector<Column>& result_columns) const;

 private:
  Session& session_;
  bench::Ceilings ceilings_;
  Json rows_ = Json::array();
};

/// @throws InvalidArgument  --export was given, and the lists make more than one configuration
void check_export(const std::string& folder, std::size_t configurations);

}  // namespace segue::cli
