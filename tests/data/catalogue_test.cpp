#include "segue/data/catalogue.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "segue/core/error.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr CatalogueOptions kAllRejects{.reject_limit = 1};

struct Tables {
  TempFolder folder;
  IdTable songs;
  Catalogue catalogue;

  void read(const CatalogueOptions& options = {}) {
    const DataPaths paths = find_input(folder.path().string());
    RejectLog log(folder.path() / "rejects.csv");
    catalogue = read_catalogue(paths, options, songs, log, no_progress());
    log.commit();
  }
  // Behind the file's name.
  std::string reject_lines() const {
    std::string lines = folder.read("rejects.csv");
    lines.erase(0, lines.find('\n') + 1);
    const std::string prefix = folder.path().string() + "/";
    for (std::size_t at; (at = lines.find(prefix)) != std::string::npos;)
      lines.erase(at, prefix.size());
    return lines;
  }
};

TEST(Catalogue, HoldsSongsAndArtists) {
  Tables tables;
  tables.folder.write("listens.csv", "");
  tables.folder.write("artists.csv", "artist_id,name\na1,\"One, and Two\"\na2,\n");
  tables.folder.write("songs.csv",
                      "song_id,title,artist_id,release_date,duration_ms,energy,valence,tempo\n"
                      "s1,Lucky Man,a1,2005-03-19,196707,0.5,0.25,120\n"
                      "s2,,a3,2005,,,,\n"
                      "s3,Untitled,,2005-03,0,1,1,60\n"
                      "s4,Ever,a2,,210000.6,0,0,90\n");
  tables.read();
  const Catalogue& catalogue = tables.catalogue;
  ASSERT_EQ(catalogue.songs(), 4);
  EXPECT_FALSE(catalogue.empty());
  EXPECT_TRUE(catalogue.contains(3));
  EXPECT_FALSE(catalogue.contains(4));
  EXPECT_FALSE(catalogue.contains(IdTable::kNone));
  EXPECT_EQ(tables.songs.find("s3"), 2);
  EXPECT_EQ(catalogue.title_of(0), "Lucky Man");
  EXPECT_EQ(catalogue.title_of(1), "s2");
  EXPECT_THAT(catalogue.artist, ElementsAre(0, 2, IdTable::kNone, 1));
  EXPECT_EQ(catalogue.artist_name_of(0), "One, and Two");
  EXPECT_EQ(catalogue.artist_id_of(0), "a1");
  EXPECT_EQ(catalogue.artist_name_of(1), "a3");
  EXPECT_EQ(catalogue.artist_name_of(2), "");
  EXPECT_EQ(catalogue.artist_id_of(2), "");
  EXPECT_EQ(catalogue.artist_name_of(3), "a2");
  EXPECT_THAT(catalogue.artist_names, ElementsAre("One, and Two", "", ""));
  EXPECT_THAT(catalogue.release_day, ElementsAre(12861, Catalogue::kNoDate, Catalogue::kNoDate, Catalogue::kNoDate));
  EXPECT_THAT(catalogue.duration_ms, ElementsAre(196707, 0, 0, 210001));
  EXPECT_TRUE(catalogue.path.empty());
  ASSERT_EQ(catalogue.flow.rows(), 4);
  EXPECT_THAT(catalogue.flow.row(0), ElementsAre(2.0f, 0.5f, 0.25f));
  EXPECT_THAT(catalogue.flow.row(1), ElementsAre(0.0f, 0.0f, 0.0f));
  EXPECT_EQ(tables.reject_lines(), "");
}

TEST(Catalogue, IdsAloneAreEnough) {
  Tables tables;
  tables.folder.write("listens.csv", "");
  tables.folder.write("songs.tsv", "path\tsong_id\n/music/a.flac\ts1\n\ts2\n");
  tables.read();
  EXPECT_THAT(tables.catalogue.titles, ElementsAre("s1", "s2"));
  EXPECT_THAT(tables.catalogue.path, ElementsAre("/music/a.flac", ""));
  EXPECT_EQ(tables.catalogue.flow.rows(), 0);
  EXPECT_EQ(tables.catalogue.artists.size(), 0);
}

TEST(Catalogue, WithoutTablesItIsEmpty) {
  Tables tables;
  tables.folder.write("listens.csv", "");
  tables.read();
  EXPECT_TRUE(tables.catalogue.empty());
  EXPECT_EQ(tables.songs.size(), 0);
}

TEST(Catalogue, RejectsSayWhatWasExpected) {
  Tables tables;
  tables.folder.write("listens.csv", "");
  tables.folder.write("artists.csv", "artist_id,name\na1,One\na1,Again\n,None\na2,\xff\n");
  tables.folder.write("songs.csv",
                      "song_id,title,artist_id,release_date,duration_ms,tempo,energy\n"
                      "s1,t,a1,2005-01-01,1,1,1\n"
                      "s1,t,a1,2005-01-01,1,1,1\n"
                      ",t,a1,2005-01-01,1,1,1\n"
                      "s2,\xff,a1,2005-01-01,1,1,1\n"
                      "s2,t,a1,2005-13-01,1,1,1\n"
                      "s2,t,a1,205,1,1,1\n"
                      "s2,t,a1,2005-13,1,1,1\n"
                      "s2,t,a1,2005-01-01,-1,1,1\n"
                      "s2,t,a1,2005-01-01,3e9,1,1\n"
                      "s2,t,a1,2005-01-01,1,fast,1\n"
                      "s2,t,a1,2005-01-01,1,nan,1\n"
                      "s2,t,a9,2005-01-01,1,1,1.5\n"
                      "s2,t\n");
  tables.read(kAllRejects);
  EXPECT_EQ(tables.reject_lines(),
            "artists.csv,3,artist_id,a1,expected an artist_id that no row before has\n"
            "artists.csv,4,artist_id,,\"expected an id: UTF-8, not empty\"\n"
            "artists.csv,5,name,\xff,expected UTF-8\n"
            "songs.csv,3,song_id,s1,expected a song_id that no row before has\n"
            "songs.csv,4,song_id,,\"expected an id: UTF-8, not empty\"\n"
            "songs.csv,5,title,\xff,expected UTF-8\n"
            "songs.csv,6,release_date,2005-13-01,\"expected a date YYYY-MM-DD, YYYY-MM or YYYY, or nothing\"\n"
            "songs.csv,7,release_date,205,\"expected a date YYYY-MM-DD, YYYY-MM or YYYY, or nothing\"\n"
            "songs.csv,8,release_date,2005-13,\"expected a date YYYY-MM-DD, YYYY-MM or YYYY, or nothing\"\n"
            "songs.csv,9,duration_ms,-1,\"expected milliseconds from 0 to 2147483647, or nothing\"\n"
            "songs.csv,10,duration_ms,3e9,\"expected milliseconds from 0 to 2147483647, or nothing\"\n"
            "songs.csv,11,tempo,fast,\"expected a number from 0 to 1000, or nothing\"\n"
            "songs.csv,12,tempo,nan,\"expected a number from 0 to 1000, or nothing\"\n"
            "songs.csv,13,energy,1.5,\"expected a number from 0 to 1, or nothing\"\n"
            "songs.csv,14,,\"s2,t\",\"expected 7 fields as in the header, there are 2\"\n");
  EXPECT_EQ(tables.catalogue.songs(), 1);
  EXPECT_EQ(tables.songs.size(), 1);
  EXPECT_EQ(tables.catalogue.artists.size(), 1);  // a9 came with a rejected row
}

TEST(Catalogue, OverTheLimitItStops) {
  Tables tables;
  tables.folder.write("listens.csv", "");
  tables.folder.write("songs.csv", "song_id\ns1\ns1\n");
  EXPECT_THAT(message_of<BadInput>([&] { tables.read(); }),
              testing::AllOf(HasSubstr("songs.csv: 1 of 2 rows cannot be used"),
                             HasSubstr("line 3, column song_id, value \"s1\"")));
}

TEST(Catalogue, RefusesATableOfSongsThatIsNotEmpty) {
  Tables tables;
  tables.folder.write("listens.csv", "");
  tables.songs.add("s");
  EXPECT_EQ(message_of<InvalidArgument>([&] { tables.read(); }), "the songs' table must be empty, it holds 1 ids");
}

TEST(Follows, AreAPatternWithNewUsersAndArtistsAppended) {
  Tables tables;
  tables.folder.write("listens.csv", "");
  tables.folder.write("artists.csv", "artist_id,name\na1,One\na2,Two\n");
  tables.folder.write("follows.csv", "user_id,artist_id\nu2,a2\nu1,a3\nu3,a1\nu2,a1\nu2,a2\nu2,\n");
  tables.read();
  IdTable users;
  users.add("u1");
  users.add("u2");
  RejectLog rejects;
  const Csr follows = read_follows(find_input(tables.folder.path().string()), kAllRejects, users, tables.catalogue,
                                   rejects, no_progress());
  EXPECT_EQ(follows.rows, 3);
  EXPECT_EQ(follows.columns, 3);
  EXPECT_THAT(follows.offsets, ElementsAre(0, 1, 3, 4));
  EXPECT_THAT(follows.indices, ElementsAre(2, 0, 1, 0));
  EXPECT_TRUE(follows.values.empty());
  EXPECT_EQ(users.find("u3"), 2);
  EXPECT_EQ(tables.catalogue.artists.find("a3"), 2);
  EXPECT_THAT(tables.catalogue.artist_names, ElementsAre("One", "Two", ""));
  EXPECT_EQ(rejects.count(), 1);
  EXPECT_EQ(rejects.first().column, "artist_id");
  EXPECT_NO_THROW(check_csr(follows.view(), "follows"));
}

TEST(Follows, WithoutATableThereAreNone) {
  IdTable users;
  users.add("u");
  Catalogue catalogue;
  RejectLog rejects;
  const Csr follows = read_follows({}, {}, users, catalogue, rejects, no_progress());
  EXPECT_EQ(follows.rows, 1);
  EXPECT_EQ(follows.columns, 0);
  EXPECT_EQ(follows.nonzeros(), 0);
}

}  // namespace
}  // namespace segue::data
