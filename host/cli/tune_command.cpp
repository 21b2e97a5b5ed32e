#include <charconv>
#include <csignal>
#include <filesystem>
#include <memory>

#include "host/cli/commands.hpp"
#include "host/cli/log_in_memory.hpp"
#include "host/cli/tune_outcome.hpp"
#include "segue/core/log.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/sha256.hpp"
#include "segue/core/text.hpp"
#include "segue/core/version.hpp"
#include "segue/evaluate/tune_als.hpp"

namespace segue::cli {
namespace {

namespace fs = std::filesystem;

struct TuneArguments {
  std::string data;
  std::string out;
  std::string budget = "10m";
  std::int64_t trials = 0;
  int confirm = evaluate::TuneOptions{}.candidates;
  std::string metric = "ndcg@10";
  std::string protocol = "leave-k-out";
  evaluate::SplitOptions split{.part = evaluate::Part::validation};
  std::int64_t users = 10000;
  std::vector<std::string> space;
  std::string note;
};

/// "90", "90s", "10m", "1.5h" in seconds.  @throws InvalidArgument
double parse_budget(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, text.data() + text.size());
  const double seconds = unit == "h" ? 3600 : unit == "m" ? 60 : unit.empty() || unit == "s" ? 1 : 0;
  if (error != std::errc{} || seconds == 0 || !(value > 0 && value < 1e9))
    throw InvalidArgument(
        fmt::format("--budget {}: a time above 0 expected, such as 90s, 10m or 1.5h", quote_for_message(text)));
  return value * seconds;
}

/// @throws InvalidArgument  also where more of the metric is not better
evaluate::Metric parse_tuned_metric(const std::string& text) {
  using evaluate::MetricKind;
  const evaluate::Metric metric = evaluate::parse_metric(text);
  for (const MetricKind kind :
       {MetricKind::popularity, MetricKind::long_tail, MetricKind::novelty, MetricKind::diversity})
    if (metric.kind == kind)
      throw InvalidArgument(
          fmt::format("--metric {}: more of it is not better; take ndcg, recall, map, mrr or auc", text));
  return metric;
}

std::string space_text(const evaluate::AlsObjective& objective) {
  std::string text = fmt::format("als.iterations={}", fmt::join(objective.rungs(), ","));
  for (const evaluate::Parameter& parameter : objective.space())
    text += fmt::format(" {}", to_string(parameter));
  return text;
}

/// Of what trials have in common, whatever the seed.
std::string hash_of(pipeline::Config config) {
  config.als.als.seed = 0;
  return sha256(pipeline::fingerprint(config, {"interactions", "als"})).substr(0, 16);
}

/// Ctrl-C and a polite kill: the first asks the search to end, the second ends the process.
class Interruption {
 public:
  Interruption() {
    flag_ = 0;
    for (const int signal : {SIGINT, SIGTERM})
      std::signal(signal, [](int number) {
        flag_ = 1;
        std::signal(number, SIG_DFL);
      });
  }
  ~Interruption() {
    for (const int signal : {SIGINT, SIGTERM})
      std::signal(signal, SIG_DFL);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  static bool came() { return flag_ != 0; }

 private:
  static inline volatile std::sig_atomic_t flag_ = 0;
};

std::string_view how_held_out(evaluate::Protocol protocol) {
  switch (protocol) {
    case evaluate::Protocol::leave_k_out:
      return "some random songs of each user are held out";
    case evaluate::Protocol::time:
      return "songs first streamed after a moment are held out";
    case evaluate::Protocol::strong:
      return "users are held out, and a fifth of their songs is to be found from the others";
  }
  return "";
}

std::string describe_split(const TuneArguments& arguments, const evaluate::AlsObjective& objective) {
  const evaluate::SplitCounts& counts = objective.counts();
  return fmt::format(
      "Of what the test part leaves, {} ({}): {} songs of {} users. {} of these are scored by {}, in a full ranking.",
      how_held_out(arguments.split.protocol), arguments.protocol, counts.held_out, counts.users,
      objective.evaluated_users() == counts.users ? "All" : fmt::format("{}", objective.evaluated_users()),
      arguments.metric);
}

/// The last part of a path, also of one that ends in a slash.
std::string name_of(const fs::path& path) {
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

ExitCode tune(TuneArguments arguments, Session& session) {
  const pipeline::Config& config = session.config();
  const double seconds = arguments.budget == "none" ? 0 : parse_budget(arguments.budget);
  evaluate::AlsTuneOptions options;
  options.base = {config.interactions, config.als.als};
  options.split = arguments.split;
  options.split.protocol = evaluate::parse_protocol(arguments.protocol);
  arguments.split = options.split;
  options.metric = parse_tuned_metric(arguments.metric);
  options.most_users = arguments.users;

  const LogInMemory log = read_log(arguments.data, session);
  evaluate::AlsObjective objective(session.device(), log.listens, log.users.size(), log.songs.size(), options);
  objective.set_space(arguments.space);
  MemoryPlan plan = objective.memory_plan();
  plan.add("log", log.listens.size() * (log.listens.count.empty() ? 20 : 24));
  log::info("{}; {} available", plan.to_string(), format_bytes(available_memory_bytes()));
  plan.require(available_memory_bytes(), "lower als.rank in --space");
  log::info("{} {}", describe_split(arguments, objective), space_text(objective));

  fs::create_directories(arguments.out);
  const std::uint64_t seed = config.als.als.seed;
  evaluate::TrialLog trials(
      fs::path(arguments.out) / "trials.jsonl",
      {{"data", hash_of(log)},
       {"configuration", hash_of(config)},
       {"seed", fmt::format("{}", seed)},
       {"metric", arguments.metric},
       {"split", fmt::format("{} k={} min_songs={} seed={} users={}", arguments.protocol, arguments.split.k,
                             arguments.split.min_songs, arguments.split.seed, arguments.users)},
       {"space", space_text(objective)},
       {"version", version()}});
  if (!trials.records().empty())
    log::info("going on after {} records of an earlier search", trials.records().size());
  if (!objective.has_further_splits())
    log::info("a split by time can be made in one way only: nothing is confirmed on further ones");
  evaluate::TuneResult result;
  {
    const Interruption interruption;
    result = evaluate::tune(objective,
                            {.space = objective.space(),
                             .default_iterations = config.als.als.iterations,
                             .rungs = objective.rungs(),
                             .candidates = objective.has_further_splits() ? arguments.confirm : 0,
                             .seconds = seconds,
                             .trials = arguments.trials,
                             .seed = seed},
                            trials, session.progress(), Interruption::came);
  }
  evaluate::TuneReport report;
  report.data = name_of(arguments.data);
  report.metric = arguments.metric;
  report.split = describe_split(arguments, objective);
  report.caveat = arguments.note;
  report.space = objective.space();
  report.base = objective.base_assignment();
  report.records = trials.records();
  report.trials = std::move(result.trials);
  report.seed = seed;
  report.first_rung = objective.rungs().front();
  write_tuning(arguments.out, std::move(report), objective, result.end, session);
  if (result.end == evaluate::TuneEnd::stopped)
    throw Error("tune: stopped; the same command goes on from here");
  return ExitCode::ok;
}

}  // namespace

void add_tune(CLI::App& app, Command& chosen) {
  CLI::App* parent = app.add_subcommand("tune", "Search for the configuration that ranks best");
  parent->require_subcommand(1);
  parent->fallthrough();
  CLI::App* als = parent->add_subcommand("als", "Rank, regularization, confidence: random search, successive halving");
  als->footer(
      "Trials are scored on a validation part; what the test part of `segue evaluate` holds out is never seen.\n"
      "The best of them, and what is in force, are confirmed on further splits (by time there is but one), for which\n"
      "a fifth of the budget is kept. Killed and started again, the search goes on.\n"
      "Space, where --space does not say otherwise:\n" +
      evaluate::als_space_help() +
      "Example: segue tune als --data examples/sample --budget 2m --out tuned --space als.rank=32..512:log");
  auto arguments = std::make_shared<TuneArguments>();
  evaluate::SplitOptions& split = arguments->split;
  als->add_option("--data", arguments->data, kDataHelp)->required()->type_name("DIR");
  als->add_option("--out", arguments->out, "Folder for trials.jsonl, best.toml, tune.html and tune.svg")
      ->required()
      ->type_name("DIR");
  als->add_option("--budget", arguments->budget, "Time for the search, interruptions left out: 90s, 10m, 1.5h; or none")
      ->capture_default_str();
  als->add_option("--trials", arguments->trials, "At most so many configurations, the one in force among them")
      ->check(CLI::PositiveNumber);
  als->add_option("--confirm", arguments->confirm, "The best so many are confirmed on further splits; 0: none")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  als->add_option("--metric", arguments->metric, "What to make large: ndcg@K, recall@K, map@K, mrr, auc, …")
      ->capture_default_str();
  als->add_option("--space", arguments->space,
                  "What to vary: key=low..high, key=low..high:log or key=a,b,c; several may follow")
      ->type_name("RANGE");
  als->add_option("--protocol", arguments->protocol, "leave-k-out, time or strong")->capture_default_str();
  als->add_option("--k", split.k, "Songs held out of each user, for leave-k-out")->capture_default_str();
  als->add_option("--min-songs", split.min_songs, "Users with fewer songs are not scored")->capture_default_str();
  als->add_option("--split-seed", split.seed, "Of what is held out, here and by `segue evaluate`")
      ->capture_default_str();
  als->add_option("--users", arguments->users, "Score at most so many users, drawn at random; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  als->add_option("--note", arguments->note, "A sentence for the report, such as that the data is simulated");
  als->callback([arguments, &chosen] { chosen = [arguments](Session& session) { return tune(*arguments, session); }; });
}

}  // namespace segue::cli
