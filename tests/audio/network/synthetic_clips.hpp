#pragma once

#include <cmath>
#include <filesystem>
#include <vector>

#include "host/audio/network/training_clips.hpp"
#include "segue/core/random.hpp"

namespace segue::audio {

/// A front end small enough for tests: 4 octaves of 12 bins, and 40 mel bands.
inline FrontEndOptions small_front_end() {
  FrontEndOptions options;
  options.harmonic_bands = {48, 12, 65.406};
  return options;
}

/// Three octaves of a triad, with noise: [frames × bands].
inline Matrix<float> triad(int key, int mode, const LogFrequencyOptions& bands, std::int64_t frames, Random& random) {
  Matrix<float> x(frames, bands.bands);
  const int per_semitone = bands.bins_per_octave / 12;
  for (std::int64_t t = 0; t < frames; ++t)
    for (std::int64_t f = 0; f < bands.bands; ++f) {
      const auto degree = (f / per_semitone - key + 120) % 12;
      const bool sounds = degree == 0 || degree == (mode == 1 ? 4 : 3) || degree == 7;
      x(t, f) = (sounds && f % per_semitone == 0 ? 1.0f : 0.05f) * static_cast<float>(0.5 + random.uniform());
    }
  return x;
}

/// Clicks at the beats, louder and broader at the first of each bar: [frames × bands].
inline Matrix<float> clicks(double frames_per_beat, int beats_per_bar, std::int64_t frames, std::int64_t bands,
                            Random& random) {
  Matrix<float> x(frames, bands);
  for (std::int64_t t = 0; t < frames; ++t) {
    const auto beat = static_cast<std::int64_t>(static_cast<double>(t) / frames_per_beat);
    const bool is_beat = t == std::llround(std::ceil(static_cast<double>(beat) * frames_per_beat));
    const bool is_downbeat = is_beat && beat % beats_per_bar == 0;
    for (std::int64_t f = 0; f < bands; ++f) {
      const bool sounds = is_beat && (f > bands / 2 || is_downbeat);
      x(t, f) = (sounds ? 1.0f : 0.02f) * static_cast<float>(0.5 + random.uniform());
    }
  }
  return x;
}

/// `count` clips of known key, tempo and metre (3/4 and 4/4), every fourth for validation, the last for the test.
inline TrainingClips synthetic_clips(const std::filesystem::path& path, std::int64_t count,
                                     const FrontEndOptions& front_end, std::uint64_t seed) {
  ClipWriter writer(path, front_end.mel_bands.bands, front_end.harmonic_bands.bands);
  std::vector<Labels> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    Random random(seed, static_cast<std::uint64_t>(i));
    Labels clip;
    clip.path = std::to_string(i) + ".flac";
    clip.key = static_cast<int>(random.below(12));
    clip.mode = static_cast<int>(random.below(2));
    clip.tempo = 80 * std::exp2(random.uniform());
    clip.metre = random.below(2) == 0 ? Metre::three_four : Metre::four_four;
    clip.split = i % 4 == 3 ? Split::validation : i + 1 == count ? Split::test : Split::train;
    clip.source = "synthetic";
    constexpr std::int64_t kFrames = 520;
    const double rate = front_end.mel_frames_per_second(), frames_per_beat = rate * 60 / clip.tempo;
    const int bar = time_signature(*clip.metre);
    for (int beat = 0; static_cast<double>(beat) * frames_per_beat < kFrames; ++beat) {
      const auto second = static_cast<float>(static_cast<double>(beat) * frames_per_beat / rate);
      clip.beats.push_back(second);
      if (beat % bar == 0)
        clip.downbeats.push_back(second);
    }
    writer.add({clicks(frames_per_beat, bar, kFrames, front_end.mel_bands.bands, random),
                triad(clip.key, clip.mode, front_end.harmonic_bands, 40, random)});
    labels.push_back(std::move(clip));
  }
  writer.commit();
  TrainingClips clips;
  clips.add(ClipFile(path), std::move(labels));
  return clips;
}

}  // namespace segue::audio
