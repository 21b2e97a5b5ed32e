#include "host/cli/analyze_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "segue/report/chart.hpp"

namespace segue::cli {
namespace {

using audio::Analysis;
using audio::FrontEndOptions;
using audio::SongProfile;

constexpr int kWidth = 1120;
constexpr int kLeft = 84;             // all charts over time begin below each other
constexpr double kDynamicRange = 70;  // dB shown
constexpr double kCloseUp = 20;       // seconds of activations shown: more would be a blur
constexpr double kLeastBeat = 0.2;    // activation
constexpr std::size_t kKeysShown = 8;

struct Beats {
  std::vector<double> beats, downbeats;  // seconds
};

std::string headline(const Analysis& analysis) {
  const SongProfile& song = analysis.profile;
  std::string text = std::filesystem::path(analysis.path).filename().string();
  if (song.tempo > 0)
    text += fmt::format(" — {:.1f} BPM ({:.2f})", song.tempo, song.tempo_confidence);
  if (song.second_tempo > 0)
    text += fmt::format(" or {:.1f} ({:.2f})", song.second_tempo, song.second_tempo_confidence);
  text += fmt::format(
      ", key {} ({:.2f}), {} ({:.2f})", audio::key_name(song.key, song.mode), song.key_confidence,
      song.time_signature <= 5 ? fmt::format("{}/4", song.time_signature) : fmt::format("{}/8", song.time_signature),
      song.time_signature_confidence);
  if (std::isfinite(song.loudness.integrated_lufs))
    text += fmt::format(", {:.1f} LUFS", song.loudness.integrated_lufs);
  return text;
}

report::Axis seconds_axis(double low, double high) {
  report::Axis axis;
  axis.title = "time, s";
  axis.low = low;
  axis.high = std::max(high, low + 1e-3);
  return axis;
}

Matrix<float> transposed_decibels(const Matrix<float>& magnitudes) {
  Matrix<float> out(magnitudes.columns(), magnitudes.rows());
  for (std::int64_t frame = 0; frame < magnitudes.rows(); ++frame)
    for (std::int64_t band = 0; band < magnitudes.columns(); ++band)
      out(band, frame) = 20 * std::log10(std::max(magnitudes(frame, band), 1e-7f));
  return out;
}

/// Frequencies of 1, 2 or 5 times a power of ten beside the nearest band.
std::vector<std::string> mel_labels(const audio::MelOptions& mel) {
  const auto scale = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };  // HTK
  std::vector<std::string> labels(static_cast<std::size_t>(mel.bands));
  for (const int hertz : {200, 500, 1000, 2000, 5000, 10000}) {
    const double share = (scale(hertz) - scale(mel.f_min)) / (scale(mel.f_max) - scale(mel.f_min));
    const auto band = static_cast<std::int64_t>(std::lround(share * (mel.bands + 1))) - 1;
    if (band >= 0 && band < mel.bands)
      labels[static_cast<std::size_t>(band)] = fmt::to_string(hertz);
  }
  return labels;
}

report::Drawing draw_mel(const Analysis& analysis, const FrontEndOptions& front_end, const Beats& beats) {
  report::HeatMap map;
  map.options.title = "What rhythm is heard in: mel spectrogram, beats (short) and downbeats (long) from the top";
  map.options.width = kWidth;
  map.options.height = 300;
  map.options.left = kLeft;
  map.x = seconds_axis(0, static_cast<double>(analysis.features.mel.rows()) / front_end.mel_frames_per_second());
  map.y.title = "Hz";
  map.y.categories = mel_labels(front_end.mel_bands);
  map.values = transposed_decibels(analysis.features.mel);
  const float* values = map.values.data();
  const std::int64_t size = map.values.rows() * map.values.columns();
  if (size > 0) {
    map.high = *std::max_element(values, values + size);
    map.low = *map.high - kDynamicRange;
  }
  map.ticks = beats.beats;
  map.long_ticks = beats.downbeats;
  return report::draw(map);
}

report::Series vertical_line(double x, double height) {
  report::Series line;
  line.x = {x, x};
  line.y = {0, height};
  line.style = report::LineStyle::reference;
  return line;
}

report::Drawing draw_activations(const Analysis& analysis, double frames_per_second, const Beats& beats) {
  const auto frames = static_cast<double>(analysis.prediction.beat.size());
  const double seconds = frames / frames_per_second;
  const double from = std::max(0.0, (seconds - kCloseUp) / 2), to = std::min(seconds, from + kCloseUp);
  report::LineChart chart;
  chart.options.title = "Beat and downbeat activation; dashed: the beats picked";
  if (seconds > kCloseUp)
    chart.options.title += fmt::format(" ({:.0f} s from the middle)", kCloseUp);
  chart.options.width = kWidth;
  chart.options.height = 220;
  chart.options.left = kLeft;
  chart.x = seconds_axis(from, to);
  chart.y.title = "probability";
  chart.y.low = 0;
  chart.y.high = 1;
  const auto series = [&](const std::string& name, const std::vector<float>& activation) {
    report::Series line;
    line.name = name;
    for (auto i = static_cast<std::size_t>(from * frames_per_second);
         i < activation.size() && static_cast<double>(i) <= to * frames_per_second; ++i) {
      line.x.push_back(static_cast<double>(i) / frames_per_second);
      line.y.push_back(activation[i]);
    }
    return line;
  };
  chart.series.push_back(series("beat", analysis.prediction.beat));
  chart.series.push_back(series("downbeat", analysis.prediction.downbeat));
  for (const double beat : beats.beats)
    if (beat >= from && beat <= to)
      chart.series.push_back(vertical_line(beat, 1));
  return report::draw(chart);
}

/// Magnitudes by pitch class, each frame scaled to its greatest.
Matrix<float> chroma(const Matrix<float>& harmonic, int bins_per_octave) {
  Matrix<float> out(12, harmonic.rows(), 0.0f);
  for (std::int64_t frame = 0; frame < harmonic.rows(); ++frame) {
    for (std::int64_t band = 0; band < harmonic.columns(); ++band)
      out(std::lround(static_cast<double>(band) * 12 / bins_per_octave) % 12, frame) += harmonic(frame, band);
    float largest = 0;
    for (std::int64_t i = 0; i < 12; ++i)
      largest = std::max(largest, out(i, frame));
    for (std::int64_t i = 0; i < 12 && largest > 0; ++i)
      out(i, frame) /= largest;
  }
  return out;
}

report::Drawing draw_chroma(const Analysis& analysis, const FrontEndOptions& front_end) {
  report::HeatMap map;
  map.options.title = "Pitch classes heard";
  map.options.width = kWidth;
  map.options.height = 280;
  map.options.left = kLeft;
  map.x = seconds_axis(0, static_cast<double>(analysis.features.harmonic.rows()) * front_end.harmonic.hop_length /
                              front_end.sample_rate);
  for (int key = 0; key < 12; ++key)
    map.y.categories.push_back(audio::key_name(key, -1));
  map.values = chroma(analysis.features.harmonic, front_end.harmonic_bands.bins_per_octave);
  return report::draw(map);
}

report::Drawing draw_key_over_time(const Analysis& analysis, double seconds) {
  const Matrix<float>& windows = analysis.prediction.key_by_window;
  report::HeatMap map;
  map.options.title = "Key by window";
  map.options.width = kWidth;
  map.options.height = 470;
  map.options.left = kLeft;
  map.x = seconds_axis(0, seconds);
  for (int key = 0; key < audio::kKeys; ++key)
    map.y.categories.push_back(audio::key_name(key % 12, key < 12 ? 1 : 0));
  map.values = Matrix<float>(audio::kKeys, windows.rows());
  for (std::int64_t window = 0; window < windows.rows(); ++window)
    for (std::int64_t key = 0; key < audio::kKeys; ++key)
      map.values(key, window) = windows(window, key);
  map.low = 0;
  map.high = 1;
  return report::draw(map);
}

report::Drawing draw_tempo(const Analysis& analysis) {
  const auto& tempo = analysis.prediction.tempo;
  report::LineChart chart;
  chart.options.title = "Tempo; dashed: the answer and the second candidate";
  chart.options.width = kWidth / 2 - 8;
  chart.options.height = 260;
  chart.options.left = kLeft;
  chart.x.title = "BPM";
  chart.x.scale = report::Scale::log;
  chart.y.title = "probability of each 1%";
  report::Series line;
  for (std::size_t i = 0; i < tempo.size(); ++i) {
    line.x.push_back(audio::tempo_of_class(static_cast<double>(i)));
    line.y.push_back(tempo[i]);
  }
  chart.series.push_back(line);
  const double highest = *std::ranges::max_element(tempo);
  for (const double candidate : {analysis.profile.tempo, analysis.profile.second_tempo})
    if (candidate > 0)
      chart.series.push_back(vertical_line(candidate, highest));
  return report::draw(chart);
}

report::Drawing draw_bars(const std::string& title, std::vector<report::Bar> bars) {
  report::BarChart chart;
  chart.options.title = title;
  chart.options.width = kWidth / 2 - 8;
  chart.x.title = "probability";
  chart.x.low = 0;
  chart.x.high = 1;
  chart.bars = std::move(bars);
  return report::draw(chart);
}

report::Drawing draw_keys(const Analysis& analysis) {
  const auto& probability = analysis.prediction.key;
  std::vector<int> order(audio::kKeys);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater{}, [&](int key) { return probability[static_cast<std::size_t>(key)]; });
  std::vector<report::Bar> bars;
  for (std::size_t i = 0; i < kKeysShown; ++i) {
    report::Bar bar;
    bar.name = audio::key_name(order[i] % 12, order[i] < 12 ? 1 : 0);
    bar.value = probability[static_cast<std::size_t>(order[i])];
    bar.color = order[i] < 12 ? 0 : 1;
    bars.push_back(bar);
  }
  return draw_bars("Key: the eight most probable (blue major, red minor)", std::move(bars));
}

report::Drawing draw_metres(const Analysis& analysis) {
  std::vector<report::Bar> bars;
  for (const audio::Metre metre : audio::kAllMetres) {
    report::Bar bar;
    bar.name = audio::metre_name(metre);
    bar.value = analysis.prediction.metre[static_cast<std::size_t>(metre)];
    bars.push_back(bar);
  }
  return draw_bars("Metre", std::move(bars));
}

std::vector<double> peaks_in_seconds(const std::vector<float>& activation, double frames_per_second, double gap) {
  std::vector<double> seconds;
  for (const std::int64_t frame :
       pick_peaks(activation, std::max<std::int64_t>(1, std::lround(gap * frames_per_second))))
    seconds.push_back(static_cast<double>(frame) / frames_per_second);
  return seconds;
}

/// Beats lie no closer than 0.6 of the tempo's period, downbeats than 1.5.
Beats find_beats(const Analysis& analysis, double frames_per_second) {
  if (!(analysis.profile.tempo > 0))
    return {};
  const double period = 60 / analysis.profile.tempo;
  return {peaks_in_seconds(analysis.prediction.beat, frames_per_second, 0.6 * period),
          peaks_in_seconds(analysis.prediction.downbeat, frames_per_second, 1.5 * period)};
}

}  // namespace

std::vector<std::int64_t> pick_peaks(std::span<const float> activation, std::int64_t gap) {
  std::vector<std::int64_t> order;
  const auto frames = static_cast<std::int64_t>(activation.size());
  const auto at = [&](std::int64_t i) { return i < 0 || i >= frames ? 0 : activation[static_cast<std::size_t>(i)]; };
  for (std::int64_t i = 0; i < frames; ++i)
    if (at(i) >= kLeastBeat && at(i) > at(i - 1) && at(i) >= at(i + 1))
      order.push_back(i);
  std::ranges::stable_sort(order, std::greater{}, at);
  std::vector<bool> taken(activation.size(), false);
  std::vector<std::int64_t> peaks;
  for (const std::int64_t peak : order) {
    if (taken[static_cast<std::size_t>(peak)])
      continue;
    peaks.push_back(peak);
    for (std::int64_t i = std::max<std::int64_t>(0, peak - gap); i < std::min(frames, peak + gap + 1); ++i)
      taken[static_cast<std::size_t>(i)] = true;
  }
  std::ranges::sort(peaks);
  return peaks;
}

report::Drawing draw_analysis(const Analysis& analysis, const FrontEndOptions& front_end) {
  const double frames_per_second = front_end.mel_frames_per_second();
  const Beats beats = find_beats(analysis, frames_per_second);
  std::vector<report::Drawing> drawings{draw_mel(analysis, front_end, beats),
                                        draw_activations(analysis, frames_per_second, beats),
                                        draw_chroma(analysis, front_end)};
  if (analysis.prediction.key_by_window.rows() > 1)
    drawings.push_back(draw_key_over_time(analysis, analysis.profile.seconds));
  const report::Drawing rhythm[] = {draw_tempo(analysis), draw_metres(analysis)};
  const report::Drawing answers[] = {report::arrange(rhythm, 1, ""), draw_keys(analysis)};
  drawings.push_back(report::arrange(answers, 2, ""));
  return report::arrange(drawings, 1, headline(analysis));
}

report::Drawing draw_reliability(std::span<const NamedReliability> heads) {
  report::LineChart chart;
  chart.options.title = "How far confidences can be believed";
  chart.options.description = "Answers in ten groups of equal size by confidence.";
  chart.options.width = 620;
  chart.options.height = 560;
  chart.x.title = "confidence";
  chart.y.title = "share of right answers";
  for (report::Axis* axis : {&chart.x, &chart.y}) {
    axis->low = 0;
    axis->high = 1;
  }
  report::Series diagonal;
  diagonal.x = {0, 1};
  diagonal.y = {0, 1};
  diagonal.style = report::LineStyle::reference;
  for (const NamedReliability& head : heads) {
    report::Series series;
    series.name = fmt::format("{} (ECE {:.3f})", head.name, head.reliability.expected_calibration_error);
    series.x = head.reliability.confidence;
    series.y = head.reliability.accuracy;
    series.style = report::LineStyle::points;
    chart.series.push_back(series);
  }
  chart.series.push_back(diagonal);
  return report::draw(chart);
}

}  // namespace segue::cli
