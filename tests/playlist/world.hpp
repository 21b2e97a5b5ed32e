#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "segue/playlist/discover_weekly.hpp"
#include "segue/playlist/playlist.hpp"
#include "segue/playlist/release_radar.hpp"

namespace segue::playlist {

/// A small music service, put together by hand: users, songs and artists by id, then inputs() for the makers.
class World {
 public:
  explicit World(std::int64_t rank = 4);

  struct Song {
    std::string title = {};   ///< empty: the id
    std::string artist = {};  ///< empty: none
    std::int32_t day = data::Catalogue::kNoDate;
    std::vector<float> vector = {};  ///< empty: never trained on
    std::vector<float> flow = {};    ///< tempo/60, energy, valence
  };
  /// To the catalogue, or with log_only behind it: then add those last.
  std::int32_t song(const std::string& id, const Song& song);
  std::int32_t log_only(const std::string& id, std::vector<float> vector = {});
  std::int32_t user(const std::string& id, std::vector<float> vector = {}, std::int32_t group = -1);
  std::int32_t artist(const std::string& id) { return catalogue.artists.find(id); }

  /// `streams` streams; 0: skips only.
  void play(std::int32_t user, std::int32_t song, int streams = 1);
  void follow(std::int32_t user, const std::string& artist);
  void give_before(std::int32_t user, std::int32_t song);

  /// Valid until the world changes.
  Inputs inputs();
  data::CsrView given_before();

  std::vector<Playlist> discover_weekly(const DiscoverWeeklyOptions& options = {},
                                        std::span<const std::int32_t> users = {});
  std::vector<Playlist> release_radar(const ReleaseRadarOptions& options, std::span<const std::int32_t> users = {});

  data::IdTable users, songs;
  data::Catalogue catalogue;
  data::Interactions interactions;
  std::vector<std::int32_t> groups;
  als::Options als;

 private:
  using Cells = std::map<std::int32_t, std::map<std::int32_t, int>>;
  static data::Csr csr(const Cells& cells, std::int64_t rows, std::int64_t columns);
  void build();
  void set_vectors(Matrix<float>& to, const std::vector<std::vector<float>>& from) const;

  std::int64_t rank_;
  bool built_ = false;
  Cells plays_, follows_cells_, given_;
  std::vector<std::vector<float>> user_rows_, song_rows_, flow_rows_;
  Matrix<float> user_vectors_, song_vectors_;
  data::Csr follows_, given_before_;
};

inline constexpr Date kFriday{std::chrono::year{2011} / 6 / 3};
inline std::int32_t day_of(Date date) {
  return static_cast<std::int32_t>(date.time_since_epoch().count());
}

std::vector<std::string> ids(const World& world, const Playlist& list);

/// A world of about these sizes with everything that can occur: cold songs, twins, songs without artist, songs that
/// only the log has, users with skips only, users who only follow, releases before, in and after the window, songs
/// given before.
struct RandomWorldSizes {
  int users = 40;
  int songs = 200;
  int artists = 50;
  bool with_catalogue = true;
};
World random_world(std::uint64_t seed, const RandomWorldSizes& sizes);

}  // namespace segue::playlist
