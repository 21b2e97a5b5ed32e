#include "segue/playlist/release_radar.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <tuple>
#include <vector>

#include "host/playlist/inputs.hpp"
#include "host/playlist/reasons.hpp"
#include "segue/core/parallel.hpp"
#include "segue/playlist/artist_vectors.hpp"
#include "segue/search/index.hpp"

namespace segue::playlist {
namespace {

constexpr std::size_t kNamedArtists = 50;  // of those a user streams, how many a reason may name

void check_options(const ReleaseRadarOptions& options) {
  check_option("release radar window_days", options.window_days, 1, 36500);
  check_option("release radar length", options.length, 1, 500);
  check_option("release radar per_artist", options.per_artist, 1, 500);
  check_option("release radar similar_artists", options.similar_artists, 0, 2048);
  check_option("release radar min_similarity", options.min_similarity, -1, 1);
  check_option("release radar min_listeners", options.min_listeners, 0, std::numeric_limits<int>::max());
  check_option("release radar block_users", options.block_users, 1, 1 << 24);
}

std::vector<std::int32_t> listeners_and_followers(const Inputs& inputs) {
  std::vector<std::int32_t> users;
  for (std::int32_t user = 0; user < inputs.users->size(); ++user)
    if (!indices_of(inputs.interactions->plays.view(), user).empty() || !indices_of(inputs.follows, user).empty())
      users.push_back(user);
  return users;
}

// The songs released in the window, by artist, newest first, ties by row.
class NewReleases {
 public:
  NewReleases(const data::Catalogue& catalogue, const ReleaseRadarOptions& options)
      : catalogue_(catalogue), offsets_(static_cast<std::size_t>(catalogue.artists.size()) + 1) {
    const auto last = static_cast<std::int64_t>(options.friday.time_since_epoch().count());
    for (std::int32_t song = 0; song < catalogue.songs(); ++song)
      if (catalogue.artist[static_cast<std::size_t>(song)] != data::IdTable::kNone && day(song) <= last &&
          day(song) > last - options.window_days)
        songs_.push_back(song);
    std::stable_sort(songs_.begin(), songs_.end(), [&](std::int32_t a, std::int32_t b) {
      return artist(a) != artist(b) ? artist(a) < artist(b) : day(a) > day(b);
    });
    for (const std::int32_t song : songs_)
      ++offsets_[static_cast<std::size_t>(artist(song)) + 1];
    std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin());
  }

  std::span<const std::int32_t> of(std::int32_t artist) const {
    const auto begin = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(artist)]);
    const auto end = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(artist) + 1]);
    return std::span(songs_).subspan(begin, end - begin);
  }
  std::int32_t day(std::int32_t song) const { return catalogue_.release_day[static_cast<std::size_t>(song)]; }
  std::int32_t artist(std::int32_t song) const { return catalogue_.artist[static_cast<std::size_t>(song)]; }
  bool empty() const { return songs_.empty(); }

 private:
  const data::Catalogue& catalogue_;
  std::vector<std::int32_t> songs_;
  std::vector<std::int64_t> offsets_;
};

class ReleaseRadar {
 public:
  ReleaseRadar(const Inputs& inputs, Device device, const ReleaseRadarOptions& options)
      : inputs_(inputs), options_(options), releases_(*inputs.catalogue, options) {
    if (releases_.empty() || options.similar_artists == 0 || inputs.song_vectors.rows() == 0)
      return;
    artists_ = artist_vectors(*inputs.catalogue, inputs.song_vectors,
                              data::transpose(inputs.interactions->plays.view()).view());
    const std::vector<std::int32_t> listeners = artist_listeners(*inputs.catalogue, inputs.interactions->plays.view());
    comparable_ = search::make_mask(artists_.rows());
    for (std::int64_t artist = 0; artist < artists_.rows(); ++artist)
      if (has_vector(artists_.view(), artist) && listeners[static_cast<std::size_t>(artist)] >= options.min_listeners)
        search::set_bit(comparable_, artist);
    index_ = search::make_index(device, artists_.view(), search::Metric::cosine);
  }

  std::vector<Playlist> make(std::span<const std::int32_t> users) const {
    const Matrix<search::Hit> close = close_artists(users);
    std::vector<Playlist> lists(users.size());
    parallel_for(static_cast<std::int64_t>(users.size()), 32, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        Playlist& list = lists[static_cast<std::size_t>(i)];
        list.user = users[static_cast<std::size_t>(i)];
        list.cold_start = !has_taste(inputs_, list.user);
        add_followed(list);
        add_similar(list, close.row(i));
      }
    });
    return lists;
  }

 private:
  bool is_full(const Playlist& list) const { return list.songs.size() >= static_cast<std::size_t>(options_.length); }

  bool heard(std::int32_t user, std::int32_t song) const {
    return std::ranges::binary_search(indices_of(inputs_.interactions->plays.view(), user), song);
  }

  // By user of the block: the artists closest to the user who are not followed. Without meaning for users without
  // taste.
  Matrix<search::Hit> close_artists(std::span<const std::int32_t> users) const {
    const auto count = static_cast<std::int64_t>(users.size());
    if (index_ == nullptr)
      return Matrix<search::Hit>(count, 0);
    const std::int64_t k = std::min<std::int64_t>(options_.similar_artists, index_->rows());
    Matrix<search::Hit> hits(count, k);
    Matrix<float> queries(count, artists_.columns(), 0.0f);
    data::Csr followed{.columns = index_->rows()};
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int32_t user = users[static_cast<std::size_t>(i)];
      if (has_taste(inputs_, user))
        std::ranges::copy(inputs_.user_vectors.row(user), queries.row(i).begin());
      const std::span<const std::int32_t> artists = indices_of(inputs_.follows, user);
      followed.indices.insert(followed.indices.end(), artists.begin(), artists.end());
      end_row(followed);
    }
    index_->search(queries.view(), hits.view(),
                   {.k = static_cast<int>(k), .exclude = followed.view(), .allow = comparable_});
    return hits;
  }

  // All unheard releases of followed artists, newest first. Where they do not fit: of each artist the newest, then of
  // each the second newest, … with the artists that the user streams most first.
  void add_followed(Playlist& list) const {
    const std::vector<ArtistStreams> streamed = artists_streamed(inputs_, list.user);
    const auto streams_of = [&](std::int32_t artist) {
      const auto found = std::ranges::find(streamed, artist, &ArtistStreams::artist);
      return found != streamed.end() ? found->streams : 0.0;
    };
    struct Release {
      std::int32_t song, day, round;
      double streams;
    };
    std::vector<Release> due;
    for (const std::int32_t artist : indices_of(inputs_.follows, list.user)) {
      std::int32_t round = 0;
      for (const std::int32_t song : releases_.of(artist))
        if (!heard(list.user, song))
          due.push_back({song, releases_.day(song), round++, streams_of(artist)});
    }
    if (due.size() > static_cast<std::size_t>(options_.length)) {
      std::ranges::stable_sort(due, {},
                               [](const Release& r) { return std::tuple(r.round, -r.streams, -r.day, r.song); });
      due.resize(static_cast<std::size_t>(options_.length));
    }
    std::ranges::stable_sort(due, {}, [](const Release& r) { return std::tuple(-r.day, -r.streams, r.song); });
    for (const Release& release : due)
      list.songs.push_back({release.song, 1, Source::followed_artist, followed_release_reason(inputs_, release.song)});
  }

  void add_similar(Playlist& list, std::span<const search::Hit> close) const {
    if (list.cold_start)
      return;
    const std::vector<ArtistStreams> streamed = artists_streamed(inputs_, list.user);
    for (const search::Hit& hit : close) {
      if (hit.row < 0 || !(hit.score >= options_.min_similarity))
        return;
      int given = 0;
      for (const std::int32_t song : releases_.of(hit.row))
        if (!is_full(list) && given < options_.per_artist && !heard(list.user, song)) {
          list.songs.push_back({song, hit.score, Source::similar_artist,
                                similar_release_reason(inputs_, song, nearest_streamed(streamed, hit.row))});
          ++given;
        }
    }
  }

  // Among the artists the user streams most: the artist itself, or else the comparable one with the largest cosine.
  std::int32_t nearest_streamed(std::span<const ArtistStreams> streamed, std::int32_t artist) const {
    if (std::ranges::find(streamed, artist, &ArtistStreams::artist) != streamed.end())
      return artist;
    std::int32_t nearest = data::IdTable::kNone;
    double largest = 0;
    for (const ArtistStreams& candidate : streamed.first(std::min(kNamedArtists, streamed.size()))) {
      if (!search::has_bit(comparable_, candidate.artist))
        continue;
      const double cosine = cosine_of(artists_.row(artist), artists_.row(candidate.artist));
      if (cosine > largest) {
        nearest = candidate.artist;
        largest = cosine;
      }
    }
    return nearest;
  }

  const Inputs& inputs_;
  const ReleaseRadarOptions& options_;
  const NewReleases releases_;
  Matrix<float> artists_;                  // 0 rows where no artist can be close
  std::vector<std::uint64_t> comparable_;  // artists with a vector that says something
  std::unique_ptr<search::Index> index_;
};

}  // namespace

void make_release_radar(const Inputs& inputs, Device device, const ReleaseRadarOptions& options,
                        std::span<const std::int32_t> users, const std::function<void(const Playlist&)>& sink,
                        Progress& progress) {
  check_options(options);
  check_inputs(inputs);
  check_users(inputs, users);
  const std::vector<std::int32_t> everyone =
      users.empty() ? listeners_and_followers(inputs) : std::vector<std::int32_t>{};
  if (users.empty())
    users = everyone;
  const ReleaseRadar maker(inputs, device, options);
  ProgressTask task(progress, "release radar", static_cast<std::int64_t>(users.size()), "users");
  make_in_blocks(
      users, options.block_users, [&](auto block) { return maker.make(block); }, sink, task);
}

}  // namespace segue::playlist
