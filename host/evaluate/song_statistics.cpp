#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/evaluate/split_pairs.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/evaluate/metrics.hpp"

namespace segue::evaluate {
namespace {

constexpr double kHeadShare = 0.8;

/// Songs by number of listeners, least first; ties by row.
std::vector<std::int32_t> by_listeners(const std::vector<std::int32_t>& listeners) {
  std::vector<std::int32_t> order(listeners.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return listeners[static_cast<std::size_t>(a)] < listeners[static_cast<std::size_t>(b)];
  });
  return order;
}

void set_percentiles(const std::vector<std::int32_t>& order, SongStatistics& songs) {
  const auto value = [&](std::size_t i) { return songs.listeners[static_cast<std::size_t>(order[i])]; };
  const auto count = static_cast<double>(order.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && value(end) == value(begin))
      ++end;
    for (std::size_t i = begin; i < end; ++i)
      songs.percentile[static_cast<std::size_t>(order[i])] = static_cast<double>(begin + end) / 2 / count;
  }
}

/// Songs of as many listeners as one of the head belong to the head, so that it does not depend on their rows.
void set_tail(const std::vector<std::int32_t>& order, SongStatistics& songs) {
  const double total = std::accumulate(songs.listeners.begin(), songs.listeners.end(), 0.0);
  double head = 0, least = 0;
  for (auto song = order.rbegin(); song != order.rend() && head < kHeadShare * total; ++song)
    head += least = songs.listeners[static_cast<std::size_t>(*song)];
  for (std::size_t song = 0; song < order.size(); ++song)
    songs.in_tail[song] = songs.listeners[song] < least || songs.listeners[song] == 0;
}

double count_streaming_users(const data::CsrView& plays) {
  double users = 0;
  for (std::int64_t user = 0; user < plays.rows; ++user)
    users += std::ranges::any_of(plays.row_values(user), [](float streams) { return streams > 0; }) ? 1 : 0;
  return users;
}

Matrix<float> unit_vectors(MatrixView<const float> vectors) {
  Matrix<float> units(vectors.rows(), vectors.columns());
  parallel_for(vectors.rows(), 1024, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const auto vector = vectors.row(row);
      const double square = std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0);
      const double scale = square > 0 ? 1 / std::sqrt(square) : 0;
      std::transform(vector.begin(), vector.end(), units.row(row).begin(),
                     [&](float x) { return static_cast<float>(static_cast<double>(x) * scale); });
    }
  });
  return units;
}

}  // namespace

SongStatistics song_statistics(const data::CsrView& plays, MatrixView<const float> vectors) {
  if (vectors.rows() != 0 && vectors.rows() != plays.columns)
    throw InvalidArgument(fmt::format("song statistics: {} song vectors, expected one for each of {} songs",
                                      vectors.rows(), plays.columns));
  const std::vector<std::int32_t> listeners = count_listeners(plays);
  SongStatistics songs;
  songs.listeners.assign(listeners.begin(), listeners.end());
  songs.percentile.resize(listeners.size());
  songs.in_tail.resize(listeners.size());
  const double users = count_streaming_users(plays);
  for (const double count : songs.listeners)
    songs.self_information.push_back(std::log2(std::max(users, 1.0) / std::max(count, 1.0)));
  const std::vector<std::int32_t> order = by_listeners(listeners);
  set_percentiles(order, songs);
  set_tail(order, songs);
  songs.unit_vectors = unit_vectors(vectors);
  return songs;
}

}  // namespace segue::evaluate
