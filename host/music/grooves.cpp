#include <algorithm>
#include <string_view>

#include "host/music/draw.hpp"
#include "host/music/drums.hpp"

namespace segue::music {
namespace {

/// The drummers' own words for styles, best first.
std::vector<std::string_view> groove_styles(Style style) {
  switch (style) {
    case Style::rock:
    case Style::classical:
      return {"rock"};
    case Style::metal:
      return {"rock", "punk"};
    case Style::pop:
      return {"rock", "pop", "soul"};
    case Style::funk:
      return {"funk", "soul"};
    case Style::hip_hop:
      return {"hiphop", "funk"};
    case Style::reggae:
      return {"reggae"};
    case Style::latin:
      return {"latin", "afrocuban", "afrobeat"};
    case Style::jazz:
      return {"jazz"};
    case Style::country:
      return {"country", "rock"};
    case Style::disco:
      return {"dance", "rock"};
    case Style::blues:
    case Style::ballad:
      return {"rock", "soul"};
    case Style::house:
      return {"dance"};
  }
  return {};
}

}  // namespace

std::vector<const Groove*> grooves_for(Style style, const std::vector<const Groove*>& grooves) {
  const std::vector<std::string_view> names = groove_styles(style);
  std::vector<const Groove*> fitting;
  for (const Groove* groove : grooves) {
    const std::string_view family = std::string_view(groove->style).substr(0, groove->style.find('/'));
    if (std::ranges::find(names, family) != names.end())
      fitting.push_back(groove);
  }
  return fitting;
}

std::vector<DrumHit> excerpt_of(const Groove& groove, double beats, Random& random) {
  constexpr double kBar = 4, kEarly = 0.1;  // a hit may come that much before its beat
  const int bars = static_cast<int>(groove.beats / kBar + kSameTime);
  if (bars < 2)
    return {};
  const int first = integer_between(random, 0, bars - 2);
  const double start = first * kBar, period = (bars - first) * kBar;
  std::vector<DrumHit> hits;
  for (double shift = -start; shift < beats; shift += period)
    for (const DrumHit& hit : groove.hits) {
      const bool inside = hit.beat >= start - kEarly && hit.beat < start + period - kEarly;
      if (inside && hit.beat + shift < beats)
        hits.push_back({std::max(0.0, hit.beat + shift), hit.pitch, hit.velocity});
    }
  return hits;
}

}  // namespace segue::music
