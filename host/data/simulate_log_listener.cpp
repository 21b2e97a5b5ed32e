#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/data/simulate_listener.hpp"

namespace segue::data::simulated {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int32_t kStreamMs = 30'000;
constexpr double kTasteSpread = 0.45;
constexpr std::size_t kMinFavourites = 6, kMaxFavourites = 512;  // few: the next one is new; many: no more come
constexpr double kFollowsOnly = 0.01, kOneListen = 0.01, kSkipsOnly = 0.005;  // fractions of users

constexpr std::array<double, 24> kWorkdayHours = {2, 1, .5, .3, .3, .6, 2, 5, 6, 5, 4, 4,
                                                  5, 5, 4,  5,  6,  8,  8, 7, 7, 7, 6, 4};
constexpr std::array<double, 24> kWeekendHours = {5, 4, 2, 1, .5, .4, .6, 1.5, 3, 5, 6, 7,
                                                  7, 7, 7, 7, 7,  7,  7,  7,   7, 7, 7, 6};
constexpr std::array<double, 7> kWeekdays = {1, 1, 1, 1.05, 1.2, 1.15, 0.95};  // from Monday
constexpr std::array<double, 5> kContexts = {.28, .32, .14, .14, .12};         // as in Context

int weekday_of(std::int64_t day) {
  return static_cast<int>((day + 3) % 7);  // Monday is 0; 1970-01-01 was a Thursday
}

// The second of [first_day, last_day] at which a session starts.
std::int64_t draw_session_start(const World& world, int hour_shift, Random& random) {
  static const Alias workday_hours(kWorkdayHours);
  static const Alias weekend_hours(kWeekendHours);
  const auto days = static_cast<std::uint32_t>(world.last_day - world.first_day + 1);
  std::int64_t day = 0;
  do
    day = world.first_day + random.below(days);
  while (1.2 * random.uniform() > kWeekdays[static_cast<std::size_t>(weekday_of(day))]);
  const Alias& hours = weekday_of(day) >= 5 ? weekend_hours : workday_hours;
  const std::int64_t hour = (static_cast<std::int64_t>(hours.draw(random)) + hour_shift + 24) % 24;
  return day * kDaySeconds + hour * 3600 + random.below(3600);
}

bool chance(double probability, Random& random) {
  return random.uniform() < probability;
}

double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

// An index below `size`, small ones more often: density ∝ index^(1/power − 1).
std::size_t draw_early(std::size_t size, double uniform_to_power) {
  return std::min(size - 1, static_cast<std::size_t>(static_cast<double>(size) * uniform_to_power));
}

std::int32_t draw_ms_played(bool skipped, std::int32_t duration_ms, Random& random) {
  const double u = random.uniform();
  if (skipped)
    return 1000 + static_cast<std::int32_t>((kStreamMs - 1001) * u * u);
  if (u < 0.8)
    return duration_ms;
  return kStreamMs + static_cast<std::int32_t>((duration_ms - kStreamMs) * (u - 0.8) / 0.2);
}

}  // namespace

Activity activity_of(std::uint64_t seed, std::int64_t user) {
  Random random(seed, stream_of(Part::activity, user));
  const double u = user == 0 ? 1 : random.uniform();  // the first user listens, so that no log is empty
  if (u < kFollowsOnly)
    return {ListenerKind::follows_only, 0};
  if (u < kFollowsOnly + kOneListen)
    return {ListenerKind::one_listen, 0};
  const bool skips_only = u < kFollowsOnly + kOneListen + kSkipsOnly;
  const double weight = std::exp(1.1 * random.normal());
  return skips_only ? Activity{ListenerKind::skips_only, 0.1 * weight} : Activity{ListenerKind::regular, weight};
}

void Listener::simulate(std::int64_t user, ListenerKind kind, std::int64_t listens) {
  Random random(seed_, stream_of(Part::listener, user));
  listens_.clear();
  favourites_.clear();
  draw_taste(random);
  draw_loved_artists(static_cast<std::size_t>(std::clamp<std::int64_t>(8 + listens / 10, 8, 80)), random);
  draw_follows(kind, random);
  draw_sessions(listens, random);
  std::int64_t clock = 0;
  for (std::size_t session = 0; session < sessions_.size(); ++session)
    play_session(session, kind, clock, random);
}

void Listener::draw_taste(Random& random) {
  for (std::size_t& genre : genres_)
    genre = world_.genre_shares.draw(random);
  const auto first = world_.genre_vectors.row(static_cast<std::int64_t>(genres_[0]));
  const auto second = world_.genre_vectors.row(static_cast<std::int64_t>(genres_[1]));
  const float weight = static_cast<float>(0.5 * random.uniform());
  const double scale = kTasteSpread / std::sqrt(static_cast<double>(first.size()));
  taste_.resize(first.size());
  for (std::size_t i = 0; i < taste_.size(); ++i)
    taste_[i] = (1 - weight) * first[i] + weight * second[i] + static_cast<float>(scale * random.normal());
  normalise(taste_);
}

double Listener::affinity(std::span<const float> vector) const {
  return std::inner_product(taste_.begin(), taste_.end(), vector.begin(), 0.0f);
}

// From the charts of the listener's genres and sometimes of all music: what is popular comes up, what fits stays.
std::int32_t Listener::draw_artist_to_taste(Random& random) const {
  std::int32_t artist = 0;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const double u = random.uniform();
    const std::size_t genre = genres_[u < 0.65 ? 0 : 1];
    const Alias& chart = world_.genre_charts[genre];
    if (u > 0.9 || chart.empty())
      artist = static_cast<std::int32_t>(world_.artist_chart.draw(random));
    else
      artist = world_.genre_artists[genre][chart.draw(random)];
    if (chance(logistic(8 * (affinity(world_.artist_vectors.row(artist)) - 0.5)), random))
      break;
  }
  return artist;
}

void Listener::draw_loved_artists(std::size_t count, Random& random) {
  loved_artists_.clear();
  for (std::size_t i = 0; i < count; ++i)
    loved_artists_.push_back(draw_artist_to_taste(random));
}

void Listener::draw_follows(ListenerKind kind, Random& random) {
  follows_.clear();
  const double eagerness = kind == ListenerKind::follows_only ? 1 : std::max(0.0, 1.2 * random.uniform() - 0.3);
  for (const std::int32_t artist : loved_artists_)
    if (chance(eagerness, random))
      follows_.push_back(artist);
  std::sort(follows_.begin(), follows_.end());
  follows_.erase(std::unique(follows_.begin(), follows_.end()), follows_.end());
}

void Listener::draw_sessions(std::int64_t listens, Random& random) {
  const int hour_shift = static_cast<int>(std::clamp(std::round(1.5 * random.normal()), -6.0, 6.0));
  sessions_.clear();
  for (std::int64_t left = listens; left > 0; left -= sessions_.back().listens) {
    const std::int64_t length = 1 + static_cast<std::int64_t>(9 * random.exponential());
    sessions_.push_back({draw_session_start(world_, hour_shift, random), std::min(left, length)});
  }
  std::sort(sessions_.begin(), sessions_.end(), [](const Session& a, const Session& b) { return a.start < b.start; });
}

std::int32_t Listener::draw_song_of(std::int32_t artist, Random& random) const {
  const auto row = static_cast<std::size_t>(artist);
  return static_cast<std::int32_t>(world_.artists[row].first_song +
                                   static_cast<std::int64_t>(world_.artist_songs[row].draw(random)));
}

std::int32_t Listener::draw_loved_song(Random& random) const {
  const double u = random.uniform();
  return draw_song_of(loved_artists_[draw_early(loved_artists_.size(), u * std::sqrt(u))], random);
}

std::int32_t Listener::draw_favourite(Random& random) const {
  const double u = random.uniform();
  return favourites_[draw_early(favourites_.size(), u * u)];
}

std::int32_t Listener::draw_song(Context context, std::int32_t seed_artist, Random& random) const {
  // Shares of what is known, what is by a loved artist; the rest is new.
  struct Mix {
    double favourite, loved;
  };
  static constexpr std::array<Mix, 5> kMixes = {{{.75, .25}, {.40, .30}, {.20, .50}, {.10, .15}, {.10, .90}}};
  const Mix& mix = kMixes[static_cast<std::size_t>(context)];
  const double u = random.uniform();
  if (u < mix.favourite && favourites_.size() >= kMinFavourites)
    return draw_favourite(random);
  if (u < mix.favourite + mix.loved)
    return draw_loved_song(random);
  if (context == Context::search)
    return draw_song_of(static_cast<std::int32_t>(world_.artist_chart.draw(random)), random);
  if (context == Context::radio && chance(0.3, random))
    return draw_song_of(seed_artist, random);
  return draw_song_of(draw_artist_to_taste(random), random);
}

// The following song of the same album that is played at all, or −1.
std::int32_t Listener::next_on_album(std::int32_t song) const {
  const Song& current = world_.songs[static_cast<std::size_t>(song)];
  for (std::size_t next = static_cast<std::size_t>(song) + 1; next < world_.songs.size(); ++next) {
    const Song& candidate = world_.songs[next];
    if (candidate.artist != current.artist || candidate.album != current.album)
      return -1;
    if (!candidate.cold)
      return static_cast<std::int32_t>(next);
  }
  return -1;
}

bool Listener::was_just_played(std::int32_t song) const {
  const std::size_t recent = std::min<std::size_t>(listens_.size(), 5);
  return std::any_of(listens_.end() - static_cast<std::ptrdiff_t>(recent), listens_.end(),
                     [&](const Listen& listen) { return listen.song == song; });
}

bool Listener::is_skipped(std::int32_t song, Context context, Random& random) const {
  const double agreement = affinity(world_.song_vectors.row(song));
  const double patience = context == Context::library || context == Context::album ? 1.0 : 0.0;
  return chance(logistic(1.9 - patience - 4.5 * agreement), random);
}

void Listener::play_session(std::size_t session, ListenerKind kind, std::int64_t& clock, Random& random) {
  static const Alias contexts(kContexts);
  const std::int64_t log_end = (world_.last_day + 1) * kDaySeconds;
  const auto context = static_cast<Context>(contexts.draw(random));
  const std::int32_t seed_artist = loved_artists_[random.below(static_cast<std::uint32_t>(loved_artists_.size()))];
  clock = std::max(clock, sessions_[session].start);
  std::int32_t album_song = -1;
  for (std::int64_t i = 0; i < sessions_[session].listens && clock < log_end; ++i) {
    std::int32_t song = album_song;
    for (int attempt = 0; song < 0 && attempt < 16; ++attempt) {
      song = draw_song(context, seed_artist, random);
      if (world_.songs[static_cast<std::size_t>(song)].release_day > clock / kDaySeconds || was_just_played(song))
        song = -1;
    }
    song = std::max(song, 0);  // the first song is out before the log begins
    const bool skipped = kind == ListenerKind::skips_only || is_skipped(song, context, random);
    const std::int32_t ms_played =
        draw_ms_played(skipped, world_.songs[static_cast<std::size_t>(song)].duration_ms, random);
    listens_.push_back({clock, song, ms_played, context});
    clock += ms_played / 1000 + 2 + random.below(20);
    album_song = context == Context::album ? next_on_album(song) : -1;
    if (!skipped && favourites_.size() < kMaxFavourites)
      favourites_.push_back(song);
  }
}

}  // namespace segue::data::simulated
