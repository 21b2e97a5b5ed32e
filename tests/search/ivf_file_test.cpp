#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/search/ivf.hpp"
#include "tests/core/temporary_directory.hpp"
#include "tests/search/reference.hpp"

namespace segue::search {
namespace {

using testing::HasSubstr;

// Offsets from docs/formats.md; sections of 50 rows of rank 6 in 3 lists, inner product.
constexpr std::size_t kVersion = 8, kMetric = 12, kRows = 16, kRank = 24, kPanelRows = 32, kLists = 40, kProbes = 48,
                      kPanels = 56, kCrcs = 64, kHeaderCrc = 124, kHeaderBytes = 128;
constexpr std::size_t kStartsBegin = kHeaderBytes + 128, kRowAtBegin = kStartsBegin + 64;

class IvfFile : public testing::Test {
 protected:
  std::string saved() {
    const auto index = make_ivf_index(Device::cpu(), gaussian(50, 6, 1).view(), Metric::inner_product,
                                      {.lists = 3, .probes = 2}, no_progress());
    index->save(path_);
    return read_file(path_);
  }

  std::string load_error(const std::string& content) {
    std::filesystem::remove(path_);
    std::ofstream(path_, std::ios::binary) << content;
    try {
      load_ivf_index(Device::cpu(), path_);
    } catch (const BadInput& error) {
      return error.what();
    }
    return "no error";
  }

  static void set_crc(std::string& content, std::size_t offset, std::size_t begin, std::size_t end) {
    const auto* bytes = reinterpret_cast<const Bytef*>(content.data());
    const auto crc = static_cast<std::uint32_t>(::crc32_z(0, bytes + begin, end - begin));
    std::memcpy(content.data() + offset, &crc, sizeof crc);
  }

  template <class T>
  static T value_at(const std::string& content, std::size_t offset) {
    T value;
    std::memcpy(&value, content.data() + offset, sizeof value);
    return value;
  }

  /// With all checksums as they must be.
  template <class T>
  static std::string with(std::string content, std::size_t offset, T value) {
    const auto panels = value_at<std::int64_t>(content, kPanels);
    std::memcpy(content.data() + offset, &value, sizeof value);
    set_crc(content, kCrcs + 4, kStartsBegin, kRowAtBegin);
    set_crc(content, kCrcs + 8, kRowAtBegin, kRowAtBegin + static_cast<std::size_t>(panels) * 128);
    set_crc(content, kHeaderCrc, 0, kHeaderCrc);
    return content;
  }

  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "songs.ivf";
};

TEST_F(IvfFile, LoadedIndexFindsTheSame) {
  const Matrix<float> queries = gaussian(20, 6, 2);
  for (const Metric metric : {Metric::inner_product, Metric::cosine, Metric::l2})
    for (const std::int64_t rows : {0, 1, 33, 1000}) {
      const auto index =
          make_ivf_index(Device::cpu(), gaussian(rows, 6, 1).view(), metric, {.lists = 9}, no_progress());
      index->set_probes(std::min<std::int64_t>(2, index->lists()));
      index->save(path_);
      const auto loaded = load_ivf_index(Device{}, path_);
      EXPECT_EQ(loaded->rows(), rows);
      EXPECT_EQ(loaded->rank(), 6);
      EXPECT_EQ(loaded->metric(), metric);
      EXPECT_EQ(loaded->lists(), index->lists());
      EXPECT_EQ(loaded->probes(), index->probes());
      EXPECT_EQ(loaded->list_of_rows(), index->list_of_rows());
      EXPECT_TRUE(same_hits(search(*index, queries, {.k = 12}), search(*loaded, queries, {.k = 12})));
    }
}

TEST_F(IvfFile, SavingALoadedIndexGivesTheSameBytes) {
  const std::string content = saved();
  load_ivf_index(Device::cpu(), path_)->save(path_);
  EXPECT_EQ(read_file(path_), content);
}

TEST_F(IvfFile, LaidOutAsDocumented) {
  const std::string content = saved();
  EXPECT_EQ(content.substr(0, kMetric), std::string("SEGUEIVF\1\0\0\0", 12));
  const auto panels = static_cast<std::size_t>(value_at<std::int64_t>(content, kPanels));
  EXPECT_EQ(content.size(), kRowAtBegin + panels * 32 * 4 + panels * 6 * 32 * 4);
  EXPECT_EQ(value_at<std::int64_t>(content, kLists), 3);
  EXPECT_EQ(value_at<std::int64_t>(content, kProbes), 2);
  const Matrix<float> vectors = gaussian(50, 6, 1);
  int rows = 0;
  for (std::size_t place = 0; place < panels * 32; ++place) {
    const auto row = value_at<std::int32_t>(content, kRowAtBegin + 4 * place);
    rows += row >= 0 ? 1 : 0;
    for (std::size_t d = 0; d < 6; ++d)
      EXPECT_EQ(value_at<float>(content, kRowAtBegin + panels * 128 + 4 * (place / 32 * 192 + d * 32 + place % 32)),
                row < 0 ? 0.0f : vectors.row(row)[d]);
  }
  EXPECT_EQ(rows, 50);
}

TEST_F(IvfFile, RefusesEveryTruncation) {
  const std::string content = saved();
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{8}, kHeaderBytes - 1})
    EXPECT_THAT(load_error(content.substr(0, size)), HasSubstr("too few for an IVF index")) << size;
  for (const std::size_t size : {kHeaderBytes, kRowAtBegin, content.size() - 1})
    EXPECT_THAT(load_error(content.substr(0, size)), HasSubstr("the file is cut or damaged")) << size;
  EXPECT_THAT(load_error(content + '\0'), HasSubstr("the file is cut or damaged"));
}

TEST_F(IvfFile, RefusesEveryFlippedBit) {
  const std::string content = saved();
  for (std::size_t bit = 0; bit < 8 * content.size(); bit += bit < 8 * (kRowAtBegin + 8) ? 1 : 61) {
    std::string damaged = content;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    ASSERT_THAT(load_error(damaged), HasSubstr("songs.ivf: ")) << "bit " << bit;
  }
}

TEST_F(IvfFile, SaysWhatIsWrong) {
  const std::string content = saved();
  const std::string name = path_.string();
  EXPECT_EQ(load_error(std::string(200, 'x')), name + ": not an IVF index (it does not start with SEGUEIVF)");
  EXPECT_EQ(load_error(with(content, kVersion, std::uint32_t{2})),
            name + ": an IVF index of format version 2; this program reads version 1: make the index again with it");
  EXPECT_THAT(load_error(with(content, kMetric, std::uint32_t{3})), HasSubstr("an IVF index with metric 3;"));
  EXPECT_THAT(load_error(with(content, kRows, std::int64_t{-1})), HasSubstr("with rows -1"));
  EXPECT_THAT(load_error(with(content, kRank, std::int64_t{4097})), HasSubstr("with rank 4097"));
  EXPECT_THAT(load_error(with(content, kPanelRows, std::int64_t{16})), HasSubstr("with rows a panel of 16"));
  EXPECT_THAT(load_error(with(content, kLists, std::int64_t{0})), HasSubstr("with lists 0"));
  EXPECT_THAT(load_error(with(content, kLists, std::int64_t{1} << 31)), HasSubstr("with lists 2147483648"));
  EXPECT_THAT(load_error(with(content, kPanels, std::int64_t{-1})), HasSubstr("with panels -1"));
  EXPECT_THAT(load_error(with(content, kProbes, std::int64_t{0})), HasSubstr("with probes 0"));
  EXPECT_THAT(load_error(with(content, kProbes, std::int64_t{4})), HasSubstr("with probes 4"));
  EXPECT_THAT(load_error(with(content, kLists, (std::int64_t{1} << 31) - 1)), HasSubstr("cut or damaged"));
  std::string damaged = content;
  damaged[kRows] ^= 1;
  EXPECT_EQ(load_error(damaged), name + ": the header is damaged (checksum); make the index again");
  const std::pair<std::size_t, const char*> sections[] = {
      {kHeaderBytes, "centroids"}, {kStartsBegin, "lists"}, {kRowAtBegin, "rows"}, {content.size() - 1, "vectors"}};
  for (const auto& [offset, section] : sections) {
    damaged = content;
    damaged[offset] ^= 1;
    EXPECT_EQ(load_error(damaged), name + ": the " + section + " are damaged (checksum); make the index again");
  }
}

// With right checksums: as somebody would make it who means harm.
TEST_F(IvfFile, RefusesListsThatAreNone) {
  const std::string content = saved();
  const auto panels = value_at<std::int64_t>(content, kPanels);
  const std::string overlap = "lists that overlap or leave panels out";
  EXPECT_THAT(load_error(with(content, kStartsBegin, std::int64_t{1})), HasSubstr(overlap));
  EXPECT_THAT(load_error(with(content, kStartsBegin + 8, panels + 1)), HasSubstr(overlap));
  EXPECT_THAT(load_error(with(content, kStartsBegin + 8, std::int64_t{-1})), HasSubstr(overlap));
  EXPECT_THAT(load_error(with(content, kStartsBegin + 24, panels - 1)), HasSubstr(overlap));
  const std::string not_once = "lists that do not hold each of 50 rows once";
  for (const std::int32_t row : {-2, -1, 50, value_at<std::int32_t>(content, kRowAtBegin + 4)})
    EXPECT_THAT(load_error(with(content, kRowAtBegin, row)), HasSubstr(not_once)) << row;
  const auto first = value_at<std::int32_t>(content, kRowAtBegin),
             second = value_at<std::int32_t>(content, kRowAtBegin + 4);
  EXPECT_THAT(load_error(with(with(content, kRowAtBegin, second), kRowAtBegin + 4, first)), HasSubstr(not_once));
  const std::size_t last = kRowAtBegin + static_cast<std::size_t>(panels) * 128 - 4;
  ASSERT_EQ(value_at<std::int32_t>(content, last), -1);
  EXPECT_THAT(load_error(with(with(content, kRowAtBegin, -1), last, first)), HasSubstr(not_once));
}

TEST_F(IvfFile, MissingFilesAndOtherDevices) {
  EXPECT_THROW(load_ivf_index(Device::cpu(), directory_.path() / "none"), IoError);
  EXPECT_THROW(load_ivf_index(Device{Device::Kind::cuda, 99}, path_), DeviceUnavailable);
  saved();
  EXPECT_THROW(load_index(Device::cpu(), path_), BadInput);
}

}  // namespace
}  // namespace segue::search
