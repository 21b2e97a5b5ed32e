#include "host/music/progressions.hpp"

namespace segue::music {
namespace {

constexpr std::string_view kMajor[] = {
    "I V vi IV", "I IV V I",  "I vi IV V", "I IV I V",    "I bVII IV I", "I ii V I",     "I iii IV V", "I IV I",
    "I IV",      "I V",       "I I I I",   "I V IV I",    "I iii vi IV", "IV I V I",     "I ii IV V",  "I bVII I bVII",
    "I IV ii V", "I vi ii V", "vi IV I V", "I V/3 vi IV", "I I7 IV iv",  "I III7 vi IV", "I II7 IV V"};

constexpr std::string_view kMinor[] = {"i bVI bIII bVII",
                                       "i bVII bVI V",
                                       "i iv v i",
                                       "i iv V i",
                                       "i i i i",
                                       "i bVII",
                                       "i bVI bVII i",
                                       "i iv",
                                       "i v",
                                       "i bVI",
                                       "i bVII bVI bVII",
                                       "i bIII bVII iv",
                                       "i iv bVII bIII",
                                       "i V",
                                       "i bVI iv V",
                                       "i i iv v",
                                       "i IV",
                                       "i bIII IV i",
                                       "i bVII iv i",
                                       "i iio V i",
                                       "i bVI bIII v",
                                       "i V i iv",
                                       "i bIII bVI bVII",
                                       "i iv bVI V"};

constexpr std::string_view kMetal[] = {"i i i i",        "i i bII i",  "i bVI bVII i", "i bIII iv i",
                                       "i bVII bVI bII", "i i bVI v",  "i bII",        "i bIII bII i",
                                       "i #IV iv i",     "i bVI iv v", "i i bIII iv"};

constexpr std::string_view kJazzMajor[] = {"ii7 V7 Imaj7 Imaj7", "Imaj7 VI7 ii7 V7",      "Imaj7 vi7 ii7 V7",
                                           "iii7 VI7 ii7 V7",    "Imaj7 IVmaj7 iii7 vi7", "I6 II7 ii7 V7"};

constexpr std::string_view kJazzMinor[] = {"iih V7 i7 i7", "i7 iv7 iih V7", "i7 bVI7 iih V7", "i7 i7 iv7 i7",
                                           "i6 i6 bVI7 V7"};

constexpr std::string_view kBluesMajor[] = {
    "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7",
    "I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", "I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7",
    "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 V7 I7 V7"};

constexpr std::string_view kBluesMinor[] = {"i7 i7 i7 i7 iv7 iv7 i7 i7 v7 iv7 i7 i7", "i i i i", "i i iv i",
                                            "i7 i7 i7 i7 iv7 iv7 i7 i7 bVI7 V7 i7 i7"};

}  // namespace

std::span<const std::string_view> progressions(Style style, int mode) {
  const bool major = mode == 1;
  switch (style) {
    case Style::jazz:
      return major ? std::span<const std::string_view>(kJazzMajor) : kJazzMinor;
    case Style::blues:
      return major ? std::span<const std::string_view>(kBluesMajor) : kBluesMinor;
    case Style::metal:
      return major ? std::span<const std::string_view>(kMajor) : kMetal;
    default:
      return major ? std::span<const std::string_view>(kMajor) : kMinor;
  }
}

}  // namespace segue::music
