#include "host/music/render/recording.hpp"

#include <array>

#include "host/music/draw.hpp"
#include "host/music/render/effects.hpp"
#include "segue/audio/decode.hpp"

namespace segue::music {
namespace {

constexpr double kPeak = 0.9;

void add_random_room(std::vector<float>& samples, int sample_rate, Random& random) {
  Room room;
  room.decay_seconds = log_uniform(random, 0.2, 1.5);
  room.size = between(random, 0.4, 1.6);
  room.wet = decibels(between(random, -20, -8));
  add_room(samples, sample_rate, room);
}

void equalise(std::vector<float>& samples, int sample_rate, Random& random) {
  const int peaks = integer_between(random, 1, 3);
  for (int i = 0; i < peaks; ++i) {
    Filter peak;
    peak.hz = log_uniform(random, 80, 7000);
    peak.gain_db = 4 * random.normal();
    peak.q = between(random, 0.5, 1.5);
    filter(samples, sample_rate, peak);
  }
  Filter bass{.kind = Filter::Kind::low_shelf};
  bass.hz = between(random, 100, 300);
  bass.gain_db = 3 * random.normal();
  filter(samples, sample_rate, bass);
  Filter treble{.kind = Filter::Kind::high_shelf};
  treble.hz = between(random, 2000, 6000);
  treble.gain_db = 4 * random.normal();
  filter(samples, sample_rate, treble);
}

// A small speaker, an old record, a telephone.
void narrow(std::vector<float>& samples, int sample_rate, Random& random) {
  Filter low{.kind = Filter::Kind::high_pass};
  low.hz = log_uniform(random, 40, 250);
  filter(samples, sample_rate, low);
  Filter high{.kind = Filter::Kind::low_pass};
  high.hz = log_uniform(random, 3000, 9000);
  filter(samples, sample_rate, high);
}

void add_random_noise(std::vector<float>& samples, int sample_rate, Random& random) {
  const double corner_hz = log_uniform(random, 200, 8000);
  const double level = decibels(between(random, -55, -22));
  add_noise(samples, sample_rate, corner_hz, level, random);
}

void add_random_record_player(std::vector<float>& samples, int sample_rate, Random& random) {
  Record record;
  record.hum_hz = choose(random, {50.0, 60.0});
  record.hum_level = decibels(between(random, -50, -28));
  record.clicks_per_second = log_uniform(random, 1, 30);
  add_record_player(samples, sample_rate, record, random);
}

void add_random_compressor(std::vector<float>& samples, int sample_rate, Random& random) {
  Compressor compressor;
  compressor.threshold = log_uniform(random, 0.5, 2);
  compressor.ratio = log_uniform(random, 2, 8);
  compressor.attack_seconds = log_uniform(random, 0.002, 0.03);
  compressor.release_seconds = log_uniform(random, 0.05, 0.4);
  compress(samples, sample_rate, compressor);
}

void pass_codec(std::vector<float>& samples, int sample_rate, Random& random) {
  const char* const codec = choose(random, {"mp3", "aac", "vorbis", "opus"});
  const int bits_per_second = 1000 * choose(random, {32, 40, 48, 64, 80});  // as 80–200 for stereo at twice the rate
  normalise_peak(samples, kPeak);
  samples = audio::codec_round_trip(samples, sample_rate, codec, bits_per_second);
}

}  // namespace

void add_recording(std::vector<float>& samples, int sample_rate, Random& random) {
  struct Stage {
    double probability;
    void (*apply)(std::vector<float>&, int, Random&);
  };
  constexpr std::array kStages = {Stage{0.3, add_random_room},
                                  Stage{0.7, equalise},
                                  Stage{0.15, narrow},
                                  Stage{0.3, add_random_noise},
                                  Stage{0.1, add_random_record_player},
                                  Stage{0.4, add_random_compressor}};
  for (const Stage& stage : kStages)
    if (chance(random, stage.probability))
      stage.apply(samples, sample_rate, random);
  if (chance(random, 0.6))
    limit(samples, log_uniform(random, 0.15, 1.2));
  if (chance(random, 0.3))
    pass_codec(samples, sample_rate, random);
  normalise_peak(samples, kPeak);
}

}  // namespace segue::music
