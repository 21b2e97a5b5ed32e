#include <memory>

#include "host/cli/commands.hpp"
#include "segue/core/date.hpp"
#include "segue/pipeline/run.hpp"

namespace segue::cli {
namespace {

struct ValidateArguments {
  std::string data;
  std::string rejects;
};

std::string day_of(std::int64_t timestamp) {
  return timestamp == 0 ? "unknown" : format_date(date_of(timestamp));
}

std::int64_t catalogue_songs_heard(const pipeline::Listening& listening) {
  std::vector<bool> heard(static_cast<std::size_t>(listening.catalogue.songs()));
  for (const std::int32_t song : listening.interactions.plays.indices)
    if (listening.catalogue.contains(song))
      heard[static_cast<std::size_t>(song)] = true;
  return std::count(heard.begin(), heard.end(), true);
}

/// The rejects are kept whether or not they are too many.
pipeline::Listening read(const data::DataPaths& paths, data::RejectLog& rejects, Session& session) {
  try {
    pipeline::Listening listening = pipeline::read_listening(paths, session.config(), rejects, session.progress());
    rejects.commit();
    return listening;
  } catch (const BadInput&) {
    rejects.commit();
    throw;
  }
}

ExitCode validate(const ValidateArguments& arguments, Session& session) {
  data::RejectLog rejects = arguments.rejects.empty() ? data::RejectLog() : data::RejectLog(arguments.rejects);
  const data::DataPaths paths = data::find_tables(arguments.data);
  const pipeline::Listening listening = read(paths, rejects, session);
  const pipeline::LogSummary& summary = listening.summary;
  const Json document{{"data", arguments.data},
                      {"listens", summary.rows},
                      {"rejects", summary.rejects},
                      {"listeners", summary.listeners},
                      {"streams", summary.streams},
                      {"skips", summary.skips},
                      {"user_song_pairs", listening.interactions.plays.nonzeros()},
                      {"songs_heard", summary.songs_heard},
                      {"first_day", day_of(summary.first_timestamp)},
                      {"last_day", day_of(summary.last_timestamp)},
                      {"catalogue_songs", listening.catalogue.songs()},
                      {"catalogue_songs_heard", catalogue_songs_heard(listening)},
                      {"artists", listening.catalogue.artists.size()},
                      {"follows", listening.follows.nonzeros()},
                      {"users_that_only_follow", listening.users.size() - summary.listeners}};
  Json rows = Json::array();
  for (const auto& [key, value] : document.items())
    rows.push_back({{"what", key}, {"value", value}});
  session.say_table(rows);
  if (summary.rejects > 0)
    session.say(fmt::format("first reject: {} line {}: {} {}: {}", rejects.first().file, rejects.first().line,
                            rejects.first().column, rejects.first().value, rejects.first().reason));
  session.answer(document);
  return ExitCode::ok;
}

}  // namespace

void add_validate(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("validate", "Read a data directory and say what is in it, without training");
  command->footer("Example: segue validate --data examples/sample --rejects rejects.csv");
  auto arguments = std::make_shared<ValidateArguments>();
  command->add_option("--data", arguments->data, "Folder with listens and, if there are, songs, artists, follows")
      ->required()
      ->type_name("DIR");
  command->add_option("--rejects", arguments->rejects, "Write the rows that cannot be used here")->type_name("FILE");
  command->callback(
      [arguments, &chosen] { chosen = [arguments](Session& session) { return validate(*arguments, session); }; });
}

}  // namespace segue::cli
