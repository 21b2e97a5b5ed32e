#include "segue/playlist/artist_vectors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "host/playlist/inputs.hpp"
#include "segue/core/error.hpp"

namespace segue::playlist {

Matrix<float> artist_vectors(const data::Catalogue& catalogue, MatrixView<const float> song_vectors,
                             const data::CsrView& plays_by_song) {
  if (song_vectors.rows() < catalogue.songs() || plays_by_song.rows < catalogue.songs())
    throw InvalidArgument(
        fmt::format("artist vectors: {} songs in the catalogue, but {} song vectors and {} rows of plays",
                    catalogue.songs(), song_vectors.rows(), plays_by_song.rows));
  const std::int64_t rank = song_vectors.columns();
  Matrix<double> sums(catalogue.artists.size(), rank, 0.0);
  std::vector<double> weights(static_cast<std::size_t>(catalogue.artists.size()));
  for (std::int64_t song = 0; song < catalogue.songs(); ++song) {
    const std::int32_t artist = catalogue.artist[static_cast<std::size_t>(song)];
    if (artist == data::IdTable::kNone || !has_vector(song_vectors, song))
      continue;
    const std::span<const float> streams = plays_by_song.row_values(song);
    const auto listeners = std::count_if(streams.begin(), streams.end(), [](float n) { return n > 0; });
    const double weight = std::log1p(static_cast<double>(listeners));
    weights[static_cast<std::size_t>(artist)] += weight;
    for (std::int64_t f = 0; f < rank; ++f)
      sums(artist, f) += weight * song_vectors(song, f);
  }
  Matrix<float> vectors(sums.rows(), rank, 0.0f);
  for (std::int64_t artist = 0; artist < sums.rows(); ++artist)
    if (const double weight = weights[static_cast<std::size_t>(artist)]; weight > 0)
      std::ranges::transform(sums.row(artist), vectors.row(artist).begin(),
                             [&](double sum) { return static_cast<float>(sum / weight); });
  return vectors;
}

std::vector<std::int32_t> artist_listeners(const data::Catalogue& catalogue, const data::CsrView& plays_by_user) {
  std::vector<std::int32_t> listeners(static_cast<std::size_t>(catalogue.artists.size()));
  std::vector<std::int64_t> counted_last(listeners.size(), -1);  // the user, by artist
  for (std::int64_t user = 0; user < plays_by_user.rows; ++user) {
    const std::span<const std::int32_t> songs = plays_by_user.row_indices(user);
    const std::span<const float> streams = plays_by_user.row_values(user);
    for (std::size_t i = 0; i < songs.size(); ++i) {
      if (!(streams[i] > 0) || !catalogue.contains(songs[i]))
        continue;
      const std::int32_t artist = catalogue.artist[static_cast<std::size_t>(songs[i])];
      if (artist == data::IdTable::kNone || counted_last[static_cast<std::size_t>(artist)] == user)
        continue;
      counted_last[static_cast<std::size_t>(artist)] = user;
      ++listeners[static_cast<std::size_t>(artist)];
    }
  }
  return listeners;
}

}  // namespace segue::playlist
