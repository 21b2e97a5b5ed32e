#include "host/music/instruments.hpp"

namespace segue::music {
namespace {

constexpr int kGuitars[] = {24, 25, 26, 27, 28};
constexpr int kKeys[] = {0, 1, 2, 4, 5, 6, 16, 17, 18, 19, 21};
constexpr int kOrchestra[] = {0, 6, 40, 41, 42, 45, 46, 48, 49, 68, 70, 71, 73, 60, 24, 11};
constexpr int kDistorted[] = {29, 30, 30};
constexpr int kPads[] = {48, 49, 50, 51, 52, 88, 89, 90, 91, 92, 94, 95, 61, 62, 63};
constexpr int kLeads[] = {56, 57, 59, 60, 64, 65, 66, 67, 68, 71, 73, 75, 22,  21, 40,
                          41, 80, 81, 84, 85, 26, 27, 29, 30, 11, 12, 78, 105, 110};
constexpr int kBasses[] = {32, 33, 34, 35, 36, 37};
constexpr int kSynthBasses[] = {38, 39, 87, 38};

constexpr int kAnyKit[] = {0, 0, 0, 8, 16, 24, 25, 26, 32, 40};
constexpr int kMachines[] = {24, 25, 25, 26, 0, 8};
constexpr int kHardKits[] = {0, 0, 16, 16, 8};
constexpr int kJazzKits[] = {32, 40, 40, 0};

}  // namespace

std::span<const int> programs_for(Part part) {
  switch (part) {
    case Part::guitar:
      return kGuitars;
    case Part::keys:
      return kKeys;
    case Part::orchestra:
      return kOrchestra;
    case Part::distorted:
      return kDistorted;
    case Part::pad:
      return kPads;
    case Part::lead:
      return kLeads;
    case Part::bass:
      return kBasses;
    case Part::synth_bass:
      return kSynthBasses;
  }
  return kKeys;
}

std::span<const int> kits_for(Style style) {
  switch (style) {
    case Style::hip_hop:
    case Style::house:
    case Style::disco:
      return kMachines;
    case Style::rock:
    case Style::metal:
      return kHardKits;
    case Style::jazz:
      return kJazzKits;
    default:
      return kAnyKit;
  }
}

}  // namespace segue::music
