#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "host/data/simulate_catalogue.hpp"

namespace segue::data::simulated {

enum class Context : std::uint8_t { library, playlist, search, radio, album };
constexpr std::array<std::string_view, 5> kContextNames = {"library", "playlist", "search", "radio", "album"};

struct Listen {
  std::int64_t timestamp = 0;  ///< seconds since 1970 UTC
  std::int32_t song = 0;
  std::int32_t ms_played = 0;
  Context context = Context::library;
};

enum class ListenerKind : std::uint8_t { regular, skips_only, one_listen, follows_only };

/// What sort of listener a user is, and how active, before the log's size scales it.
struct Activity {
  ListenerKind kind = ListenerKind::regular;
  double weight = 0;  ///< log-normal; 0 where the number of listens is fixed by the kind
};
Activity activity_of(std::uint64_t seed, std::int64_t user);

/// Simulates one user after another, each from the user's own random stream. Keeps its buffers between users.
class Listener {
 public:
  explicit Listener(const World& world, std::uint64_t seed) : world_(world), seed_(seed) {}

  /// @param listens  how many; fewer come where the log's last day ends first
  void simulate(std::int64_t user, ListenerKind kind, std::int64_t listens);

  std::span<const float> taste() const { return taste_; }                ///< [taste_dimensions], unit length
  const std::vector<Listen>& listens() const { return listens_; }        ///< by time
  const std::vector<std::int32_t>& follows() const { return follows_; }  ///< artists, ascending

 private:
  void draw_taste(Random& random);
  void draw_loved_artists(std::size_t count, Random& random);
  void draw_follows(ListenerKind kind, Random& random);
  void draw_sessions(std::int64_t listens, Random& random);
  void play_session(std::size_t session, ListenerKind kind, std::int64_t& clock, Random& random);

  std::int32_t draw_artist_to_taste(Random& random) const;
  std::int32_t draw_song_of(std::int32_t artist, Random& random) const;
  std::int32_t draw_loved_song(Random& random) const;
  std::int32_t draw_favourite(Random& random) const;
  std::int32_t draw_song(Context context, std::int32_t seed_artist, Random& random) const;
  std::int32_t next_on_album(std::int32_t song) const;
  bool was_just_played(std::int32_t song) const;
  bool is_skipped(std::int32_t song, Context context, Random& random) const;
  double affinity(std::span<const float> vector) const;

  struct Session {
    std::int64_t start = 0;  // seconds since 1970
    std::int64_t listens = 0;
  };

  const World& world_;
  std::uint64_t seed_;
  std::vector<float> taste_;
  std::array<std::size_t, 2> genres_{};      // the first and the second taste
  std::vector<std::int32_t> loved_artists_;  // most loved first
  std::vector<std::int32_t> favourites_;     // songs streamed, oldest first
  std::vector<Session> sessions_;
  std::vector<Listen> listens_;
  std::vector<std::int32_t> follows_;
};

}  // namespace segue::data::simulated
