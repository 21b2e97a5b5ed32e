#include "segue/audio/accuracy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numeric>

#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr double kTolerance = 0.04;
constexpr double kZ = 1.959963984540054;  // of the normal distribution, 95% between ±
constexpr std::size_t kBins = 10;

bool is_within(double estimated, double tempo) {
  return std::abs(estimated - tempo) / tempo <= kTolerance;
}

void count(Share& share, bool right) {
  ++share.of;
  share.right += right ? 1 : 0;
}

/// The class of a metre's number; 4/4 where it is none of ours.
std::size_t class_of(int signature) {
  const auto found = std::ranges::find(kAllMetres, signature, time_signature);
  return static_cast<std::size_t>(found == kAllMetres.end() ? Metre::four_four : *found);
}

void count_tempo(const Labels& labels, const SongProfile& profile, AccuracyReport& report) {
  if (labels.tempo <= 0 || labels.metre == Metre::seven_eight)
    return;
  count(report.tempo1, tempo_accuracy1(profile.tempo, labels.tempo));
  count(report.tempo2, tempo_accuracy2(profile.tempo, labels.tempo));
}

void count_key(const Labels& labels, const SongProfile& profile, AccuracyReport& report) {
  if (labels.mode >= 0)
    count(report.mode, profile.mode == labels.mode);
  if (labels.key < 0 || labels.mode < 0)
    return;
  count(report.key_exact, profile.key == labels.key && profile.mode == labels.mode);
  report.key_weighted += weighted_key_score(profile.key, profile.mode, labels.key, labels.mode);
  ++report.keys;
}

void count_metre(const Labels& labels, const SongProfile& profile, AccuracyReport& report) {
  if (!labels.metre)
    return;
  const std::size_t truth = static_cast<std::size_t>(*labels.metre), answer = class_of(profile.time_signature);
  count(report.metre[truth], truth == answer);
  ++report.metre_confusion[truth][answer];
}

}  // namespace

bool tempo_accuracy1(double estimated, double tempo) {
  return is_within(estimated, tempo);
}

bool tempo_accuracy2(double estimated, double tempo) {
  const std::initializer_list<double> factors{1, 2, 3, 1.0 / 2, 1.0 / 3};
  return std::ranges::any_of(factors, [&](double factor) { return is_within(estimated, tempo * factor); });
}

double weighted_key_score(int key, int mode, int true_key, int true_mode) {
  if (key < 0 || mode < 0)
    return 0;
  const int up = (key - true_key + 12) % 12;  // semitones
  if (mode == true_mode)
    return up == 0 ? 1 : up == 7 || up == 5 ? 0.5 : 0;
  if (up == 0)
    return 0.2;
  return up == (true_mode == 1 ? 9 : 3) ? 0.3 : 0;  // A minor is C major's relative, 9 above
}

double Share::value() const {
  return of == 0 ? 0 : static_cast<double>(right) / static_cast<double>(of);
}

// Wilson: (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)
double Share::low() const {
  if (of == 0)
    return 0;
  const double n = static_cast<double>(of), p = value();
  return std::max(
      0.0, (p + kZ * kZ / (2 * n) - kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n))) / (1 + kZ * kZ / n));
}

double Share::high() const {
  return of == 0 ? 1 : 1 - Share{of - right, of}.low();
}

AccuracyReport measure_accuracy(std::span<const Labels> labels, std::span<const SongProfile> profiles) {
  if (labels.size() != profiles.size())
    throw InvalidArgument(fmt::format("accuracy: {} labels and {} profiles", labels.size(), profiles.size()));
  AccuracyReport report;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    count_tempo(labels[i], profiles[i], report);
    count_key(labels[i], profiles[i], report);
    count_metre(labels[i], profiles[i], report);
  }
  if (report.keys > 0)
    report.key_weighted /= static_cast<double>(report.keys);
  double recalls = 0;
  std::int64_t classes = 0;
  for (const Share& share : report.metre) {
    recalls += share.value();
    classes += share.of > 0 ? 1 : 0;
  }
  report.metre_macro = classes > 0 ? recalls / static_cast<double>(classes) : 0;
  return report;
}

Reliability measure_reliability(std::span<const double> confidence, const std::vector<bool>& right) {
  if (confidence.size() != right.size())
    throw InvalidArgument(fmt::format("reliability: {} confidences and {} answers", confidence.size(), right.size()));
  std::vector<std::size_t> order(confidence.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return confidence[i]; });
  Reliability result;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    const std::size_t begin = bin * order.size() / kBins, end = (bin + 1) * order.size() / kBins;
    if (begin == end)
      continue;
    double said = 0, was = 0;
    for (std::size_t i = begin; i < end; ++i) {
      said += confidence[order[i]];
      was += right[order[i]] ? 1 : 0;
    }
    const auto size = static_cast<double>(end - begin);
    result.confidence.push_back(said / size);
    result.accuracy.push_back(was / size);
    result.count.push_back(static_cast<std::int64_t>(end - begin));
    result.expected_calibration_error += std::abs(said - was) / static_cast<double>(order.size());
  }
  return result;
}

}  // namespace segue::audio
