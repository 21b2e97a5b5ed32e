#include "segue/core/file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <string>

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

template <class Body>
std::string io_error_of(Body&& body) {
  try {
    body();
  } catch (const IoError& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

TEST(AtomicFile, FollowsSymlinksAndReplacesWhatTheyPointTo) {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder / "there");
  write_file(folder / "there/file", "old");
  std::filesystem::create_symlink("file", folder / "there/link");
  std::filesystem::create_symlink("there/link", folder / "link");
  const std::filesystem::path old_link = folder / "old";
  std::filesystem::create_hard_link(folder / "there/file", old_link);
  write_file(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "there/link"));
  EXPECT_FALSE(std::filesystem::is_symlink(folder / "there/file"));
  EXPECT_EQ(read_file(folder / "there/file"), "new");
  EXPECT_EQ(read_file(old_link), "old") << "replaced, not overwritten";
  EXPECT_EQ(files_in(folder / "there"), 2);
}

TEST(AtomicFile, MakesTheFileThatADanglingSymlinkPointsTo) {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder / "there");
  std::filesystem::create_symlink(folder / "there/file", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "there/file"), "new");
}

TEST(AtomicFile, RefusesALinkToItself) {
  const TemporaryDirectory folder;
  std::filesystem::create_symlink("link", folder / "link");
  EXPECT_THAT(io_error_of([&] { AtomicFile file(folder / "link"); }),
              testing::AllOf(testing::HasSubstr((folder / "link").string()), testing::HasSubstr("symbolic links")));
}

TEST(AtomicFile, RefusesAFolder) {
  const TemporaryDirectory folder;
  std::filesystem::create_directory_symlink(folder.path(), folder / "link");
  EXPECT_EQ(io_error_of([&] { AtomicFile file(folder.path()); }),
            "cannot write " + folder.path().string() + ": Is a directory");
  EXPECT_EQ(io_error_of([&] { AtomicFile file(folder / "link"); }),
            "cannot write " + (folder / "link").string() + ": Is a directory");
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(AtomicFile, WritesThroughAPipe) {
  const TemporaryDirectory folder;
  const std::filesystem::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int descriptor = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(descriptor, 0);
  write_file(pipe, "through");
  std::string text(100, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(::read(descriptor, text.data(), text.size()), 0)));
  ::close(descriptor);
  EXPECT_EQ(text, "through");
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(AtomicFile, NamesASocketThatCannotBeOpened) {
  const TemporaryDirectory folder;
  const std::string path = (folder / "socket").string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_THAT(io_error_of([&] { write_file(path, "x"); }), testing::StartsWith("cannot open " + path));
  ::close(descriptor);
  EXPECT_TRUE(std::filesystem::is_socket(path));
}

TEST(AtomicFile, WritesAnOpenDescriptorWhereItStands) {
  const TemporaryDirectory folder;
  const int descriptor = ::open((folder / "log").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(descriptor, 0);
  EXPECT_EQ(::write(descriptor, "before ", 7), 7);
  write_file("/dev/fd/" + std::to_string(descriptor), "between");
  EXPECT_EQ(::write(descriptor, " after", 6), 6);
  ::close(descriptor);
  EXPECT_EQ(read_file(folder / "log"), "before between after");
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(AtomicFile, WritesThroughADeviceAndReportsItsErrors) {
  write_file("/dev/null", "nowhere");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_EQ(io_error_of([] { write_file("/dev/full", "too much"); }),
            "cannot write /dev/full: No space left on device");
  EXPECT_EQ(io_error_of([] { write_file("/dev/full", std::string(3 << 20, 'x')); }),
            "cannot write /dev/full: No space left on device");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
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
