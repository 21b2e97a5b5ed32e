#include "segue/data/rejects.hpp"

#include <gmock/gmock.h>

#include "segue/core/error.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

using test::message_of;
using test::TempFolder;

TEST(Rejects, AreACsvFileOnceCommitted) {
  const TempFolder folder;
  RejectLog rejects(folder.path() / "rejects.csv");
  rejects.add({"listens.csv", 3, "ms_played", "-5", "expected a number"});
  rejects.add({"listens.csv", 7, "", "a,\"b\"\n", "expected 5 fields"});
  EXPECT_EQ(rejects.count(), 2);
  EXPECT_EQ(rejects.first().line, 3);
  EXPECT_EQ(folder.read("rejects.csv"), "");
  rejects.commit();
  EXPECT_EQ(folder.read("rejects.csv"),
            "file,line,column,value,reason\n"
            "listens.csv,3,ms_played,-5,expected a number\n"
            "listens.csv,7,,\"a,\"\"b\"\"\n\",expected 5 fields\n");
}

TEST(Rejects, FileIsThereWithoutRejects) {
  const TempFolder folder;
  RejectLog rejects(folder.path() / "rejects.csv");
  rejects.commit();
  EXPECT_EQ(folder.read("rejects.csv"), "file,line,column,value,reason\n");
}

TEST(Rejects, LongValuesAreCutBetweenCharacters) {
  const TempFolder folder;
  RejectLog rejects(folder.path() / "rejects.csv");
  rejects.add({"f", 1, "c", std::string(199, 'x') + "é" + std::string(100, 'y'), "r"});
  rejects.commit();
  EXPECT_EQ(folder.read("rejects.csv"), "file,line,column,value,reason\nf,1,c," + std::string(199, 'x') + ",r\n");
}

TEST(Rejects, LimitIsAFractionOfTheRows) {
  RejectLog rejects;
  EXPECT_NO_THROW(rejects.check_limit("a.csv", 0, 0, 0));
  rejects.add({"a.csv", 4, "song_id", "", "expected an id"});
  rejects.commit();
  EXPECT_NO_THROW(rejects.check_limit("a.csv", 1, 100, 0.01));
  EXPECT_EQ(
      message_of<BadInput>([&] { rejects.check_limit("a.csv", 1, 99, 0.01); }),
      "a.csv: 1 of 99 rows cannot be used (1.01%, the limit is 1%); the first: line 4, column song_id, value \"\": "
      "expected an id; correct the file, map its columns in [input.columns], or raise input.reject_limit");
}

TEST(Rejects, TheFirstIsThatOfTheFileAtFault) {
  RejectLog rejects;
  rejects.add({"a.csv", 4, "song_id", "", "expected an id"});
  rejects.add({"b.csv", 9, "", "x,y", "expected 3 fields"});
  rejects.add({"b.csv", 10, "", "x", "expected 3 fields"});
  EXPECT_THAT(message_of<BadInput>([&] { rejects.check_limit("b.csv", 2, 2, 0.5); }),
              testing::HasSubstr("b.csv: 2 of 2 rows cannot be used (100%, the limit is 50%); the first: line 9, value "
                                 "\"x,y\": expected 3 fields;"));
  EXPECT_EQ(rejects.first().line, 4);
}

}  // namespace
}  // namespace segue::data
