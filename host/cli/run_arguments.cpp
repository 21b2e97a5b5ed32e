#include "host/cli/run_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "segue/core/error.hpp"
#include "segue/core/text.hpp"
#include "segue/search/index.hpp"

namespace segue::cli {
namespace {

// ASCII only: titles in other alphabets must be written as they are.
bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// @param name_of   row → name
/// @param describe  row → what tells it from others of the same name
template <class NameOf, class Describe>
std::int32_t find_named(const data::IdTable& ids, std::int64_t named_rows, std::string_view wanted,
                        std::string_view table, NameOf name_of, Describe describe) {
  if (const std::int32_t row = ids.find(wanted); row != data::IdTable::kNone)
    return row;
  std::vector<std::int32_t> matches;
  for (std::int32_t row = 0; row < named_rows; ++row)
    if (equal_ignoring_case(name_of(row), wanted))
      matches.push_back(row);
  if (matches.empty())
    return ids.require(wanted, table);
  if (matches.size() == 1)
    return matches[0];
  std::string list;
  for (std::size_t i = 0; i < std::min<std::size_t>(matches.size(), 5); ++i)
    list += fmt::format("{}{} ({})", i == 0 ? "" : ", ", ids.id(matches[i]), describe(matches[i]));
  throw InvalidArgument(fmt::format("{} of the {} are called {}: name one by its id: {}{}", matches.size(), table,
                                    quote_for_message(wanted), list, matches.size() > 5 ? ", …" : ""));
}

std::string where(const pipeline::Run& run, std::string_view what) {
  return fmt::format("{} of {}", what, run.directory().string());
}

}  // namespace

void add_run_option(CLI::App& command, std::string& run) {
  run = "runs/current";
  command.add_option("--run", run, "A run, or what `segue train als --out` wrote")
      ->capture_default_str()
      ->type_name("DIR");
}

std::int32_t find_song(const pipeline::Run& run, std::string_view id_or_title) {
  const data::Catalogue& catalogue = run.listening().catalogue;
  return find_named(
      run.listening().songs, catalogue.songs(), id_or_title, where(run, "songs"),
      [&](std::int32_t row) { return catalogue.title_of(row); },
      [&](std::int32_t row) { return std::string(catalogue.artist_name_of(row)); });
}

std::int32_t find_artist(const pipeline::Run& run, std::string_view id_or_name) {
  const data::Catalogue& catalogue = run.listening().catalogue;
  const data::IdTable& ids = run.artists().ids;
  return find_named(
      ids, ids.size(), id_or_name, where(run, "artists"),
      [&](std::int32_t row) -> std::string_view { return catalogue.artist_names[static_cast<std::size_t>(row)]; },
      [&](std::int32_t row) { return fmt::format("artist {}", ids.id(row)); });
}

std::int32_t find_user(const pipeline::Run& run, std::string_view id) {
  return run.listening().users.require(id, where(run, "users"));
}

std::string song_title(const pipeline::Run& run, std::int32_t song) {
  const data::Catalogue& catalogue = run.listening().catalogue;
  return std::string(catalogue.contains(song) ? catalogue.title_of(song) : run.listening().songs.id(song));
}

std::string song_artist(const pipeline::Run& run, std::int32_t song) {
  const data::Catalogue& catalogue = run.listening().catalogue;
  return catalogue.contains(song) ? std::string(catalogue.artist_name_of(song)) : "";
}

std::string artist_name(const pipeline::Run& run, std::int32_t artist) {
  const std::string& name = run.listening().catalogue.artist_names[static_cast<std::size_t>(artist)];
  return name.empty() ? std::string(run.artists().ids.id(artist)) : name;
}

std::vector<std::uint64_t> nonzero_rows(MatrixView<const float> vectors) {
  std::vector<std::uint64_t> mask = search::make_mask(vectors.rows());
  for (std::int64_t row = 0; row < vectors.rows(); ++row)
    if (std::ranges::any_of(vectors.row(row), [](float x) { return x != 0; }))
      search::set_bit(mask, row);
  return mask;
}

std::vector<std::uint64_t> recommendable_songs(const pipeline::Run& run) {
  std::vector<std::uint64_t> mask = nonzero_rows(run.songs().vectors.view());
  const data::Catalogue& catalogue = run.listening().catalogue;
  if (!catalogue.empty())
    for (std::int64_t song = catalogue.songs(); song < run.songs().vectors.rows(); ++song)
      search::clear_bit(mask, song);
  return mask;
}

}  // namespace segue::cli
