#include <memory>

#include "host/cli/analyze_run.hpp"
#include "host/cli/commands.hpp"
#include "segue/core/text.hpp"

namespace segue::cli {
namespace {

audio::ProfileOptions parse_tempo_range(const std::string& text) {
  audio::ProfileOptions options;
  if (text.empty())
    return options;
  const std::size_t dash = text.find('-');
  try {
    std::size_t low_end = 0, high_end = 0;
    const std::string low = text.substr(0, dash), high = dash == std::string::npos ? "" : text.substr(dash + 1);
    options.tempo_low = std::stod(low, &low_end);
    options.tempo_high = std::stod(high, &high_end);
    if (low_end == low.size() && high_end == high.size())
      return options;
  } catch (const std::logic_error&) {  // stod: no number, or out of range
  }
  throw InvalidArgument(fmt::format("--tempo-range {}: two tempi such as 60-200 expected", quote_for_message(text)));
}

ExitCode analyze(AnalyzeArguments arguments, Session& session) {
  if (arguments.inputs.empty() && arguments.labels.empty())
    throw InvalidArgument("analyze: name audio files, a folder or a \"pattern\", or --labels DIR");
  for (const auto& [option, value] :
       {std::pair("--baselines", arguments.baselines), std::pair("--reliability", !arguments.reliability.empty())})
    if (value && arguments.labels.empty())
      throw InvalidArgument(fmt::format("{}: nothing to compare with; give --labels DIR as well", option));
  arguments.profile = parse_tempo_range(arguments.tempo_range);
  return run_analyze(arguments, session);
}

}  // namespace

void add_analyze(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("analyze", "Tempo, key, mode, metre and loudness of audio files");
  command->footer(
      "Each answer stands beside its confidence, the probability that it is right.\n"
      "Examples:\n"
      "  segue analyze song.mp3\n"
      "  segue analyze music/ --store profiles.sqlite --groups 12\n"
      "  segue analyze song.flac --plot song.svg\n"
      "  segue analyze --labels gtzan/ --baselines --json");
  auto arguments = std::make_shared<AnalyzeArguments>();
  command->add_option("files", arguments->inputs, "Audio files, folders, \"patterns\"")->type_name("FILE|DIR");
  command->add_option("--model", arguments->model, "Weights; default: the shipped ones")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  command->add_option("--tempo-range", arguments->tempo_range, "The tempo lies within, such as 60-200; default: 30-286")
      ->type_name("BPM-BPM");
  command
      ->add_option("--store", arguments->store,
                   "SQLite file of profiles; what it has of unchanged files is not done "
                   "again")
      ->type_name("FILE");
  command->add_option("--embeddings", arguments->embeddings, "Writes the embeddings, and the ids beside them")
      ->check([](const std::string& path) { return path.ends_with(".npy") ? "" : "a name that ends in .npy expected"; })
      ->type_name("FILE.npy");
  command->add_option("--groups", arguments->groups, "Groups the songs by sound")
      ->check(CLI::Range(1, 100000))
      ->type_name("K");
  command->add_option("--plot", arguments->plot, "Draws what was heard: a folder of pictures, or one .svg")
      ->type_name("DIR|FILE.svg");
  command
      ->add_option("--labels", arguments->labels,
                   "Folder with labels.jsonl or labels.csv: says how right the answers "
                   "are, of the files named or of all that are labelled")
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  command->add_flag("--baselines", arguments->baselines, "With --labels: beside a comb filter and key templates");
  command->add_option("--reliability", arguments->reliability, "With --labels: draws confidence against accuracy")
      ->type_name("FILE.svg");
  command->add_option("--rejects", arguments->rejects, "Writes the files that failed, and why")->type_name("FILE.csv");
  command->add_option("--batch", arguments->batch, "Files worked on together: memory against speed")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->callback(
      [arguments, &chosen] { chosen = [arguments](Session& session) { return analyze(*arguments, session); }; });
}

}  // namespace segue::cli
