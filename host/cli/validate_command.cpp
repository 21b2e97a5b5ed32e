#include <cerrno>
#include <cstdlib>
#include <filesystem>
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
  const std::vector<bool>& heard = listening.interactions.heard;
  return std::count(heard.begin(), heard.begin() + listening.catalogue.songs(), true);
}

/// Where a log that does not fit the memory is spilled; gone at the end.
class ScratchFolder {
 public:
  ScratchFolder() : path_(std::filesystem::temp_directory_path() / "segue-validate-XXXXXX") {
    std::string name = path_.string();
    if (::mkdtemp(name.data()) == nullptr)
      throw IoError("create", path_, errno);
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The rejects are kept whether or not they are too many.
pipeline::Listening read(const data::DataPaths& paths, data::RejectLog& rejects, Session& session) {
  const ScratchFolder scratch;
  try {
    pipeline::Listening listening =
        pipeline::read_listening(paths, session.config(), scratch.path(), rejects, session.progress());
    rejects.commit();
    return listening;
  } catch (const BadInput&) {
    rejects.commit();
    throw;
  }
}

ExitCode validate(const ValidateArguments& arguments, Session& session) {
  data::RejectLog rejects = arguments.rejects.empty() ? data::RejectLog() : data::RejectLog(arguments.rejects);
  const data::DataPaths paths = data::find_input(arguments.data);
  const pipeline::Listening listening = read(paths, rejects, session);
  const pipeline::LogSummary& summary = listening.summary;
  const Json document{{"data", arguments.data},
                      {"listens", summary.rows},
                      {"rejects", summary.rejects},
                      {"duplicates", summary.duplicates},
                      {"not_music", summary.not_music},
                      {"low_ratings", summary.low_ratings},
                      {"listeners", summary.listeners},
                      {"streams", summary.streams},
                      {"skips", summary.skips},
                      {"user_song_pairs", listening.interactions.pairs},
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
  CLI::App* command =
      app.add_subcommand("validate", "Read a log or a data directory and say what is in it, without training");
  command->footer(
      "Examples:\n"
      "  segue validate --data examples/sample --rejects rejects.csv\n"
      "  segue validate --data ~/my_spotify_data\n"
      "  zcat logs/*.gz | segue validate --data - --memory 4G");
  auto arguments = std::make_shared<ValidateArguments>();
  command->add_option("--data", arguments->data, kDataHelp)->required()->type_name("DIR");
  command->add_option("--rejects", arguments->rejects, "Write the rows that cannot be used here")->type_name("FILE");
  command->callback(
      [arguments, &chosen] { chosen = [arguments](Session& session) { return validate(*arguments, session); }; });
}

}  // namespace segue::cli
