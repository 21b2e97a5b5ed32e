#include "host/playlist/reasons.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/playlist/inputs.hpp"
#include "host/playlist/labels.hpp"

namespace segue::playlist {
namespace {

constexpr int kContributions = 4;  // asked for, to find two that are not twins

std::string quoted_title(const Inputs& inputs, std::int32_t song) {
  return fmt::format("“{}”", one_line(title_of(inputs, song)));
}

std::string artist_line(const Inputs& inputs, std::int32_t song) {
  return one_line(artist_name_of(inputs, song));
}

std::string title_by_artist(const Inputs& inputs, std::int32_t song) {
  const std::string artist = artist_line(inputs, song);
  return artist.empty() ? quoted_title(inputs, song) : fmt::format("{} by {}", quoted_title(inputs, song), artist);
}

std::string listeners_in(std::int32_t count, std::string_view where) {
  return fmt::format("Streamed by {} {} {}", count == 1 ? "one" : fmt::to_string(count),
                     count == 1 ? "listener" : "listeners", where);
}

std::string popular_reason(std::int32_t listeners) {
  if (listeners == 0)
    return "From the catalogue: not streamed by anyone yet";
  if (listeners == 1)
    return "From the catalogue: streamed by one listener so far";
  return fmt::format("Popular with all listeners: {} have streamed it", listeners);
}

// From what the song's score is made of, largest part first.
std::string als_reason(const Inputs& inputs, const SongFacts& facts, std::span<const als::Contribution> parts) {
  if (parts.empty())
    return "Close to what you stream";
  const std::int32_t first = parts.front().song;
  const auto twin = [&](std::int32_t song) { return facts.first_twin[static_cast<std::size_t>(song)]; };
  const auto second = std::ranges::find_if(parts, [&](const auto& part) { return twin(part.song) != twin(first); });
  if (second == parts.end())
    return fmt::format("Because you stream {}", title_by_artist(inputs, first));
  if (artist_of(inputs, first) == artist_of(inputs, second->song))
    return fmt::format("Because you stream {} and {}", quoted_title(inputs, first),
                       title_by_artist(inputs, second->song));
  return fmt::format("Because you stream {} and {}", title_by_artist(inputs, first),
                     title_by_artist(inputs, second->song));
}

std::string plain_reason(const Inputs& inputs, const Choice& choice) {
  switch (choice.source) {
    case Source::similar_songs:
      return fmt::format("Similar to {}, which you stream", title_by_artist(inputs, choice.because));
    case Source::group:
      return listeners_in(choice.because, "in your group");
    case Source::similar_users:
      return listeners_in(choice.because, "whose taste is close to yours");
    case Source::artist:
      return fmt::format("More from {}, whom you stream", artist_line(inputs, choice.song));
    case Source::followed_artist:
      return fmt::format("From {}, whom you follow", artist_line(inputs, choice.song));
    default:
      return popular_reason(choice.because);
  }
}

}  // namespace

std::vector<std::string> reasons_for(const Inputs& inputs, const SongFacts& facts, const als::Explainer* explainer,
                                     std::int32_t user, std::span<const Choice> choices) {
  std::vector<std::int32_t> from_als;
  for (const Choice& choice : choices)
    if (choice.source == Source::als)
      from_als.push_back(choice.song);
  std::vector<std::vector<als::Contribution>> parts;
  if (!from_als.empty()) {
    const data::CsrView strength = inputs.interactions->strength.view();
    parts = explainer->explain(indices_of(strength, user), values_of(strength, user), from_als, kContributions);
  }
  std::vector<std::string> reasons;
  std::size_t explained = 0;
  for (const Choice& choice : choices)
    reasons.push_back(choice.source == Source::als ? als_reason(inputs, facts, parts[explained++])
                                                   : plain_reason(inputs, choice));
  return reasons;
}

std::string followed_release_reason(const Inputs& inputs, std::int32_t song) {
  return fmt::format("New from {}, whom you follow", artist_line(inputs, song));
}

std::string similar_release_reason(const Inputs& inputs, std::int32_t song, std::int32_t streamed_artist) {
  const std::string artist = artist_line(inputs, song);
  if (streamed_artist == data::IdTable::kNone)
    return fmt::format("New from {}, close to your taste", artist);
  if (streamed_artist == artist_of(inputs, song))
    return fmt::format("New from {}, whom you stream", artist);
  return fmt::format("New from {}, close to {}, whom you stream", artist,
                     one_line(name_of_artist(inputs, streamed_artist)));
}

}  // namespace segue::playlist
