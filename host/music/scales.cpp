#include "host/music/draw.hpp"
#include "host/music/harmony.hpp"

namespace segue::music {
namespace {

const Scale kMajor = {0, 2, 4, 5, 7, 9, 11};
const Scale kMixolydian = {0, 2, 4, 5, 7, 9, 10};
const Scale kMajorPentatonic = {0, 2, 4, 7, 9};
const Scale kNaturalMinor = {0, 2, 3, 5, 7, 8, 10};
const Scale kHarmonicMinor = {0, 2, 3, 5, 7, 8, 11};
const Scale kDorian = {0, 2, 3, 5, 7, 9, 10};
const Scale kPhrygian = {0, 1, 3, 5, 7, 8, 10};
const Scale kMinorPentatonic = {0, 3, 5, 7, 10};
const Scale kBlues = {0, 3, 5, 6, 7, 10};

using Choices = std::vector<const Scale*>;

const Choices& choices(Style style, int mode) {
  static const Choices kAnyMajor = {&kMajor, &kMajorPentatonic, &kMixolydian};
  static const Choices kBluesMajor = {&kBlues, &kMixolydian, &kMajorPentatonic, &kMinorPentatonic};
  static const Choices kAnyMinor = {&kNaturalMinor, &kNaturalMinor, &kMinorPentatonic, &kDorian, &kHarmonicMinor};
  static const Choices kRiffMinor = {&kNaturalMinor, &kMinorPentatonic, &kMinorPentatonic, &kBlues};
  static const Choices kMetalMinor = {&kNaturalMinor, &kMinorPentatonic, &kPhrygian, &kBlues};
  if (mode == 1)
    return style == Style::blues ? kBluesMajor : kAnyMajor;
  switch (style) {
    case Style::metal:
      return kMetalMinor;
    case Style::rock:
    case Style::blues:
    case Style::funk:
    case Style::hip_hop:
      return kRiffMinor;
    default:
      return kAnyMinor;
  }
}

}  // namespace

const Scale& draw_scale(Style style, int mode, Random& random) {
  return *choose(random, choices(style, mode));
}

}  // namespace segue::music
