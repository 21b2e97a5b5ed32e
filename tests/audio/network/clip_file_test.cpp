#include "host/audio/network/clip_file.hpp"

#include <gtest/gtest.h>

#include "segue/core/error.hpp"
#include "tests/audio/network/synthetic_clips.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::audio {
namespace {

std::string written(const TemporaryDirectory& folder) {
  ClipWriter writer(folder / "clips", 2, 3);
  for (const std::int64_t rows : {2, 0, 1})
    writer.add({Matrix<float>(rows, 2, static_cast<float>(rows)), Matrix<float>(rows + 1, 3, 0.5f)});
  writer.commit();
  return read_file(folder / "clips");
}

TEST(ClipFile, ClipsComeBackInOrder) {
  const TemporaryDirectory folder;
  written(folder);
  const ClipFile file(folder / "clips");
  ASSERT_EQ(file.size(), 3);
  const Features first = file.features(0), second = file.features(1), third = file.features(2);
  EXPECT_EQ(first.mel.rows(), 2);
  EXPECT_EQ(first.mel(1, 1), 2.0f);
  EXPECT_EQ(second.mel.rows(), 0);
  EXPECT_EQ(second.harmonic.rows(), 1);
  EXPECT_EQ(third.harmonic.rows(), 2);
  EXPECT_EQ(third.harmonic(1, 2), 0.5f);
  EXPECT_EQ(third.mel(0, 0), 1.0f);
}

TEST(ClipFile, RefusesEveryTruncationAndFlippedRows) {
  const TemporaryDirectory folder;
  const std::string bytes = written(folder);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    write_file(folder / "cut", bytes.substr(0, size));
    EXPECT_THROW(ClipFile(folder / "cut"), BadInput) << size;
  }
  const std::size_t footer = 32, rows = 6 * 8;
  for (std::size_t at = bytes.size() - footer - rows; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
    write_file(folder / "damaged", damaged);
    EXPECT_THROW(ClipFile(folder / "damaged"), BadInput) << at;
  }
}

}  // namespace
}  // namespace segue::audio
