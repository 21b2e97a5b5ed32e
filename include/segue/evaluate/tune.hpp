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
  double score = 0;    ///< more is better; NaN: the training did not converge
  double seconds = 0;  ///< of training since the trial's last record, and of evaluation
  double elapsed = 0;  ///< of the search when it was written, seconds; interruptions do not count
};

/// Everything a search found out, on disk: JSON Lines, the first says what it was made for, the others are records.
/// Each is there for good (fsync) before append() returns; what a killed process left of one is cut off.
class TrialLog {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  /// @param made_for  what → its value or hash
  /// @throws InvalidArgument  the file was made for something else: what differs;  BadInput  a damaged file: the line;
  ///         Error  another process has it open;  IoError
  TrialLog(const std::filesystem::path& file, const Fields& made_for);
  ~TrialLog();
  TrialLog(const TrialLog&) = delete;
  TrialLog& operator=(const TrialLog&) = delete;

  const std::vector<TrialRecord>& records() const { return records_; }
  /// nullptr: not done yet.
  const TrialRecord* find(std::int64_t trial, int iterations) const;
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
  virtual std::unique_ptr<Trainee> start(const Assignment* assignment) = 0;
};

/// One trial in so many goes on to the next rung.
inline constexpr int kTuneReduction = 3;

struct TuneOptions {
  Space space;
  int default_iterations = 15;    ///< of trial 0
  std::vector<int> rungs{5, 15};  ///< iterations after which trials are compared, ascending
  int bracket = 27;               ///< trials that begin together
  double seconds = 600;           ///< of the whole search; 0: no bound
  std::int64_t trials = 0;        ///< trial 0 counts; 0: no bound
  std::uint64_t seed = 1;
};

/// Why a search ended.
enum class TuneEnd { trials, seconds, stopped };

/// Random search by successive halving (Karnin, Koren & Somekh 2013; Jamieson & Talwalkar 2016): trial 0, then brackets
/// of trials drawn at random, of which the best third at each rung train on. What the log already has is not done
/// again, so that a search that was killed goes on; bounded by `trials` it ends with the same records.
/// @param stop  for an interruption by the user
/// @throws InvalidArgument  an option out of range, neither bound given
TuneEnd tune(TuneObjective& objective, const TuneOptions& options, TrialLog& log, Progress& progress, const Stop& stop);

/// The record with the highest score, of equal ones the first; nullptr where no score is a number.
const TrialRecord* best_record(const std::vector<TrialRecord>& records);

/// For each trial its best record, best trial first; those without a score last.
std::vector<TrialRecord> best_by_trial(const std::vector<TrialRecord>& records);

}  // namespace segue::evaluate
