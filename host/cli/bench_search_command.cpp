#include <limits>
#include <memory>

#include "host/cli/bench_commands.hpp"
#include "host/cli/bench_search.hpp"

namespace segue::cli {

void add_bench_search(CLI::App& bench, Command& chosen) {
  auto arguments = std::make_shared<BenchSearchArguments>();
  CLI::App* command = bench.add_subcommand("search", "Top-k over random vectors that are like factors");
  command->footer(
      "Queries come from host memory and hits go there, and both copies are in the time.\n"
      "Examples:\n"
      "  segue bench search --queries 1,10,100,1000 --metric inner-product,l2\n"
      "  segue bench search --index ivf --rows 1M --probes 8,16,32,64\n"
      "  segue bench search --device cuda --rows 5M --queries 10000 --k 100 --compare-cpu --json");
  command->add_option("--rows", arguments->rows, "Vectors searched")
      ->delimiter(',')
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::Range(1, std::numeric_limits<std::int32_t>::max()))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--queries", arguments->queries, "At a time")
      ->delimiter(',')
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::Range(1, std::numeric_limits<std::int32_t>::max()))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--rank", arguments->ranks, "1–4096")
      ->delimiter(',')
      ->check(CLI::Range(1, 4096))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--k", arguments->ks, "1–2048")
      ->delimiter(',')
      ->check(CLI::Range(1, 2048))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--metric", arguments->metrics, "inner-product, cosine, l2")
      ->delimiter(',')
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--index", arguments->index, "exact, or ivf with its recall")
      ->check(CLI::IsMember({"exact", "ivf"}))
      ->capture_default_str();
  command->add_option("--probes", arguments->probes, "Lists that ivf looks into; default: the index's own")
      ->delimiter(',')
      ->check(CLI::Range(1, 2048))
      ->type_name("N");
  command->add_option("--repeats", arguments->repeats, "Timed, after two that are not")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--compare-cpu", arguments->compare_cpu,
                    "Search on the CPU too, and say what share of the hits is the same in row and score");
  command
      ->add_option("--export", arguments->export_folder,
                   "Write vectors.npy, queries.npy, and rows.npy [queries × k]: what was found")
      ->type_name("DIR");
  command->callback(
      [arguments, &chosen] { chosen = [arguments](Session& session) { return bench_search(*arguments, session); }; });
}

}  // namespace segue::cli
