#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "segue/core/progress.hpp"
#include "segue/data/csr.hpp"
#include "segue/data/interactions.hpp"
#include "segue/data/listens.hpp"

namespace segue::evaluate {

/// What a model is asked to foresee. "Song" below is a song the user streamed; skips are nothing to be found.
enum class Protocol {
  leave_k_out,  ///< k random songs of each user
  time,         ///< songs first streamed at or after a moment, from what was played before it: what a service lives
  strong,       ///< a fifth of the songs of users whom the model never met and is given the other songs of afterwards:
           ///< strong generalisation, Liang et al. (2018), Variational Autoencoders for Collaborative Filtering, §4
};

/// "leave-k-out", "time", "strong".  @throws InvalidArgument  another word
Protocol parse_protocol(std::string_view word);
std::string_view to_string(Protocol protocol);

/// Which songs are held out. Choose on validation, report on test: a model that is evaluated on the test part is
/// trained on the validation part too, one that is evaluated on the validation part sees nothing of the test part.
enum class Part { validation, test };

struct SplitOptions {
  Protocol protocol = Protocol::leave_k_out;
  Part part = Part::test;
  int k = 5;           ///< leave_k_out: songs held out of a user, 1–10⁶
  int min_songs = 10;  ///< leave_k_out (more than k) and strong (2 or more): users with fewer songs are not evaluated.
                       ///< Validation songs come from what the test part left, by the same rule
  std::int64_t test_from = 0;        ///< time: seconds since 1970; 0: nine tenths of the listens lie before it
  std::int64_t validation_from = 0;  ///< time: before test_from; 0: nine tenths of the listens before test_from do
  double held_out_users = 0.1;  ///< strong: share of the users with min_songs or more, for each part, above 0 to 0.5
  double held_out_songs = 0.2;  ///< strong: share of such a user's songs, rounded down, at least 1; above 0, below 1
  std::uint64_t seed = 1;       ///< a user's songs depend on the seed, the user's row and the songs, not on threads
};

/// What there was and what became of it.
struct SplitCounts {
  std::int64_t users = 0;        ///< evaluated
  std::int64_t held_out = 0;     ///< pairs of user and song
  std::int64_t unreachable = 0;  ///< of these, pairs of songs that nobody streams in training: they stay, as misses
  std::int64_t users_with_few_songs = 0;    ///< not evaluated: fewer than min_songs
  std::int64_t users_without_training = 0;  ///< time: not evaluated: nothing streamed before; leave_k_out, strong: 0
  std::int64_t rows_without_time = 0;       ///< time: listens that are in neither part
  std::int64_t from = 0;                    ///< time: the moment where the held-out part begins
};

struct Split {
  /// What the model is trained on, rows and columns as in the whole. Held-out pairs are gone, their skips too
  /// (of its totals, leave_k_out and strong set streams, and keep skips and times as they were in the whole).
  data::Interactions train;
  std::vector<std::int32_t> users;  ///< evaluated: rows of the whole, ascending. The row numbers of what follows:
  data::Csr held_out;               ///< [users × songs] pattern: what is to be found, at least one song a row
  data::Csr seen;     ///< [users × songs] pattern: streamed in training (strong: the songs given); never candidates
  data::Csr fold_in;  ///< strong: [users × songs] r of what the model is given of them; else 0 rows
  SplitCounts counts;
};

/// Splits pairs: leave_k_out or strong. `interactions` are the options that `all` was built with; songs and users that
/// fall under its minima by the split leave the training, too. With a half-life, ages stay those in `all`.
/// @throws InvalidArgument  an option out of range, Protocol::time;  BadInput  nobody has songs enough: how many and
///         what to do
Split make_split(const data::Interactions& all, const data::InteractionOptions& interactions,
                 const SplitOptions& options);

/// Splits a log by any protocol.
/// @param users, songs  as for build_interactions()
/// @throws InvalidArgument;  BadInput  also when no listen has a time, or none lies on one side of the moment
Split make_split(const data::ListenLog& log, std::int64_t users, std::int64_t songs,
                 const data::InteractionOptions& interactions, const SplitOptions& options, Progress& progress);

}  // namespace segue::evaluate
