#include <algorithm>
#include <memory>

#include "host/cli/commands.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/text.hpp"
#include "segue/music/renderer.hpp"

namespace segue::cli {
namespace {

struct SimulateMusicArguments {
  std::string out, scores, split = "train";
  std::vector<std::string> fonts;
  music::SimulateMusicOptions options;
};

// By name among those installed, or by path; of none, all that are installed.
std::vector<music::SoundFont> find_fonts(const std::vector<std::string>& wanted) {
  const std::vector<music::SoundFont> installed = music::installed_soundfonts();
  if (wanted.empty())
    return installed;
  std::vector<music::SoundFont> found;
  for (const std::string& name : wanted) {
    const auto known = std::ranges::find(installed, name, &music::SoundFont::name);
    if (known != installed.end()) {
      found.push_back(*known);
      continue;
    }
    const std::filesystem::path path = name;
    if (!std::filesystem::exists(path)) {
      std::vector<std::string> names;
      for (const music::SoundFont& font : installed)
        names.push_back(font.name);
      throw InvalidArgument(fmt::format("--fonts {}: no such soundfont: a path or one that is installed ({}) expected",
                                        quote_for_message(name), quote_list(names)));
    }
    found.push_back({path.stem().string(), path});
  }
  return found;
}

ExitCode simulate_music(SimulateMusicArguments arguments, Session& session) {
  music::SimulateMusicOptions& options = arguments.options;
  options.fonts = find_fonts(arguments.fonts);
  options.split = arguments.split == "train"        ? audio::Split::train
                  : arguments.split == "validation" ? audio::Split::validation
                                                    : audio::Split::test;
  options.arrange.seconds = options.render.seconds;
  const music::Corpus corpus = music::read_corpus(arguments.scores);
  const music::SimulateMusicResult result = music::simulate_music(arguments.out, corpus, options, session.progress());
  session.say(fmt::format("{}: {} excerpts, {:.1f} hours, {}", arguments.out, result.excerpts,
                          result.seconds_of_audio / 3600, format_bytes(result.bytes)));
  session.answer({{"directory", arguments.out},
                  {"excerpts", result.excerpts},
                  {"seconds", result.seconds_of_audio},
                  {"bytes", result.bytes}});
  return ExitCode::ok;
}

}  // namespace

void add_simulate_music(CLI::App& app, Command& chosen) {
  CLI::App* music =
      app.get_subcommand("simulate")
          ->add_subcommand(
              "music",
              "Excerpts of played music whose key, tempo, metre and beats are known, to train the audio network");
  music->footer(
      "A run that was broken off goes on where it was when it is given again.\n"
      "Example: segue simulate music --out music --scores scores --count 5000 --fonts timgm,fluid");
  auto arguments = std::make_shared<SimulateMusicArguments>();
  music::SimulateMusicOptions& options = arguments->options;
  music->add_option("--out", arguments->out, "Folder to make or to add to: audio/*.flac and labels.jsonl")
      ->required()
      ->type_name("DIR");
  music
      ->add_option("--scores", arguments->scores,
                   "Folder that scripts/import-scores made; without, all tunes are composed")
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  music->add_option("--count", options.count, "Excerpts")->capture_default_str();
  music->add_option("--split", arguments->split, "Whose tunes: train, validation or test")
      ->check(CLI::IsMember({"train", "validation", "test"}))
      ->capture_default_str();
  music->add_option("--fonts", arguments->fonts, "Soundfonts, by name or path; default: all that are installed")
      ->delimiter(',')
      ->type_name("A,B");
  music->add_option("--procedural-share", options.arrange.procedural_share, "Fraction of tunes that are composed")
      ->capture_default_str();
  music->add_option("--seconds", options.render.seconds, "Of an excerpt")->capture_default_str();
  music->add_option("--detuning-limit", options.render.detuning_limit_cents, "Cents; half are in tune anyway")
      ->capture_default_str();
  const CLI::Option* seed = app.get_option("--seed");
  music->callback([arguments, seed, &chosen] {
    if (seed->count() > 0)
      arguments->options.seed = seed->as<std::uint64_t>();
    chosen = [arguments](Session& session) { return simulate_music(*arguments, session); };
  });
}

}  // namespace segue::cli
