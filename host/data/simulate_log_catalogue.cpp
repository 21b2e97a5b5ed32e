#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "host/data/simulate_catalogue.hpp"
#include "host/data/simulate_names.hpp"
#include "segue/core/parallel.hpp"

namespace segue::data::simulated {
namespace {

constexpr std::int32_t kDecadeDays = 3650;
constexpr int kReleaseFridays = 9;  // the eight weeks before the Friday after the log, and that Friday
constexpr double kNewAlbumFraction = 0.3;
constexpr double kArtistSpread = 0.5, kSongSpread = 0.35;  // distance from the genre, from the artist
constexpr std::int32_t kMaxAlbumSongs = 12;

std::int32_t day_number(Date date) {
  return static_cast<std::int32_t>(date.time_since_epoch().count());
}

std::int32_t friday_on_or_before(std::int32_t day) {
  return day - ((day - 1) % 7 + 7) % 7;  // 1970-01-02 was a Friday
}

// vector = (centre + spread · a random direction of length about 1), scaled to length 1.
void scatter(std::span<const float> centre, double spread, Random& random, std::span<float> vector) {
  const double scale = spread / std::sqrt(static_cast<double>(vector.size()));
  for (std::size_t i = 0; i < vector.size(); ++i)
    vector[i] = centre[i] + static_cast<float>(scale * random.normal());
  normalise(vector);
}

double largest_cosine(const Matrix<float>& vectors, std::int64_t rows, std::span<const float> vector) {
  double largest = -1;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::span<const float> other = vectors.row(row);
    largest = std::max(largest, std::inner_product(vector.begin(), vector.end(), other.begin(), 0.0));
  }
  return largest;
}

// Genres far apart: each the best of some random directions.
void place_genres(const SimulateOptions& options, World& world) {
  Random random(options.seed, stream_of(Part::genre, 0));
  const std::vector<float> origin(static_cast<std::size_t>(options.taste_dimensions));
  std::vector<float> candidate(origin.size());
  world.genre_vectors = Matrix<float>(static_cast<std::int64_t>(genres().size()), options.taste_dimensions);
  for (std::int64_t genre = 0; genre < world.genre_vectors.rows(); ++genre) {
    double best = 2;
    for (int attempt = 0; attempt < 32; ++attempt) {
      scatter(origin, 1, random, candidate);
      const double cosine = largest_cosine(world.genre_vectors, genre, candidate);
      if (cosine >= best)
        continue;
      best = cosine;
      std::copy(candidate.begin(), candidate.end(), world.genre_vectors.row(genre).begin());
    }
  }
  std::vector<double> shares;
  for (const Genre& genre : genres())
    shares.push_back(genre.share);
  world.genre_shares = Alias(shares);
}

// A name or title that was not there before; after some attempts one that was, as in life.
std::string unused(const Genre& genre, const std::vector<std::string_view>& patterns, Random& random,
                   std::unordered_set<std::string>& used) {
  std::string text = invent(genre, patterns, random);
  for (int attempt = 0; attempt < 20 && used.contains(text); ++attempt)
    text = invent(genre, patterns, random);
  used.insert(text);
  return text;
}

void make_artists(const SimulateOptions& options, World& world) {
  world.artists.resize(static_cast<std::size_t>(options.artists));
  world.artist_vectors = Matrix<float>(options.artists, options.taste_dimensions);
  std::unordered_set<std::string> names;
  for (std::int64_t row = 0; row < options.artists; ++row) {
    Random random(options.seed, stream_of(Part::artist, row));
    Artist& artist = world.artists[static_cast<std::size_t>(row)];
    artist.genre = world.genre_shares.draw(random);
    artist.popularity = std::pow(1 - random.uniform(), -0.8);
    artist.productivity = std::sqrt(artist.popularity) * std::exp(0.8 * random.normal());
    artist.name = unused(genres()[artist.genre], genres()[artist.genre].artist_patterns, random, names);

    std::vector<float> mixture(static_cast<std::size_t>(options.taste_dimensions));
    const auto own = world.genre_vectors.row(static_cast<std::int64_t>(artist.genre));
    const auto second = world.genre_vectors.row(static_cast<std::int64_t>(world.genre_shares.draw(random)));
    const float weight = static_cast<float>(0.5 * random.uniform());
    for (std::size_t i = 0; i < mixture.size(); ++i)
      mixture[i] = (1 - weight) * own[i] + weight * second[i];
    scatter(mixture, kArtistSpread, random, world.artist_vectors.row(row));
  }
}

// One song each; the rest in proportion to how productive they are, rounded along the running sum so that they add up.
void divide_songs(std::int64_t songs, std::vector<Artist>& artists) {
  double total = 0;
  for (const Artist& artist : artists)
    total += artist.productivity;
  const std::int64_t rest = songs - static_cast<std::int64_t>(artists.size());
  double running = 0;
  std::int64_t first = 0;
  std::int64_t given = 0;
  for (Artist& artist : artists) {
    running += artist.productivity;
    const bool is_last = &artist == &artists.back();
    const std::int64_t share = is_last ? rest : static_cast<std::int64_t>(running / total * static_cast<double>(rest));
    artist.first_song = first;
    artist.songs = 1 + share - given;
    first += artist.songs;
    given = share;
  }
}

// Songs per album, oldest first: singles and albums of 4 to 12.
std::vector<std::int32_t> album_sizes(std::int64_t songs, Random& random) {
  std::vector<std::int32_t> sizes;
  for (std::int64_t left = songs; left > 0; left -= sizes.back()) {
    const std::int64_t size = random.uniform() < 0.25 ? 1 : 4 + random.below(kMaxAlbumSongs - 3);
    sizes.push_back(static_cast<std::int32_t>(std::min(left, size)));
  }
  return sizes;
}

// Release days of an artist's albums, ascending: a debut within the decade before the log or during it, and for some
// artists a newest album in the last weeks, up to the Friday after the log. The first artist's debut precedes the log,
// so that there is always something to play.
std::vector<std::int32_t> release_days(std::size_t albums, bool is_first_artist, const World& world, Random& random) {
  const std::int32_t earliest = world.first_day - kDecadeDays;
  const std::int32_t latest = is_first_artist ? world.first_day - 1 : std::max(world.first_day, world.last_day - 60);
  const double u = random.uniform();
  const auto debut =
      earliest + static_cast<std::int32_t>(u * u * (latest - earliest));  // most of what is heard is older
  std::vector<std::int32_t> days = {debut};
  while (days.size() < albums) {
    const std::int32_t day =
        debut + static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(latest - debut + 1)));
    days.push_back(random.uniform() < 0.8 ? std::max(debut, friday_on_or_before(day)) : day);
  }
  std::sort(days.begin(), days.end());
  const bool has_new_album = random.uniform() < kNewAlbumFraction;
  if (has_new_album && !(is_first_artist && albums == 1)) {
    const std::int32_t coming_friday = friday_on_or_before(world.last_day + 7);
    days.back() = coming_friday - 7 * static_cast<std::int32_t>(random.below(kReleaseFridays));
  }
  return days;
}

float between(double low, double value, double high) {
  return static_cast<float>(std::clamp(value, low, high));
}

// `artist_sound` shifts all songs of the artist the same way.
void make_sound(const Sound& genre, double artist_sound, Random& random, Song& song) {
  const auto near = [&](double mean) { return between(0, mean + 0.06 * artist_sound + 0.08 * random.normal(), 1); };
  song.energy = near(genre.energy);
  song.valence = near(genre.valence);
  song.danceability = near(genre.danceability);
  song.acousticness = between(0, genre.acousticness - 0.06 * artist_sound + 0.1 * random.normal(), 1);
  song.instrumentalness = between(0, genre.instrumentalness + 0.1 * random.normal(), 1);
  song.speechiness = between(0.022, genre.speechiness * std::exp(0.4 * random.normal()), 0.96);
  song.liveness = between(0.03, 0.08 + 0.1 * random.exponential(), 0.99);
  song.loudness = between(-45, genre.loudness + 8 * (song.energy - genre.energy) + random.normal(), 0);
  song.tempo = between(48, genre.tempo * std::exp(0.16 * random.normal()), 212);
  song.key = static_cast<int>(random.below(12));
  song.mode = random.uniform() < genre.major ? 1 : 0;
  song.time_signature = random.uniform() < genre.triple ? 3 : random.uniform() < 0.01 ? 5 : 4;
  song.duration_ms = static_cast<std::int32_t>(
      std::clamp(genre.minutes * 60'000 * std::exp(0.22 * random.normal()), 45'000.0, 1'200'000.0));
}

void make_song_id(Random& random, char* id) {
  static constexpr char kDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (std::size_t i = 0; i < kSongIdLength; ++i)
    id[i] = kDigits[random.below(62)];
}

void make_songs_of(std::int64_t artist_row, const SimulateOptions& options, World& world) {
  Random random(options.seed, stream_of(Part::album, artist_row));
  const Artist& artist = world.artists[static_cast<std::size_t>(artist_row)];
  const Genre& genre = genres()[artist.genre];
  const std::vector<std::int32_t> sizes = album_sizes(artist.songs, random);
  const std::vector<std::int32_t> days = release_days(sizes.size(), artist_row == 0, world, random);
  const double artist_sound = random.normal();
  std::unordered_set<std::string> titles;
  std::vector<double> weights;
  std::int64_t row = artist.first_song;
  for (std::size_t album = 0; album < sizes.size(); ++album) {
    for (std::int32_t track = 0; track < sizes[album]; ++track, ++row) {
      Song& song = world.songs[static_cast<std::size_t>(row)];
      song.artist = static_cast<std::int32_t>(artist_row);
      song.album = static_cast<std::int32_t>(album);
      song.release_day = days[album];
      song.title = unused(genre, genre.title_patterns, random, titles);
      make_sound(genre.sound, artist_sound, random, song);
      make_song_id(random, world.song_ids.data() + static_cast<std::size_t>(row) * kSongIdLength);
      scatter(world.artist_vectors.row(artist_row), kSongSpread, random, world.song_vectors.row(row));
      song.cold = random.uniform() < options.cold_song_fraction && row != 0;
      weights.push_back(song.cold ? 0.0 : std::exp(random.normal()));
    }
  }
  world.artist_songs[static_cast<std::size_t>(artist_row)] = Alias(weights);
}

void make_charts(World& world) {
  std::vector<double> all;
  std::vector<std::vector<double>> by_genre(genres().size());
  world.genre_artists.resize(genres().size());
  for (std::size_t row = 0; row < world.artists.size(); ++row) {
    const Artist& artist = world.artists[row];
    all.push_back(world.artist_songs[row].empty() ? 0 : artist.popularity);
    by_genre[artist.genre].push_back(all.back());
    world.genre_artists[artist.genre].push_back(static_cast<std::int32_t>(row));
  }
  world.artist_chart = Alias(all);
  for (const std::vector<double>& weights : by_genre)
    world.genre_charts.emplace_back(weights);
}

}  // namespace

void normalise(std::span<float> vector) {
  const double length = std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
  if (!(length > 1e-6)) {
    std::fill(vector.begin(), vector.end(), 0.0f);
    vector[0] = 1;
    return;
  }
  for (float& x : vector)
    x = static_cast<float>(x / length);
}

World make_world(const SimulateOptions& options) {
  World world;
  world.last_day = day_number(options.last_day);
  world.first_day = world.last_day - options.days + 1;
  place_genres(options, world);
  make_artists(options, world);
  divide_songs(options.songs, world.artists);
  world.songs.resize(static_cast<std::size_t>(options.songs));
  world.song_ids.resize(static_cast<std::size_t>(options.songs) * kSongIdLength);
  world.song_vectors = Matrix<float>(options.songs, options.taste_dimensions);
  world.artist_songs.resize(world.artists.size());
  parallel_for(options.artists, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t artist = begin; artist < end; ++artist)
      make_songs_of(artist, options, world);
  });
  make_charts(world);
  return world;
}

}  // namespace segue::data::simulated
