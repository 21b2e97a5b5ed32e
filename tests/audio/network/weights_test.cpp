#include "segue/audio/weights.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/float16.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::audio {
namespace {

using testing::HasSubstr;

std::vector<std::uint8_t> file_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::vector<std::uint8_t> bytes(8);
  std::memcpy(bytes.data(), &length, 8);
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

std::string refusal(const std::string& header, const std::string& data) {
  try {
    parse_weights(file_of(header, data), "w");
  } catch (const BadInput& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Weights, ComeBackAsTheyWere) {
  Weights weights;
  weights.tensors["a"] = {{1, 2, 1, 3}, {1, -2, 3.5f, 1e-30f, 0, -1e30f}};
  weights.tensors["none"] = {{0, 2, 1, 3}, {}};
  weights.metadata = {{"front_end", "{\"n\": 1}"}, {"title", "Ärger\n\"quoted\""}};
  const TemporaryDirectory folder;
  write_weights(folder / "w", weights);
  const Weights read = read_weights(folder / "w");
  EXPECT_EQ(read.metadata, weights.metadata);
  ASSERT_EQ(read.tensors.size(), 2u);
  EXPECT_EQ(read.tensors.at("a").shape, (Shape{1, 2, 1, 3}));
  EXPECT_EQ(read.tensors.at("a").values, weights.tensors["a"].values);
  EXPECT_TRUE(read.tensors.at("none").values.empty());
  write_weights(folder / "again", read);
  EXPECT_EQ(read_file(folder / "w"), read_file(folder / "again"));
}

// Bytes of safetensors 0.8.0 (PyPI): save({"b": np.float16([[1, -2]]), "a": np.float32([0.5])}, metadata={"k": "v"}).
TEST(Weights, ReadsTheReferenceImplementationsFile) {
  const std::string header =
      R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[1,2],"data_offsets":[4,8]}}  )";
  const Weights weights = parse_weights(file_of(header, std::string("\0\0\0\x3f\0\x3c\0\xc0", 8)), "w");
  EXPECT_EQ(weights.metadata.at("k"), "v");
  EXPECT_EQ(weights.tensors.at("a").values, std::vector<float>{0.5f});
  EXPECT_EQ(weights.tensors.at("b").values, (std::vector<float>{1, -2}));
  EXPECT_EQ(weights.tensors.at("b").shape, (Shape{1, 1, 1, 2}));
}

TEST(Weights, RefusesWhatIsDamaged) {
  const std::string four(4, '\0');
  const auto tensor = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return fmt::format(R"({{"t":{{"dtype":{},"shape":{},"data_offsets":{}}}}})", dtype, shape, offsets);
  };
  EXPECT_EQ(refusal(tensor("\"F32\"", "[1]", "[0,4]"), four), "accepted");
  EXPECT_THAT(refusal(tensor("\"F64\"", "[1]", "[0,8]"), four + four),
              HasSubstr("tensor \"t\": type \"F64\", F32 or F16 expected"));
  EXPECT_THAT(refusal(tensor("\"F32\"", "[1,1,1,1,1]", "[0,4]"), four), HasSubstr("up to four extents"));
  EXPECT_THAT(refusal(tensor("\"F32\"", "[4294967296,4294967296,2]", "[0,4]"), four), HasSubstr("overflows"));
  EXPECT_THAT(refusal(tensor("\"F32\"", "[9223372036854775807]", "[0,4]"), four), HasSubstr("overflows"));
  EXPECT_THAT(refusal(tensor("\"F32\"", "[-1]", "[0,4]"), four), HasSubstr("\"-1\" is not a size"));
  EXPECT_THAT(refusal(tensor("\"F32\"", "[1]", "[0,8]"), four), HasSubstr("bytes 0 to 8 of 4: outside the file"));
  EXPECT_THAT(refusal(tensor("\"F32\"", "[1]", "[4,0]"), four), HasSubstr("outside the file"));
  EXPECT_THAT(refusal(tensor("\"F32\"", "[2]", "[0,4]"), four), HasSubstr("4 bytes for a shape that needs 8"));
  EXPECT_THAT(refusal(tensor("\"F32\"", "[1]", "[0,4]"), four + four),
              HasSubstr("8 bytes of data, of which tensors take 4"));
  EXPECT_THAT(
      refusal(
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
          four),
      HasSubstr("tensor \"b\": begins at byte 0, expected 4"));
  EXPECT_THAT(
      refusal(
          R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
          ""),
      HasSubstr("\"a\" stands twice"));
  EXPECT_THAT(refusal(R"({"__metadata__":{"k":1}})", ""), HasSubstr("a text expected"));
  EXPECT_THAT(refusal("[]", ""), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal("{", ""), HasSubstr("not JSON"));
  EXPECT_THAT(refusal("{\"\xff\":{}}", ""), HasSubstr("not UTF-8"));
  EXPECT_THAT(refusal(std::string(40, '['), ""), HasSubstr("nested deeper"));
}

TEST(Weights, RefusesEveryTruncation) {
  std::vector<std::uint8_t> bytes =
      file_of(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", std::string(8, '\1'));
  EXPECT_NO_THROW(parse_weights(bytes, "w"));
  while (!bytes.empty()) {
    bytes.pop_back();
    EXPECT_THROW(parse_weights(bytes, "w"), BadInput) << bytes.size();
  }
}

TEST(Half, EveryHalfComesBack) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = from_float16(half);
    if ((bits & 0x7fff) > 0x7c00) {
      EXPECT_TRUE(std::isnan(value)) << bits;
    } else {
      EXPECT_EQ(to_float16(value), half) << bits;
    }
  }
}

// IEEE 754: ties to even, overflow from 65520, subnormals down to 2⁻²⁴.
TEST(Half, RoundsToTheNearest) {
  EXPECT_EQ(from_float16(to_float16(2049)), 2048);
  EXPECT_EQ(from_float16(to_float16(2051)), 2052);
  EXPECT_EQ(to_float16(65519.9f), 0x7bff);
  EXPECT_EQ(to_float16(65520), 0x7c00);
  EXPECT_EQ(to_float16(-1e9f), 0xfc00);
  EXPECT_EQ(to_float16(0x1p-24f), 1);
  EXPECT_EQ(to_float16(0x1p-25f), 0);
  EXPECT_EQ(to_float16(0x1.8p-25f), 1);
  EXPECT_EQ(to_float16(0x1.ffcp-15f), 0x400);  // the tie between the largest subnormal and 2⁻¹⁴
  EXPECT_EQ(to_float16(std::nanf("")) & 0x7e00, 0x7e00);
}

}  // namespace
}  // namespace segue::audio
