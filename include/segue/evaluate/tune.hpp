#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "segue/core/progress.hpp"
#include "segue/evaluate/tune_space.hpp"

namespace segue::evaluate {

/// A configuration evaluated after so many iterations.
struct TrialRecord {
  std::int64_t trial = 0;  ///< 0: the configuration as it stands; later ones are drawn
  int iterations = 0;
  int split = 0;       ///< into training and validation part; 0: the search's, 1, 2, …: those that confirm
  double score = 0;    ///< more is better; NaN: the training did not converge
  double seconds = 0;  ///< of training since the trial's last record on this split, and of evaluation
  double elapsed = 0;  ///< of the search when it was written, seconds; interruptions do not count
};

/// Everything a search found out, on disk: JSON Lines, the first says what it was made for, the others are records.
/// Each is there for good (fsync) before append() returns; what a killed process left of one is cut off.
class TrialLog {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  /// @param made_for  what → its value or hash
  /// @throws InvalidArgument  the file was made for something else: what differs, or by another version of the format;
  ///         BadInput  a damaged file: the line;  Error  another process has it open;  IoError
  TrialLog(const std::filesystem::path& file, const Fields& made_for);
  ~TrialLog();
  TrialLog(const TrialLog&) = delete;
  TrialLog& operator=(const TrialLog&) = delete;

  const std::vector<TrialRecord>& records() const { return records_; }
  /// nullptr: not done yet.
  const TrialRecord* find(std::int64_t trial, int iterations, int split = 0) const;
  /// @param values  of the trial's parameters, for whoever reads the file
  /// @throws IoError
  void append(const TrialRecord& record, const Fields& values);

 private:
  void read(const Fields& made_for);
  void write_line(const std::string& line);

  std::filesystem::path file_;
  int descriptor_ = -1;
  std::vector<TrialRecord> records_;
};

/// Asked between iterations; true: give up what is under way.
using Stop = std::function<bool()>;

/// A configuration under training.
class Trainee {
 public:
  virtual ~Trainee() = default;
  /// Trains on until so many iterations are done in all, and evaluates; the result does not depend on what was asked
  /// before. NaN: it did not converge. Nothing: stopped.
  virtual std::optional<double> score_after(int iterations, const Stop& stop) = 0;
};

/// What is to be made as large as possible.
class TuneObjective {
 public:
  virtual ~TuneObjective() = default;
  /// @param assignment  nullptr: the configuration as it stands
  /// @param split       as in TrialRecord: the same number, the same split
  virtual std::unique_ptr<Trainee> start(const Assignment* assignment, int split) = 0;
};

/// One trial in so many goes on to the next rung.
inline constexpr int kTuneReduction = 3;
/// What of TuneOptions::seconds is kept for confirmation.
inline constexpr double kConfirmationShare = 0.2;

struct TuneOptions {
  Space space;
  int default_iterations = 15;    ///< of trial 0
  std::vector<int> rungs{5, 15};  ///< iterations after which trials are compared, ascending
  int bracket = 27;               ///< trials that begin together
  int candidates = 16;            ///< trials that are confirmed on further splits; below 2: none
  double seconds = 600;           ///< of the whole search; 0: no bound
  std::int64_t trials = 0;        ///< trial 0 counts; 0: no bound
  std::uint64_t seed = 1;
};

/// Why a search ended.
enum class TuneEnd { trials, seconds, stopped };

/// A trial among the others.
struct RankedTrial {
  TrialRecord best;  ///< of its records in the search: the iterations that it is worth training for
  int splits = 1;    ///< that it was scored on, the search's among them
  double mean = 0;   ///< of its scores on these
};

struct TuneResult {
  TuneEnd end = TuneEnd::stopped;
  /// Best first: the trial to choose, those that were confirmed as long as it, those that left the confirmation before,
  /// all others by their score in the search. A trial that never converged is last, trials without records are missing.
  std::vector<RankedTrial> trials;
};

/// Random search by successive halving (Karnin, Koren & Somekh 2013; Jamieson & Talwalkar 2016): trial 0, then brackets
/// of trials drawn at random, of which the best third at each rung train on.
///
/// The best of many trials on one split is partly the luckiest: the more trials, the more so. Therefore the best
/// candidates, and trial 0 whatever its score, are confirmed by sequential halving over splits: all on one further
/// split, the better half on two more, a quarter on four more, until one is left; compared by the mean over all their
/// splits, the search's own among them. Trial 0 stays to the end, so that what is chosen is no worse than it by
/// that mean. Bounded by seconds, as many candidates begin as their training times in the search say can be compared
/// in the time kept; a split that not all of a round were scored on when the time ends does not count.
///
/// What the log already has is not done again, so that a search that was killed goes on; bounded by `trials` it ends
/// with the same records.
/// @param stop  for an interruption by the user
/// @throws InvalidArgument  an option out of range, neither bound given
TuneResult tune(TuneObjective& objective, const TuneOptions& options, TrialLog& log, Progress& progress,
                const Stop& stop);

}  // namespace segue::evaluate
