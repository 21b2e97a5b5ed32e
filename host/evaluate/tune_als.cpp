#include "segue/evaluate/tune_als.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/evaluate/tune_als_keys.hpp"
#include "host/evaluate/tune_data.hpp"
#include "segue/core/error.hpp"
#include "segue/evaluate/evaluate.hpp"

namespace segue::evaluate {
namespace {

bool all_finite(const Matrix<float>& matrix) {
  return std::all_of(matrix.data(), matrix.data() + matrix.rows() * matrix.columns(),
                     [](float value) { return std::isfinite(value); });
}

double round_to_four_digits(double value) {
  return std::stod(fmt::format("{:.4g}", value));
}

/// The high end, a third of it, and so on down to the low end.
std::vector<int> rungs_of(const Parameter& iterations) {
  std::vector<int> rungs;
  for (const std::string& choice : iterations.choices)
    rungs.push_back(std::stoi(choice));
  if (iterations.choices.empty())
    for (int rung = static_cast<int>(iterations.high); rung >= iterations.low && rung > 0; rung /= kTuneReduction)
      rungs.push_back(rung);
  std::sort(rungs.begin(), rungs.end());
  rungs.erase(std::unique(rungs.begin(), rungs.end()), rungs.end());
  return rungs;
}

/// Values that bound all others.
std::vector<double> ends_of(const Parameter& parameter) {
  if (parameter.choices.empty())
    return {parameter.low, parameter.high};
  std::vector<double> places(parameter.choices.size());
  std::iota(places.begin(), places.end(), 0.0);
  return places;
}

/// @throws InvalidArgument  what the solver or the interactions do not take
void check_settings(const AlsSettings& settings) {
  als::check_options(settings.als);
  data::build_interactions({}, 1, 1, settings.interactions, no_progress());
}

}  // namespace

struct AlsObjective::State {
  Device device;
  AlsTuneOptions options;
  std::int64_t room_bytes;  // for the data, and for vectors kept by trainees
  TuneDataCache data;
  std::int64_t vector_bytes = 0;  // kept by trainees
  Space space;
  std::vector<int> rungs;

  AlsSettings finish(const AlsPoint& point) const;
  double average_row(double alpha) const;
  double evaluate_vectors(const TuneData& split, const als::Solver& solver, std::vector<double>* by_user) const;
};

// λᵤ = regularization·(nᵤ + songs/alpha)^exponent; the mean of users and songs is geometric.
double AlsObjective::State::average_row(double alpha) const {
  const TuneDataSummary& summary = data.summary();
  return std::sqrt((summary.mean_songs + static_cast<double>(data.songs()) / alpha) *
                   (summary.mean_users + static_cast<double>(data.users()) / alpha));
}

AlsSettings AlsObjective::State::finish(const AlsPoint& point) const {
  AlsSettings settings = point.settings;
  als::Options& als = settings.als;
  if (!std::isnan(point.lambda))
    als.regularization =
        round_to_four_digits(point.lambda / std::pow(average_row(als.alpha), als.regularization_exponent));
  return settings;
}

/// NaN where training did not converge.
double AlsObjective::State::evaluate_vectors(const TuneData& split, const als::Solver& solver,
                                             std::vector<double>* by_user) const {
  Matrix<float> song_vectors(data.songs(), solver.options().rank);
  solver.copy_songs(song_vectors.view());
  const Matrix<float> user_vectors = segue::evaluate::evaluated_users(split.split, solver);
  if (!all_finite(song_vectors) || !all_finite(user_vectors))
    return NAN;
  const std::unique_ptr<Scorer> scorer = make_factor_scorer(user_vectors.view(), song_vectors.view());
  const Evaluation evaluation = evaluate(*scorer, split.split, split.songs, {options.metric}, no_progress());
  if (by_user != nullptr)
    *by_user = evaluation.values(options.metric);
  return evaluation.mean(options.metric);
}

class AlsObjective::AlsTrainee final : public Trainee {
 public:
  AlsTrainee(State& state, const AlsSettings& settings, int split)
      : state_(state), settings_(settings), split_(split) {}
  ~AlsTrainee() override { drop_vectors(); }

  std::optional<double> score_after(int iterations, const Stop& stop) override {
    const TuneData& data = state_.data.get(settings_.interactions, split_);
    const data::CsrView by_user = data.split.train.strength.view();
    const auto solver = als::make_solver(state_.device, by_user, data.by_song.view(), settings_.als);
    int done = 0;
    if (kept_bytes_ > 0 && done_ <= iterations) {
      solver->set_factors(users_.view(), songs_.view());
      done = done_;
    }
    for (; done < iterations; ++done) {
      if (stop())
        return std::nullopt;
      solver->iterate();
    }
    const double score = state_.evaluate_vectors(data, *solver, by_user_);
    keep_vectors(*solver, done);
    return score;
  }

  /// Where score_after() puts the metric by user.
  void want_values(std::vector<double>* by_user) { by_user_ = by_user; }

 private:
  void keep_vectors(const als::Solver& solver, int done) {
    drop_vectors();
    const std::int64_t bytes = (state_.data.users() + state_.data.songs()) * settings_.als.rank * 4;
    if (state_.vector_bytes + bytes > state_.room_bytes)
      return;
    users_ = Matrix<float>(state_.data.users(), settings_.als.rank);
    songs_ = Matrix<float>(state_.data.songs(), settings_.als.rank);
    solver.copy_users(users_.view());
    solver.copy_songs(songs_.view());
    done_ = done;
    kept_bytes_ = bytes;
    state_.vector_bytes += bytes;
  }
  void drop_vectors() {
    state_.vector_bytes -= kept_bytes_;
    kept_bytes_ = 0;
    users_ = songs_ = {};
  }

  State& state_;
  AlsSettings settings_;
  int split_;
  std::vector<double>* by_user_ = nullptr;
  Matrix<float> users_, songs_;  // after done_ iterations, where kept_bytes_ > 0
  int done_ = 0;
  std::int64_t kept_bytes_ = 0;
};

std::string als_space_help() {
  std::string out;
  for (const AlsKey& key : als_keys())
    out += fmt::format("  {}{}{}{}\n", key.name, key.default_range.empty() ? "" : "=", key.default_range,
                       key.meaning.empty() ? "" : fmt::format("  ({})", key.meaning));
  return out;
}

AlsObjective::AlsObjective(Device device, const data::ListenLog& log, std::int64_t users, std::int64_t songs,
                           const AlsTuneOptions& options) {
  check_settings(options.base);
  const std::int64_t room = available_memory_bytes() / 4;
  state_.reset(
      new State{device, options, room,
                TuneDataCache(log, users, songs, options.split, options.base.interactions, options.most_users, room)});
  set_space({});
}

AlsObjective::~AlsObjective() = default;

void AlsObjective::set_space(std::span<const std::string> changes) {
  Space space;
  for (const AlsKey& key : als_keys()) {
    const bool gram = state_->options.base.als.preconditioner == als::Preconditioner::gram;
    if (key.default_range.empty() || (key.name == "interactions.skip_weight" && !state_->data.summary().has_skips) ||
        (key.name == "interactions.confidence" && !state_->data.summary().has_repeats) ||
        (key.name == "als.regularization_exponent" && gram))
      continue;
    space.push_back(parse_als_parameter(fmt::format("{}={}", key.name, key.default_range)));
  }
  const auto named = [](std::string_view name) { return [name](const Parameter& p) { return p.key == name; }; };
  bool lambda = false, regularization = false;
  for (const std::string& change : changes) {
    Parameter parameter = parse_als_parameter(change);
    lambda = lambda || parameter.key == kLambdaKey;
    regularization = regularization || parameter.key == "als.regularization";
    const auto place = std::find_if(space.begin(), space.end(), named(parameter.key));
    if (place == space.end())
      space.push_back(std::move(parameter));
    else
      *place = std::move(parameter);
  }
  if (lambda && regularization)
    throw InvalidArgument("--space: als.regularization follows from lambda: name one of the two");
  if (regularization)
    std::erase_if(space, named(kLambdaKey));

  for (const Parameter& parameter : space)
    for (const double value : ends_of(parameter)) {
      AlsPoint point{state_->options.base};
      set_parameter(point, parameter, value);
      check_settings(state_->finish(point));
    }
  const auto iterations = std::find_if(space.begin(), space.end(), named(kIterationsKey));
  state_->rungs = rungs_of(*iterations);
  space.erase(iterations);
  state_->space = std::move(space);
}

const Space& AlsObjective::space() const {
  return state_->space;
}

const std::vector<int>& AlsObjective::rungs() const {
  return state_->rungs;
}

Assignment AlsObjective::base_assignment() const {
  AlsPoint point{state_->options.base};
  const als::Options& als = point.settings.als;
  point.lambda = als.regularization * std::pow(state_->average_row(als.alpha), als.regularization_exponent);
  Assignment assignment;
  for (const Parameter& parameter : state_->space)
    assignment.push_back(parameter_value(point, parameter));
  return assignment;
}

AlsSettings AlsObjective::settings(const Assignment& assignment) const {
  AlsPoint point{state_->options.base};
  for (std::size_t i = 0; i < assignment.size(); ++i)
    set_parameter(point, state_->space[i], assignment[i]);
  return state_->finish(point);
}

AlsSettings AlsObjective::settings(std::int64_t trial, std::uint64_t seed) const {
  return trial == 0 ? state_->options.base : settings(draw_assignment(state_->space, seed, trial));
}

MemoryPlan AlsObjective::memory_plan() const {
  als::Options largest = state_->options.base.als;
  for (const Parameter& parameter : state_->space)
    if (parameter.key == "als.rank")
      for (const double value : ends_of(parameter)) {
        AlsPoint point{state_->options.base};
        set_parameter(point, parameter, value);
        largest.rank = std::max(largest.rank, point.settings.als.rank);
      }
  const TuneData& base = state_->data.get(state_->options.base.interactions, 0);
  MemoryPlan plan = als::memory_plan(state_->device, base.split.train.strength.view(), largest);
  plan.add("vectors to evaluate",
           checked_product({state_->data.songs() * 2 + evaluated_users(), largest.rank, sizeof(float)}));
  plan.add("interactions", base.bytes());
  return plan;
}

const SplitCounts& AlsObjective::counts() const {
  return state_->data.summary().counts;
}

std::int64_t AlsObjective::evaluated_users() const {
  return state_->data.summary().evaluated;
}

bool AlsObjective::has_further_splits() const {
  return state_->options.split.protocol != Protocol::time;
}

std::unique_ptr<Trainee> AlsObjective::start(const Assignment* assignment, int split) {
  return std::make_unique<AlsTrainee>(*state_, assignment == nullptr ? state_->options.base : settings(*assignment),
                                      split);
}

std::vector<double> AlsObjective::values(const AlsSettings& settings, int split) {
  std::vector<double> by_user;
  AlsTrainee trainee(*state_, settings, split);
  trainee.want_values(&by_user);
  trainee.score_after(settings.als.iterations, [] { return false; });
  return by_user;
}

}  // namespace segue::evaluate
