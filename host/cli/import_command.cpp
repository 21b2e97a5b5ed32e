#include <filesystem>
#include <memory>

#include "host/cli/commands.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/data/import_listens.hpp"

namespace segue::cli {
namespace {

namespace fs = std::filesystem;

struct ImportArguments {
  std::vector<std::string> inputs;
  std::string out;
  std::string compression = "zst";
};

data::DataPaths find_inputs(const std::vector<std::string>& inputs) {
  if (inputs.size() == 1)
    return data::find_input(inputs[0]);
  data::DataPaths all;
  for (const std::string& input : inputs) {
    const std::vector<fs::path> listens = data::find_input(input).listens;
    all.listens.insert(all.listens.end(), listens.begin(), listens.end());
  }
  return all;
}

/// The folder appears whole or not at all, but for the rejects of a log that has too many.
data::ImportResult import(const data::DataPaths& paths, const fs::path& out, const fs::path& partial,
                          const std::string& compression, Session& session) {
  data::RejectLog rejects(partial / "rejects.csv");
  try {
    const data::ImportResult result =
        data::import_listens(paths, session.config().input, partial, compression, rejects, session.progress());
    rejects.commit();
    return result;
  } catch (const BadInput& error) {
    if (rejects.count() == 0)
      throw;
    rejects.commit();
    const fs::path kept = out.string() + ".rejects.csv";
    fs::rename(partial / "rejects.csv", kept);
    throw BadInput(fmt::format("{} (the {} rejected so far are in {})", error.what(), rejects.count(), kept.string()));
  }
}

ExitCode run_import(const ImportArguments& arguments, Session& session) {
  const fs::path out = arguments.out;
  if (fs::exists(out) && !(fs::is_directory(out) && fs::is_empty(out)))
    throw InvalidArgument(fmt::format("--out {}: it exists; name a new folder", out.string()));
  const data::DataPaths paths = find_inputs(arguments.inputs);
  const fs::path partial = out.string() + ".partial";
  fs::remove_all(partial);
  fs::create_directories(partial);
  data::ImportResult result;
  try {
    result = import(paths, out, partial, arguments.compression, session);
  } catch (...) {
    fs::remove_all(partial);
    throw;
  }
  fs::rename(partial, out);
  const data::ListenCounts& counts = result.counts;
  session.say(
      fmt::format("{}: {} listens of {} users and {} songs ({} with a title); {} rows rejected{}{}", out.string(),
                  counts.listens, result.users, result.songs, result.titles, counts.rejected,
                  counts.not_music > 0 ? fmt::format(", {} podcasts, books or videos left out", counts.not_music) : "",
                  counts.low_ratings > 0 ? fmt::format(", {} low ratings left out", counts.low_ratings) : ""));
  session.answer({{"out", out.string()},
                  {"files", paths.listens.size()},
                  {"listens", counts.listens},
                  {"users", result.users},
                  {"songs", result.songs},
                  {"titles", result.titles},
                  {"rejects", counts.rejected},
                  {"not_music", counts.not_music},
                  {"low_ratings", counts.low_ratings}});
  return ExitCode::ok;
}

}  // namespace

void add_import(CLI::App& app, Command& chosen) {
  CLI::App* command =
      app.add_subcommand("import", "Turn a listening log of any layout into a data directory that every command reads");
  command->footer(
      "The layout is told by the content; --set input.layout=NAME chooses one, --set input.columns.song=NAME a "
      "column.\n"
      "Examples:\n"
      "  segue import ~/my_spotify_data --out me\n"
      "  segue import \"logs/2024-*.parquet\" --out data\n"
      "  segue import ml-1m/ratings.dat --out movies --set input.min_rating=4\n"
      "  zcat big.csv.gz | segue import - --out data");
  auto arguments = std::make_shared<ImportArguments>();
  command->add_option("input", arguments->inputs, "Files, folders, \"patterns\", or - for standard input")
      ->required()
      ->type_name("SRC");
  command->add_option("--out", arguments->out, "Folder to make")->required()->type_name("DIR");
  command->add_option("--compression", arguments->compression, "none, gz or zst")->capture_default_str();
  command->callback(
      [arguments, &chosen] { chosen = [arguments](Session& session) { return run_import(*arguments, session); }; });
}

}  // namespace segue::cli
