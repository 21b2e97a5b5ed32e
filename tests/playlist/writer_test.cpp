#include "segue/playlist/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/core/temporary_directory.hpp"
#include "tests/playlist/world.hpp"

namespace segue::playlist {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class Writer : public testing::Test {
 protected:
  Writer() : world(2) {
    world.song("s/1", {.title = "One, \"two\"\nthree", .artist = "a1"});
    world.song("s2", {.title = "Plain"});
    world.song("s3", {.artist = "a2"});
    world.catalogue.artist_names[0] = "Ann & The\nAnts";
    world.catalogue.duration_ms[0] = 196707;
    user = world.user("u,1");
    world.log_only("only logged");
  }
  Playlist list() const {
    return {.user = user,
            .cold_start = true,
            .songs = {{0, 0.7123456f, Source::similar_songs, "Similar to “X”, which you stream"},
                      {1, 1e-7f, Source::popular, "a \"quote\""},
                      {3, 1, Source::als, "r"}}};
  }
  void write(const WriterOptions& options = {}) {
    PlaylistWriter writer(folder / "out", "discover-weekly", kFriday, world.inputs(), options);
    writer.write(list());
    writer.commit();
  }
  World world;
  std::int32_t user;
  TemporaryDirectory folder;
};

std::vector<std::string> files_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    if (!entry.is_directory())
      names.push_back(std::filesystem::relative(entry.path(), directory).string());
  return names;
}

TEST_F(Writer, JsonHasTheDocumentedKeysInOrder) {
  EXPECT_EQ(
      to_json(list(), "discover-weekly", kFriday, world.inputs()),
      R"({"user":"u,1","playlist":"discover-weekly","date":"2011-06-03","cold_start":true,"songs":[)"
      R"({"position":1,"song":"s/1","title":"One, \"two\"\nthree","artist_id":"a1","artist":"Ann & The\nAnts","score":0.7123,)"
      R"("source":"similar-songs","reason":"Similar to “X”, which you stream"},)"
      R"({"position":2,"song":"s2","title":"Plain","artist_id":"","artist":"","score":1e-07,)"
      R"("source":"popular","reason":"a \"quote\""},)"
      R"({"position":3,"song":"only logged","title":"only logged","artist_id":"","artist":"","score":1.0,)"
      R"("source":"als","reason":"r"}]})");
}

TEST_F(Writer, JsonOfAnEmptyListAndOfADamagedTitle) {
  EXPECT_EQ(to_json({.user = user, .songs = {}}, "release-radar", kFriday, world.inputs()),
            R"({"user":"u,1","playlist":"release-radar","date":"2011-06-03","cold_start":false,"songs":[]})");
  world.catalogue.titles[0] = "\xff";
  EXPECT_THAT(to_json(list(), "x", kFriday, world.inputs()), HasSubstr(R"("title":"�")"));
}

TEST_F(Writer, WritesTheThreeFormats) {
  write();
  EXPECT_THAT(files_in(folder / "out"),
              UnorderedElementsAre("discover-weekly.jsonl", "discover-weekly.csv", "m3u8/discover-weekly/u%2C1.m3u8"));
  EXPECT_EQ(read_file(folder / "out" / "discover-weekly.jsonl"),
            to_json(list(), "discover-weekly", kFriday, world.inputs()) + "\n");
  EXPECT_EQ(read_file(folder / "out" / "discover-weekly.csv"),
            "user,playlist,date,cold_start,position,song,title,artist_id,artist,score,source,reason\n"
            "\"u,1\",discover-weekly,2011-06-03,true,1,s/1,\"One, \"\"two\"\"\nthree\",a1,\"Ann & The\nAnts\",0.7123,"
            "similar-songs,\"Similar to “X”, which you stream\"\n"
            "\"u,1\",discover-weekly,2011-06-03,true,2,s2,Plain,,,1e-07,popular,\"a \"\"quote\"\"\"\n"
            "\"u,1\",discover-weekly,2011-06-03,true,3,only logged,only logged,,,1,als,r\n");
  EXPECT_EQ(read_file(folder / "out" / "m3u8" / "discover-weekly" / "u%2C1.m3u8"),
            "#EXTM3U\n"
            "#PLAYLIST:Discover Weekly, 2011-06-03\n"
            "#EXTINF:197,Ann & The Ants - One, \"two\" three\nsegue:song:s%2F1\n"
            "#EXTINF:-1,Plain\nsegue:song:s2\n"
            "#EXTINF:-1,only logged\nsegue:song:only%20logged\n");
}

TEST_F(Writer, M3u8HasTheCataloguesPaths) {
  world.catalogue.path = {"music/one two.flac", "", "bad\nline"};
  Playlist playlist = list();
  playlist.songs.push_back({2, 0, Source::als, "r"});
  PlaylistWriter writer(folder.path(), "radar", kFriday, world.inputs(), {.csv = false});
  writer.write(playlist);
  writer.commit();
  const std::string text = read_file(folder / "m3u8/radar/u%2C1.m3u8");
  EXPECT_THAT(text, HasSubstr("three\nmusic/one two.flac\n"));
  EXPECT_THAT(text, HasSubstr("Plain\nsegue:song:s2\n"));
  EXPECT_THAT(text, HasSubstr("a2 - s3\nsegue:song:s3\n"));
  world.catalogue.path[0] = "#1.flac";
  write();
  EXPECT_THAT(read_file(folder / "out/m3u8/discover-weekly/u%2C1.m3u8"), HasSubstr("\n./#1.flac\n"));
}

TEST_F(Writer, LeavesOutWhatIsNotWanted) {
  write({.csv = false, .m3u8 = false});
  EXPECT_THAT(files_in(folder / "out"), UnorderedElementsAre("discover-weekly.jsonl"));
}

TEST_F(Writer, WithoutCommitNothingIsLeft) {
  {
    PlaylistWriter writer(folder / "out", "discover-weekly", kFriday, world.inputs(), {});
    writer.write(list());
  }
  EXPECT_THAT(files_in(folder / "out"), IsEmpty());
}

TEST_F(Writer, ReplacesAnEarlierListWhole) {
  write();
  write_file(folder / "out/m3u8/discover-weekly/somebody-who-left.m3u8", "");
  write();
  EXPECT_THAT(files_in(folder / "out" / "m3u8"), UnorderedElementsAre("discover-weekly/u%2C1.m3u8"));
}

TEST_F(Writer, SaysWhichFolderCannotBeMade) {
  write_file(folder / "out", "a file");
  EXPECT_THAT([&] { write(); }, testing::ThrowsMessage<IoError>(HasSubstr((folder / "out").string())));
}

TEST(M3u8FileName, KeepsPlainCharactersAndEncodesOthers) {
  EXPECT_EQ(m3u8_file_name("User_1-a.b"), "User_1-a.b.m3u8");
  EXPECT_EQ(m3u8_file_name("a/b é%"), "a%2Fb%20%C3%A9%25.m3u8");
  EXPECT_EQ(m3u8_file_name("."), "%2E.m3u8");
  EXPECT_EQ(m3u8_file_name("..x"), "%2E.x.m3u8");
}

TEST(M3u8FileName, CutsLongOnesAndKeepsThemApart) {
  EXPECT_EQ(m3u8_file_name(std::string(200, 'a')), std::string(200, 'a') + ".m3u8");
  // sha256sum of 201 and of 300 times "a"
  EXPECT_EQ(m3u8_file_name(std::string(201, 'a')), std::string(200, 'a') + "~a92efd82109373e5.m3u8");
  EXPECT_EQ(m3u8_file_name(std::string(300, 'a')), std::string(200, 'a') + "~9835fa6bf4e20a9b.m3u8");
  for (std::size_t lead = 0; lead < 3; ++lead) {  // a %XX that the cut would split goes whole
    const std::string name = m3u8_file_name(std::string(lead, 'a') + std::string(100, '/'));
    const std::string kept = name.substr(0, name.find('~'));
    EXPECT_LE(kept.size(), 200u);
    EXPECT_EQ((kept.size() - lead) % 3, 0u) << kept;
  }
}

}  // namespace
}  // namespace segue::playlist
