#include "host/data/layouts.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "host/data/json/json_reader.hpp"
#include "host/data/parquet/parquet_reader.hpp"
#include "segue/core/date.hpp"

namespace segue::data {
namespace {

using Fields = std::vector<std::string_view>;

constexpr std::pair<std::string_view, Layout> kNames[] = {{"auto", Layout::automatic},
                                                          {"table", Layout::table},
                                                          {"json", Layout::json},
                                                          {"parquet", Layout::parquet},
                                                          {"taste-profile", Layout::taste_profile},
                                                          {"lastfm-360k", Layout::lastfm_360k},
                                                          {"lastfm-1k", Layout::lastfm_1k},
                                                          {"movielens-100k", Layout::movielens_100k},
                                                          {"movielens-1m", Layout::movielens_1m},
                                                          {"listenbrainz", Layout::listenbrainz},
                                                          {"spotify-history", Layout::spotify_history},
                                                          {"spotify-extended", Layout::spotify_extended},
                                                          // Tables whose header says it all.
                                                          {"hetrec", Layout::table},
                                                          {"movielens", Layout::table},
                                                          {"recbole", Layout::table},
                                                          {"lfm-2b", Layout::table}};

std::vector<KnownLayout> make_known_layouts() {
  std::vector<KnownLayout> all;
  all.reserve(16);  // add() returns references
  const auto add = [&](Layout layout, char delimiter, std::vector<std::string> columns) -> KnownLayout& {
    KnownLayout& made = all.emplace_back();
    made.layout = layout;
    made.delimiter = delimiter;
    made.columns = std::move(columns);
    return made;
  };

  KnownLayout& taste = add(Layout::taste_profile, '\t', {"user", "song", "count"});
  taste.user = "user";
  taste.song = {{"song"}};
  taste.count = "count";

  KnownLayout& lastfm_360k = add(Layout::lastfm_360k, '\t', {"user", "artist MBID", "artist", "plays"});
  lastfm_360k.user = "user";
  lastfm_360k.song = {{"artist MBID"}, {"artist"}};
  lastfm_360k.count = "plays";
  lastfm_360k.title = lastfm_360k.artist = "artist";
  lastfm_360k.artist_id = "artist MBID";

  KnownLayout& lastfm_1k =
      add(Layout::lastfm_1k, '\t', {"user", "timestamp", "artist MBID", "artist", "track MBID", "track"});
  lastfm_1k.user = "user";
  lastfm_1k.song = {{"track MBID"}, {"artist", "track"}};
  lastfm_1k.timestamp = "timestamp";
  lastfm_1k.title = "track";
  lastfm_1k.artist_id = "artist MBID";
  lastfm_1k.artist = "artist";

  KnownLayout& movielens_100k = add(Layout::movielens_100k, '\t', {"user", "item", "rating", "timestamp"});
  // Split at each of the two colons, every other field is empty.
  KnownLayout movielens_1m = movielens_100k;
  movielens_1m.layout = Layout::movielens_1m;
  movielens_1m.delimiter = ':';
  movielens_1m.columns = {"user", "", "item", "", "rating", "", "timestamp"};
  all.push_back(std::move(movielens_1m));
  for (KnownLayout& ratings : all)
    if (ratings.layout == Layout::movielens_100k || ratings.layout == Layout::movielens_1m) {
      ratings.user = "user";
      ratings.song = {{"item"}};
      ratings.rating = "rating";
      ratings.timestamp = "timestamp";
    }

  KnownLayout& brainz =
      add(Layout::listenbrainz, '\0',
          {"user_name", "listened_at", "recording_msid", "track_metadata.recording_msid", "track_metadata.track_name",
           "track_metadata.artist_name", "track_metadata.additional_info.recording_mbid",
           "track_metadata.additional_info.recording_msid", "track_metadata.mbid_mapping.recording_mbid"});
  brainz.user = "user_name";
  brainz.timestamp = "listened_at";
  brainz.song = {{"track_metadata.mbid_mapping.recording_mbid"},
                 {"track_metadata.additional_info.recording_mbid"},
                 {"recording_msid"},
                 {"track_metadata.recording_msid"},
                 {"track_metadata.additional_info.recording_msid"},
                 {"track_metadata.artist_name", "track_metadata.track_name"}};
  brainz.title = "track_metadata.track_name";
  brainz.artist = "track_metadata.artist_name";

  KnownLayout& history = add(
      Layout::spotify_history, '\0',
      {"endTime", "artistName", "trackName", "msPlayed", "podcastName", "episodeName", "audiobookName", "chapterName"});
  history.song = {{"artistName", "trackName"}};
  history.timestamp = "endTime";
  history.ms_played = "msPlayed";
  history.title = "trackName";
  history.artist = "artistName";
  history.not_music = {"podcastName", "episodeName", "audiobookName", "chapterName"};

  KnownLayout& extended = add(
      Layout::spotify_extended, '\0',
      {"username", "ts", "ms_played", "spotify_track_uri", "master_metadata_track_name",
       "master_metadata_album_artist_name", "spotify_episode_uri", "episode_name", "audiobook_uri", "audiobook_title"});
  extended.user = "username";
  extended.song = {{"spotify_track_uri"}, {"master_metadata_album_artist_name", "master_metadata_track_name"}};
  extended.timestamp = "ts";
  extended.ms_played = "ms_played";
  extended.title = "master_metadata_track_name";
  extended.artist = "master_metadata_album_artist_name";
  extended.not_music = {"spotify_episode_uri", "episode_name", "audiobook_uri", "audiobook_title"};
  return all;
}

Fields split(std::string_view line, std::string_view delimiter) {
  Fields fields;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t end = line.find(delimiter, at);
    fields.push_back(line.substr(at, end == std::string_view::npos ? end : end - at));
    at = end == std::string_view::npos ? end : end + delimiter.size();
  }
  return fields;
}

bool consists_of(std::string_view text, std::size_t least, std::size_t most, std::string_view characters) {
  return text.size() >= least && text.size() <= most && text.find_first_not_of(characters) == std::string_view::npos;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHex = "0123456789abcdef";

bool is_number(std::string_view text) {
  return consists_of(text, 1, 19, kDigits);
}
bool is_sha1(std::string_view text) {
  return consists_of(text, 40, 40, kHex);
}
bool is_mbid_or_empty(std::string_view text) {
  return text.empty() || consists_of(text, 36, 36, "0123456789abcdef-");
}
bool is_rating(std::string_view text) {
  return consists_of(text, 1, 4, "0123456789.") && is_number(text.substr(0, 1));
}

Layout recognise_table(std::string_view line) {
  const Fields tabs = split(line, "\t"), colons = split(line, "::");
  if (tabs.size() == 3 && is_sha1(tabs[0]) && tabs[1].starts_with("SO") && tabs[1].size() == 18 && is_number(tabs[2]))
    return Layout::taste_profile;
  if (tabs.size() == 4 && is_sha1(tabs[0]) && is_mbid_or_empty(tabs[1]) && is_number(tabs[3]))
    return Layout::lastfm_360k;
  if (tabs.size() == 6 && tabs[0].starts_with("user_") && parse_timestamp(tabs[1]) && is_mbid_or_empty(tabs[2]) &&
      is_mbid_or_empty(tabs[4]))
    return Layout::lastfm_1k;
  if (tabs.size() == 4 && is_number(tabs[0]) && is_number(tabs[1]) && is_rating(tabs[2]) &&
      consists_of(tabs[3], 9, 10, kDigits))
    return Layout::movielens_100k;
  if (colons.size() == 4 && is_number(colons[0]) && is_number(colons[1]) && is_rating(colons[2]) &&
      is_number(colons[3]))
    return Layout::movielens_1m;
  return Layout::table;
}

Layout recognise_json(const std::vector<std::string>& keys) {
  const auto has = [&](std::string_view key) { return std::ranges::find(keys, key) != keys.end(); };
  if (has("track_metadata.track_name"))
    return Layout::listenbrainz;
  if (has("endTime") && has("msPlayed"))
    return Layout::spotify_history;
  if (has("ms_played") && (has("spotify_track_uri") || has("master_metadata_track_name")))
    return Layout::spotify_extended;
  return Layout::json;
}

// "user_id:token" (RecBole), "//userID" (HetRec) and "User ID" are all "userid".
std::string plain_name(std::string_view column) {
  std::string plain;
  for (const unsigned char c : column.substr(0, column.find(':')))
    if (std::isalnum(c))
      plain += static_cast<char>(std::tolower(c));
  return plain;
}

std::vector<std::string_view> usual_names(Role role) {
  switch (role) {
    case Role::user:
      return {"userid",     "user",     "username",  "uid",        "userhash",
              "listenerid", "listener", "accountid", "customerid", "memberid"};
    case Role::song:
      return {"songid",        "song",          "trackid",     "track",      "trackuri",  "spotifytrackuri",
              "recordingmbid", "recordingmsid", "recordingid", "songhash",   "trackhash", "itemid",
              "item",          "movieid",       "artistid",    "artistmbid", "artist"};
    case Role::timestamp:
      return {"timestamp", "ts",      "time",      "listenedat", "playedat", "datetime",
              "date",      "endtime", "createdat", "unixtime",   "eventtime"};
    case Role::ms_played:
      return {"msplayed", "playedms", "msplay", "listenedms"};
    case Role::count:
      return {"count", "plays", "playcount", "weight", "listencount", "streams"};
    case Role::rating:
      return {"rating", "stars"};
    case Role::title:
      return {"title", "trackname", "songtitle", "tracktitle", "songname"};
    case Role::artist_id:
      return {"artistid", "artistmbid", "artid"};
    case Role::artist:
      return {"artistname", "artist", "artname"};
  }
  return {};
}

}  // namespace

std::span<const std::pair<std::string_view, Layout>> layout_names() {
  return kNames;
}

const KnownLayout* known_layout(Layout layout) {
  static const std::vector<KnownLayout> all = make_known_layouts();
  const auto found = std::ranges::find(all, layout, &KnownLayout::layout);
  return found == all.end() ? nullptr : &*found;
}

Layout recognise_layout(std::string_view beginning) {
  if (is_parquet(beginning))
    return Layout::parquet;
  const std::vector<std::string> keys = first_json_keys(beginning);
  if (!keys.empty())
    return recognise_json(keys);
  if (beginning.starts_with("\xef\xbb\xbf"))
    beginning.remove_prefix(3);
  if (const std::size_t first = beginning.find_first_not_of(" \t\r\n");
      first != std::string_view::npos && (beginning[first] == '[' || beginning[first] == '{'))
    return Layout::json;
  std::string_view line = beginning.substr(0, beginning.find('\n'));
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  return recognise_table(line);
}

int guess_column(Role role, std::span<const std::string> columns) {
  std::vector<std::string> plain;
  for (const std::string& column : columns)
    plain.push_back(plain_name(column));
  for (const std::string_view name : usual_names(role))
    if (const auto found = std::ranges::find(plain, name); found != plain.end())
      return static_cast<int>(found - plain.begin());
  if (role != Role::song)
    return -1;
  // The one other id of the table, such as "Anime_ID".
  const int user = guess_column(Role::user, columns);
  int only = -1;
  for (int i = 0; i < static_cast<int>(plain.size()); ++i)
    if (i != user && plain[static_cast<std::size_t>(i)].ends_with("id")) {
      if (only >= 0)
        return -1;
      only = i;
    }
  return only;
}

}  // namespace segue::data
