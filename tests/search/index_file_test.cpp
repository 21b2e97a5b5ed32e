#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/core/temporary_directory.hpp"
#include "tests/search/reference.hpp"

namespace segue::search {
namespace {

using testing::HasSubstr;

// Offsets from docs/formats.md.
constexpr std::size_t kVersion = 8, kMetric = 12, kRows = 16, kRank = 24, kPanelRows = 32, kPanelBytes = 40,
                      kHeaderCrc = 60, kHeaderBytes = 64;

class IndexFile : public testing::Test {
 protected:
  std::string saved(std::int64_t rows, Metric metric) {
    make_index(Device::cpu(), gaussian(rows, 6, 1).view(), metric)->save(path_);
    return read_file(path_);
  }

  std::string load_error(const std::string& content) {
    std::filesystem::remove(path_);
    std::ofstream(path_, std::ios::binary) << content;
    try {
      load_index(Device::cpu(), path_);
    } catch (const BadInput& error) {
      return error.what();
    }
    return "no error";
  }

  template <class T>
  static std::string with(std::string content, std::size_t offset, T value) {
    std::memcpy(content.data() + offset, &value, sizeof value);
    const auto crc =
        static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), kHeaderCrc));
    std::memcpy(content.data() + kHeaderCrc, &crc, sizeof crc);
    return content;
  }

  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "songs.index";
};

TEST_F(IndexFile, LoadedIndexFindsTheSame) {
  const Matrix<float> queries = gaussian(20, 6, 2);
  for (const Metric metric : {Metric::inner_product, Metric::cosine, Metric::l2})
    for (const std::int64_t rows : {0, 1, 32, 33, 1000}) {
      const auto index = make_index(Device::cpu(), gaussian(rows, 6, 1).view(), metric);
      index->save(path_);
      const auto loaded = load_index(Device{}, path_);
      EXPECT_EQ(loaded->rows(), rows);
      EXPECT_EQ(loaded->rank(), 6);
      EXPECT_EQ(loaded->metric(), metric);
      EXPECT_TRUE(same_hits(search(*index, queries, {.k = 12}), search(*loaded, queries, {.k = 12})));
    }
}

TEST_F(IndexFile, SavingALoadedIndexGivesTheSameBytes) {
  const std::string content = saved(100, Metric::l2);
  load_index(Device::cpu(), path_)->save(path_);
  EXPECT_EQ(read_file(path_), content);
}

TEST_F(IndexFile, LaidOutAsDocumented) {
  const std::string content = saved(33, Metric::l2);
  EXPECT_EQ(content.size(), kHeaderBytes + 2 * 7 * 32 * sizeof(float));
  EXPECT_EQ(content.substr(0, kMetric), std::string("SEGUEIDX\1\0\0\0", 12));
  const Matrix<float> vectors = gaussian(33, 6, 1);
  float value = 0;
  std::memcpy(&value, content.data() + kHeaderBytes + sizeof(float) * (7 * 32 + 5 * 32 + 0), sizeof value);
  EXPECT_EQ(value, vectors(32, 5));
}

TEST_F(IndexFile, RefusesEveryTruncation) {
  const std::string content = saved(33, Metric::inner_product);
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{8}, kHeaderBytes - 1})
    EXPECT_THAT(load_error(content.substr(0, size)), HasSubstr("too few for a search index")) << size;
  for (const std::size_t size : {kHeaderBytes, kHeaderBytes + 1, content.size() - 1})
    EXPECT_THAT(load_error(content.substr(0, size)), HasSubstr("33 rows of rank 6 have 1536: the file is cut")) << size;
  EXPECT_THAT(load_error(content + '\0'), HasSubstr("1537 bytes of vectors"));
}

TEST_F(IndexFile, RefusesEveryFlippedBit) {
  const std::string content = saved(2, Metric::inner_product);
  for (std::size_t bit = 0; bit < 8 * content.size(); bit += bit < 8 * kHeaderBytes ? 1 : 7) {
    std::string damaged = content;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    ASSERT_THAT(load_error(damaged), HasSubstr("songs.index: ")) << "bit " << bit;
  }
}

TEST_F(IndexFile, SaysWhatIsWrong) {
  const std::string content = saved(33, Metric::inner_product);
  const std::string name = path_.string();
  EXPECT_EQ(load_error(std::string(200, 'x')), name + ": not a search index (it does not start with SEGUEIDX)");
  EXPECT_EQ(load_error(with(content, kVersion, std::uint32_t{2})),
            name + ": a search index of format version 2; this program reads version 1: make the index again with it");
  EXPECT_THAT(load_error(with(content, kMetric, std::uint32_t{3})), HasSubstr("a search index with metric 3"));
  EXPECT_THAT(load_error(with(content, kRows, std::int64_t{-1})), HasSubstr("with rows -1"));
  EXPECT_THAT(load_error(with(content, kRows, std::int64_t{1} << 31)), HasSubstr("with rows 2147483648"));
  EXPECT_THAT(load_error(with(content, kRank, std::int64_t{0})), HasSubstr("with rank 0"));
  EXPECT_THAT(load_error(with(content, kRank, std::int64_t{4097})), HasSubstr("with rank 4097"));
  EXPECT_THAT(load_error(with(content, kPanelRows, std::int64_t{16})), HasSubstr("with rows a panel of 16"));
  EXPECT_THAT(load_error(with(content, kPanelBytes, std::int64_t{-64})), HasSubstr("cut or damaged"));
  EXPECT_THAT(load_error(with(content, kRows, (std::int64_t{1} << 31) - 1)), HasSubstr("cut or damaged"));
  std::string damaged = content;
  damaged[kRows] ^= 1;
  EXPECT_EQ(load_error(damaged), name + ": the header is damaged (checksum); make the index again");
  damaged = content;
  damaged.back() ^= 1;
  EXPECT_EQ(load_error(damaged), name + ": the vectors are damaged (checksum); make the index again");
}

TEST_F(IndexFile, MissingFilesAndFolders) {
  EXPECT_THROW(load_index(Device::cpu(), directory_.path() / "none"), IoError);
  const auto index = make_index(Device::cpu(), gaussian(3, 2, 1).view(), Metric::l2);
  EXPECT_THROW(index->save(directory_.path() / "none" / "songs.index"), IoError);
  EXPECT_THROW(load_index(Device{Device::Kind::cuda, 99}, path_), DeviceUnavailable);
}

}  // namespace
}  // namespace segue::search
