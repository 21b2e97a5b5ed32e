#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <new>
#include <string>

#include "host/cli/commands.hpp"
#include "segue/core/text.hpp"
#include "segue/core/version.hpp"

namespace segue::cli {
namespace {

using AddCommand = void (*)(CLI::App&, Command&);

constexpr AddCommand kCommands[] = {
    add_import,  add_validate, add_nightly,        add_train,  add_evaluate, add_tune,  add_playlists, add_recommend,
    add_similar, add_simulate, add_simulate_music, add_export, add_analyze,  add_bench, add_config,    add_train_audio};

constexpr char kFooter[] =
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 bad input, 4 device or memory unavailable.\n"
    "Examples:\n"
    "  segue simulate log --out demo --users 1000\n"
    "  segue nightly --data demo --runs runs\n"
    "  segue playlists discover-weekly u000001\n"
    "  segue similar artist \"Radiohead\" --count 10";

void add_global_options(CLI::App& app, GlobalOptions& options) {
  app.add_option("--config", options.config_file, "TOML file; `segue config` prints one with every key")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  app.add_option("--set", options.settings, "One key of the configuration, such as als.rank=64; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--device", options.device, "auto, cpu or cuda:N")->capture_default_str();
  app.add_option("--seed", options.seed, "Of everything drawn at random; default: the configuration's")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{9'000'000'000'000'000}, "0 to 9e15"))
      ->type_name("N");
  app.add_option("--threads", options.threads, "0: all cores; results do not depend on it")->capture_default_str();
  app.add_option("--memory", options.memory, "Hold no more than this, such as 4G; default: what the machine has")
      ->transform(CLI::AsSizeValue(true))
      ->check([](const std::string& bytes) {
        return std::stoull(bytes) < 64'000'000 ? std::string("64M or more expected") : std::string();
      })
      ->type_name("SIZE");
  app.add_flag("--json", options.json, "One JSON document on stdout instead of tables");
  app.add_flag("--quiet", options.quiet, "No progress bars, and only warnings and errors in the log");
}

/// "did you mean" for a first word that is no command.
std::string suggestion(const CLI::App& app, int argc, char** argv) {
  if (argc < 2)
    return "";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view word = argv[1];
  if (word.starts_with('-') || std::find(views.begin(), views.end(), word) != views.end())
    return "";
  const std::vector<std::string> near = nearest_words(word, views, 1);
  return near.empty() ? fmt::format("; there is no command {}", quote_for_message(word))
                      : fmt::format("; did you mean `segue {}`?", near[0]);
}

ExitCode report(const std::exception& error, ExitCode code) {
  fmt::print(stderr, "segue: {}\n", error.what());
  return code;
}

ExitCode run(int argc, char** argv) {
  CLI::App app("Segue turns listening logs into personal music: factors, similar songs and weekly playlists.", "segue");
  app.set_version_flag("--version", "segue " + version());
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();
  GlobalOptions options;
  add_global_options(app, options);
  Command chosen;
  for (const AddCommand add : kCommands)
    add(app, chosen);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {  // --help, --version
    return static_cast<ExitCode>(app.exit(request));
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "segue: {}{}; see `segue --help`\n", error.what(), suggestion(app, argc, argv));
    return ExitCode::usage;
  }
  Session session(options);
  return chosen(session);
}

/// A mapped file that somebody truncates ends the process here rather than in a crash.
void report_lost_mapping(int) {
  constexpr std::string_view kMessage =
      "segue: a file became shorter while it was read, or its disk failed; wait until it is written, or use a copy\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kMessage.data(), kMessage.size());
  ::_exit(static_cast<int>(ExitCode::bad_input));
}

}  // namespace
}  // namespace segue::cli

int main(int argc, char** argv) {
  using segue::ExitCode;
  ExitCode code = ExitCode::failed;
  std::signal(SIGBUS, segue::cli::report_lost_mapping);
  try {
    code = segue::cli::run(argc, argv);
  } catch (const segue::Error& error) {
    code = segue::cli::report(error, error.exit_code());
  } catch (const std::bad_alloc&) {
    code = segue::cli::report(segue::OutOfMemory("memory ran out; use a smaller --set als.rank or a larger machine"),
                              ExitCode::unavailable);
  } catch (const std::exception& error) {
    code = segue::cli::report(error, ExitCode::failed);
  }
  std::cout.flush();  // --help and --version
  if (std::fflush(stdout) != 0 || !std::cout) {
    fmt::print(stderr, "segue: cannot write to standard output\n");
    code = ExitCode::failed;
  }
  return static_cast<int>(code);
}
