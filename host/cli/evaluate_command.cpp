#include <filesystem>
#include <memory>
#include <optional>

#include "host/cli/commands.hpp"
#include "host/cli/evaluate_outcome.hpp"
#include "host/cli/log_in_memory.hpp"
#include "host/cli/run_report.hpp"
#include "segue/core/log.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/text.hpp"
#include "segue/evaluate/model.hpp"

namespace segue::cli {
namespace {

namespace fs = std::filesystem;
using namespace evaluate;

struct EvaluateArguments {
  std::string data;
  std::string protocol = "leave-k-out";
  SplitOptions split;
  bool validation = false;
  std::string test_from, validation_from;
  std::vector<int> at{10, 20, 100};
  std::vector<std::string> models{"als", "popularity", "random"};
  std::vector<std::string> against;
  std::vector<std::string> factors;
  std::string write_split;
  bool learning_curve = false;
  bool per_iteration = false;
  ResamplingOptions resampling;
  EvaluateOutputs outputs;
  GlobalOptions global;  ///< config_file, settings and seed, for --against
};

/// Everything that models are made of and judged by.
struct Comparison {
  const EvaluateArguments& arguments;
  Session& session;
  const LogInMemory& log;
  Split split;
  SongStatistics songs;
  std::vector<Metric> metrics;
  std::vector<ModelReport> models;
};

std::int64_t parse_moment(const char* option, const std::string& text) {
  if (text.empty())
    return 0;
  const std::optional<std::int64_t> moment = parse_timestamp(text);
  if (!moment)
    throw InvalidArgument(fmt::format("{} {}: a time such as 2011-05-01 or 2011-05-01T12:00:00Z expected", option,
                                      quote_for_message(text)));
  return *moment;
}

void check(const EvaluateArguments& arguments) {
  for (const std::string& model : arguments.models)
    if (model != "als" && model != "popularity" && model != "random")
      throw InvalidArgument(fmt::format("--models {}: als, popularity or random expected", quote_for_message(model)));
  for (const std::string* file : {&arguments.outputs.report, &arguments.outputs.per_user})
    if (const fs::path folder = fs::path(*file).parent_path(); !folder.empty() && !fs::is_directory(folder))
      throw InvalidArgument(fmt::format("{}: there is no folder {}", *file, folder.string()));
  if (!arguments.write_split.empty() && fs::exists(arguments.write_split) && !fs::is_empty(arguments.write_split))
    throw InvalidArgument(fmt::format("--write-split {}: it exists; name a new folder", arguments.write_split));
  if (arguments.models.empty() && arguments.factors.empty() && arguments.against.empty())
    throw InvalidArgument("--models: nothing to evaluate; name als, popularity or random, or give --factors");
}

/// The first vectors there are become what diversity is measured by, for all models.
void keep_songs(Comparison& comparison, const FactorModel& model) {
  if (comparison.songs.unit_vectors.rows() == 0)
    comparison.songs = song_statistics(comparison.split.train.plays.view(), model.songs.view());
}

void add_model(Comparison& comparison, const std::string& name, const std::string& description, const Scorer& scorer,
               const FactorModel& model = {}) {
  ModelReport report;
  report.name = name;
  report.description = description;
  std::vector<Metric> metrics = comparison.metrics;
  if (comparison.songs.unit_vectors.rows() == 0)
    std::erase_if(metrics, [](const Metric& metric) { return metric.kind == MetricKind::diversity; });
  report.evaluation =
      evaluate::evaluate(scorer, comparison.split, comparison.songs, metrics, comparison.session.progress());
  report.intervals = bootstrap_means(std::as_const(report.evaluation.per_user).view(), comparison.arguments.resampling);
  report.training_seconds = model.training_seconds;
  report.loss = model.loss;
  report.curve = model.curve;
  if (!comparison.models.empty())
    report.differences =
        paired_differences(std::as_const(comparison.models[0].evaluation.per_user).view(),
                           std::as_const(report.evaluation.per_user).view(), comparison.arguments.resampling);
  comparison.models.push_back(std::move(report));
}

void add_als(Comparison& comparison, const std::string& name, const std::string& description,
             const pipeline::Config& config) {
  const Metric main = main_metric(comparison.arguments.at);
  TrainingOptions options;
  options.als = config.als.als;
  if (comparison.arguments.per_iteration) {
    options.after_each = &main;
    options.songs = &comparison.songs;
  }
  const FactorModel model =
      train_als(comparison.session.device(), comparison.split, options, comparison.session.progress());
  keep_songs(comparison, model);
  const auto scorer = make_factor_scorer(model.users.view(), model.songs.view());
  add_model(comparison, name, description, *scorer, model);
}

/// The configuration in force, and on top of it the settings, such as "als.rank=64 als.alpha=5".
pipeline::Config with_settings(const EvaluateArguments& arguments, const std::string& settings) {
  std::vector<std::string> all = arguments.global.settings;
  for (std::size_t begin = 0; (begin = settings.find_first_not_of(" \t", begin)) != std::string::npos;) {
    const std::size_t end = std::min(settings.find_first_of(" \t", begin), settings.size());
    all.push_back(settings.substr(begin, end - begin));
    if (!all.back().starts_with("als."))
      throw InvalidArgument(
          fmt::format("--against {}: only keys of [als] can differ: both models are judged on the same training pairs",
                      quote_for_message(all.back())));
    begin = end;
  }
  return pipeline::load_config(arguments.global.config_file, all, arguments.global.seed);
}

void add_factors(Comparison& comparison, const std::string& directory) {
  const FactorModel model = read_factors(directory, comparison.split, comparison.log.users, comparison.log.songs);
  if (model.users_without_vector + model.songs_without_vector > 0)
    log::warn("{}: {} of the users evaluated and {} songs have no vector there, and get zeros", directory,
              model.users_without_vector, model.songs_without_vector);
  keep_songs(comparison, model);
  const auto scorer = make_factor_scorer(model.users.view(), model.songs.view());
  const fs::path path(directory);
  add_model(comparison, (path.has_filename() ? path : path.parent_path()).filename().string(),
            "vectors from " + directory, *scorer);
}

void add_models(Comparison& comparison) {
  const EvaluateArguments& arguments = comparison.arguments;
  const auto wanted = [&](const char* name) { return std::ranges::count(arguments.models, name) > 0; };
  if (wanted("als"))
    add_als(comparison, "als", "the configuration in force", comparison.session.config());
  for (const std::string& directory : arguments.factors)
    add_factors(comparison, directory);
  for (const std::string& settings : arguments.against)
    add_als(comparison, settings, "the configuration in force with " + settings, with_settings(arguments, settings));
  const Split& split = comparison.split;
  if (wanted("popularity"))
    add_model(comparison, "popularity", "songs with most listeners, the same for all",
              *make_popularity_scorer(split.held_out.rows, split.train.plays.view()));
  if (wanted("random"))
    add_model(comparison, "random", "another random order for each user",
              *make_random_scorer(split.users, split.held_out.columns, arguments.split.seed));
}

std::vector<LearningPoint> learning_curve(Comparison& comparison) {
  std::vector<LearningPoint> points;
  const Metric main = main_metric(comparison.arguments.at);
  for (const double share : {0.25, 0.5, 0.75, 1.0}) {
    TrainingOptions options;
    options.als = comparison.session.config().als.als;
    options.share = share;
    const FactorModel model =
        train_als(comparison.session.device(), comparison.split, options, comparison.session.progress());
    const auto scorer = make_factor_scorer(model.users.view(), model.songs.view());
    const Evaluation evaluation =
        evaluate::evaluate(*scorer, comparison.split, comparison.songs, {main}, comparison.session.progress());
    points.push_back(
        {.share = share, .value = bootstrap_means(evaluation.per_user.view(), comparison.arguments.resampling)[0]});
  }
  return points;
}

void require_memory(const LogInMemory& log, const pipeline::Config& config) {
  MemoryPlan plan("evaluate");
  plan.add("split and matrices", checked_product({log.listens.size(), 56}));
  plan.add("vectors", checked_product({log.users.size() + 2 * log.songs.size(), config.als.als.rank, 8}));
  log::info("{}; {} available", plan.to_string(), format_bytes(available_memory_bytes()));
  plan.require(available_memory_bytes(), "lower als.rank, or evaluate on a part of the log");
}

ExitCode run_evaluate(EvaluateArguments arguments, Session& session) {
  check(arguments);
  arguments.split.protocol = parse_protocol(arguments.protocol);
  arguments.split.part = arguments.validation ? Part::validation : Part::test;
  arguments.split.test_from = parse_moment("--test-from", arguments.test_from);
  arguments.split.validation_from = parse_moment("--validation-from", arguments.validation_from);
  const std::vector<Metric> metrics = all_metrics(arguments.at);
  for (const std::string& settings : arguments.against)
    with_settings(arguments, settings);  // a wrong one is refused before the work

  const LogInMemory log = read_log(arguments.data, session);
  require_memory(log, session.config());
  Comparison comparison{arguments, session, log, {}, {}, metrics, {}};
  comparison.split = make_split(log.listens, log.users.size(), log.songs.size(), session.config().interactions,
                                arguments.split, session.progress());
  comparison.songs = song_statistics(comparison.split.train.plays.view());
  if (!arguments.write_split.empty())
    write_split(arguments.write_split, comparison.split, log.users, log.songs);
  add_models(comparison);

  QualityReport report;
  const fs::path data(arguments.data);
  report.data = (data.has_filename() ? data : data.parent_path()).filename().string();
  report.split = describe_split(arguments.split, comparison.split.counts, log.songs.size());
  report.caveat = arguments.outputs.note;
  report.main = main_metric(arguments.at);
  report.consumption = consumption(comparison.split, comparison.songs);
  report.models = std::move(comparison.models);
  if (arguments.learning_curve)
    report.learning = learning_curve(comparison);
  for (const std::int64_t row : worst_users(report.models[0].evaluation, comparison.split, report.main, 20))
    report.worst.push_back({.id = std::string(log.users.id(comparison.split.users[static_cast<std::size_t>(row)])),
                            .songs = comparison.split.seen.view().row_size(row),
                            .held_out = comparison.split.held_out.view().row_size(row),
                            .value = report.models[0].evaluation.values(report.main)[static_cast<std::size_t>(row)]});
  report.configuration = pipeline::to_toml(session.config());
  answer_evaluation(report, arguments.outputs, comparison.split, log.users, session);
  return ExitCode::ok;
}

void add_options(CLI::App& command, EvaluateArguments& arguments) {
  SplitOptions& split = arguments.split;
  command.add_option("--data", arguments.data, kDataHelp)->required()->type_name("DIR");
  command.add_option("--protocol", arguments.protocol, "leave-k-out, time or strong")->capture_default_str();
  command.add_option("--k", split.k, "Songs held out of each user, for leave-k-out")->capture_default_str();
  command.add_option("--min-songs", split.min_songs, "Users with fewer songs are not evaluated")->capture_default_str();
  command.add_option("--split-seed", split.seed, "Of what is held out")->capture_default_str();
  command.add_option("--test-from", arguments.test_from,
                     "Where the test part begins; default: after 90% of the listens");
  command.add_option("--validation-from", arguments.validation_from, "Where the validation part begins");
  command.add_option("--held-out-users", split.held_out_users, "Share of the users, for strong")->capture_default_str();
  command.add_flag("--validation", arguments.validation,
                   "On the validation part, to choose by; default: the test part");
  command.add_option("--at", arguments.at, "Lengths of lists")->delimiter(',')->capture_default_str();
  command.add_option("--models", arguments.models, "Of als, popularity, random; the first is compared with all")
      ->delimiter(',')
      ->capture_default_str();
  command.add_option("--against", arguments.against, "Another ALS, by what differs: \"als.rank=64 als.alpha=5\"")
      ->type_name("SETTINGS")
      ->take_all()
      ->expected(1);
  command.add_option("--factors", arguments.factors, "Vectors made elsewhere: users.npy, songs.npy with ids.tsv")
      ->type_name("DIR")
      ->take_all()
      ->expected(1);
  command.add_option("--resamples", arguments.resampling.resamples, "For intervals and p")->capture_default_str();
  command.add_option("--per-user", arguments.outputs.per_user, "Write each user's figures")->type_name("FILE.csv");
  command.add_option("--write-split", arguments.write_split, "Write what is trained on and what is held out")
      ->type_name("DIR");
  command.add_flag("--learning-curve", arguments.learning_curve, "Train on 25, 50, 75 and 100% of the pairs, too");
  command.add_flag("--per-iteration", arguments.per_iteration, "Evaluate after each iteration, too");
  command.add_option("--report", arguments.outputs.report, "Write a page to look at and send on")
      ->type_name("FILE.html");
  command.add_option("--note", arguments.outputs.note, "A sentence for the report, such as that the data is simulated");
}

}  // namespace

void add_evaluate(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("evaluate", "How good the recommendations are, on songs held out of the log");
  command->footer(
      "Every song is ranked for every user. Intervals are 95%, by a bootstrap over users; docs/evaluation.md defines "
      "the "
      "metrics.\n"
      "Examples:\n"
      "  segue evaluate --data examples/sample --report quality.html\n"
      "  segue evaluate --data examples/sample --protocol time --against \"als.rank=64 als.alpha=5\"");
  auto arguments = std::make_shared<EvaluateArguments>();
  add_options(*command, *arguments);
  command->callback([arguments, &app, &chosen] {
    GlobalOptions& global = arguments->global;
    if (const CLI::Option* option = app.get_option("--config"); option->count() > 0)
      global.config_file = option->as<std::string>();
    if (const CLI::Option* option = app.get_option("--set"); option->count() > 0)
      global.settings = option->as<std::vector<std::string>>();
    if (const CLI::Option* option = app.get_option("--seed"); option->count() > 0)
      global.seed = option->as<std::int64_t>();
    chosen = [arguments](Session& session) { return run_evaluate(*arguments, session); };
  });
}

}  // namespace segue::cli
