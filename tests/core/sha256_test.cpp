#include "segue/core/sha256.hpp"

#include <gtest/gtest.h>

#include "segue/core/file.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue {
namespace {

// FIPS 180-4 example values.
constexpr char kEmpty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, MatchesTheStandard) {
  EXPECT_EQ(sha256(""), kEmpty);
  EXPECT_EQ(sha256("abc"), kAbc);
  Sha256 parts;
  parts.update("a");
  parts.update("bc");
  EXPECT_EQ(parts.hex(), kAbc);
}

TEST(Sha256, HashesFiles) {
  const TemporaryDirectory folder;
  write_file(folder / "abc", "abc");
  EXPECT_EQ(sha256_file(folder / "abc"), kAbc);
}

}  // namespace
}  // namespace segue
