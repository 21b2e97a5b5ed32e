#pragma once

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

}  // namespace segue::playlist
