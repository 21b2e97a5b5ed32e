#include <memory>

#include "host/cli/commands.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/data/simulate_log.hpp"

namespace segue::cli {
namespace {

struct SimulateArguments {
  std::string out;
  std::string last_day;
  data::SimulateOptions options;
};

ExitCode simulate(SimulateArguments arguments, Session& session) {
  data::SimulateOptions& options = arguments.options;
  if (!arguments.last_day.empty()) {
    const std::optional<Date> day = parse_date(arguments.last_day);
    if (!day)
      throw InvalidArgument(fmt::format("--last-day {}: YYYY-MM-DD expected", arguments.last_day));
    options.last_day = *day;
  }
  const data::SimulateResult result = data::simulate_log(arguments.out, options, session.progress());
  session.say(fmt::format("{}: {} listens ({} streams) of {} users and {} songs, {} follows, {}", arguments.out,
                          result.listens, result.streams, options.users, options.songs, result.follows,
                          format_bytes(result.bytes)));
  session.answer({{"directory", arguments.out},
                  {"listens", result.listens},
                  {"streams", result.streams},
                  {"follows", result.follows},
                  {"bytes", result.bytes}});
  return ExitCode::ok;
}

}  // namespace

void add_simulate(CLI::App& app, Command& chosen) {
  CLI::App* parent = app.add_subcommand("simulate", "Make data with known truth");
  parent->require_subcommand(1);
  parent->fallthrough();
  CLI::App* log = parent->add_subcommand("log", "A listening log with catalogue, follows, and the tastes behind it");
  log->footer(
      "Example: segue simulate log --out demo --users 100000 --songs 50000 --listens 20000000 --compression zst");
  auto arguments = std::make_shared<SimulateArguments>();
  data::SimulateOptions& options = arguments->options;
  log->add_option("--out", arguments->out, "Folder to make; must be new or empty")->required()->type_name("DIR");
  log->add_option("--users", options.users, "Listeners")->capture_default_str();
  log->add_option("--artists", options.artists)->capture_default_str();
  log->add_option("--songs", options.songs)->capture_default_str();
  log->add_option("--listens", options.listens, "About this many")->capture_default_str();
  log->add_option("--days", options.days, "Length of the log")->capture_default_str();
  log->add_option("--last-day", arguments->last_day, "YYYY-MM-DD; default 2026-05-31");
  log->add_option("--taste-dimensions", options.taste_dimensions, "Of the latent space")->capture_default_str();
  log->add_option("--cold-songs", options.cold_song_fraction, "Fraction of songs that nobody has played")
      ->capture_default_str();
  log->add_option("--compression", options.compression, "none, gz or zst")->capture_default_str();
  const CLI::Option* seed = app.get_option("--seed");
  log->callback([arguments, seed, &chosen] {
    if (seed->count() > 0)
      arguments->options.seed = seed->as<std::uint64_t>();
    chosen = [arguments](Session& session) { return simulate(*arguments, session); };
  });
}

}  // namespace segue::cli
