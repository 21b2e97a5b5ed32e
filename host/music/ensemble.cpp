#include "host/music/ensemble.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/music/band.hpp"
#include "host/music/draw.hpp"
#include "host/music/drums.hpp"
#include "host/music/instruments.hpp"
#include "host/music/styles.hpp"

namespace segue::music {
namespace {

/// What is put together, and what it is put together from.
struct Session {
  const Tune& tune;
  const Setting& setting;
  Random& random;
  Arrangement& arrangement;
};

void add(std::vector<StemNote>& stem, std::vector<StemNote> notes) {
  stem.insert(stem.end(), notes.begin(), notes.end());
}

void set_program(const Session& session, int channel, Part part) {
  session.arrangement.programs[channel] = choose(session.random, programs_for(part));
}

Arrangement described(const Setting& setting) {
  Arrangement arrangement;
  arrangement.style = setting.style;
  arrangement.metre = setting.bar.metre;
  arrangement.bpm = setting.bpm;
  arrangement.beats = setting.beats;
  arrangement.swing = setting.swing;
  return arrangement;
}

void add_drums(Arrangement& arrangement, const Setting& setting, const std::vector<const Groove*>& grooves,
               Random& random) {
  arrangement.drums = play_drums(setting, grooves, random);
  arrangement.programs[kDrumChannel] = choose(random, kits_for(setting.style));
}

void add_bass(const Session& session) {
  const Style style = session.setting.style;
  const bool electronic = style == Style::hip_hop || style == Style::house;
  const bool synth = chance(session.random, electronic ? 0.7 : 0.05);
  set_program(session, kBassChannel, synth ? Part::synth_bass : Part::bass);
  add(session.arrangement.band, play_bass(session.tune, session.setting, session.random));
}

Comping draw_comping(const Setting& setting, Random& random) {
  const audio::Metre metre = setting.bar.metre;
  const bool four = metre == audio::Metre::four_four, six = metre == audio::Metre::six_eight;
  if (metre == audio::Metre::three_four && chance(random, 0.35))
    return Comping::chick;
  if (six && chance(random, 0.4))
    return choose(random, {Comping::eighths, Comping::broken, Comping::chick});
  switch (setting.style) {
    case Style::reggae:
      return choose(random, {Comping::off_beats, Comping::off_beats, Comping::off_beats, Comping::chick});
    case Style::country:
      return choose(random, {Comping::chick, Comping::eighths, Comping::broken});
    case Style::disco:
    case Style::house:
      return choose(random, {Comping::off_beats, Comping::cell, Comping::held});
    case Style::hip_hop:
      return choose(random, {Comping::cell, Comping::held, Comping::broken});
    case Style::jazz:
      return choose(random, {Comping::cell, Comping::pulses, Comping::held, Comping::charleston});
    case Style::blues:
      return choose(random, {Comping::pulses, Comping::cell, Comping::eighths,
                             four && setting.bpm < 90 ? Comping::triplets : Comping::chick});
    case Style::classical:
      return choose(random, {Comping::broken, Comping::broken, Comping::held, Comping::pulses});
    case Style::ballad:
      return choose(random, {Comping::broken, Comping::pulses, Comping::held});
    case Style::funk:
    case Style::latin:
      return Comping::cell;
    case Style::rock:
    case Style::metal:
    case Style::pop:
      break;
  }
  return choose(random, {Comping::eighths, Comping::cell, Comping::broken, Comping::pulses, Comping::held});
}

Part draw_comping_instrument(Style style, Random& random) {
  if (style == Style::classical)
    return Part::orchestra;
  const bool strums = style == Style::country || style == Style::funk || style == Style::rock || style == Style::blues;
  return chance(random, strums ? 0.7 : 0.35) ? Part::guitar : Part::keys;
}

void add_chords(const Session& session, int channel, Part instrument, ChordPart part) {
  part.channel = channel;
  set_program(session, channel, instrument);
  add(session.arrangement.band, play_chords(session.tune, session.setting, part, session.random));
}

/// Chords in the style's manner, or the score's own accompaniment, or both.
void add_comping(const Session& session, bool alone) {
  Random& random = session.random;
  const Part instrument = draw_comping_instrument(session.setting.style, random);
  const std::vector<Note>& written = session.tune.accompaniment;
  const bool comps = written.empty() || chance(random, 0.5);
  if (comps) {
    ChordPart part;
    part.comping = draw_comping(session.setting, random);
    part.lowest = choose(random, {48, 52, 55, 60});
    part.velocity = integer_between(random, 60, 90);
    add_chords(session, kCompingChannel, instrument, part);
  }
  if (!written.empty() && ((alone && !comps) || chance(random, 0.6))) {
    set_program(session, kScoreChannel, instrument);
    add(session.arrangement.band, play_notes(written, kScoreChannel));
  }
}

void add_colours(const Session& session) {
  Random& random = session.random;
  if (chance(random, 0.35)) {
    ChordPart pad;
    pad.lowest = choose(random, {52, 60, 64});
    pad.velocity = integer_between(random, 45, 75);
    add_chords(session, kPadChannel, Part::pad, pad);
  }
  if (chance(random, 0.12)) {
    ChordPart second;
    second.comping = choose(random, {Comping::broken, Comping::cell, Comping::eighths});
    second.lowest = choose(random, {60, 67, 72});
    second.velocity = integer_between(random, 50, 80);
    add_chords(session, kSecondCompingChannel, chance(random, 0.3) ? Part::guitar : Part::keys, second);
  }
}

void add_lead(const Session& session, bool needed) {
  Random& random = session.random;
  const std::vector<Note> melody = in_register(session.tune.melody, choose(random, {60, 67, 67, 72}));
  if (melody.empty())
    return;
  const Style style = session.setting.style;
  if (chance(random, traits_of(style).sung)) {
    session.arrangement.voice = melody;
  } else if (needed || chance(random, 0.8)) {
    set_program(session, kLeadChannel, style == Style::classical ? Part::orchestra : Part::lead);
    add(session.arrangement.band, play_notes(melody, kLeadChannel));
  }
}

/// Syllables on sixteenths, without pitch.
std::vector<Note> rap(double beats, Random& random) {
  std::vector<Note> syllables;
  for (int sixteenth = 0; sixteenth < 4 * beats; ++sixteenth) {
    if (!chance(random, 0.8))
      continue;
    const double on = sixteenth / 4.0;
    const double length = between(random, 0.15, 0.3);
    syllables.push_back({on, on + length, 60, integer_between(random, 70, 110)});
  }
  return syllables;
}

/// Notes within the ears' and MIDI's range; velocities too.
void limit(Arrangement& arrangement) {
  constexpr int kLowest = 21, kHighest = 108;  // a piano's
  const auto fold = [](int pitch) {
    while (pitch < kLowest)
      pitch += 12;
    while (pitch > kHighest)
      pitch -= 12;
    return pitch;
  };
  for (std::vector<StemNote>* stem : {&arrangement.drums, &arrangement.guitar, &arrangement.band}) {
    std::erase_if(*stem, [](const StemNote& note) { return note.off <= note.on; });
    for (StemNote& note : *stem) {
      note.pitch = note.channel == kDrumChannel ? note.pitch : fold(note.pitch);
      note.velocity = std::clamp(note.velocity, 1, 127);
    }
    std::ranges::stable_sort(*stem, {}, &StemNote::on);
  }
  for (Note& note : arrangement.voice) {
    note.pitch = fold(note.pitch);
    note.velocity = std::clamp(note.velocity, 1, 127);
  }
}

}  // namespace

Arrangement play(const Tune& tune, const Setting& setting, const std::vector<const Groove*>& grooves, Random& random) {
  Arrangement arrangement = described(setting);
  arrangement.tune = tune.id;
  arrangement.source = tune.source;
  arrangement.key = tune.key;
  arrangement.mode = tune.mode;
  const Session session{tune, setting, random, arrangement};
  const Style style = setting.style;
  const bool drummed = !chance(random, traits_of(style).drumless);
  if (drummed)
    add_drums(arrangement, setting, grooves, random);
  if (chance(random, drummed ? 0.92 : 0.6))
    add_bass(session);
  const bool distorted = style == Style::metal || chance(random, style == Style::rock ? 0.5 : 0.04);
  if (distorted) {
    set_program(session, kGuitarChannel, Part::distorted);
    arrangement.guitar = play_riff(tune, setting, random);
  }
  if (!distorted || chance(random, 0.25))
    add_comping(session, !distorted);
  add_colours(session);
  add_lead(session, arrangement.band.empty() && arrangement.guitar.empty());
  if (chance(random, style == Style::hip_hop ? 0.75 : 0.02))
    arrangement.rap = rap(setting.beats, random);
  limit(arrangement);
  return arrangement;
}

Arrangement drums_alone(const Setting& setting, const std::vector<const Groove*>& grooves, Random& random) {
  Arrangement arrangement = described(setting);
  arrangement.tune = fmt::format("procedural-{:016x}", random());
  arrangement.source = "procedural";
  arrangement.keyless = true;
  add_drums(arrangement, setting, grooves, random);
  limit(arrangement);
  return arrangement;
}

}  // namespace segue::music
