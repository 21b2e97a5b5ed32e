#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/cli/session.hpp"

namespace segue::cli {

struct BenchSearchArguments {
  std::vector<std::int64_t> rows{1'000'000};
  std::vector<std::int64_t> queries{1, 2000};
  std::vector<std::int64_t> ranks{128};
  std::vector<int> ks{10, 100};
  std::vector<std::string> metrics{"inner-product"};
  std::string index = "exact";       ///< or "ivf"
  std::vector<std::int64_t> probes;  ///< of "ivf"; empty: the index's own
  int repeats = 3;
  bool compare_cpu = false;
  std::string export_folder;
};

/// Times every combination of the lists.
ExitCode bench_search(const BenchSearchArguments& arguments, Session& session);

}  // namespace segue::cli
