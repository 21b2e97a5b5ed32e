#include "host/playlist/labels.hpp"

#include <algorithm>
#include <array>

namespace segue::playlist {

std::string_view name_of(Source source) {
  static constexpr std::array<std::string_view, 8> kNames{
      "als", "similar-songs", "group", "similar-users", "artist", "followed-artist", "similar-artist", "popular"};
  return kNames[static_cast<std::size_t>(source)];
}

std::string_view title_of(const Inputs& inputs, std::int32_t song) {
  return inputs.catalogue->contains(song) ? inputs.catalogue->title_of(song) : inputs.songs->id(song);
}

std::string_view name_of_artist(const Inputs& inputs, std::int32_t artist) {
  const auto& names = inputs.catalogue->artist_names;
  const auto row = static_cast<std::size_t>(artist);
  return row < names.size() && !names[row].empty() ? std::string_view(names[row])
                                                   : inputs.catalogue->artists.id(artist);
}

std::string_view artist_name_of(const Inputs& inputs, std::int32_t song) {
  return inputs.catalogue->contains(song) ? inputs.catalogue->artist_name_of(song) : std::string_view{};
}

std::string_view artist_id_of(const Inputs& inputs, std::int32_t song) {
  return inputs.catalogue->contains(song) ? inputs.catalogue->artist_id_of(song) : std::string_view{};
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return line;
}

}  // namespace segue::playlist
