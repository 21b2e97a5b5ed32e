#include "host/cli/bench_commands.hpp"
#include "host/cli/commands.hpp"

namespace segue::cli {

void add_bench(CLI::App& app, Command& chosen) {
  CLI::App* parent = app.add_subcommand("bench", "Time training and search beside what the device can do at most");
  parent->require_subcommand(1);
  parent->fallthrough();
  parent->footer(
      "Lists are swept: every combination is timed. The floor is the time that the counted bytes take at the speed of\n"
      "a large copy, or the counted operations at the most that the device does, whichever is longer, both measured "
      "in\n"
      "the same run. More than 100% of it is possible where what is counted as read from memory stays in a cache.\n"
      "docs/benchmarks.md has the formulas.");
  add_bench_als(*parent, chosen);
  add_bench_search(*parent, chosen);
}

}  // namespace segue::cli
