#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "segue/audio/baselines.hpp"

namespace segue::audio {
namespace {

constexpr double kLowestBpm = 40, kHighestBpm = 240, kPriorBpm = 120, kPriorOctaves = 1;
constexpr int kCandidates = 1000;
constexpr double kCompression = 1000;  ///< log(1 + kCompression·x), x relative to the loudest value

/// How many frames' beats a candidate's pulse is looked for in, and what each counts.
struct Tooth {
  int periods;
  double weight;
};
constexpr std::array<Tooth, 3> kComb = {{{1, 1.0}, {2, 0.7}, {4, 0.5}}};

/// flux(t) = Σ_bands max(0, log-magnitude(t+1) − log-magnitude(t))
std::vector<double> spectral_flux(MatrixView<const float> mel) {
  double loudest = 0;
  for (std::int64_t t = 0; t < mel.rows(); ++t)
    for (const float value : mel.row(t))
      loudest = std::max(loudest, static_cast<double>(value));
  std::vector<double> flux(static_cast<std::size_t>(std::max<std::int64_t>(0, mel.rows() - 1)), 0.0);
  if (loudest == 0)
    return flux;
  const auto level = [&](std::int64_t t, std::int64_t band) {
    return std::log1p(kCompression * static_cast<double>(mel(t, band)) / loudest);
  };
  for (std::size_t t = 0; t < flux.size(); ++t)
    for (std::int64_t band = 0; band < mel.columns(); ++band)
      flux[t] +=
          std::max(0.0, level(static_cast<std::int64_t>(t) + 1, band) - level(static_cast<std::int64_t>(t), band));
  return flux;
}

/// What rises above the mean of the second around it.
std::vector<double> onsets(const std::vector<double>& flux, double frames_per_second) {
  const auto count = static_cast<std::int64_t>(flux.size());
  const std::int64_t half = std::lround(frames_per_second) / 2, width = 2 * half + 1;
  std::vector<double> sums(flux.size() + 1, 0.0);
  for (std::size_t t = 0; t < flux.size(); ++t)
    sums[t + 1] = sums[t] + flux[t];
  std::vector<double> result(flux.size());
  for (std::int64_t t = 0; t < count; ++t) {
    const auto begin = static_cast<std::size_t>(std::max<std::int64_t>(0, t - half));
    const auto end = static_cast<std::size_t>(std::min(count, t + half + 1));
    const double mean = (sums[end] - sums[begin]) / static_cast<double>(width);
    result[static_cast<std::size_t>(t)] = std::max(0.0, flux[static_cast<std::size_t>(t)] - mean);
  }
  return result;
}

/// r(l) = Σₜ x(t)·x(t+l)
std::vector<double> autocorrelation(const std::vector<double>& x, std::size_t lags) {
  std::vector<double> r(lags, 0.0);
  for (std::size_t lag = 0; lag < std::min(lags, x.size()); ++lag)
    for (std::size_t t = lag; t < x.size(); ++t)
      r[lag] += x[t] * x[t - lag];
  return r;
}

double interpolate(const std::vector<double>& values, double at) {
  const auto below = static_cast<std::size_t>(at);
  const double part = at - static_cast<double>(below);
  return (1 - part) * values[below] + part * values[below + 1];
}

}  // namespace

double comb_filter_tempo(MatrixView<const float> mel, double frames_per_second) {
  const double longest_lag = kComb.back().periods * 60 * frames_per_second / kLowestBpm;
  const std::vector<double> r =
      autocorrelation(onsets(spectral_flux(mel), frames_per_second), static_cast<std::size_t>(longest_lag) + 2);
  double best_score = 0, best_bpm = 0;
  for (int i = 0; i < kCandidates; ++i) {
    const double bpm = kLowestBpm * std::pow(kHighestBpm / kLowestBpm, static_cast<double>(i) / (kCandidates - 1));
    double score = 0;
    for (const Tooth& tooth : kComb)
      score += tooth.weight * interpolate(r, std::min(longest_lag, tooth.periods * 60 * frames_per_second / bpm));
    const double octaves = std::log2(bpm / kPriorBpm) / kPriorOctaves;
    score *= std::exp(-0.5 * octaves * octaves);
    if (score > best_score) {
      best_score = score;
      best_bpm = bpm;
    }
  }
  return best_bpm;
}

}  // namespace segue::audio
