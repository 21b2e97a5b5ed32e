// Every layout that a publisher gives its log, read without options from small files written after its description.
#include "host/data/layouts.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "segue/core/date.hpp"
#include "segue/core/error.hpp"
#include "segue/data/listens.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using test::TempFolder;
using testing::ElementsAre;
using testing::IsEmpty;

struct Reading {
  std::vector<std::string> listens;  // "user song time ms count", "-" for what is not known
  std::vector<std::string> titles;   // "song: title, artist's id, artist"
  ListenCounts counts;
};

Reading read(const std::vector<fs::path>& files, const ListenOptions& options = {}) {
  IdTable users, songs;
  Catalogue names;
  RejectLog rejects;
  Reading reading;
  reading.counts =
      read_listens(files, options, users, songs, &names, rejects, no_progress(), [&](const ListenLog& log) {
        for (std::size_t i = 0; i < log.user.size(); ++i) {
          const bool timed = log.timestamp[i] != ListenLog::kUnknownTime;
          const bool long_known = log.ms_played[i] != ListenLog::kUnknownDuration;
          reading.listens.push_back(fmt::format("{} {} {} {} {}", users.id(log.user[i]), songs.id(log.song[i]),
                                                timed ? format_timestamp(log.timestamp[i]) : "-",
                                                long_known ? std::to_string(log.ms_played[i]) : "-",
                                                log.count.empty() ? "-" : std::to_string(log.count[i])));
        }
      });
  for (std::int32_t song = 0; song < names.songs(); ++song)
    reading.titles.push_back(fmt::format("{}: {}, {}, {}", songs.id(song), names.title_of(song),
                                         names.artist_id_of(song), names.artist_name_of(song)));
  return reading;
}

// A folder below tests/data/layouts.
Reading read_folder(const std::string& name, const ListenOptions& options = {}) {
  return read(find_input(fmt::format("{}/layouts/{}", SEGUE_TEST_DATA, name)).listens, options);
}

TEST(Layouts, TasteProfileTriplets) {
  const Reading reading = read_folder("taste-profile");
  ASSERT_EQ(reading.listens.size(), 3u);
  const std::string user = reading.listens[0].substr(0, 40);
  EXPECT_EQ(reading.listens[0], user + " SOAAAQN12AB01856D3 - - 3");
  EXPECT_EQ(reading.listens[1], user + " SOBBBRE12A58A7E8F1 - - 1");
  EXPECT_THAT(reading.titles, IsEmpty());
}

TEST(Layouts, Lastfm360KHasArtistsForSongs) {
  const Reading reading = read_folder("lastfm-360k");
  ASSERT_EQ(reading.listens.size(), 3u);
  const std::string user = reading.listens[0].substr(0, 40);
  EXPECT_EQ(reading.listens[0], user + " 0b51c328-1f2b-464c-9e2c-0c2a8cce20ae - - 2137");
  EXPECT_EQ(reading.listens[1], user + " \"q\" & friends - - 14");
  EXPECT_THAT(reading.titles, ElementsAre("0b51c328-1f2b-464c-9e2c-0c2a8cce20ae: the paper lanterns, "
                                          "0b51c328-1f2b-464c-9e2c-0c2a8cce20ae, the paper lanterns",
                                          "\"q\" & friends: \"q\" & friends, \"q\" & friends, \"q\" & friends"));
}

TEST(Layouts, Lastfm1KTakesNamesWhereThereIsNoId) {
  const Reading reading = read_folder("lastfm-1k");
  EXPECT_THAT(reading.listens, ElementsAre("user_000001 8bfac288-ccc5-448d-9573-c33ea2aa5c30 2009-05-04T23:08:57Z - -",
                                           "user_000001 The Paper Lanterns - South 2009-05-04T13:54:10Z - -",
                                           "user_000002 Saltworks - Tide 2009-05-03T15:48:25Z - -",
                                           "user_000002 Saltworks - Tide 2009-05-03T15:48:25Z - -"));
  EXPECT_THAT(
      reading.titles,
      ElementsAre("8bfac288-ccc5-448d-9573-c33ea2aa5c30: North (12\" Mix), 0b51c328-1f2b-464c-9e2c-0c2a8cce20ae, "
                  "The Paper Lanterns",
                  "The Paper Lanterns - South: South, 0b51c328-1f2b-464c-9e2c-0c2a8cce20ae, The Paper Lanterns",
                  "Saltworks - Tide: Tide, Saltworks, Saltworks"));
}

TEST(Layouts, HetRec) {
  EXPECT_THAT(read_folder("hetrec").listens, ElementsAre("2 51 - - 13883", "2 52 - - 11690", "3 51 - - 7"));
}

TEST(Layouts, MovieLensLeavesLowRatingsOut) {
  const Reading first = read_folder("movielens-100k");
  EXPECT_THAT(first.listens, ElementsAre("186 302 1998-04-04T19:22:22Z - -", "244 302 1997-11-27T05:02:03Z - -"));
  EXPECT_EQ(first.counts.low_ratings, 2);
  EXPECT_THAT(read_folder("movielens-1m").listens,
              ElementsAre("1 1193 2000-12-31T22:12:40Z - -", "2 1193 2000-12-31T21:33:33Z - -"));
  EXPECT_THAT(read_folder("movielens").listens,
              ElementsAre("1 1029 2009-12-14T02:52:59Z - -", "2 1029 1996-06-21T11:11:33Z - -"));
  EXPECT_EQ(read_folder("movielens-1m", {.min_rating = 1}).listens.size(), 3u);
}

TEST(Layouts, RecBoleAtomicFile) {
  EXPECT_THAT(read_folder("recbole").listens,
              ElementsAre("u1 i7 2013-05-10T01:20:00Z - -", "u2 i7 2013-05-10T01:20:02Z - -"));
}

TEST(Layouts, Lfm2b) {
  EXPECT_THAT(read_folder("lfm-2b").listens,
              ElementsAre("1 100 2014-03-01T12:00:01Z - -", "1 101 2014-03-01T12:04:01Z - -",
                          "2 100 2014-03-02T09:30:00Z - -"));
}

TEST(Layouts, ListenBrainzDump) {
  const Reading reading = read_folder("listenbrainz");
  EXPECT_THAT(reading.listens, ElementsAre("rob 9c3a1cbb-0f1a-4b26-9d0f-0a3f6f4f0b11 2019-04-01T00:00:00Z - -",
                                           "rob 11111111-2222-4333-8444-555555555555 2019-04-01T00:05:00Z - -",
                                           "lucifer 9c3a1cbb-0f1a-4b26-9d0f-0a3f6f4f0b11 2019-04-02T00:00:00Z - -"));
  EXPECT_THAT(reading.titles, ElementsAre("9c3a1cbb-0f1a-4b26-9d0f-0a3f6f4f0b11: Tide, Saltworks, Saltworks",
                                          "11111111-2222-4333-8444-555555555555: Été, Björn & Co, Björn & Co"));
}

TEST(Layouts, SpotifyHistoryLeavesPodcastsOut) {
  const Reading reading = read_folder("spotify-history");
  EXPECT_THAT(reading.listens, ElementsAre("spotify-history Saltworks - Tide 2023-03-04T05:06:00Z 201000 -",
                                           "spotify-history Paper Lanterns - North 2023-03-04T05:07:00Z 1500 -",
                                           "spotify-history Saltworks - Tide 2023-03-05T21:00:00Z 180000 -"));
  EXPECT_EQ(reading.counts.not_music, 1);
  EXPECT_THAT(reading.titles, ElementsAre("Saltworks - Tide: Tide, Saltworks, Saltworks",
                                          "Paper Lanterns - North: North, Paper Lanterns, Paper Lanterns"));
  EXPECT_EQ(read_folder("spotify-history", {.user = "anna"}).listens[0].substr(0, 5), "anna ");
}

TEST(Layouts, SpotifyExtendedHistoryLeavesPodcastsAndVideosOut) {
  const Reading reading = read_folder("spotify-extended");
  EXPECT_THAT(reading.listens,
              ElementsAre("somebody spotify:track:6rqhFgbbKwnb9MLmUQDhG6 2019-12-31T23:59:58Z 201000 -",
                          "somebody spotify:track:3n3Ppam7vgaVa1iaRUc9Lp 2020-01-01T00:03:20Z 900 -"));
  EXPECT_EQ(reading.counts.not_music, 3);  // an episode, a file of the listener's own, a video
  EXPECT_EQ(reading.counts.rejected, 0);
}

TEST(Layouts, JsonLines) {
  EXPECT_THAT(read_folder("jsonl").listens,
              ElementsAre("u1 s1 2020-01-01T00:00:00Z 31000 -", "u1 s2 2019-12-31T23:10:00Z 4000 -"));
}

TEST(Layouts, Parquet) {
  EXPECT_THAT(read_folder("parquet").listens,
              ElementsAre("u1 s1 2020-01-01T00:00:00Z 31000 2", "u1 s2 2020-01-01T00:10:00Z 4000 1",
                          "u2 s1 2020-01-02T00:00:00Z 30000 1"));
}

TEST(Layouts, NamesInAConfigurationOverrideTheContent) {
  ListenOptions options;
  options.layout = Layout::table;
  const TempFolder folder;
  const fs::path file = folder.write("x.tsv", "196\t242\t5\t881250949\n186\t302\t4\t891717742\n");
  EXPECT_EQ(read({file}).listens.size(), 2u);
  EXPECT_THAT(message_of<BadInput>([&] { read({file}, options); }), testing::HasSubstr("no column \"user_id\""));
}

TEST(Layouts, AColumnOfAUsualNameIsTakenButNotTwice) {
  const TempFolder folder;
  EXPECT_THAT(read({folder.write("a.csv", "UserID,Track ID,Artist_ID,plays\nu,t,a,3\n")}).listens,
              ElementsAre("u t - - 3"));
  EXPECT_THAT(read({folder.write("b.csv", "User,artist_name,artist_id\nu,A,7\n")}).titles, ElementsAre("7: 7, A, A"));
  EXPECT_THAT(read({folder.write("c.dat", "User_ID\tAnime_ID\tFeedback\n1\t20\t1\n")}).listens,
              ElementsAre("1 20 - - -"));
  EXPECT_EQ(message_of<BadInput>([&] { read({folder.write("d.csv", "user_id,shop_id,city_id\nu,1,2\n")}); }),
            folder.path().string() +
                "/d.csv: no column \"song_id\"; there are \"user_id\", \"shop_id\", \"city_id\"; "
                "set input.columns.song to the one that is meant");
}

TEST(Layouts, AnEmptyArrayHasNoListens) {
  const TempFolder folder;
  const fs::path none = folder.write("StreamingHistory_podcast_0.json", "[\n]\n");
  EXPECT_THAT(read({none}).listens, IsEmpty());
  const fs::path some =
      folder.write("StreamingHistory_music_0.json",
                   R"([{"endTime": "2023-03-04 05:06", "artistName": "A", "trackName": "T", "msPlayed": 1}])");
  EXPECT_EQ(read({some, none}).listens.size(), 1u);
  EXPECT_EQ(message_of<BadInput>([&] { read({folder.write("x.json", "[1, 2]")}); }),
            folder.path().string() + "/x.json: does not begin with a JSON object or an array of objects");
}

TEST(Layouts, FilesOfOneLogAreReadInTheOrderOfTheirNames) {
  const TempFolder folder;
  folder.write("p2.csv", "user_id,song_id\nu2,s1\n");
  folder.write("p1.csv", "user_id,song_id,count\nu1,s1,5\n");
  EXPECT_THAT(read(find_input(folder.path().string()).listens).listens, ElementsAre("u1 s1 - - 5", "u2 s1 - - 1"));
  EXPECT_THAT(read(find_input((folder.path() / "p2*").string()).listens).listens, ElementsAre("u2 s1 - - -"));
}

TEST(Layouts, EachFileHasItsOwnLimitOfRejects) {
  const TempFolder folder;
  std::string good = "user_id,song_id\n";
  for (int i = 0; i < 1000; ++i)
    good += "u,s\n";
  folder.write("a.csv", good);
  folder.write("b.csv", "user_id,song_id\nu,s\n,s\n");
  EXPECT_THAT(message_of<BadInput>([&] { read(find_input(folder.path().string()).listens); }),
              testing::StartsWith(folder.path().string() + "/b.csv: 1 of 2 rows cannot be used"));
}

TEST(RecogniseLayout, ByTheBeginning) {
  EXPECT_EQ(recognise_layout(""), Layout::table);
  EXPECT_EQ(recognise_layout("user_id,song_id\n"), Layout::table);
  EXPECT_EQ(recognise_layout("\xef\xbb\xbf"
                             "1::2::3.5::978300760\r\n"),
            Layout::movielens_1m);
  EXPECT_EQ(recognise_layout("1\t2\t3\tnever\n"), Layout::table);
  EXPECT_EQ(recognise_layout("PAR1\x15"), Layout::parquet);
  EXPECT_EQ(recognise_layout("{\"a\": 1}"), Layout::json);
  EXPECT_EQ(recognise_layout("[]"), Layout::json);
  EXPECT_EQ(recognise_layout(" {broken"), Layout::json);  // and then an error that says so
}

}  // namespace
}  // namespace segue::data
