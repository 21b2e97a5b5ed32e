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

constexpr std::size_t kExampleSongs = 5;

/// As a POSIX shell takes it for one word.
std::string shell_quoted(const std::string& word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+:@";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos)
    return word;
  std::string quoted = "'";
  for (const char character : word)
    quoted += character == '\'' ? std::string("'\\''") : std::string(1, character);
  return quoted + "'";
}

/// The head of the first list that is made from a listener's taste: what a person wants to see of the night.
void show_example(const pipeline::NightlyResult& result, const Session& session) {
  std::ifstream lists(result.run / "playlists" / "discover-weekly.jsonl");
  std::string line;
  while (std::getline(lists, line)) {
    const Json list = Json::parse(line);
    if (list["cold_start"] || list["songs"].empty())
      continue;
    session.say("");
    say_list(list, session, kExampleSongs);
    session.say(fmt::format("… {} songs. All of them:\n{} playlists discover-weekly {} --run {}", list["songs"].size(),
                            program_invocation_name, shell_quoted(list["user"]), shell_quoted(result.run.string())));
    return;
  }
}

ExitCode nightly(const NightlyArguments& arguments, Session& session) {
  const std::optional<Date> date = parse_date_argument(arguments.date);
  const pipeline::NightlyOptions options{.data = arguments.data,
                                         .runs = arguments.runs,
                                         .date = date,
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
  command->add_option("--data", arguments->data, kDataHelp)->required()->type_name("DIR");
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
