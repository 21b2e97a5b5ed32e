// Trains on a CSR matrix and prints seconds and loss of each iteration as JSON: what bench/peers/als_peers.py compares
// with implicit.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "segue/als/solver.hpp"
#include "segue/core/error.hpp"
#include "segue/core/npy.hpp"
#include "segue/core/parallel.hpp"

namespace {

struct Arguments {
  std::filesystem::path matrix;
  std::filesystem::path save;
  std::string preconditioner = "none", storage = "float16";
  int threads = 0;
  bool json = false;
  bool no_loss = false;
  segue::als::Options als;
};

void add_options(CLI::App& app, Arguments& arguments) {
  segue::als::Options& als = arguments.als;
  app.add_option("--matrix", arguments.matrix, "Folder with by_user.{offsets,indices,values,shape}.npy")->required();
  app.add_option("--rank", als.rank)->capture_default_str();
  app.add_option("--iterations", als.iterations)->capture_default_str();
  app.add_option("--alpha", als.alpha)->capture_default_str();
  app.add_option("--regularization", als.regularization)->capture_default_str();
  app.add_option("--regularization-exponent", als.regularization_exponent)->capture_default_str();
  app.add_option("--cg-steps", als.cg_steps)->capture_default_str();
  app.add_option("--init-scale", als.init_scale)->capture_default_str();
  app.add_option("--seed", als.seed)->capture_default_str();
  app.add_option("--preconditioner", arguments.preconditioner)->check(CLI::IsMember({"none", "gram"}));
  app.add_option("--storage", arguments.storage)->check(CLI::IsMember({"float16", "bfloat16", "float32"}));
  app.add_option("--threads", arguments.threads, "0: all cores");
  app.add_option("--save", arguments.save, "Folder for users.npy and songs.npy");
  app.add_flag("--no-loss", arguments.no_loss, "Time only");
  app.add_flag("--json", arguments.json, "One JSON document");
}

nlohmann::json run(const Arguments& arguments) {
  using Clock = std::chrono::steady_clock;
  segue::set_thread_count(arguments.threads);
  const segue::data::Csr by_user = segue::data::read_csr(arguments.matrix, "by_user");
  const segue::data::Csr by_song = segue::data::transpose(by_user.view());
  const auto solver = segue::als::make_solver(segue::Device::cpu(), by_user.view(), by_song.view(), arguments.als);
  nlohmann::json report{{"seconds", nlohmann::json::array()}, {"loss", nlohmann::json::array()}};
  for (int iteration = 0; iteration < arguments.als.iterations; ++iteration) {
    const auto start = Clock::now();
    solver->iterate();
    report["seconds"].push_back(std::chrono::duration<double>(Clock::now() - start).count());
    if (!arguments.no_loss)
      report["loss"].push_back(solver->loss());
  }
  if (!arguments.save.empty()) {
    segue::Matrix<float> users(by_user.rows, arguments.als.rank);
    segue::Matrix<float> songs(by_user.columns, arguments.als.rank);
    solver->copy_users(users.view());
    solver->copy_songs(songs.view());
    segue::write_npy(arguments.save / "users.npy", std::as_const(users).view());
    segue::write_npy(arguments.save / "songs.npy", std::as_const(songs).view());
  }
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Train implicit ALS on a CSR matrix, with the time and loss of each iteration");
  add_options(app, arguments);
  CLI11_PARSE(app, argc, argv);
  using segue::als::Preconditioner, segue::als::Storage;
  arguments.als.preconditioner = arguments.preconditioner == "gram" ? Preconditioner::gram : Preconditioner::none;
  for (const Storage storage : {Storage::float16, Storage::bfloat16, Storage::float32})
    if (arguments.storage == name_of(storage))
      arguments.als.gather_storage = storage;
  try {
    const nlohmann::json report = run(arguments);
    if (arguments.json) {
      fmt::print("{}\n", report.dump());
      return 0;
    }
    for (std::size_t i = 0; i < report["seconds"].size(); ++i)
      fmt::print("{:3} {:8.3f} s  loss {}\n", i + 1, report["seconds"][i].get<double>(),
                 arguments.no_loss ? "not computed" : fmt::format("{:.6f}", report["loss"][i].get<double>()));
    return 0;
  } catch (const segue::Error& error) {
    fmt::print(stderr, "als_peer: {}\n", error.what());
    return static_cast<int>(error.exit_code());
  }
}
