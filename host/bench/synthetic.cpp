#include "segue/bench/synthetic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"

namespace segue::bench {
namespace {

constexpr double kActivityDeviation = 1.2;
constexpr std::int64_t kLeastSongsPerInteraction = 8;  // a user never has more than an eighth of the songs
constexpr std::int64_t kRowsPerTask = 256;
enum Stream : std::uint64_t { kShuffle = 0, kActivity = 1ull << 40, kRows = 2ull << 40 };

void check_range(const char* name, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high)
    throw InvalidArgument(fmt::format("bench: {} is {}, expected {} to {}", name, value, low, high));
}

// Of a place drawn with density ∝ (place + 20)^−0.9 over [0, songs): the integral's inverse is a tenth power.
class Popularity {
 public:
  explicit Popularity(std::int64_t songs)
      : last_(songs - 1),
        low_(std::pow(kOffset, 0.1)),
        span_(std::pow(kOffset + static_cast<double>(songs), 0.1) - low_) {}

  std::int64_t place(Random& random) const {
    const double root = low_ + span_ * random.uniform();
    const double square = root * root, fourth = square * square;
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(fourth * fourth * square - kOffset), 0, last_);
  }

 private:
  static constexpr double kOffset = 20;
  std::int64_t last_;
  double low_, span_;
};

double clamped_sum(const std::vector<double>& activity, double scale, double most) {
  return parallel_sum(static_cast<std::int64_t>(activity.size()), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    double sum = 0;
    for (std::int64_t user = begin; user < end; ++user)
      sum += std::min(scale * activity[static_cast<std::size_t>(user)], most);
    return sum;
  });
}

// The scale at which the users' interactions, none above `most`, come to `total`.
double scale_to(const std::vector<double>& activity, double total, double most) {
  double low = 0, high = total;
  while (clamped_sum(activity, high, most) < total && high < 1e300)
    high *= 2;
  for (int step = 0; step < 100; ++step) {
    const double middle = (low + high) / 2;
    (clamped_sum(activity, middle, most) < total ? low : high) = middle;
  }
  return high;
}

std::vector<std::int64_t> row_offsets(const PowerLaw& shape) {
  std::vector<double> activity(static_cast<std::size_t>(shape.users));
  parallel_for(shape.users, 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t user = begin; user < end; ++user)
      activity[static_cast<std::size_t>(user)] = std::exp(
          kActivityDeviation * Random(shape.seed, Stream::kActivity + static_cast<std::uint64_t>(user)).normal());
  });
  const auto most = static_cast<double>(shape.songs / kLeastSongsPerInteraction);
  const double scale = scale_to(activity, static_cast<double>(shape.interactions), most);
  std::vector<std::int64_t> offsets(activity.size() + 1, 0);
  double sum = 0;
  for (std::size_t user = 0; user < activity.size(); ++user) {
    sum += std::min(scale * activity[user], most);
    offsets[user + 1] = std::clamp(static_cast<std::int64_t>(sum), offsets[user], shape.interactions);
  }
  offsets.back() = shape.interactions;
  return offsets;
}

std::vector<std::int32_t> shuffled_rows(std::int64_t songs, std::uint64_t seed) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(songs));
  std::iota(rows.begin(), rows.end(), 0);
  Random random(seed, Stream::kShuffle);
  for (std::size_t left = rows.size(); left > 1; --left)
    std::swap(rows[left - 1], rows[random.below(static_cast<std::uint32_t>(left))]);
  return rows;
}

// Different songs for one user after another; `taken` marks those of the user at hand.
struct RowMaker {
  const Popularity& popularity;
  const std::vector<std::int32_t>& rows;
  std::vector<bool>& taken;

  void make(Random random, std::span<std::int32_t> songs, std::span<float> plays) const {
    for (std::size_t made = 0; made < songs.size();) {
      const std::int32_t song = rows[static_cast<std::size_t>(popularity.place(random))];
      if (taken[static_cast<std::size_t>(song)])
        continue;
      taken[static_cast<std::size_t>(song)] = true;
      songs[made++] = song;
    }
    std::ranges::sort(songs);
    for (const std::int32_t song : songs)
      taken[static_cast<std::size_t>(song)] = false;
    for (float& count : plays)
      count = static_cast<float>(1 + std::floor(2 * random.exponential()));
  }
};

}  // namespace

void check_shape(const PowerLaw& shape) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  check_range("users", shape.users, 1, kMost);
  check_range("songs", shape.songs, kLeastSongsPerInteraction, kMost);
  const std::int64_t most = shape.users * (shape.songs / kLeastSongsPerInteraction);
  check_range("interactions (at most an eighth of users × songs)", shape.interactions, 0, most);
}

data::Csr power_law_plays(const PowerLaw& shape, Progress& progress) {
  check_shape(shape);
  data::Csr matrix;
  matrix.rows = shape.users;
  matrix.columns = shape.songs;
  matrix.offsets = row_offsets(shape);
  matrix.indices.resize(static_cast<std::size_t>(shape.interactions));
  matrix.values.resize(static_cast<std::size_t>(shape.interactions));
  const Popularity popularity(shape.songs);
  const std::vector<std::int32_t> rows = shuffled_rows(shape.songs, shape.seed);
  PerThread<std::vector<bool>> taken;
  ProgressTask task(progress, "synthetic plays", shape.interactions, "interactions");
  parallel_for(shape.users, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    taken.local().resize(static_cast<std::size_t>(shape.songs));
    const RowMaker maker{popularity, rows, taken.local()};
    for (std::int64_t user = begin; user < end; ++user) {
      const auto first = static_cast<std::size_t>(matrix.offsets[static_cast<std::size_t>(user)]);
      const auto size = static_cast<std::size_t>(matrix.view().row_size(user));
      maker.make(Random(shape.seed, Stream::kRows + static_cast<std::uint64_t>(user)),
                 std::span(matrix.indices).subspan(first, size), std::span(matrix.values).subspan(first, size));
    }
    task.advance(matrix.offsets[static_cast<std::size_t>(end)] - matrix.offsets[static_cast<std::size_t>(begin)]);
  });
  return matrix;
}

Matrix<float> factor_like_vectors(std::int64_t rows, std::int64_t rank, std::uint64_t seed) {
  Matrix<float> vectors(rows, rank);
  std::vector<double> deviation;
  for (std::int64_t j = 0; j < rank; ++j)
    deviation.push_back(1 / std::sqrt(static_cast<double>(j + 1)));
  parallel_for(rows, 4096, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      Random random(seed, static_cast<std::uint64_t>(row));
      const double scale = std::exp(0.3 * random.normal());
      for (std::int64_t j = 0; j < rank; ++j)
        vectors(row, j) = static_cast<float>(scale * deviation[static_cast<std::size_t>(j)] * random.normal());
    }
  });
  return vectors;
}

}  // namespace segue::bench
