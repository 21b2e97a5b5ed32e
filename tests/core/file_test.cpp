#include "segue/core/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segue/core/error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue {
namespace {

std::int64_t files_in(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

TEST(AtomicFile, AppearsWholeOnCommit) {
  const TemporaryDirectory folder;
  AtomicFile file(folder / "a.txt");
  const std::string large(3 << 20, 'x');
  file.write("head ");
  file.write(large);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.txt"));
  file.commit();
  EXPECT_EQ(read_file(folder / "a.txt"), "head " + large);
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(AtomicFile, LeavesTheOldOneAndNothingElseWithoutCommit) {
  const TemporaryDirectory folder;
  write_file(folder / "a.txt", "old");
  {
    AtomicFile file(folder / "a.txt");
    file.write("new");
  }
  EXPECT_EQ(read_file(folder / "a.txt"), "old");
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(AtomicFile, NamesTheFolderThatIsNotThere) {
  try {
    AtomicFile file("/nonexistent/folder/a.txt");
    FAIL();
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("/nonexistent/folder/"),
                                             testing::HasSubstr("No such file or directory")));
  }
}

TEST(MappedFile, HandlesEmptyMissingAndFolder) {
  const TemporaryDirectory folder;
  write_file(folder / "empty", "");
  EXPECT_TRUE(MappedFile(folder / "empty").bytes().empty());
  EXPECT_THROW(MappedFile(folder / "missing"), IoError);
  EXPECT_THROW(MappedFile(folder.path()), IoError);
}

}  // namespace
}  // namespace segue
