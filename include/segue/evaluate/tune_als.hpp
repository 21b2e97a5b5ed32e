#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "segue/als/solver.hpp"
#include "segue/core/device.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/data/interactions.hpp"
#include "segue/data/listens.hpp"
#include "segue/evaluate/bootstrap.hpp"
#include "segue/evaluate/metrics.hpp"
#include "segue/evaluate/split.hpp"
#include "segue/evaluate/tune.hpp"

namespace segue::evaluate {

/// What a trial sets.
struct AlsSettings {
  data::InteractionOptions interactions;
  als::Options als;
};

struct AlsTuneOptions {
  AlsSettings base;  ///< trial 0, and what the space does not vary
  SplitOptions split;
  Metric metric;                    ///< more of it must be better
  std::int64_t most_users = 10000;  ///< evaluated, the same ones in every trial; chosen at random; 0: all
};

/// Keys that can be searched, with their default ranges, for help.
std::string als_space_help();

/// Trains ALS on a split of a log, and scores it on songs held out of that. It keeps what it can hold in a quarter of
/// the memory available of interactions by their options, and in another of vectors of trials that may train on; the
/// rest it makes again, to the same bits. Split 0 is the validation part as AlsTuneOptions::split draws it, the others
/// are further draws of the same kind from the same listens; what the test part holds out is in none of them.
class AlsObjective final : public TuneObjective {
 public:
  /// @param log  borrowed; users and songs as for build_interactions()
  /// @throws InvalidArgument, BadInput  as make_split()
  AlsObjective(Device device, const data::ListenLog& log, std::int64_t users, std::int64_t songs,
               const AlsTuneOptions& options);
  ~AlsObjective() override;

  /// The default space with `changes` put in place of or beside its parameters: "key=…", see parse_parameter(). A
  /// parameter with one choice is no longer searched. Sets what start() takes, and the rungs.
  /// @throws InvalidArgument  an unknown key, a range the solver does not take, als.regularization beside lambda
  void set_space(std::span<const std::string> changes);
  const Space& space() const;
  /// Between als.iterations' low and high, by thirds from the high.
  const std::vector<int>& rungs() const;

  /// Where the configuration as it stands lies in the space; NaN: not among a parameter's choices.
  Assignment base_assignment() const;
  AlsSettings settings(const Assignment& assignment) const;
  AlsSettings settings(std::int64_t trial, std::uint64_t seed) const;

  /// For the largest rank of the space.
  MemoryPlan memory_plan() const;
  const SplitCounts& counts() const;
  std::int64_t evaluated_users() const;

  /// Whether there is more than one split: not by time.
  bool has_further_splits() const;
  std::unique_ptr<Trainee> start(const Assignment* assignment, int split) override;

  /// The metric by evaluated user.
  std::vector<double> values(const AlsSettings& settings, int split);

 private:
  struct State;
  class AlsTrainee;
  std::unique_ptr<State> state_;
};

}  // namespace segue::evaluate
