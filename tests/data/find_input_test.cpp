#include <gmock/gmock.h>

#include <string>

#include "segue/core/error.hpp"
#include "segue/data/layout.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using test::TempFolder;
using testing::ElementsAre;

TEST(FindInput, TakesEveryEnding) {
  const TempFolder folder;
  folder.write("listens.tsv.zst", "");
  folder.write("songs.csv.gz", "");
  folder.write("follows.csv", "");
  const DataPaths paths = find_input(folder.path().string());
  EXPECT_THAT(paths.listens, ElementsAre(folder.path() / "listens.tsv.zst"));
  EXPECT_EQ(paths.songs, folder.path() / "songs.csv.gz");
  EXPECT_EQ(paths.artists, "");
  EXPECT_EQ(paths.follows, folder.path() / "follows.csv");
}

TEST(FindInput, SaysWhatItMisses) {
  const TempFolder folder;
  const std::string path = folder.path().string();
  EXPECT_EQ(message_of<BadInput>([&] { find_input(path + "/none"); }),
            path + "/none: no such file or folder; expected a listening log, or a folder with one");
  EXPECT_EQ(message_of<BadInput>([&] { find_input(path); }),
            path +
                ": no listening log; looked for listens.csv and the names that publishers give theirs "
                "(docs/reading-logs.md), then for .csv, .tsv, .jsonl, .json and .parquet, and found no file");
  folder.write("listens.csv", "");
  folder.write("listens.csv.gz", "");
  EXPECT_EQ(message_of<BadInput>([&] { find_input(path); }),
            path + "/listens.csv and " + path + "/listens.csv.gz are both there; leave one");
}

TEST(FindInput, RefusesWhatIsNoFile) {
  const TempFolder folder;
  const std::string path = folder.path().string();
  fs::create_directory(path + "/listens.csv");
  EXPECT_EQ(message_of<BadInput>([&] { find_input(path); }),
            path + "/listens.csv is a folder; expected a table in a file");
  fs::remove(path + "/listens.csv");
  fs::create_symlink("/dev/null", path + "/listens.csv");
  EXPECT_EQ(message_of<BadInput>([&] { find_input(path); }),
            path + "/listens.csv is not a regular file; expected a table in a file");
  fs::remove(path + "/listens.csv");
  folder.write("log", "");
  fs::create_symlink("log", path + "/listens.csv");
  fs::create_directory(path + "/songs.tsv");
  EXPECT_EQ(message_of<BadInput>([&] { find_input(path); }),
            path + "/songs.tsv is a folder; expected a table in a file");
  fs::remove(path + "/songs.tsv");
  EXPECT_THAT(find_input(path).listens, ElementsAre(folder.path() / "listens.csv"));
}

TEST(FindInput, AFileAPatternOrStandardInput) {
  const TempFolder folder;
  const std::string path = folder.path().string();
  folder.write("a.csv", "");
  folder.write("b.csv.gz", "");
  folder.write("c.txt", "");
  EXPECT_THAT(find_input(path + "/c.txt").listens, ElementsAre(path + "/c.txt"));
  EXPECT_THAT(find_input(path + "/*.csv*").listens, ElementsAre(path + "/a.csv", path + "/b.csv.gz"));
  EXPECT_THAT(find_input("-").listens, ElementsAre("/dev/stdin"));
  EXPECT_EQ(message_of<BadInput>([&] { find_input(path + "/*.tsv"); }), path + "/*.tsv: no file matches");
}

TEST(FindInput, AFolderOfLogs) {
  const TempFolder folder;
  const std::string path = folder.path().string();
  fs::create_directory(path + "/2024");
  folder.write("2024/b.csv.bz2", "");
  folder.write("a.csv", "");
  folder.write("readme.txt", "");
  folder.write(".hidden.csv", "");
  EXPECT_THAT(find_input(path).listens, ElementsAre(path + "/2024/b.csv.bz2", path + "/a.csv"));
  folder.write("x.parquet", "");
  EXPECT_EQ(message_of<BadInput>([&] { find_input(path); }),
            path +
                ": holds logs of several forms (b.csv.bz2, a.csv, readme.txt, x.parquet); name the files that are "
                "meant by a pattern such as \"" +
                path + "/*.csv*\"");
  folder.write("u.data", "");  // MovieLens's own name goes first
  EXPECT_THAT(find_input(path).listens, ElementsAre(path + "/u.data"));
}

}  // namespace
}  // namespace segue::data
