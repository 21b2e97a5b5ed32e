#include <cmath>
#include <filesystem>
#include <memory>

#include "host/cli/bench_commands.hpp"
#include "host/cli/bench_report.hpp"
#include "segue/bench/synthetic.hpp"
#include "segue/core/log.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/npy.hpp"

namespace segue::cli {
namespace {

namespace fs = std::filesystem;

struct BenchAlsArguments {
  std::vector<std::int64_t> interactions{10'000'000};
  std::vector<std::int64_t> users{200'000};
  std::vector<std::int64_t> songs{40'000};
  std::vector<int> ranks{64, 128};
  std::vector<int> cg_steps{3};
  std::vector<std::string> storages{"float16"};
  int iterations = 5;
  bool compare_cpu = false;
  std::string export_folder;
};

struct Plays {
  data::Csr by_user, by_song;
};

struct Factors {
  Matrix<float> users, songs;
};

void require_memory(const MemoryPlan& plan, std::string_view advice) {
  log::info("{}; {} available", plan.to_string(), format_bytes(available_memory_bytes()));
  plan.require(available_memory_bytes(), advice);
}

MemoryPlan plays_plan(const bench::PowerLaw& shape) {
  MemoryPlan plan("bench als");
  plan.add("interactions by user and by song", checked_product({shape.interactions, 2, 8}));
  plan.add("their offsets", checked_product({shape.users + shape.songs, 8}));
  plan.add("scratch to transpose", checked_product({shape.interactions, 12}));
  return plan;
}

Plays make_plays(const bench::PowerLaw& shape, Session& session) {
  Plays plays;
  plays.by_user = bench::power_law_plays(shape, session.progress());
  plays.by_song = data::transpose(plays.by_user.view());
  return plays;
}

Factors factors_of(const als::Solver& solver, const Plays& plays) {
  const int rank = solver.options().rank;
  Factors factors{Matrix<float>(plays.by_user.rows, rank), Matrix<float>(plays.by_user.columns, rank)};
  solver.copy_users(factors.users.view());
  solver.copy_songs(factors.songs.view());
  return factors;
}

double relative_difference(const Matrix<float>& a, const Matrix<float>& b) {
  double difference = 0, norm = 0;
  for (std::int64_t i = 0; i < a.rows() * a.columns(); ++i) {
    const double x = static_cast<double>(a.data()[i]), y = static_cast<double>(b.data()[i]);
    difference += (x - y) * (x - y);
    norm += y * y;
  }
  return difference == 0 ? 0 : std::sqrt(difference / norm);
}

// ‖X − X of the CPU‖ / ‖X of the CPU‖ after as many iterations, the larger of both sides.
double difference_from_cpu(const Factors& factors, const Plays& plays, const als::Options& options, int iterations,
                           Session& session) {
  require_memory(als::memory_plan(Device::cpu(), plays.by_user.view(), options), "lower --rank");
  const auto solver = als::make_solver(Device::cpu(), plays.by_user.view(), plays.by_song.view(), options);
  ProgressTask task(session.progress(), "the same on the CPU", iterations, "iterations");
  for (int iteration = 0; iteration < iterations; ++iteration) {
    solver->iterate();
    task.advance(1);
  }
  const Factors expected = factors_of(*solver, plays);
  return std::max(relative_difference(factors.users, expected.users),
                  relative_difference(factors.songs, expected.songs));
}

void export_to(const fs::path& folder, const Plays& plays, const Factors& factors) {
  fs::create_directories(folder);
  data::write_csr(folder, "by_user", plays.by_user.view());
  write_npy(folder / "users.npy", factors.users.view());
  write_npy(folder / "songs.npy", factors.songs.view());
}

class BenchAls {
 public:
  BenchAls(const BenchAlsArguments& arguments, Session& session)
      : arguments_(arguments), session_(session), configured_(session.config().als.als) {
    for (const std::string& storage : arguments.storages)
      for (const int rank : arguments.ranks)
        for (const int steps : arguments.cg_steps)
          options_.push_back(options_of(rank, steps, storage));
    for (const std::int64_t interactions : arguments.interactions)
      for (const std::int64_t users : arguments.users)
        for (const std::int64_t songs : arguments.songs)
          shapes_.push_back({.users = users, .songs = songs, .interactions = interactions, .seed = configured_.seed});
    check_export(arguments.export_folder, options_.size() * shapes_.size());
    for (const bench::PowerLaw& shape : shapes_) {
      bench::check_shape(shape);
      require_memory(plays_plan(shape), "lower --nnz");
      for (const Named& named : options_)
        als::memory_plan(session.device(), {.rows = shape.users, .columns = shape.songs}, named.options)
            .require(available_memory_bytes(), "lower --rank");
    }
  }

  ExitCode run() {
    BenchReport report(session_);
    for (const bench::PowerLaw& shape : shapes_) {
      const Plays plays = make_plays(shape, session_);
      for (const auto& [storage, options] : options_)
        time_one(report, plays, storage, options);
    }
    report.answer({{"interactions", "interactions"},
                   {"users", "users"},
                   {"songs", "songs"},
                   {"rank", "rank"},
                   {"cg_steps", "steps"},
                   {"storage", "storage"}},
                  {{"loss", "loss"}, {"difference_from_cpu", "CPU differs"}});
    return ExitCode::ok;
  }

 private:
  struct Named {
    std::string storage;
    als::Options options;
  };

  Named options_of(int rank, int steps, const std::string& storage) const {
    // The configuration knows the names of storages.
    const std::string setting = "als.gather_storage=" + storage;
    als::Options options = configured_;
    options.gather_storage = pipeline::load_config({}, std::span(&setting, 1), -1).als.als.gather_storage;
    options.method = als::Method::conjugate_gradient;
    options.rank = rank;
    options.cg_steps = steps;
    als::check_options(options);
    return {storage, options};
  }

  void time_one(BenchReport& report, const Plays& plays, const std::string& storage, const als::Options& options) {
    const data::CsrView by_user = plays.by_user.view();
    require_memory(als::memory_plan(session_.device(), by_user, options), "lower --rank");
    const auto solver = als::make_solver(session_.device(), by_user, plays.by_song.view(), options);
    const std::string task = fmt::format("rank {}, {} steps, {}", options.rank, options.cg_steps, storage);
    int iterations = 0;
    const bench::Spread seconds = report.time(task, arguments_.iterations, [&] {
      solver->iterate();
      ++iterations;
    });
    Json results{{"iterations", iterations}, {"loss", solver->loss()}};
    if (arguments_.compare_cpu || !arguments_.export_folder.empty()) {
      const Factors factors = factors_of(*solver, plays);
      if (!arguments_.export_folder.empty())
        export_to(arguments_.export_folder, plays, factors);
      if (arguments_.compare_cpu)
        results["difference_from_cpu"] = difference_from_cpu(factors, plays, options, iterations, session_);
    }
    report.add({{"interactions", by_user.nonzeros()},
                {"users", by_user.rows},
                {"songs", by_user.columns},
                {"rank", options.rank},
                {"cg_steps", options.cg_steps},
                {"storage", storage},
                {"alpha", options.alpha},
                {"regularization", options.regularization},
                {"seed", options.seed}},
               seconds, bench::als_iteration_cost(by_user, plays.by_song.view(), options), results);
  }

  const BenchAlsArguments& arguments_;
  Session& session_;
  als::Options configured_;
  std::vector<Named> options_;
  std::vector<bench::PowerLaw> shapes_;
};

}  // namespace

void add_bench_als(CLI::App& bench, Command& chosen) {
  auto arguments = std::make_shared<BenchAlsArguments>();
  CLI::App* command = bench.add_subcommand("als", "Training, on plays made up with the shape of real ones");
  command->footer(
      "Rank, steps and storage are what these options say, and the method is conjugate gradient; all else of the "
      "model\n"
      "is the configuration's: --set als.alpha=10, --set als.preconditioner=gram.\n"
      "Examples:\n"
      "  segue bench als --rank 32,64,128 --storage float32,float16\n"
      "  segue bench als --device cuda --nnz 100M --users 1M --songs 200k --rank 128 --compare-cpu --json");
  command->add_option("--nnz", arguments->interactions, "Pairs of user and song")
      ->delimiter(',')
      ->transform(CLI::AsSizeValue(true))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--users", arguments->users)
      ->delimiter(',')
      ->transform(CLI::AsSizeValue(true))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--songs", arguments->songs)
      ->delimiter(',')
      ->transform(CLI::AsSizeValue(true))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--rank", arguments->ranks, "1–1024")->delimiter(',')->type_name("N")->capture_default_str();
  command->add_option("--cg-steps", arguments->cg_steps, "1–100")
      ->delimiter(',')
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--storage", arguments->storages, "Of the vectors that are gathered, as als.gather_storage")
      ->delimiter(',')
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--iterations", arguments->iterations, "Timed, after two that are not")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--compare-cpu", arguments->compare_cpu,
                    "Do the same on the CPU, and say how much its vectors differ: ‖X − X′‖/‖X′‖");
  command
      ->add_option("--export", arguments->export_folder,
                   "Write the plays (by_user.*.npy) and the vectors made of them (users.npy, songs.npy)")
      ->type_name("DIR");
  command->callback(
      [arguments, &chosen] { chosen = [arguments](Session& session) { return BenchAls(*arguments, session).run(); }; });
}

}  // namespace segue::cli
