#include "host/music/render/voice.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "host/music/draw.hpp"

namespace segue::music {
namespace {

using Formants = std::array<float, 3>;

// Hz, of men: Peterson & Barney (1952), table II.
constexpr std::array<Formants, 7> kVowels = {{{730, 1090, 2440},
                                              {270, 2290, 3010},
                                              {300, 870, 2240},
                                              {530, 1840, 2480},
                                              {570, 840, 2410},
                                              {660, 1720, 2410},
                                              {490, 1350, 1690}}};
constexpr Formants kBandwidths = {80, 110, 160};
constexpr Formants kLevels = {1, 0.5, 0.25};
constexpr float kFloor = 0.02f;           // between formants
constexpr double kTilt = 0.6;             // harmonic h has 1/h^tilt
constexpr float kHighestHarmonic = 6500;  // Hz
constexpr int kMostHarmonics = 64;
constexpr int kBlock = 32;              // samples in which gains change linearly
constexpr double kShortestNote = 0.02;  // seconds

// What the throat does, sample by sample.
struct Gesture {
  explicit Gesture(std::int64_t frames) : pitch_hz(static_cast<std::size_t>(frames)), level(pitch_hz.size()) {}

  std::vector<float> pitch_hz, level;
  std::vector<std::pair<std::int64_t, Formants>> vowels;  // from which frame on
};

struct Span {
  std::int64_t begin, end;
};

// In order, each ended by the next.
std::vector<TimedNote> one_at_a_time(std::span<const TimedNote> notes) {
  std::vector<TimedNote> line(notes.begin(), notes.end());
  std::ranges::stable_sort(line, {}, &TimedNote::on);
  for (std::size_t i = 0; i + 1 < line.size(); ++i)
    line[i].off = std::min(line[i].off, line[i + 1].on);
  std::erase_if(line, [](const TimedNote& note) { return note.off - note.on < kShortestNote; });
  return line;
}

Span frames_of(const TimedNote& note, int sample_rate, std::int64_t frames) {
  const auto frame = [&](double seconds) {
    return std::clamp<std::int64_t>(std::llround(seconds * sample_rate), 0, frames);
  };
  return {frame(note.on), frame(note.off)};
}

void add_envelope(Gesture& gesture, Span span, int velocity, int sample_rate) {
  constexpr double kAttack = 0.02, kRelease = 0.05;  // seconds
  for (std::int64_t t = span.begin; t < span.end; ++t) {
    const double rise = static_cast<double>(t - span.begin) / (kAttack * sample_rate);
    const double fall = static_cast<double>(span.end - 1 - t) / (kRelease * sample_rate);
    gesture.level[static_cast<std::size_t>(t)] = static_cast<float>(std::min({1.0, rise, fall}) * velocity / 100.0);
  }
}

void add_vowel(Gesture& gesture, Span span, double tract, Random& random) {
  Formants formants = choose(random, kVowels);
  for (float& formant : formants)
    formant *= static_cast<float>(tract);
  gesture.vowels.emplace_back(span.begin, formants);
}

void add_sung_pitch(Gesture& gesture, Span span, double hz, int sample_rate, Random& random) {
  const double glide_seconds = between(random, 0.03, 0.12);
  const double glide_semitones = choose(random, {-1.5, -0.5, 0.0, 1.0});
  const double vibrato_semitones = between(random, 0.1, 0.5);
  const double vibrato_hz = between(random, 4.8, 6.2);
  for (std::int64_t t = span.begin; t < span.end; ++t) {
    const double seconds = static_cast<double>(t - span.begin) / sample_rate;
    const double glide = glide_semitones * std::max(0.0, 1 - seconds / glide_seconds);
    const double vibrato = vibrato_semitones * std::clamp((seconds - 0.15) * 4, 0.0, 1.0) *
                           std::sin(2 * std::numbers::pi * vibrato_hz * seconds);
    gesture.pitch_hz[static_cast<std::size_t>(t)] = static_cast<float>(hz * std::exp2((glide + vibrato) / 12));
  }
}

void add_spoken_pitch(Gesture& gesture, Span span, double base_hz, Random& random) {
  const double start = 0.2 * random.normal();
  const double bend = -0.15 + 0.25 * random.normal();
  const double frames = static_cast<double>(span.end - span.begin);
  for (std::int64_t t = span.begin; t < span.end; ++t)
    gesture.pitch_hz[static_cast<std::size_t>(t)] =
        static_cast<float>(base_hz * std::exp2(start + bend * static_cast<double>(t - span.begin) / frames));
}

// Of each harmonic of `hz`: what the formants let through.
std::array<float, kMostHarmonics> harmonic_gains(float hz, float level, const Formants& formants,
                                                 const std::array<float, kMostHarmonics>& tilt, float highest_hz) {
  std::array<float, kMostHarmonics> gains{};
  if (hz <= 0 || level <= 0)
    return gains;
  for (int h = 1; h <= kMostHarmonics && static_cast<float>(h) * hz < highest_hz; ++h) {
    float gain = kFloor;
    for (std::size_t i = 0; i < formants.size(); ++i) {
      const float distance = (static_cast<float>(h) * hz - formants[i]) / kBandwidths[i];
      gain += kLevels[i] / (1 + distance * distance);
    }
    gains[static_cast<std::size_t>(h - 1)] = level * gain * tilt[static_cast<std::size_t>(h - 1)];
  }
  return gains;
}

// Additive synthesis: out(t) = Σₕ gₕ(t)·sin(h·φ(t)), by sin((h+1)φ) = 2·cos φ·sin(hφ) − sin((h−1)φ).
class Throat {
 public:
  explicit Throat(int sample_rate)
      : sample_rate_(sample_rate), highest_hz_(std::min(kHighestHarmonic, 0.45f * static_cast<float>(sample_rate))) {
    for (std::size_t h = 0; h < tilt_.size(); ++h)
      tilt_[h] = static_cast<float>(std::pow(static_cast<double>(h + 1), -kTilt));
  }

  std::vector<float> sound(const Gesture& gesture) {
    const auto frames = static_cast<std::int64_t>(gesture.level.size());
    std::vector<float> out(gesture.level.size());
    auto vowel = gesture.vowels.begin();
    for (std::int64_t begin = 0; begin < frames; begin += kBlock) {
      const std::int64_t end = std::min(frames, begin + kBlock);
      for (; vowel != gesture.vowels.end() && vowel->first < end; ++vowel)
        target_ = vowel->second;
      add_block(gesture, begin, end, out);
    }
    return out;
  }

 private:
  void add_block(const Gesture& gesture, std::int64_t begin, std::int64_t end, std::vector<float>& out) {
    const auto last = static_cast<std::size_t>(end - 1);
    move_formants();
    const auto gains = harmonic_gains(gesture.pitch_hz[last], gesture.level[last], formants_, tilt_, highest_hz_);
    std::array<float, kBlock> two_cosines{}, sine{}, before{}, sum{};
    for (std::int64_t t = begin; t < end; ++t) {
      phase_ += gesture.pitch_hz[static_cast<std::size_t>(t)] / sample_rate_;
      phase_ -= std::floor(phase_);
      const double angle = 2 * std::numbers::pi * phase_;
      two_cosines[static_cast<std::size_t>(t - begin)] = static_cast<float>(2 * std::cos(angle));
      sine[static_cast<std::size_t>(t - begin)] = static_cast<float>(std::sin(angle));
    }
    for (std::size_t h = 0; h < gains.size(); ++h) {
      if (gains[h] == 0 && gains_[h] == 0)
        break;
      const float slope = (gains[h] - gains_[h]) / kBlock;
      for (std::size_t t = 0; t < kBlock; ++t) {
        sum[t] += (gains_[h] + slope * static_cast<float>(t + 1)) * sine[t];
        const float next = two_cosines[t] * sine[t] - before[t];
        before[t] = sine[t];
        sine[t] = next;
      }
    }
    gains_ = gains;
    std::copy_n(sum.begin(), end - begin, out.begin() + begin);
  }

  void move_formants() {
    constexpr float kPerBlock = 0.07f;  // about 20 ms at 22,050 Hz
    for (std::size_t i = 0; i < formants_.size(); ++i)
      formants_[i] += kPerBlock * (target_[i] - formants_[i]);
  }

  double sample_rate_;
  float highest_hz_;
  double phase_ = 0;  // cycles
  Formants formants_ = kVowels[6], target_ = kVowels[6];
  std::array<float, kMostHarmonics> tilt_{}, gains_{};
};

// Bursts of high noise before 60% of the notes.
void add_consonants(std::vector<float>& out, std::span<const TimedNote> notes, int sample_rate, Random& random) {
  float peak = 0;
  for (const float sample : out)
    peak = std::max(peak, std::abs(sample));
  for (const TimedNote& note : notes) {
    if (!chance(random, 0.6))
      continue;
    const double seconds = between(random, 0.02, 0.07);
    const auto level = static_cast<float>(between(random, 0.05, 0.3));
    TimedNote burst = note;
    burst.on -= 0.02;
    burst.off = burst.on + seconds;
    const Span span = frames_of(burst, sample_rate, static_cast<std::int64_t>(out.size()));
    float before = 0;
    for (std::int64_t t = span.begin; t < span.end; ++t) {
      const auto noise = static_cast<float>(between(random, -1.2, 1.2));
      out[static_cast<std::size_t>(t)] += level * peak * (noise - before);
      before = noise;
    }
  }
}

}  // namespace

std::vector<float> sing(std::span<const TimedNote> notes, double detuning_cents, int sample_rate, std::int64_t frames,
                        Random& random) {
  Gesture gesture(frames);
  const double tract = between(random, 0.9, 1.2);  // a longer one has lower formants
  const std::vector<TimedNote> line = one_at_a_time(notes);
  for (const TimedNote& note : line) {
    const Span span = frames_of(note, sample_rate, frames);
    const double hz = 440 * std::exp2((note.pitch - 69 + detuning_cents / 100) / 12);
    add_sung_pitch(gesture, span, hz, sample_rate, random);
    add_envelope(gesture, span, note.velocity, sample_rate);
    add_vowel(gesture, span, tract, random);
  }
  std::vector<float> out = Throat(sample_rate).sound(gesture);
  if (chance(random, 0.6))
    add_consonants(out, line, sample_rate, random);
  return out;
}

std::vector<float> rap(std::span<const TimedNote> syllables, int sample_rate, std::int64_t frames, Random& random) {
  Gesture gesture(frames);
  const double tract = between(random, 0.9, 1.2);
  const double base_hz = between(random, 85, 180);
  const std::vector<TimedNote> line = one_at_a_time(syllables);
  for (const TimedNote& syllable : line) {
    const Span span = frames_of(syllable, sample_rate, frames);
    add_spoken_pitch(gesture, span, base_hz, random);
    add_envelope(gesture, span, syllable.velocity, sample_rate);
    add_vowel(gesture, span, tract, random);
  }
  std::vector<float> out = Throat(sample_rate).sound(gesture);
  add_consonants(out, line, sample_rate, random);
  return out;
}

}  // namespace segue::music
