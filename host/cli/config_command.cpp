#include "host/cli/commands.hpp"

namespace segue::cli {

void add_config(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("config", "Print the configuration in force, every key with unit and range");
  command->footer("Example: segue config --set als.rank=64 > segue.toml");
  command->callback([&chosen] {
    chosen = [](Session& session) {
      const std::string toml = pipeline::to_toml(session.config());
      session.say(toml.substr(0, toml.size() - 1));
      session.answer({{"toml", toml}});
      return ExitCode::ok;
    };
  });
}

}  // namespace segue::cli
