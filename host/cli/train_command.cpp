#include <memory>

#include "host/cli/commands.hpp"
#include "host/cli/run_report.hpp"
#include "segue/pipeline/nightly.hpp"

namespace segue::cli {

void add_train(CLI::App& app, Command& chosen) {
  CLI::App* parent = app.add_subcommand("train", "Train one model");
  parent->require_subcommand(1);
  parent->fallthrough();
  struct TrainArguments {
    std::string data;
    std::string out;
  };
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* als = parent->add_subcommand("als", "Factorise the log; similar, recommend and playlists take the result");
  als->footer(
      "Killed and started again, it goes on from its last checkpoint.\n"
      "Example: segue train als --data examples/sample --out model --set als.rank=64");
  als->add_option("--data", arguments->data, kDataHelp)->required()->type_name("DIR");
  als->add_option("--out", arguments->out, "Folder to make; a run without playlists")->required()->type_name("DIR");
  als->callback([arguments, &chosen] {
    chosen = [arguments](Session& session) {
      report_run(
          pipeline::train_als(arguments->data, arguments->out, session.device(), session.config(), session.progress()),
          session);
      return ExitCode::ok;
    };
  });
}

}  // namespace segue::cli
