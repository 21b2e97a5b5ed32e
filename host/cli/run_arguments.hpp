#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "segue/data/catalogue.hpp"
#include "segue/pipeline/run.hpp"

namespace segue::cli {

/// Adds --run.
void add_run_option(CLI::App& command, std::string& run);

/// A song's row by its id or, where no id is so, by its title (case does not count); an artist's by id or name.
/// @throws UnknownId  nothing is called that: the nearest ids;  InvalidArgument  several are: their ids and artists
std::int32_t find_song(const pipeline::Run& run, std::string_view id_or_title);
std::int32_t find_artist(const pipeline::Run& run, std::string_view id_or_name);
/// @throws UnknownId
std::int32_t find_user(const pipeline::Run& run, std::string_view id);

/// "Title", or the id of a song without one.
std::string song_title(const pipeline::Run& run, std::int32_t song);
std::string song_artist(const pipeline::Run& run, std::int32_t song);
std::string artist_name(const pipeline::Run& run, std::int32_t artist);

/// Bits of the songs that can be recommended: they have a vector and, where there is a catalogue, stand in it.
std::vector<std::uint64_t> recommendable_songs(const pipeline::Run& run);

/// Bits of the rows that are not all zeros.
std::vector<std::uint64_t> nonzero_rows(MatrixView<const float> vectors);

}  // namespace segue::cli
