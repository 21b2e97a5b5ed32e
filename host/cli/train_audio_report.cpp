#include "host/cli/train_audio_report.hpp"

#include <cmath>
#include <functional>
#include <map>

#include "segue/audio/accuracy.hpp"

namespace segue::cli {
namespace {

using audio::Labels;
using audio::Prediction;
using audio::Share;
using audio::SongProfile;
using audio::SplitPredictions;

std::vector<SongProfile> decide_all(const std::vector<Prediction>& predictions) {
  std::vector<SongProfile> profiles;
  for (const Prediction& prediction : predictions)
    profiles.push_back(audio::decide(prediction, {}));
  return profiles;
}

std::string percent(double value, std::int64_t of) {
  return of == 0 ? "" : fmt::format("{:.1f}%", 100 * value);
}
std::string percent(const Share& share) {
  return share.of == 0 ? "" : percent(share.value(), share.of);
}

Json row_of(const std::string& split, const std::string& group, std::span<const Labels> labels,
            std::span<const SongProfile> profiles) {
  const audio::AccuracyReport report = audio::measure_accuracy(labels, profiles);
  Json row = {{"split", split}, {"clips of", group}, {"count", labels.size()}};
  row["tempo 1"] = percent(report.tempo1);
  row["tempo 2"] = percent(report.tempo2);
  row["key"] = percent(report.key_exact);
  row["weighted"] = report.keys == 0 ? "" : fmt::format("{:.3f}", report.key_weighted);
  row["mode"] = percent(report.mode);
  std::int64_t metres = 0;
  for (const audio::Metre metre : audio::kAllMetres) {
    const Share& share = report.metre[static_cast<std::size_t>(metre)];
    row[std::string(audio::metre_name(metre))] = percent(share);
    metres += share.of;
  }
  row["metre"] = percent(report.metre_macro, metres);
  return row;
}

std::string detuning_group(const Labels& labels) {
  const double cents = std::abs(labels.detuning_cents);
  return cents <= 15 ? "in tune to 15 cents" : cents <= 35 ? "detuned 15–35 cents" : "detuned by more";
}

void add_rows(const std::string& split, const SplitPredictions& said, Json& rows) {
  if (said.labels.empty())
    return;
  const std::vector<SongProfile> profiles = decide_all(said.predictions);
  rows.push_back(row_of(split, "all", said.labels, profiles));
  const auto source = [](const Labels& labels) { return labels.source; };
  for (const std::function<std::string(const Labels&)>& group_of :
       {std::function(source), std::function(detuning_group)}) {
    std::map<std::string, std::pair<std::vector<Labels>, std::vector<SongProfile>>> groups;
    for (std::size_t i = 0; i < said.labels.size(); ++i) {
      auto& [labels, of_group] = groups[group_of(said.labels[i])];
      labels.push_back(said.labels[i]);
      of_group.push_back(profiles[i]);
    }
    for (const auto& [name, group] : groups)
      rows.push_back(row_of(split, name, group.first, group.second));
  }
}

/// Expected calibration errors of key, tempo and metre.
Json calibration_of(std::span<const Labels> labels, const std::vector<Prediction>& predictions) {
  struct Answers {
    std::vector<double> confidence;
    std::vector<bool> right;
    double error() const { return audio::measure_reliability(confidence, right).expected_calibration_error; }
  };
  Answers key, tempo, metre;
  const std::vector<SongProfile> profiles = decide_all(predictions);
  const auto add = [](Answers& answers, double confidence, bool right) {
    answers.confidence.push_back(confidence);
    answers.right.push_back(right);
  };
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const Labels& truth = labels[i];
    const SongProfile& song = profiles[i];
    if (truth.key >= 0 && truth.mode >= 0)
      add(key, song.key_confidence, song.key == truth.key && song.mode == truth.mode);
    if (truth.tempo > 0 && truth.metre != audio::Metre::seven_eight)
      add(tempo, song.tempo_confidence, audio::tempo_accuracy1(song.tempo, truth.tempo));
    if (truth.metre)
      add(metre, song.time_signature_confidence, song.time_signature == audio::time_signature(*truth.metre));
  }
  return {{"key", key.error()}, {"tempo", tempo.error()}, {"metre", metre.error()}};
}

}  // namespace

void report_audio_training(const audio::TrainingResult& result, const std::string& path, const Session& session) {
  Json document = {{"weights", path}, {"branches", Json::array()}};
  for (const audio::TrainedBranch& branch : result.branches) {
    session.say(fmt::format("{}: {} parameters, {} clips, best after epoch {} of {} (validation loss {:.3f}), {:.0f} s",
                            branch.name, branch.parameters, branch.clips, branch.best_epoch, branch.epochs,
                            branch.validation_loss, branch.seconds));
    document["branches"].push_back({{"name", branch.name},
                                    {"parameters", branch.parameters},
                                    {"clips", branch.clips},
                                    {"epochs", branch.epochs},
                                    {"best_epoch", branch.best_epoch},
                                    {"validation_loss", branch.validation_loss},
                                    {"seconds", branch.seconds}});
  }
  Json rows = Json::array();
  add_rows("validation", result.validation, rows);
  add_rows("test", result.test, rows);
  session.say_table(rows);
  document["accuracy"] = rows;
  for (const auto& [name, said] : {std::pair("validation", &result.validation), std::pair("test", &result.test)}) {
    if (said->labels.empty())
      continue;
    const Json before = calibration_of(said->labels, said->uncalibrated);
    const Json after = calibration_of(said->labels, said->predictions);
    document["calibration_error"][name] = {{"before", before}, {"after", after}};
    for (const auto& [head, error] : after.items())
      session.say(fmt::format("{}: calibration error of {} {:.3f}, uncalibrated {:.3f}", name, head,
                              error.get<double>(), before[head].get<double>()));
  }
  if (rows.empty())
    session.say("One branch only: train the other in the same --work, then both, to put them together");
  session.say(path);
  session.answer(document);
}

}  // namespace segue::cli
