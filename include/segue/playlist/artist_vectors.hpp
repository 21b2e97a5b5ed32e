#pragma once

#include <cstdint>
#include <vector>

#include "segue/core/matrix.hpp"
#include "segue/data/catalogue.hpp"
#include "segue/data/csr.hpp"

namespace segue::playlist {

/// An artist's vector: the mean of its songs' vectors, weighted by log(1 + listeners). [artists × rank]; zero for
/// artists none of whose songs was trained on.
/// @param song_vectors   [songs × rank], at least the catalogue's songs
/// @param plays_by_song  songs × users; a user with a value above 0 counts as a listener
Matrix<float> artist_vectors(const data::Catalogue& catalogue, MatrixView<const float> song_vectors,
                             const data::CsrView& plays_by_song);

/// By artist row: how many users have at least one stream of a song of the artist. A vector of an artist with one or
/// two of them says little.
/// @param plays_by_user  users × songs; a value above 0 is a stream
std::vector<std::int32_t> artist_listeners(const data::Catalogue& catalogue, const data::CsrView& plays_by_user);

}  // namespace segue::playlist
