#include "host/music/drums.hpp"

#include <cmath>

#include "host/music/band.hpp"
#include "host/music/draw.hpp"

namespace segue::music {
namespace {

using namespace percussion;

DrumPattern draw_pattern(const Setting& setting, const Kit& kit, Random& random) {
  switch (setting.bar.metre) {
    case audio::Metre::four_four:
      return draw_four_four(setting, kit, random);
    case audio::Metre::three_four:
      return draw_three_four(setting, kit, random);
    case audio::Metre::six_eight:
      return draw_six_eight(setting, kit, random);
    case audio::Metre::five_four:
    case audio::Metre::seven_eight:
      return draw_odd(setting, kit, random);
  }
  return {};
}

/// Toms and snare in sixteenths from `begin` to the end of the bar.
void add_fill(std::vector<DrumHit>& hits, double line, double begin, const Setting& setting, const Kit& kit,
              Random& random) {
  const double step = setting.bar.eighth / 2;
  const int steps = static_cast<int>(std::lround((setting.bar.beats - begin) / step));
  for (int i = 0; i < steps; ++i) {
    const double beat = line + begin + i * step;
    if (i == 0)
      hits.push_back({beat, kit.kick, kit.kick_velocity});
    if (!chance(random, 0.7))
      continue;
    const int drum = choose(random, {kSnare, kLowTom, kMidTom, kHighMidTom, kHighTom, kFloorTom});
    hits.push_back({beat, drum, integer_between(random, 70, 115)});
  }
}

std::vector<DrumHit> perform(const Setting& setting, Random& random) {
  const Bar& bar = setting.bar;
  const Kit kit = draw_kit(setting.style, random);
  const DrumPattern pattern = draw_pattern(setting, kit, random);
  const bool fills = chance(random, 0.5), crashes = chance(random, 0.5), ghosts = chance(random, 0.2);
  const bool tambourine = chance(random, 0.15);
  const int bars = static_cast<int>(std::lround(setting.beats / bar.beats));
  const int phrase = choose(random, {4, 4, 4, 8, 2});
  std::vector<DrumHit> hits;
  for (int b = 0; b < bars; ++b) {
    const double line = b * bar.beats;
    const bool filled = fills && b % phrase == phrase - 1 && chance(random, 0.8);
    const double fill = filled ? choose(random, {bar.accents.back(), bar.accents[bar.accents.size() / 2]}) : bar.beats;
    for (const DrumHit& hit : pattern[static_cast<std::size_t>(b % 2)])
      if (hit.beat < fill - kSameTime)
        hits.push_back({line + hit.beat, hit.pitch, hit.velocity});
    if (filled)
      add_fill(hits, line, fill, setting, kit, random);
    if (crashes && b % (2 * phrase) == 0)
      hits.push_back({line, kCrash, 105});
    for (const double pulse : bar.pulses) {
      if (tambourine && pulse > 0)
        hits.push_back({line + pulse, kTambourine, 60});
      if (ghosts && chance(random, 0.4))
        hits.push_back({line + pulse + bar.eighth / 2, kSnare, 35});
    }
  }
  return hits;
}

}  // namespace

Kit draw_kit(Style style, Random& random) {
  Kit kit{};
  const bool soft = style == Style::hip_hop || style == Style::reggae || style == Style::ballad ||
                    style == Style::pop || style == Style::house;
  kit.kick = choose(random, {kAcousticKick, kKick});
  kit.snare = soft ? choose(random, {kSnare, kSnare, kElectricSnare, kSideStick, kClap})
                   : choose(random, {kSnare, kElectricSnare});
  switch (style) {
    case Style::jazz:
      kit.cymbal = choose(random, {kRide, kRide, kRide2});
      break;
    case Style::metal:
      kit.cymbal = choose(random, {kClosedHat, kOpenHat, kCrash, kRide, kCrash2});
      break;
    default:
      kit.cymbal = choose(
          random, {kClosedHat, kClosedHat, kPedalHat, kRide, kRideBell, style == Style::latin ? kMaracas : kClosedHat});
  }
  kit.kick_velocity = integer_between(random, 90, 122);
  kit.snare_velocity = integer_between(random, 80, 122);
  kit.cymbal_velocity = integer_between(random, 45, 90);
  return kit;
}

std::vector<StemNote> play_drums(const Setting& setting, const std::vector<const Groove*>& grooves, Random& random) {
  constexpr double kPerformed = 0.4, kLateEntry = 0.2;
  std::vector<DrumHit> hits;
  const std::vector<const Groove*> fitting = grooves_for(setting.style, grooves);
  if (setting.bar.metre == audio::Metre::four_four && !fitting.empty() && chance(random, kPerformed))
    hits = excerpt_of(*choose(random, fitting), setting.beats, random);
  if (hits.empty()) {
    hits = perform(setting, random);
    if (chance(random, kLateEntry)) {
      const double entry = choose(random, {1, 2, 4}) * setting.bar.beats;
      std::erase_if(hits, [&](const DrumHit& hit) { return hit.beat < entry - kSameTime; });
    }
  }
  std::vector<StemNote> notes;
  constexpr double kStroke = 0.2;
  for (const DrumHit& hit : hits)
    notes.push_back({hit.beat, hit.beat + kStroke, kDrumChannel, hit.pitch, hit.velocity});
  return notes;
}

}  // namespace segue::music
