#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "segue/core/matrix.hpp"
#include "segue/data/csr.hpp"

namespace segue::evaluate {

/// Ranks all songs for each of some users by a score: more is better. Scores are finite, and a pair's has the same
/// bits however it is asked for. Serves several threads at once.
class Scorer {
 public:
  /// Some consecutive users, for one thread.
  class Block {
   public:
    virtual ~Block() = default;
    /// @param first_song  a multiple of 32
    /// @param scores      [users of the block × a multiple of 32 songs from there on], rows 64-byte aligned; columns
    ///                    beyond the last song may be left, or hold anything
    virtual void score(std::int64_t first_song, MatrixView<float> scores) = 0;
    /// The scores of some songs for one user of the block.
    virtual void score(std::int64_t user, std::span<const std::int32_t> songs, std::span<float> scores) = 0;
  };

  virtual ~Scorer() = default;
  virtual std::int64_t users() const = 0;
  virtual std::int64_t songs() const = 0;
  virtual std::unique_ptr<Block> block(std::int64_t first_user, std::int64_t users) const = 0;
};

/// Inner products.
/// @param users  [evaluated users × rank], borrowed
/// @param songs  [songs × rank], borrowed, and packed into a copy
/// @throws InvalidArgument  ranks that differ, a value that is not finite (which side, row and component), values so
///         large that a score could overflow
std::unique_ptr<Scorer> make_factor_scorer(MatrixView<const float> users, MatrixView<const float> songs);

/// The same for all users: the songs with most listeners first.
/// @param plays  of training, users × songs: value > 0 is a stream
std::unique_ptr<Scorer> make_popularity_scorer(std::int64_t users, const data::CsrView& plays);

/// Another random order for each user, drawn from (seed, users[row]).
/// @param users  [evaluated users] rows of the whole, borrowed
std::unique_ptr<Scorer> make_random_scorer(std::span<const std::int32_t> users, std::int64_t songs, std::uint64_t seed);

/// Lists as they are: songs in the order given, then all others as one tie.
/// @param lists  [evaluated users × most songs], −1 where a list is shorter; borrowed
/// @throws InvalidArgument  a song out of range or twice in a list
std::unique_ptr<Scorer> make_list_scorer(MatrixView<const std::int32_t> lists, std::int64_t songs);

}  // namespace segue::evaluate
