#pragma once

#include <span>
#include <vector>

#include "segue/core/random.hpp"

/// What amplifiers, rooms and studios do to sound, in place.
namespace segue::music {

double rms(std::span<const float> samples);
double decibels(double db);  ///< as a factor of amplitude
void scale(std::span<float> samples, double factor);
/// To the peak; silence stays silence.
void normalise_peak(std::span<float> samples, double peak);

/// Second-order sections of the Audio EQ Cookbook (Bristow-Johnson).
struct Filter {
  enum class Kind { peak, low_shelf, high_shelf, low_pass, high_pass };
  Kind kind = Kind::peak;
  double hz = 1000;
  double gain_db = 0;  ///< of a peak or shelf
  double q = 0.7071;
};
void filter(std::span<float> samples, int sample_rate, const Filter& filter);

/// tanh at `drive` times the RMS level, then a speaker that cuts the highs.
void distort(std::span<float> samples, int sample_rate, double drive);

struct Room {
  double decay_seconds = 0.5;  ///< until −60 dB
  double size = 1;             ///< 1: delays of 20–50 ms
  double wet = 0.2;            ///< amplitude against the dry sound
};
/// A feedback delay network (Jot & Chaigne 1991): eight delays, mixed by a Householder reflection.
void add_room(std::span<float> samples, int sample_rate, const Room& room);

struct Compressor {
  double threshold = 1;  ///< times the RMS level
  double ratio = 4;
  double attack_seconds = 0.005;
  double release_seconds = 0.15;
};
void compress(std::span<float> samples, int sample_rate, const Compressor& compressor);

/// tanh, at `drive` times the RMS level.
void limit(std::span<float> samples, double drive);

/// Noise whose power falls by 6 dB an octave above `corner_hz`, at `level` times the RMS level.
void add_noise(std::span<float> samples, int sample_rate, double corner_hz, double level, Random& random);

struct Record {
  double hum_hz = 50;
  double hum_level = 0.01;  ///< times the RMS level
  double clicks_per_second = 5;
};
/// What a record player adds: hum with its harmonics, clicks.
void add_record_player(std::span<float> samples, int sample_rate, const Record& record, Random& random);

}  // namespace segue::music
