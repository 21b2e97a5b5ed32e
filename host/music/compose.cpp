#include <fmt/format.h>

#include "host/music/draw.hpp"
#include "host/music/melody.hpp"
#include "host/music/styles.hpp"

namespace segue::music {

Tune compose(const Setting& setting, Random& random) {
  Tune tune;
  tune.id = fmt::format("procedural-{:016x}", random());
  tune.source = "procedural";
  tune.key = 0;
  tune.mode = chance(random, traits_of(setting.style).minor) ? 0 : 1;
  tune.chords = compose_chords(setting, tune.mode, random);
  const Scale& scale = draw_scale(setting.style, tune.mode, random);
  constexpr double kInstrumental = 0.15;
  if (!chance(random, kInstrumental))
    tune.melody = compose_melody(setting, tune.chords, scale, random);
  transpose(tune, integer_between(random, -6, 5));
  return tune;
}

}  // namespace segue::music
