#include "segue/playlist/discover_weekly.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "host/playlist/blend.hpp"
#include "host/playlist/candidates.hpp"
#include "host/playlist/flow_order.hpp"
#include "host/playlist/inputs.hpp"
#include "host/playlist/reasons.hpp"
#include "segue/als/explain.hpp"
#include "segue/core/parallel.hpp"

namespace segue::playlist {
namespace {

void check_options(const DiscoverWeeklyOptions& options) {
  check_option("discover weekly length", options.length, 1, 500);
  check_option("discover weekly per_artist", options.per_artist, 1, 500);
  check_option("discover weekly known_artists", options.known_artists, 0, 1);
  check_option("discover weekly artist_songs", options.artist_songs, 0, 500);
  check_option("discover weekly candidates", options.candidates, options.length, 2048);
  check_option("discover weekly weight_als", options.weight_als, 0, 1e6);
  check_option("discover weekly weight_similar_songs", options.weight_similar_songs, 0, 1e6);
  check_option("discover weekly weight_group", options.weight_group, 0, 1e6);
  check_option("discover weekly weight_similar_users", options.weight_similar_users, 0, 1e6);
  check_option("discover weekly weight_artist", options.weight_artist, 0, 1e6);
  check_option("discover weekly block_users", options.block_users, 1, 1 << 24);
}

std::vector<std::int32_t> all_listeners(const Inputs& inputs) {
  std::vector<std::int32_t> users;
  for (std::int32_t user = 0; user < inputs.interactions->plays.rows; ++user)
    if (inputs.interactions->plays.view().row_size(user) > 0)
      users.push_back(user);
  return users;
}

class DiscoverWeekly {
 public:
  DiscoverWeekly(const Inputs& inputs, Device device, const DiscoverWeeklyOptions& options,
                 const data::CsrView& given_before, std::span<const std::int32_t> users)
      : inputs_(inputs), options_(options), given_before_(given_before), facts_(inputs, options.monday) {
    const int count = options.candidates;
    if (std::ranges::any_of(users, [&](std::int32_t user) { return has_taste(inputs, user); }))
      add_sources_by_vector(device, users);
    add(Source::artist, options.weight_artist,
        [&] { return make_artist_source(inputs_, facts_, options_.per_artist, count); });
    add(Source::followed_artist, kFollowedWeight,
        [&] { return make_followed_artist_source(inputs_, facts_, options_.per_artist, count); });
  }

  std::vector<Playlist> make(std::span<const std::int32_t> users) const {
    const data::Csr unwanted = unwanted_songs(users);
    const Block block{users, unwanted.view()};
    std::vector<std::vector<Ranking>> rankings;
    for (const WeightedSource& weighted : sources_)
      rankings.push_back(weighted.source->rank(block));
    std::vector<Playlist> lists(users.size());
    parallel_for(static_cast<std::int64_t>(users.size()), 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        lists[static_cast<std::size_t>(i)] = make_one(block, rankings, static_cast<std::size_t>(i));
    });
    return lists;
  }

 private:
  static constexpr double kFollowedWeight = 1;

  struct WeightedSource {
    Source name;
    double weight;
    std::unique_ptr<CandidateSource> source;
  };

  template <class Make>
  void add(Source name, double weight, Make&& make) {
    if (weight > 0)
      sources_.push_back({name, weight, make()});
  }

  void add_sources_by_vector(Device device, std::span<const std::int32_t> users) {
    const int count = options_.candidates;
    const TrainedSongs trained = trained_songs(inputs_, facts_);
    if (!trained.songs.empty()) {
      add(Source::als, options_.weight_als, [&] { return make_als_source(inputs_, device, trained, count); });
      add(Source::similar_songs, options_.weight_similar_songs,
          [&] { return make_similar_songs_source(inputs_, device, trained, users, count); });
    }
    add(Source::group, options_.weight_group, [&] { return make_group_source(inputs_, facts_, users, count); });
    add(Source::similar_users, options_.weight_similar_users,
        [&] { return make_similar_users_source(inputs_, device, facts_, count); });
    if (options_.weight_als > 0)
      explainer_ = std::make_unique<als::Explainer>(inputs_.song_vectors, inputs_.als);
  }

  // What each user played or was given, and the twins of these.
  data::Csr unwanted_songs(std::span<const std::int32_t> users) const {
    data::Csr unwanted{.columns = inputs_.songs->size()};
    std::vector<std::int32_t> songs;
    const auto next_twin = [&](std::int32_t song) { return facts_.next_twin[static_cast<std::size_t>(song)]; };
    for (const std::int32_t user : users) {
      songs.clear();
      for (const auto& row : {indices_of(inputs_.interactions->plays.view(), user), indices_of(given_before_, user)})
        for (const std::int32_t song : row) {
          songs.push_back(song);
          for (std::int32_t twin = next_twin(song); twin != song; twin = next_twin(twin))
            songs.push_back(twin);
        }
      std::ranges::sort(songs);
      unwanted.indices.insert(unwanted.indices.end(), songs.begin(), std::unique(songs.begin(), songs.end()));
      end_row(unwanted);
    }
    return unwanted;
  }

  Playlist make_one(const Block& block, const std::vector<std::vector<Ranking>>& rankings, std::size_t i) const {
    const std::int32_t user = block.users[i];
    std::vector<WeightedRanking> weighted;
    for (std::size_t s = 0; s < sources_.size(); ++s)
      if (!rankings[s][i].empty())
        weighted.push_back({sources_[s].name, sources_[s].weight, rankings[s][i]});
    std::vector<std::int32_t> known;
    for (const ArtistStreams& streamed : artists_streamed(inputs_, user))
      known.push_back(streamed.artist);
    std::ranges::sort(known);
    const auto known_songs = static_cast<int>(options_.known_artists * options_.length);
    const ListRules rules{.length = options_.length,
                          .per_artist = options_.per_artist,
                          .known_artist_songs = known_songs,
                          .artist_seats = std::min(options_.artist_songs, known_songs)};
    std::vector<Choice> choices =
        choose(inputs_, facts_, rules, fuse(weighted), block.unwanted.row_indices(static_cast<std::int64_t>(i)), known);
    order_for_flow(inputs_, choices);

    Playlist list{.user = user, .cold_start = !has_taste(inputs_, user), .songs = {}};
    std::vector<std::string> reasons = reasons_for(inputs_, facts_, explainer_.get(), user, choices);
    for (std::size_t c = 0; c < choices.size(); ++c)
      list.songs.push_back(
          {choices[c].song, static_cast<float>(choices[c].score), choices[c].source, std::move(reasons[c])});
    return list;
  }

  const Inputs& inputs_;
  const DiscoverWeeklyOptions& options_;
  const data::CsrView given_before_;
  const SongFacts facts_;
  std::vector<WeightedSource> sources_;
  std::unique_ptr<als::Explainer> explainer_;
};

}  // namespace

void make_discover_weekly(const Inputs& inputs, Device device, const DiscoverWeeklyOptions& options,
                          const data::CsrView& given_before, std::span<const std::int32_t> users,
                          const std::function<void(const Playlist&)>& sink, Progress& progress) {
  check_options(options);
  check_inputs(inputs);
  check_users(inputs, users);
  check_given_before(inputs, given_before);
  const std::vector<std::int32_t> listeners = users.empty() ? all_listeners(inputs) : std::vector<std::int32_t>{};
  if (users.empty())
    users = listeners;
  const DiscoverWeekly maker(inputs, device, options, given_before, users);
  ProgressTask task(progress, "discover weekly", static_cast<std::int64_t>(users.size()), "users");
  make_in_blocks(
      users, options.block_users, [&](auto block) { return maker.make(block); }, sink, task);
}

}  // namespace segue::playlist
