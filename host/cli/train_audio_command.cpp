#include <memory>

#include "host/cli/commands.hpp"
#include "host/cli/train_audio_report.hpp"
#include "segue/audio/training.hpp"

namespace segue::cli {
namespace {

struct TrainAudioArguments {
  std::vector<std::string> data;
  std::string out, work, from;
  std::string branch = "both";
  int bins_per_octave = 36;
  audio::TrainingOptions options;
};

ExitCode train_audio(TrainAudioArguments arguments, Session& session) {
  audio::TrainingOptions& options = arguments.options;
  options.harmonic = arguments.branch != "rhythm";
  options.rhythm = arguments.branch != "harmonic";
  audio::LogFrequencyOptions& bands = options.front_end.harmonic_bands;
  bands.bands = bands.bands / bands.bins_per_octave * arguments.bins_per_octave;
  bands.bins_per_octave = arguments.bins_per_octave;
  std::optional<std::filesystem::path> from;
  if (!arguments.from.empty())
    from = arguments.from;
  const std::vector<std::filesystem::path> data(arguments.data.begin(), arguments.data.end());
  const audio::TrainingResult result =
      audio::train_network(session.device(), data, arguments.work.empty() ? arguments.out + ".work" : arguments.work,
                           options, from, session.progress());
  audio::write_weights(arguments.out, result.weights);
  report_audio_training(result, arguments.out, session);
  return ExitCode::ok;
}

void add_schedule(CLI::App& command, const std::string& branch, audio::BranchSchedule& schedule) {
  command.add_option("--" + branch + "-epochs", schedule.epochs)->capture_default_str();
  command.add_option("--" + branch + "-batch", schedule.batch, "Clips")->capture_default_str();
  command.add_option("--" + branch + "-rate", schedule.learning_rate, "The learning rate at its highest")
      ->capture_default_str();
}

}  // namespace

void add_train_audio(CLI::App& app, Command& chosen) {
  CLI::App* audio =
      app.get_subcommand("train")->add_subcommand("audio", "Train the network that hears tempo, key, mode and metre");
  audio->footer(
      "DIR holds audio files and labels.jsonl, as `segue simulate music` makes them: clips of split train are learnt\n"
      "from, those of validation choose the epoch and calibrate, those of test are only measured. Killed and started\n"
      "again, it goes on from its last epoch. The branches share nothing: --branch harmonic and --branch rhythm may "
      "run\n"
      "side by side in one --work; then the same without --branch puts them together.\n"
      "Example: segue train audio --data music --out audio.safetensors");
  auto arguments = std::make_shared<TrainAudioArguments>();
  audio::TrainingOptions& options = arguments->options;
  audio->add_option("--data", arguments->data, "Folders of labelled audio")->required()->type_name("DIR");
  audio->add_option("--out", arguments->out, "Weights to write (safetensors)")->required()->type_name("FILE");
  audio->add_option("--work", arguments->work, "Spectrograms, checkpoints, TensorBoard events; default: FILE.work")
      ->type_name("DIR");
  audio->add_option("--branch", arguments->branch, "harmonic (key), rhythm (tempo, metre) or both")
      ->check(CLI::IsMember({"harmonic", "rhythm", "both"}))
      ->capture_default_str();
  audio->add_option("--from", arguments->from, "Weights whose branch that is not trained is kept")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  add_schedule(*audio, "harmonic", options.harmonic_schedule);
  add_schedule(*audio, "rhythm", options.rhythm_schedule);
  audio->add_option("--bins-per-octave", arguments->bins_per_octave, "Of the harmonic spectrogram")
      ->check(CLI::IsMember({12, 24, 36, 48, 60}))
      ->capture_default_str();
  audio->add_option("--patience", options.patience, "Epochs without a better validation loss before it stops")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  audio->add_option("--label-smoothing", options.label_smoothing)->capture_default_str();
  audio->add_option("--weight-decay", options.weight_decay)->capture_default_str();
  audio->add_option("--distrust-key", options.distrusted_keys, "A source whose keys are guesses; may be repeated")
      ->type_name("SOURCE");
  const CLI::Option* seed = app.get_option("--seed");
  audio->callback([arguments, seed, &chosen] {
    if (seed->count() > 0)
      arguments->options.seed = seed->as<std::uint64_t>();
    chosen = [arguments](Session& session) { return train_audio(*arguments, session); };
  });
}

}  // namespace segue::cli
