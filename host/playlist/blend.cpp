#include "host/playlist/blend.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "host/playlist/inputs.hpp"

namespace segue::playlist {
namespace {

constexpr double kRankOffset = 60;
constexpr double kPopularWeight = 0.01;  // says little about the user, so scores below what a source proposed

double reciprocal_rank(std::size_t position) {
  return (kRankOffset + 1) / (kRankOffset + 1 + static_cast<double>(position));
}

// A list being filled.
class Selection {
 public:
  Selection(const Inputs& inputs, const SongFacts& facts, const ListRules& rules)
      : inputs_(inputs), facts_(facts), rules_(rules) {}

  int size() const { return static_cast<int>(chosen_.size()); }
  bool full() const { return size() >= rules_.length; }

  // Takes the song unless the list is full, has it or a twin of it, or has enough of its artist.
  bool take(const Choice& choice) {
    const std::int32_t artist = artist_of(inputs_, choice.song);
    const std::int32_t first_twin = facts_.first_twin[static_cast<std::size_t>(choice.song)];
    if (full() || twins_.contains(first_twin) ||
        (artist != data::IdTable::kNone && songs_of_artist_[artist] >= rules_.per_artist))
      return false;
    twins_.insert(first_twin);
    ++songs_of_artist_[artist];
    chosen_.push_back(choice);
    return true;
  }

  std::vector<Choice> release() { return std::move(chosen_); }

 private:
  const Inputs& inputs_;
  const SongFacts& facts_;
  const ListRules& rules_;
  std::vector<Choice> chosen_;
  std::unordered_set<std::int32_t> twins_;
  std::unordered_map<std::int32_t, int> songs_of_artist_;
};

}  // namespace

std::vector<Choice> fuse(std::span<const WeightedRanking> rankings) {
  double total_weight = 0;
  std::vector<Choice> parts;  // each source's contribution to each song
  for (const WeightedRanking& ranking : rankings) {
    total_weight += ranking.weight;
    for (std::size_t i = 0; i < ranking.songs.size(); ++i)
      parts.push_back(
          {ranking.songs[i].song, ranking.source, ranking.songs[i].because, ranking.weight * reciprocal_rank(i)});
  }
  std::stable_sort(parts.begin(), parts.end(), [](const Choice& a, const Choice& b) { return a.song < b.song; });

  std::vector<Choice> fused;
  for (std::size_t begin = 0, end = 0; begin < parts.size(); begin = end) {
    double sum = 0;
    std::size_t largest = begin;
    for (end = begin; end < parts.size() && parts[end].song == parts[begin].song; ++end) {
      sum += parts[end].score;
      if (parts[end].score > parts[largest].score)
        largest = end;
    }
    fused.push_back(parts[largest]);
    fused.back().score = sum / total_weight;
  }
  std::stable_sort(fused.begin(), fused.end(), [](const Choice& a, const Choice& b) { return a.score > b.score; });
  return fused;
}

std::vector<Choice> choose(const Inputs& inputs, const SongFacts& facts, const ListRules& rules,
                           std::span<const Choice> fused, std::span<const std::int32_t> unwanted,
                           std::span<const std::int32_t> known) {
  Selection selection(inputs, facts, rules);
  const auto seats = static_cast<int>(
      std::min<std::int64_t>(rules.artist_seats, std::ranges::count(fused, Source::artist, &Choice::source)));
  int known_left = rules.known_artist_songs - seats;
  const auto take_best = [&](int length) {
    for (const Choice& choice : fused) {
      const bool is_known = std::ranges::binary_search(known, artist_of(inputs, choice.song));
      if (selection.size() < length && (!is_known || known_left > 0) && selection.take(choice))
        known_left -= is_known;
    }
  };
  take_best(rules.length - seats);
  for (int free_seats = seats; const Choice& choice : fused)
    if (choice.source == Source::artist && free_seats > 0 && selection.take(choice))
      --free_seats;
  take_best(rules.length);
  for (const Choice& choice : fused)
    selection.take(choice);
  for (std::size_t i = 0; i < facts.by_popularity.size() && !selection.full(); ++i)
    if (const std::int32_t song = facts.by_popularity[i]; !std::ranges::binary_search(unwanted, song))
      selection.take({song, Source::popular, facts.listeners[static_cast<std::size_t>(song)],
                      kPopularWeight * reciprocal_rank(i)});
  return selection.release();
}

}  // namespace segue::playlist
