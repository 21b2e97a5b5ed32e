#include "host/music/render/tempo_map.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "host/music/draw.hpp"

namespace segue::music {
namespace {

constexpr double kMostDrift = 0.02;
constexpr double kWanderPerBeat = 0.002;
constexpr int kLatestStart = 8;  // beats

// The length of each beat, relative to the tempo's.
std::vector<double> draw_lengths(std::size_t beats, Random& random) {
  std::vector<double> lengths(beats, 1.0);
  if (chance(random, 0.5))
    return lengths;
  const double drift = between(random, 0, kMostDrift);
  const double phase = between(random, 0, 2 * std::numbers::pi);
  const double period = between(random, 8, 40);
  std::vector<double> walk(beats);
  double position = 0;
  for (double& step : walk)
    step = position += kWanderPerBeat * random.normal();
  const double mean = std::accumulate(walk.begin(), walk.end(), 0.0) / static_cast<double>(beats);
  for (std::size_t i = 0; i < beats; ++i)
    lengths[i] += drift * std::sin(2 * std::numbers::pi * static_cast<double>(i) / period + phase) + walk[i] - mean;
  return lengths;
}

}  // namespace

TempoMap::TempoMap(const Arrangement& arrangement, double seconds, Random& random) : swing_(arrangement.swing) {
  const auto beats = static_cast<std::size_t>(std::max(1.0, std::ceil(arrangement.beats)));
  const std::vector<double> lengths = draw_lengths(beats, random);
  times_ = {0};
  for (const double length : lengths)
    times_.push_back(times_.back() + length * 60 / arrangement.bpm);
  const double spare = std::max(0.0, times_.back() - seconds);
  const double start = between(random, 0, std::min(spare, times_[std::min<std::size_t>(kLatestStart, beats)]));
  for (double& time : times_)
    time -= start;
}

double TempoMap::seconds(double beat) const {
  const double last = static_cast<double>(times_.size() - 1);
  const double whole = std::clamp(std::floor(beat), 0.0, last - 1);
  double part = beat - whole;
  if (swing_ > 0 && part >= 0 && part <= 1)
    part = part < 0.5 ? 2 * part * swing_ : swing_ + (2 * part - 1) * (1 - swing_);
  const auto i = static_cast<std::size_t>(whole);
  return times_[i] + part * (times_[i + 1] - times_[i]);  // beyond the ends, on at the tempo there
}

}  // namespace segue::music
