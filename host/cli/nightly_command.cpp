#include <cerrno>
#include <fstream>
#include <memory>

#include "host/cli/commands.hpp"
#include "host/cli/run_report.hpp"
#include "segue/pipeline/nightly.hpp"

namespace segue::cli {
namespace {

struct NightlyArguments {
  std::string data;
  std::string runs = "runs";
  std::string date;
};

constexpr int kExampleSongs = 5;

/// The head of the first list that is made from a listener's taste: what a person wants to see of the night.
void show_example(const pipeline::NightlyResult& result, const Session& session) {
  std::ifstream lists(result.run / "playlists" / "discover-weekly.jsonl");
  std::string line;
  while (std::getline(lists, line)) {
    const Json list = Json::parse(line);
    if (list["cold_start"] || list["songs"].empty())
      continue;
    Json rows = Json::array();
    for (const Json& song : list["songs"])
      if (rows.size() < kExampleSongs)
        rows.push_back({{"#", song["position"]},
                        {"title", song["title"]},
                        {"artist", song["artist"]},
                        {"reason", song["reason"]}});
    const std::string user = list["user"];
    session.say(fmt::format("\n{}", list_title("discover-weekly", user, result.monday, false)));
    session.say_table(rows);
    session.say(fmt::format("… {} songs; all of them: {} playlists discover-weekly {} --run {}", list["songs"].size(),
                            program_invocation_name, user, result.run.string()));
    return;
  }
}

ExitCode nightly(const NightlyArguments& arguments, Session& session) {
  const pipeline::NightlyOptions options{.data = arguments.data,
                                         .runs = arguments.runs,
                                         .date = parse_date_argument(arguments.date),
                                         .device = session.device(),
                                         .config = session.config()};
  const pipeline::NightlyResult result = pipeline::run_nightly(options, session.progress());
  report_run(result, session);
  if (!session.json())
    show_example(result, session);
  return ExitCode::ok;
}

}  // namespace

void add_nightly(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand(
      "nightly", "The whole night: read, factorise, group, make everybody's playlists, publish a run");
  command->footer(
      "Stages are cached; killed and started again, it goes on where it was.\n"
      "Example: segue nightly --data examples/sample --runs runs --date 2026-06-01");
  auto arguments = std::make_shared<NightlyArguments>();
  command->add_option("--data", arguments->data, "Folder with listens and, if there are, songs, artists, follows")
      ->required()
      ->type_name("DIR");
  command->add_option("--runs", arguments->runs, "Where runs are published; current is a link to the last one")
      ->capture_default_str()
      ->type_name("DIR");
  command
      ->add_option("--date", arguments->date,
                   "Lists are for the first Monday and Friday on or after it; default: after the last listen")
      ->type_name("YYYY-MM-DD");
  command->callback(
      [arguments, &chosen] { chosen = [arguments](Session& session) { return nightly(*arguments, session); }; });
}

}  // namespace segue::cli
