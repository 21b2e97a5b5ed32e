#include <algorithm>

#include "host/music/draw.hpp"
#include "host/music/drums.hpp"

namespace segue::music {
namespace {

using namespace percussion;

/// Adds one instrument at the given eighths of a bar.
void add(DrumBar& hits, const Bar& bar, int pitch, int velocity, std::initializer_list<double> eighths) {
  for (const double eighth : eighths)
    hits.push_back({eighth * bar.eighth, pitch, velocity});
}

/// Each `step` eighths, the bar line stressed.
void add_cymbal(DrumBar& hits, const Bar& bar, const Kit& kit, double step) {
  for (int i = 0; i * step < eighths_of(bar) - kSameTime; ++i)
    hits.push_back({i * step * bar.eighth, kit.cymbal, kit.cymbal_velocity + (i == 0 ? 14 : 0)});
}

/// A second bar that now and then differs by a kick.
DrumPattern varied(const DrumBar& hits, const Bar& bar, const Kit& kit, Random& random) {
  DrumPattern pattern = {hits, hits};
  if (chance(random, 0.4)) {
    const int eighth = integer_between(random, 1, eighths_of(bar) - 1);
    pattern[1].push_back({eighth * bar.eighth, kit.kick, kit.kick_velocity - 10});
  }
  return pattern;
}

// ---- 3/4

DrumBar waltz(const Bar& bar, const Kit& kit, Random& random) {
  DrumBar hits;
  add(hits, bar, kit.kick, kit.kick_velocity, {0});
  const int soft = kit.snare_velocity - 25;
  const int light = choose(random, {kit.snare, kit.snare, static_cast<int>(kPedalHat), static_cast<int>(kSideStick)});
  switch (random.below(3)) {
    case 0:
      add(hits, bar, light, soft, {2, 4});
      break;
    case 1:
      add(hits, bar, light, soft, {4});
      add(hits, bar, kPedalHat, 60, {2});
      break;
    default:
      add(hits, bar, light, soft, {2, 4, 5});
  }
  if (chance(random, 0.4))
    add_cymbal(hits, bar, kit, 2);
  return hits;
}

DrumBar jazz_waltz(const Bar& bar, const Kit& kit, Random& random) {
  DrumBar hits;
  add(hits, bar, kRide, kit.cymbal_velocity + 10, {0, 2, 4});
  if (chance(random, 0.8))
    add(hits, bar, kRide, kit.cymbal_velocity - 5, {3});
  add(hits, bar, kPedalHat, 65, {2});
  if (chance(random, 0.3))
    add(hits, bar, kPedalHat, 60, {4});
  add(hits, bar, kit.kick, kit.kick_velocity - 30, {0});
  if (chance(random, 0.5))
    add(hits, bar, kit.snare, kit.snare_velocity - 35, {choose(random, {3.0, 5.0, 4.0})});
  return hits;
}

DrumBar rock_three(const Bar& bar, const Kit& kit, Random& random) {
  DrumBar hits;
  add(hits, bar, kit.kick, kit.kick_velocity, {0});
  if (chance(random, 0.5))
    add(hits, bar, kit.kick, kit.kick_velocity - 5, {choose(random, {1.0, 3.0, 5.0})});
  if (chance(random, 0.5))
    add(hits, bar, kit.snare, kit.snare_velocity, {4});
  else if (chance(random, 0.6))
    add(hits, bar, kit.snare, kit.snare_velocity, {2, 4});
  else
    add(hits, bar, kit.snare, kit.snare_velocity, {2});
  add_cymbal(hits, bar, kit, choose(random, {1.0, 1.0, 2.0, 0.5}));
  return hits;
}

// ---- 6/8

/// Six eighths, the snare on the fourth: ballads, rock and soul.
DrumBar slow_six(const Bar& bar, const Kit& kit, Random& random) {
  DrumBar hits;
  add(hits, bar, kit.kick, kit.kick_velocity, {0});
  if (chance(random, 0.6))
    add(hits, bar, kit.kick, kit.kick_velocity - 8, {choose(random, {2.0, 4.0, 5.0, 2.5})});
  add(hits, bar, kit.snare, kit.snare_velocity, {3});
  add_cymbal(hits, bar, kit, choose(random, {1.0, 1.0, 1.0, 0.5, 3.0}));
  return hits;
}

/// Stress on 1 and 4, shorter strokes between, like a bodhrán or a march.
DrumBar jig(const Bar& bar, const Kit& kit, Random& random) {
  DrumBar hits;
  const int low = choose(random, {kit.kick, static_cast<int>(kFloorTom)});
  const int high = choose(random, {kit.snare, static_cast<int>(kLowTom), static_cast<int>(kMaracas)});
  add(hits, bar, low, kit.kick_velocity, {0, 3});
  add(hits, bar, high, kit.snare_velocity - 25, {2, 5});
  if (chance(random, 0.5))
    add(hits, bar, high, kit.snare_velocity - 45, {1, 4});
  if (chance(random, 0.3))
    add(hits, bar, kTambourine, 70, {3});
  return hits;
}

// ---- 5/4 and 7/8

/// Kick where a group begins, snare within it.
DrumBar backbeat(const Bar& bar, const Kit& kit, Random& random) {
  DrumBar hits;
  const bool late = chance(random, 0.5);
  for (std::size_t i = 0; i < bar.accents.size(); ++i) {
    const double begin = bar.accents[i];
    const double end = i + 1 < bar.accents.size() ? bar.accents[i + 1] : bar.beats;
    const double pulse = bar.pulses[1];
    hits.push_back({begin, kit.kick, kit.kick_velocity});
    const double snare = late ? end - pulse : begin + pulse;
    if (snare > begin + kSameTime)
      hits.push_back({snare, kit.snare, kit.snare_velocity});
  }
  add_cymbal(hits, bar, kit, choose(random, {1.0, 1.0, 2.0}));
  return hits;
}

/// The downbeat, the last group, and little else.
DrumBar sparse(const Bar& bar, const Kit& kit, Random& random) {
  DrumBar hits;
  hits.push_back({0, kit.kick, kit.kick_velocity});
  hits.push_back({bar.accents.back(), kit.snare, kit.snare_velocity});
  if (chance(random, 0.7))
    for (const double accent : bar.accents)
      hits.push_back({accent, kit.cymbal, kit.cymbal_velocity + (accent == 0 ? 15 : 0)});
  return hits;
}

/// Sixteenths, syncopated kicks, ghost notes.
DrumBar busy(const Bar& bar, const Kit& kit, Random& random) {
  DrumBar hits = draw_grouped(bar, kit, random);
  const int sixteenths = 2 * eighths_of(bar);
  const double density = between(random, 0.1, 0.35);
  for (int i = 1; i < sixteenths; ++i) {
    const double beat = i * bar.eighth / 2;
    if (chance(random, density))
      hits.push_back({beat, kit.kick, kit.kick_velocity - 12});
    if (chance(random, 0.15))
      hits.push_back({beat, kSnare, 40});
    if (i % 2 == 1)
      hits.push_back({beat, kit.cymbal, std::max(25, kit.cymbal_velocity - 20)});
  }
  return hits;
}

/// Groups on a low tom, pulses between on higher ones.
DrumBar toms(const Bar& bar, const Kit& kit, Random& random) {
  DrumBar hits;
  const int other = choose(random, {static_cast<int>(kMidTom), static_cast<int>(kHighTom), kit.snare});
  for (int i = 0; i < eighths_of(bar); ++i) {
    const double beat = i * bar.eighth;
    const bool accent = among(bar.accents, beat);
    if (accent)
      hits.push_back({beat, i == 0 ? kit.kick : static_cast<int>(kFloorTom), kit.kick_velocity});
    else if (chance(random, 0.55))
      hits.push_back({beat, other, kit.snare_velocity - 25});
  }
  if (chance(random, 0.5))
    for (const double pulse : bar.pulses)
      hits.push_back({pulse, kPedalHat, 65});
  return hits;
}

/// A ride with skipped notes, as in "Take Five".
DrumBar jazz_odd(const Bar& bar, const Kit& kit, Random& random) {
  DrumBar hits;
  for (int i = 0; i < eighths_of(bar); ++i) {
    const double beat = i * bar.eighth;
    const bool accent = among(bar.accents, beat);
    if (i % 2 == 0 || accent || chance(random, 0.35))
      hits.push_back({beat, kRide, kit.cymbal_velocity + (accent ? 15 : 0)});
    if (!accent && chance(random, 0.15))
      hits.push_back({beat, kit.snare, kit.snare_velocity - 35});
  }
  for (const double accent : bar.accents)
    hits.push_back({std::min(accent + bar.pulses[1], bar.beats - bar.eighth), kPedalHat, 70});
  hits.push_back({0, kit.kick, kit.kick_velocity - 20});
  return hits;
}

/// Quarters of the cymbal run over the bar line of 7/8: on the beat in one bar, between in the next.
DrumPattern across_bars(const Bar& bar, const Kit& kit, Random& random) {
  DrumPattern pattern = {draw_grouped(bar, kit, random), DrumBar{}};
  std::erase_if(pattern[0], [&](const DrumHit& hit) { return hit.pitch == kit.cymbal; });
  pattern[1] = pattern[0];
  for (int half = 0; half < 2; ++half)
    for (int eighth = half * eighths_of(bar) % 2; eighth < eighths_of(bar); eighth += 2)
      pattern[static_cast<std::size_t>(half)].push_back({eighth * bar.eighth, kit.cymbal, kit.cymbal_velocity + 10});
  return pattern;
}

}  // namespace

DrumBar draw_grouped(const Bar& bar, const Kit& kit, Random& random) {
  const double last = bar.accents.back();
  std::vector<double> kicks = {0};
  std::vector<double> snares;
  switch (random.below(4)) {
    case 0:
      kicks.push_back(bar.accents[1]);
      break;
    case 1:
      kicks = bar.accents;
      break;
    case 2:
      kicks.push_back(last);
      break;
    default:
      break;
  }
  switch (random.below(4)) {
    case 0:
      snares = {last};
      break;
    case 1:
      snares = {bar.accents[1]};
      break;
    case 2:
      snares.assign(bar.accents.begin() + 1, bar.accents.end());
      break;
    default:  // after the groups begin
      for (const double accent : bar.accents)
        if (accent > 0)
          snares.push_back(accent + bar.eighth);
  }
  DrumBar hits;
  for (const double beat : kicks)
    hits.push_back({beat, kit.kick, kit.kick_velocity});
  for (const double beat : snares)
    hits.push_back({beat, kit.snare, kit.snare_velocity});
  for (int i = 0; i < eighths_of(bar); ++i) {
    const double beat = i * bar.eighth;
    const bool accent = among(bar.accents, beat);
    hits.push_back({beat, kit.cymbal, kit.cymbal_velocity + (i == 0 ? 15 : accent ? 6 : 0)});
  }
  return hits;
}

DrumPattern draw_three_four(const Setting& setting, const Kit& kit, Random& random) {
  const Bar& bar = setting.bar;
  const bool rocks = setting.style == Style::rock || setting.style == Style::metal || setting.style == Style::blues;
  DrumBar hits;
  if (setting.style == Style::jazz)
    hits = jazz_waltz(bar, kit, random);
  else if (rocks || chance(random, 0.4))
    hits = rock_three(bar, kit, random);
  else
    hits = waltz(bar, kit, random);
  return varied(hits, bar, kit, random);
}

DrumPattern draw_six_eight(const Setting& setting, const Kit& kit, Random& random) {
  const bool folk =
      setting.style == Style::country || setting.style == Style::classical || setting.style == Style::latin;
  const bool as_jig = folk ? chance(random, 0.7) : setting.bpm > 95 && chance(random, 0.3);
  const DrumBar hits = as_jig ? jig(setting.bar, kit, random) : slow_six(setting.bar, kit, random);
  return varied(hits, setting.bar, kit, random);
}

DrumPattern draw_odd(const Setting& setting, const Kit& kit, Random& random) {
  const Bar& bar = setting.bar;
  if (setting.style == Style::jazz && chance(random, 0.7))
    return varied(jazz_odd(bar, kit, random), bar, kit, random);
  if (bar.metre == audio::Metre::seven_eight && chance(random, 0.15))
    return across_bars(bar, kit, random);
  DrumBar hits;
  switch (random.below(6)) {
    case 0:
    case 1:
      hits = draw_grouped(bar, kit, random);
      break;
    case 2:
      hits = backbeat(bar, kit, random);
      break;
    case 3:
      hits = sparse(bar, kit, random);
      break;
    case 4:
      hits = busy(bar, kit, random);
      break;
    default:
      hits = toms(bar, kit, random);
  }
  return varied(hits, bar, kit, random);
}

}  // namespace segue::music
