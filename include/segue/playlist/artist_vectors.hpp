#pragma once

#include "segue/core/matrix.hpp"
#include "segue/data/catalogue.hpp"
#include "segue/data/interactions.hpp"

namespace segue::playlist {

/// An artist's vector: the mean of its songs' vectors, weighted by the log of their listeners. [artists × rank]; zero
/// for artists none of whose songs was trained on.
Matrix<float> artist_vectors(const data::Catalogue& catalogue, MatrixView<const float> song_vectors,
                             const data::CsrView& plays_by_song);

}  // namespace segue::playlist
