#include "host/cli/analyze_accuracy.hpp"

#include <array>
#include <utility>

#include "segue/audio/baselines.hpp"

namespace segue::cli {
namespace {

using audio::AccuracyReport;
using audio::Analysis;
using audio::Labels;
using audio::Share;
using audio::SongProfile;

constexpr std::array kKeyProfiles{std::pair(audio::KeyProfile::krumhansl_kessler, "Krumhansl"),
                                  std::pair(audio::KeyProfile::temperley_1999, "Temperley 1999"),
                                  std::pair(audio::KeyProfile::temperley_2005, "Temperley 2005")};

std::filesystem::path resolved(const std::filesystem::path& path) {
  return std::filesystem::weakly_canonical(path);
}

std::string text(const Share& share) {
  return share.of == 0
             ? ""
             : fmt::format("{:.1f}% ({:.0f}–{:.0f})", 100 * share.value(), 100 * share.low(), 100 * share.high());
}

Json share_json(const Share& share) {
  if (share.of == 0)
    return nullptr;
  return {
      {"value", share.value()}, {"low", share.low()}, {"high", share.high()}, {"right", share.right}, {"of", share.of}};
}

/// A line of the table: of what, by how many, and a contender's figure, empty where it has none.
struct Measure {
  std::string name;
  enum class Of { tempo, key, metre } of;
  std::int64_t (*count)(const AccuracyReport&);
  std::string (*figure)(const AccuracyReport&);
};

template <Share AccuracyReport::*kShare>
constexpr Measure share_measure(const char* name, Measure::Of of) {
  return {name, of, [](const AccuracyReport& report) { return (report.*kShare).of; },
          [](const AccuracyReport& report) { return text(report.*kShare); }};
}

std::vector<Measure> measures() {
  using Of = Measure::Of;
  return {share_measure<&AccuracyReport::tempo1>("tempo, Accuracy1", Of::tempo),
          share_measure<&AccuracyReport::tempo2>("tempo, Accuracy2", Of::tempo),
          share_measure<&AccuracyReport::key_exact>("key, exact", Of::key),
          {"key, weighted", Of::key, [](const AccuracyReport& report) { return report.keys; },
           [](const AccuracyReport& report) { return fmt::format("{:.3f}", report.key_weighted); }},
          share_measure<&AccuracyReport::mode>("mode", Of::key)};
}

}  // namespace

AccuracyCheck::AccuracyCheck(const std::filesystem::path& directory, bool baselines) : directory_(directory) {
  for (Labels& labels : audio::read_labels(directory)) {
    const std::filesystem::path path = resolved(directory / labels.path);
    labels_of_.emplace(path, std::move(labels));
  }
  contenders_.push_back({"network", true, true, true, {}});
  if (!baselines)
    return;
  contenders_.push_back({"comb filter", true, false, false, {}});
  for (const auto& [profile, name] : kKeyProfiles)
    contenders_.push_back({name, false, true, false, {}});
}

std::vector<std::filesystem::path> AccuracyCheck::files() const {
  std::vector<std::filesystem::path> files;
  for (const auto& [path, labels] : labels_of_)
    if (std::filesystem::exists(path))
      files.push_back(directory_ / labels.path);
  if (files.empty())
    throw BadInput(fmt::format("{}: none of the {} labelled files is there", directory_.string(), labels_of_.size()));
  return files;
}

void AccuracyCheck::add(const Analysis& analysis, const audio::FrontEndOptions& front_end) {
  const auto found = labels_of_.find(resolved(analysis.path));
  if (found == labels_of_.end() || analysis.error)
    return;
  labels_.push_back(found->second);
  contenders_[0].profiles.push_back(analysis.profile);
  if (contenders_.size() == 1)
    return;
  SongProfile comb;
  comb.tempo = audio::comb_filter_tempo(analysis.features.mel.view(), front_end.mel_frames_per_second());
  contenders_[1].profiles.push_back(comb);
  for (std::size_t i = 0; i < kKeyProfiles.size(); ++i) {
    const audio::TemplateKey answer = audio::template_key(
        analysis.features.harmonic.view(), front_end.harmonic_bands.bins_per_octave, kKeyProfiles[i].first);
    SongProfile profile;
    profile.key = answer.key;
    profile.mode = answer.mode;
    contenders_[2 + i].profiles.push_back(profile);
  }
}

std::vector<AccuracyReport> AccuracyCheck::reports() const {
  std::vector<AccuracyReport> reports;
  for (const Contender& contender : contenders_)
    reports.push_back(audio::measure_accuracy(labels_, contender.profiles));
  return reports;
}

void AccuracyCheck::say(const Session& session) const {
  const std::vector<AccuracyReport> all = reports();
  Json rows = Json::array();
  const auto add_row = [&](const std::string& name, std::int64_t count, auto figure) {
    if (count == 0)
      return;
    Json row{{"measure", name}, {"songs", count}};
    for (std::size_t i = 0; i < all.size(); ++i)
      row[contenders_[i].name] = figure(contenders_[i], all[i]);
    rows.push_back(row);
  };
  for (const Measure& measure : measures())
    add_row(measure.name, measure.count(all[0]), [&](const Contender& contender, const AccuracyReport& report) {
      const bool says = measure.of == Measure::Of::tempo ? contender.tempo : contender.key;
      return says ? measure.figure(report) : "";
    });
  std::int64_t metres = 0;
  for (const audio::Metre metre : audio::kAllMetres) {
    const auto i = static_cast<std::size_t>(metre);
    metres += all[0].metre[i].of;
    add_row(fmt::format("metre, {}", audio::metre_name(metre)), all[0].metre[i].of,
            [&](const Contender& contender, const AccuracyReport& report) {
              return contender.metre ? text(report.metre[i]) : "";
            });
  }
  add_row("metre, mean of classes", metres, [](const Contender& contender, const AccuracyReport& report) {
    return contender.metre ? fmt::format("{:.1f}%", 100 * report.metre_macro) : "";
  });
  session.say(fmt::format("Of {} labelled songs, with 95% intervals (Wilson)", labels_.size()));
  session.say_table(rows);
  for (const NamedReliability& head : reliability())
    session.say(fmt::format("Expected calibration error of {}: {:.3f}", head.name,
                            head.reliability.expected_calibration_error));
}

Json AccuracyCheck::json() const {
  Json document;
  const std::vector<AccuracyReport> all = reports();
  for (std::size_t i = 0; i < all.size(); ++i) {
    Json& entry = document[contenders_[i].name];
    if (contenders_[i].tempo) {
      entry["tempo_accuracy1"] = share_json(all[i].tempo1);
      entry["tempo_accuracy2"] = share_json(all[i].tempo2);
    }
    if (contenders_[i].key) {
      entry["key_exact"] = share_json(all[i].key_exact);
      entry["key_weighted"] = all[i].keys > 0 ? Json(all[i].key_weighted) : Json(nullptr);
      entry["mode"] = share_json(all[i].mode);
    }
    if (contenders_[i].metre) {
      for (const audio::Metre metre : audio::kAllMetres)
        entry["metre"][std::string(audio::metre_name(metre))] =
            share_json(all[i].metre[static_cast<std::size_t>(metre)]);
      entry["metre_macro"] = all[i].metre_macro;
      entry["metre_confusion"] = all[i].metre_confusion;
    }
  }
  for (const NamedReliability& head : reliability())
    document["reliability"][head.name] = {{"expected_calibration_error", head.reliability.expected_calibration_error},
                                          {"confidence", head.reliability.confidence},
                                          {"accuracy", head.reliability.accuracy},
                                          {"count", head.reliability.count}};
  return document;
}

std::vector<NamedReliability> AccuracyCheck::reliability() const {
  struct Answers {
    const char* name;
    std::vector<double> confidence;
    std::vector<bool> right;
    void add(double said, bool was) {
      confidence.push_back(said);
      right.push_back(was);
    }
  };
  Answers tempo{"tempo", {}, {}}, key{"key", {}, {}}, mode{"mode", {}, {}}, metre{"metre", {}, {}};
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    const Labels& truth = labels_[i];
    const SongProfile& song = contenders_[0].profiles[i];
    if (truth.tempo > 0 && truth.metre != audio::Metre::seven_eight)
      tempo.add(song.tempo_confidence, audio::tempo_accuracy1(song.tempo, truth.tempo));
    if (truth.key >= 0 && truth.mode >= 0)
      key.add(song.key_confidence, song.key == truth.key && song.mode == truth.mode);
    if (truth.mode >= 0)
      mode.add(song.mode_confidence, song.mode == truth.mode);
    if (truth.metre)
      metre.add(song.time_signature_confidence, song.time_signature == audio::time_signature(*truth.metre));
  }
  std::vector<NamedReliability> heads;
  for (const Answers* answers : {&tempo, &key, &mode, &metre})
    if (!answers->confidence.empty())
      heads.push_back({answers->name, audio::measure_reliability(answers->confidence, answers->right)});
  return heads;
}

}  // namespace segue::cli
