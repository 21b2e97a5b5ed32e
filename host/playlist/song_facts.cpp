#include "host/playlist/song_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_map>

#include "host/playlist/inputs.hpp"

namespace segue::playlist {
namespace {

std::vector<std::int32_t> count_listeners(const Inputs& inputs) {
  const data::CsrView plays = inputs.interactions->plays.view();
  std::vector<std::int32_t> listeners(static_cast<std::size_t>(inputs.songs->size()));
  for (std::size_t i = 0; i < plays.indices.size(); ++i)
    listeners[static_cast<std::size_t>(plays.indices[i])] += plays.values[i] > 0;
  return listeners;
}

std::vector<bool> find_givable(const Inputs& inputs, std::optional<Date> monday) {
  const data::Catalogue& catalogue = *inputs.catalogue;
  std::vector<bool> givable(static_cast<std::size_t>(inputs.songs->size()), catalogue.empty());
  for (std::size_t song = 0; song < static_cast<std::size_t>(catalogue.songs()); ++song)
    givable[song] = !monday || catalogue.release_day[song] <= monday->time_since_epoch().count();  // kNoDate is least
  return givable;
}

std::string recording_key(std::int32_t artist, std::string_view title) {
  constexpr std::string_view kSpaces = " \t\n\v\f\r";
  title.remove_prefix(std::min(title.find_first_not_of(kSpaces), title.size()));
  title = title.substr(0, title.find_last_not_of(kSpaces) + 1);
  std::string key = fmt::format("{} {}", artist, title);
  for (char& c : key)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return key;
}

}  // namespace

SongFacts::SongFacts(const Inputs& inputs, std::optional<Date> monday)
    : listeners(count_listeners(inputs)), givable_(find_givable(inputs, monday)) {
  for (std::int32_t song = 0; song < inputs.songs->size(); ++song)
    if (may_be_given(song))
      by_popularity.push_back(song);
  std::stable_sort(by_popularity.begin(), by_popularity.end(), [&](std::int32_t a, std::int32_t b) {
    return listeners[static_cast<std::size_t>(a)] > listeners[static_cast<std::size_t>(b)];
  });
  find_twins(inputs);
  sort_songs_of_artists(inputs);
}

void SongFacts::find_twins(const Inputs& inputs) {
  first_twin.resize(static_cast<std::size_t>(inputs.songs->size()));
  std::iota(first_twin.begin(), first_twin.end(), 0);
  next_twin = first_twin;
  std::unordered_map<std::string, std::int32_t> first_with;
  first_with.reserve(static_cast<std::size_t>(inputs.catalogue->songs()));
  for (std::int32_t song = 0; song < inputs.catalogue->songs(); ++song) {
    if (artist_of(inputs, song) == data::IdTable::kNone)
      continue;
    const std::int32_t first =
        first_with.try_emplace(recording_key(artist_of(inputs, song), inputs.catalogue->title_of(song)), song)
            .first->second;
    if (first == song)
      continue;
    first_twin[static_cast<std::size_t>(song)] = first;
    std::swap(next_twin[static_cast<std::size_t>(song)], next_twin[static_cast<std::size_t>(first)]);
  }
}

void SongFacts::sort_songs_of_artists(const Inputs& inputs) {
  const data::Catalogue& catalogue = *inputs.catalogue;
  artist_offsets_.resize(static_cast<std::size_t>(catalogue.artists.size()) + 1);
  std::vector<std::int32_t> best_first;
  for (std::int32_t song = 0; song < catalogue.songs(); ++song)
    if (const std::int32_t artist = artist_of(inputs, song); artist != data::IdTable::kNone && may_be_given(song)) {
      ++artist_offsets_[static_cast<std::size_t>(artist) + 1];
      best_first.push_back(song);
    }
  std::partial_sum(artist_offsets_.begin(), artist_offsets_.end(), artist_offsets_.begin());
  artist_songs_.resize(best_first.size());
  std::stable_sort(best_first.begin(), best_first.end(), [&](std::int32_t a, std::int32_t b) {
    const auto facts = [&](std::int32_t song) {
      return std::pair(listeners[static_cast<std::size_t>(song)],
                       catalogue.release_day[static_cast<std::size_t>(song)]);
    };
    return facts(a) > facts(b);
  });
  std::vector<std::int64_t> next(artist_offsets_.begin(), artist_offsets_.end() - 1);
  for (const std::int32_t song : best_first)
    artist_songs_[static_cast<std::size_t>(next[static_cast<std::size_t>(artist_of(inputs, song))]++)] = song;
}

std::span<const std::int32_t> SongFacts::songs_of(std::int32_t artist) const {
  const auto begin = static_cast<std::size_t>(artist_offsets_[static_cast<std::size_t>(artist)]);
  const auto end = static_cast<std::size_t>(artist_offsets_[static_cast<std::size_t>(artist) + 1]);
  return std::span(artist_songs_).subspan(begin, end - begin);
}

}  // namespace segue::playlist
