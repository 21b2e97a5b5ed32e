#include "host/playlist/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "segue/core/error.hpp"

namespace segue::playlist {
namespace {

void check_equal(std::string_view what, std::int64_t have, std::string_view other, std::int64_t want) {
  if (have != want)
    throw InvalidArgument(fmt::format("playlists: {} ({}) and {} ({}) must be equal", what, have, other, want));
}

void check_at_most(std::string_view what, std::int64_t have, std::string_view other, std::int64_t most) {
  if (have > most)
    throw InvalidArgument(fmt::format("playlists: {} ({}) must not be more than {} ({})", what, have, other, most));
}

}  // namespace

void check_inputs(const Inputs& inputs) {
  const data::CsrView plays = inputs.interactions->plays.view();
  const data::CsrView strength = inputs.interactions->strength.view();
  check_equal("columns of plays", plays.columns, "songs", inputs.songs->size());
  check_equal("columns of strength", strength.columns, "songs", inputs.songs->size());
  check_equal("rows of strength", strength.rows, "rows of plays", plays.rows);
  check_at_most("rows of plays", plays.rows, "users", inputs.users->size());
  check_at_most("songs of the catalogue", inputs.catalogue->songs(), "songs", inputs.songs->size());
  check_at_most("rows of follows", inputs.follows.rows, "users", inputs.users->size());
  if (inputs.follows.rows > 0)
    check_equal("columns of follows", inputs.follows.columns, "artists", inputs.catalogue->artists.size());
  check_at_most("user vectors", inputs.user_vectors.rows(), "rows of plays", plays.rows);
  if (inputs.song_vectors.rows() > 0)
    check_equal("song vectors", inputs.song_vectors.rows(), "songs", inputs.songs->size());
  if (inputs.song_vectors.rows() > 0 && inputs.user_vectors.rows() > 0)
    check_equal("rank of user vectors", inputs.user_vectors.columns(), "rank of song vectors",
                inputs.song_vectors.columns());
}

void check_given_before(const Inputs& inputs, const data::CsrView& given_before) {
  check_at_most("rows of songs given before", given_before.rows, "users", inputs.users->size());
  if (given_before.rows > 0)
    check_equal("columns of songs given before", given_before.columns, "songs", inputs.songs->size());
}

void check_users(const Inputs& inputs, std::span<const std::int32_t> users) {
  for (const std::int32_t user : users)
    if (user < 0 || user >= inputs.users->size())
      throw InvalidArgument(fmt::format("playlists: user row {} is not in 0–{}", user, inputs.users->size() - 1));
}

void check_option(const char* name, double value, double lowest, double highest) {
  if (!(value >= lowest && value <= highest))
    throw InvalidArgument(fmt::format("{}: {} is not in {}–{}", name, value, lowest, highest));
}

Matrix<float> gather_rows(MatrixView<const float> matrix, std::span<const std::int32_t> rows) {
  Matrix<float> gathered(static_cast<std::int64_t>(rows.size()), matrix.columns());
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::ranges::copy(matrix.row(rows[i]), gathered.row(static_cast<std::int64_t>(i)).begin());
  return gathered;
}

void end_row(data::Csr& pattern) {
  pattern.offsets.push_back(static_cast<std::int64_t>(pattern.indices.size()));
  ++pattern.rows;
}

bool has_vector(MatrixView<const float> vectors, std::int64_t row) {
  if (row >= vectors.rows())
    return false;
  const std::span<const float> vector = vectors.row(row);
  return std::any_of(vector.begin(), vector.end(), [](float x) { return x != 0; });
}

double cosine_of(std::span<const float> a, std::span<const float> b) {
  double dot = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
}

bool has_taste(const Inputs& inputs, std::int32_t user) {
  const std::span<const float> streams = values_of(inputs.interactions->plays.view(), user);
  return std::any_of(streams.begin(), streams.end(), [](float n) { return n > 0; }) &&
         has_vector(inputs.user_vectors, user) && inputs.song_vectors.rows() > 0;
}

std::int32_t artist_of(const Inputs& inputs, std::int32_t song) {
  return inputs.catalogue->contains(song) ? inputs.catalogue->artist[static_cast<std::size_t>(song)]
                                          : data::IdTable::kNone;
}

std::vector<ArtistStreams> artists_streamed(const Inputs& inputs, std::int32_t user) {
  const data::CsrView plays = inputs.interactions->plays.view();
  const std::span<const std::int32_t> songs = indices_of(plays, user);
  const std::span<const float> streams = values_of(plays, user);
  std::vector<ArtistStreams> artists;
  for (std::size_t i = 0; i < songs.size(); ++i) {
    const std::int32_t artist = artist_of(inputs, songs[i]);
    if (artist != data::IdTable::kNone && streams[i] > 0)
      artists.push_back({artist, streams[i]});
  }
  std::stable_sort(artists.begin(), artists.end(), [](const auto& a, const auto& b) { return a.artist < b.artist; });
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < artists.size(); ++i) {
    if (distinct > 0 && artists[distinct - 1].artist == artists[i].artist)
      artists[distinct - 1].streams += artists[i].streams;
    else
      artists[distinct++] = artists[i];
  }
  artists.resize(distinct);
  std::stable_sort(artists.begin(), artists.end(), [](const auto& a, const auto& b) { return a.streams > b.streams; });
  return artists;
}

}  // namespace segue::playlist
