#include "segue/audio/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string_view>

#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr double kSameTempo = 0.04;    // the tolerance of Accuracy1: confidence is the probability of being within it
constexpr double kOtherTempo = 0.08;   // beyond this a second candidate does not share that neighbourhood
constexpr double kLeastSecond = 0.01;  // what is less probable is not worth a mention
constexpr int kRefinement = 2;         // classes (1% each) on either side of a peak that place it
constexpr double kSilence = -70;       // dBTP
constexpr double kLeastKey = 0.12;     // three times chance (1/24): drums alone give less, tonal music more

struct TempoCandidate {
  double tempo = 0;
  double confidence = 0;
};

/// The classes within a range of tempi, their probabilities given that the tempo is within it.
class TempoDistribution {
 public:
  TempoDistribution(const std::array<float, kTempoClasses>& probabilities, const ProfileOptions& options) {
    for (int i = 0; i < kTempoClasses; ++i)
      if (const double tempo = tempo_of_class(i); tempo >= options.tempo_low && tempo <= options.tempo_high) {
        tempi_.push_back(tempo);
        probabilities_.push_back(probabilities[static_cast<std::size_t>(i)]);
      }
    const double total = std::accumulate(probabilities_.begin(), probabilities_.end(), 0.0);
    for (double& probability : probabilities_)
      probability = total > 0 ? probability / total : 0;
  }

  /// The highest peak, or the highest that is not the tempo `apart_from`.
  TempoCandidate best(double apart_from) const {
    int best = -1;
    for (int i = 0; i < size(); ++i)
      if (is_peak(i) && std::abs(at(tempi_, i) / apart_from - 1) > kOtherTempo &&
          (best < 0 || at(probabilities_, i) > at(probabilities_, best)))
        best = i;
    if (best < 0 || at(probabilities_, best) <= 0)
      return {};
    const double tempo = refined(best);
    return {tempo, mass_near(tempo)};
  }

 private:
  static double at(const std::vector<double>& values, int i) { return values[static_cast<std::size_t>(i)]; }
  int size() const { return static_cast<int>(tempi_.size()); }

  bool is_peak(int i) const {
    const double here = at(probabilities_, i);
    return (i == 0 || here > at(probabilities_, i - 1)) && (i + 1 == size() || here >= at(probabilities_, i + 1));
  }

  /// The centroid of a peak, on the logarithmic axis.
  double refined(int peak) const {
    double sum = 0, weight = 0;
    for (int i = std::max(0, peak - kRefinement); i <= std::min(size() - 1, peak + kRefinement); ++i) {
      sum += at(probabilities_, i) * std::log(at(tempi_, i));
      weight += at(probabilities_, i);
    }
    return std::exp(sum / weight);
  }

  double mass_near(double tempo) const {
    double mass = 0;
    for (int i = 0; i < size(); ++i)
      if (std::abs(at(tempi_, i) / tempo - 1) <= kSameTempo)
        mass += at(probabilities_, i);
    return std::min(mass, 1.0);
  }

  std::vector<double> tempi_, probabilities_;
};

void decide_tempo(const Prediction& prediction, const ProfileOptions& options, SongProfile& profile) {
  const TempoDistribution distribution(prediction.tempo, options);
  const TempoCandidate first = distribution.best(INFINITY);
  profile.tempo = first.tempo;
  profile.tempo_confidence = first.confidence;
  if (first.tempo == 0)
    return;
  if (const TempoCandidate second = distribution.best(first.tempo); second.confidence >= kLeastSecond) {
    profile.second_tempo = second.tempo;
    profile.second_tempo_confidence = second.confidence;
  }
}

void decide_key(const std::array<float, kKeys>& probabilities, SongProfile& profile) {
  const auto best = std::ranges::max_element(probabilities);
  profile.key_confidence = *best;
  if (!(*best >= kLeastKey))
    return;
  const auto key = static_cast<int>(best - probabilities.begin());
  profile.key = key % 12;
  profile.mode = key < 12 ? 1 : 0;
  const auto* mode = probabilities.data() + key / 12 * 12;
  profile.mode_confidence = std::min(1.0, std::accumulate(mode, mode + 12, 0.0));
}

void decide_metre(const std::array<float, kMetres>& probabilities, SongProfile& profile) {
  const auto best = std::ranges::max_element(probabilities);
  profile.time_signature = time_signature(kAllMetres[static_cast<std::size_t>(best - probabilities.begin())]);
  profile.time_signature_confidence = *best;
}

}  // namespace

SongProfile decide(const Prediction& prediction, const ProfileOptions& options) {
  SongProfile profile;
  decide_tempo(prediction, options, profile);
  decide_key(prediction.key, profile);
  decide_metre(prediction.metre, profile);
  profile.embedding = prediction.embedding;
  return profile;
}

bool is_silent(const Loudness& loudness) {
  return !(loudness.true_peak_dbtp > kSilence);
}

std::string key_name(int key, int mode) {
  static constexpr std::array<std::string_view, 12> kNames{"C",  "C#", "D",  "D#", "E",  "F",
                                                           "F#", "G",  "G#", "A",  "A#", "B"};
  if (key < 0 || key >= 12)
    return "none";
  return fmt::format("{}{}", kNames[static_cast<std::size_t>(key)], mode == 1 ? " major" : mode == 0 ? " minor" : "");
}

}  // namespace segue::audio
