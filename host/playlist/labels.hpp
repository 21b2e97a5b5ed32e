#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "segue/playlist/playlist.hpp"

namespace segue::playlist {

/// The song's title, or its id where the catalogue has none.
std::string_view title_of(const Inputs& inputs, std::int32_t song);
/// The artist's name, or its id where the catalogue has none.
std::string_view name_of_artist(const Inputs& inputs, std::int32_t artist);
/// Both empty for a song without artist.
std::string_view artist_name_of(const Inputs& inputs, std::int32_t song);
std::string_view artist_id_of(const Inputs& inputs, std::int32_t song);

/// `text` with each control character, line breaks among them, made a space.
std::string one_line(std::string_view text);

}  // namespace segue::playlist
