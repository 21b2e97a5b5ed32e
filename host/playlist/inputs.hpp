#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "segue/core/progress.hpp"
#include "segue/playlist/playlist.hpp"

namespace segue::playlist {

/// @throws InvalidArgument  shapes that do not fit each other: which, with both numbers
void check_inputs(const Inputs& inputs);
/// @param given_before  users × songs pattern.  @throws InvalidArgument  as above
void check_given_before(const Inputs& inputs, const data::CsrView& given_before);
/// @throws InvalidArgument  a row that is no user's
void check_users(const Inputs& inputs, std::span<const std::int32_t> users);
/// @throws InvalidArgument  naming the option, its value and its range
void check_option(const char* name, double value, double lowest, double highest);

/// Row `row` of a matrix that may have fewer rows: then it is empty.
inline std::span<const std::int32_t> indices_of(const data::CsrView& matrix, std::int64_t row) {
  return row < matrix.rows ? matrix.row_indices(row) : std::span<const std::int32_t>{};
}
inline std::span<const float> values_of(const data::CsrView& matrix, std::int64_t row) {
  return row < matrix.rows ? matrix.row_values(row) : std::span<const float>{};
}

/// Copies of these rows.
Matrix<float> gather_rows(MatrixView<const float> matrix, std::span<const std::int32_t> rows);
/// Ends a row of a pattern in the making, whose indices were appended.
void end_row(data::Csr& pattern);

/// Whether there is a vector: a row that exists and is not all zero.
bool has_vector(MatrixView<const float> vectors, std::int64_t row);
/// 0 where one is all zero.
double cosine_of(std::span<const float> a, std::span<const float> b);
/// Whether taste is known: the user has streams and a vector. The others are cold starts.
bool has_taste(const Inputs& inputs, std::int32_t user);

/// The song's artist row, or IdTable::kNone.
std::int32_t artist_of(const Inputs& inputs, std::int32_t song);

/// Calls `make` for blocks of the users, one after the other, and hands its lists to `sink`.
template <class Make, class Sink>
void make_in_blocks(std::span<const std::int32_t> users, int block_users, Make&& make, Sink&& sink,
                    ProgressTask& task) {
  const auto block = static_cast<std::size_t>(block_users);
  for (std::size_t begin = 0; begin < users.size(); begin += block) {
    const std::vector<Playlist> lists = make(users.subspan(begin, std::min(block, users.size() - begin)));
    for (const Playlist& list : lists)
      sink(list);
    task.advance(static_cast<std::int64_t>(lists.size()));
  }
}

struct ArtistStreams {
  std::int32_t artist;
  double streams;
};
/// The artists a user streams, most streamed first, ties by row.
std::vector<ArtistStreams> artists_streamed(const Inputs& inputs, std::int32_t user);

}  // namespace segue::playlist
