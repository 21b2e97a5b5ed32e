#include "host/playlist/flow_order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "host/playlist/inputs.hpp"

namespace segue::playlist {
namespace {

double distance(const Inputs& inputs, std::int32_t a, std::int32_t b) {
  double sum = 0;
  if (inputs.song_vectors.rows() > 0)
    sum += 1 - cosine_of(inputs.song_vectors.row(a), inputs.song_vectors.row(b));
  const Matrix<float>& flow = inputs.catalogue->flow;
  if (has_vector(flow.view(), a) && has_vector(flow.view(), b))
    sum += std::abs(flow(a, 0) - flow(b, 0)) / 2 + std::abs(flow(a, 1) - flow(b, 1)) +
           std::abs(flow(a, 2) - flow(b, 2)) / 2;
  return sum;
}

// Deals out songs so that no artist comes twice in a row where that can be avoided. With n songs left, it can be as
// long as no artist has more than ⌈n/2⌉ of them, or ⌊n/2⌋ if it was the last: so an artist with more than ⌊n/2⌋ goes
// next.
class ArtistRotation {
 public:
  ArtistRotation(const Inputs& inputs, std::span<const Choice> choices) : inputs_(inputs), left_(choices.size()) {
    for (const Choice& choice : choices)
      ++songs_left_[artist(choice)];
  }

  // The artist that must come next, or kNobody.
  std::int64_t due() const {
    for (const auto& [artist, songs] : songs_left_)
      if (songs > left_ / 2 && artist != last_)
        return artist;
    return kNobody;
  }
  bool was_last(const Choice& choice) const { return artist(choice) == last_; }
  void play(const Choice& choice) {
    last_ = artist(choice);
    --songs_left_[last_];
    --left_;
  }
  // A song without artist is its own.
  std::int64_t artist(const Choice& choice) const {
    const std::int32_t row = artist_of(inputs_, choice.song);
    return row != data::IdTable::kNone ? row : -1 - static_cast<std::int64_t>(choice.song);
  }

  static constexpr std::int64_t kNobody = std::numeric_limits<std::int64_t>::min();

 private:
  const Inputs& inputs_;
  std::size_t left_;
  std::unordered_map<std::int64_t, std::size_t> songs_left_;
  std::int64_t last_ = kNobody;
};

}  // namespace

void order_for_flow(const Inputs& inputs, std::span<Choice> choices) {
  ArtistRotation rotation(inputs, choices);
  for (std::size_t position = 0; position < choices.size(); ++position) {
    const std::int64_t due = rotation.due();
    std::size_t best = position;
    std::tuple<bool, double> best_cost{true, std::numeric_limits<double>::infinity()};
    for (std::size_t i = position; i < choices.size(); ++i) {
      const bool unwelcome =
          due != ArtistRotation::kNobody ? rotation.artist(choices[i]) != due : rotation.was_last(choices[i]);
      const double step = position > 0 ? distance(inputs, choices[position - 1].song, choices[i].song) : 0;
      if (const std::tuple cost{unwelcome, step}; cost < best_cost) {
        best = i;
        best_cost = cost;
      }
    }
    std::rotate(choices.begin() + static_cast<std::ptrdiff_t>(position),
                choices.begin() + static_cast<std::ptrdiff_t>(best),
                choices.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    rotation.play(choices[position]);
  }
}

}  // namespace segue::playlist
