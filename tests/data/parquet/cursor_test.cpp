// Streams encoded here after the format's description (Encodings.md), read and skipped in random pieces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "host/data/parquet/damage.hpp"
#include "host/data/parquet/delta.hpp"
#include "host/data/parquet/hybrid.hpp"
#include "host/data/parquet/thrift.hpp"
#include "host/data/parquet/value_cursor.hpp"
#include "tests/data/parquet/file_builder.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data::parquet {
namespace {

using test::little_endian;
using test::varint;
using test::zigzag;
using testing::ElementsAre;
using testing::HasSubstr;

// Bytes with the read-ahead that pages have.
class Stream {
 public:
  explicit Stream(const std::string& bytes) : bytes_(bytes + std::string(kReadAhead, '\x5a')) {}
  std::string_view view() const { return std::string_view(bytes_).substr(0, bytes_.size() - kReadAhead); }

 private:
  std::string bytes_;
};

class Bits {
 public:
  void add(std::uint64_t value, int width) {
    for (int bit = 0; bit < width; ++bit, ++count_) {
      if (count_ % 8 == 0)
        bytes_ += '\0';
      bytes_.back() = static_cast<char>(bytes_.back() | (value >> bit & 1) << count_ % 8);
    }
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) {
  return static_cast<std::size_t>(random() % bound);
}

// Random runs of both kinds. Bit-packed ones are whole groups, but for the last, which is padded.
std::string encode_runs(const std::vector<std::uint32_t>& values, int width, Random& random) {
  std::string bytes;
  for (std::size_t at = 0; at < values.size();) {
    const std::size_t equal =
        static_cast<std::size_t>(std::find_if(values.begin() + static_cast<std::ptrdiff_t>(at), values.end(),
                                              [&](std::uint32_t value) { return value != values[at]; }) -
                                 (values.begin() + static_cast<std::ptrdiff_t>(at)));
    if (below(random, 2) == 0) {
      const std::size_t count = 1 + below(random, equal);
      bytes += varint(count << 1) + little_endian(values[at]).substr(0, static_cast<std::size_t>(width + 7) / 8);
      at += count;
      continue;
    }
    const std::size_t groups = 1 + below(random, 5);
    Bits bits;
    for (std::size_t i = at; i < at + groups * 8; ++i)
      bits.add(i < values.size() ? values[i] : 0, width);
    bytes += varint(groups << 1 | 1) + bits.bytes();
    at += groups * 8;
  }
  return bytes;
}

std::vector<std::uint32_t> random_levels(std::size_t count, int width, Random& random) {
  const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
  std::vector<std::uint32_t> values;
  while (values.size() < count)
    values.insert(values.end(), 1 + below(random, 20), static_cast<std::uint32_t>(random() & mask));
  values.resize(count);
  return values;
}

TEST(HybridCursor, ReadsAndSkipsInAnyPieces) {
  Random random(1);
  for (int width = 0; width <= 32; ++width) {
    const std::vector<std::uint32_t> values = random_levels(2000, width, random);
    const Stream stream(encode_runs(values, width, random));
    HybridCursor cursor(stream.view(), width);
    for (std::size_t at = 0; at < values.size();) {
      const std::size_t count = std::min(values.size() - at, below(random, 400));
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(at);
      const auto end = begin + static_cast<std::ptrdiff_t>(count);
      if (const std::size_t way = below(random, 3); way == 0) {
        std::vector<std::uint32_t> read(count, 0xdeadbeef);
        HybridCursor(cursor).read(read);  // a copy leaves the cursor where it is
        std::fill(read.begin(), read.end(), 0xdeadbeef);
        cursor.read(read);
        ASSERT_EQ(read, std::vector(begin, end)) << "width " << width << " at " << at;
      } else if (way == 1) {
        cursor.skip(static_cast<std::int64_t>(count));
      } else {
        ASSERT_EQ(cursor.skip_counting(static_cast<std::int64_t>(count), values[at]),
                  std::count(begin, end, values[at]));
      }
      at += count;
    }
  }
}

TEST(HybridCursor, SkipsARunOfBillionsAtOnce) {
  const Stream stream(varint(std::uint64_t{0xffffffff} & ~std::uint64_t{1}) + '\1' + varint(2 << 1) + '\0');
  HybridCursor cursor(stream.view(), 1);
  EXPECT_EQ(cursor.skip_counting(2'147'483'647, 1), 2'147'483'647);
  EXPECT_EQ(cursor.skip_counting(2, 1), 0);
  EXPECT_THAT(test::message_of<Damage>([&] { cursor.skip(1); }), HasSubstr("ends too early"));
}

TEST(HybridCursor, TakesALastGroupThatIsNotFilledUp) {
  const Stream stream(varint(1 << 1 | 1) + "\x21\x03");  // 4-bit values 1, 2, 3, 0 of a group of eight
  HybridCursor cursor(stream.view(), 4);
  std::vector<std::uint32_t> values(4);
  cursor.read(values);
  EXPECT_THAT(values, ElementsAre(1, 2, 3, 0));
  EXPECT_THAT(test::message_of<Damage>([&] { cursor.read(values); }), HasSubstr("ends too early"));
}

TEST(HybridCursor, RefusesWidthsAndRunsThatCannotBe) {
  EXPECT_THAT(test::message_of<Damage>([] { HybridCursor("", 33); }), HasSubstr("33 bits"));
  const Stream endless(varint(std::uint64_t{1} << 33) + '\0'), cut(varint(8) + '\1');
  EXPECT_THAT(test::message_of<Damage>([&] { HybridCursor(endless.view(), 1).skip(1); }), HasSubstr("32 bits"));
  EXPECT_THAT(test::message_of<Damage>([&] { HybridCursor(cut.view(), 9).skip(1); }), HasSubstr("end too early"));
}

// As DELTA_BINARY_PACKED has it, the last miniblock padded, the miniblocks after it left out.
std::string encode_deltas(const std::vector<std::int64_t>& values, std::size_t block, std::size_t miniblocks) {
  const auto unsigned_at = [&](std::size_t i) { return static_cast<std::uint64_t>(values[i]); };
  std::string bytes =
      varint(block) + varint(miniblocks) + varint(values.size()) + zigzag(values.empty() ? 0 : values[0]);
  for (std::size_t at = 1; at < values.size(); at += block) {
    const std::size_t end = std::min(at + block, values.size());
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (std::size_t i = at; i < end; ++i)
      least = std::min(least, static_cast<std::int64_t>(unsigned_at(i) - unsigned_at(i - 1)));
    std::string widths, packed;
    for (std::size_t mini = at; mini < at + block; mini += block / miniblocks) {
      std::vector<std::uint64_t> rest(block / miniblocks, 0);
      for (std::size_t i = mini; i < std::min(mini + rest.size(), end); ++i)
        rest[i - mini] = unsigned_at(i) - unsigned_at(i - 1) - static_cast<std::uint64_t>(least);
      int width = 0;
      for (const std::uint64_t value : rest)
        width = std::max(width, static_cast<int>(std::bit_width(value)));
      widths += static_cast<char>(width);
      Bits bits;
      for (const std::uint64_t value : rest)
        bits.add(value, width);
      packed += mini < end ? bits.bytes() : "";
    }
    bytes += zigzag(least) + widths + packed;
  }
  return bytes;
}

TEST(DeltaCursor, ReadsAndSkipsInAnyPieces) {
  Random random(2);
  for (int width = 0; width <= 64; width += 1 + width % 3)
    for (const std::size_t count : {0, 1, 2, 31, 32, 33, 128, 129, 130, 1000}) {
      std::vector<std::int64_t> values;
      std::uint64_t sum = random();
      for (std::size_t i = 0; i < count; ++i)
        values.push_back(static_cast<std::int64_t>(sum += 5 + (width == 0 ? 0 : random() >> (64 - width))));
      const Stream stream(encode_deltas(values, width % 2 == 0 ? 128 : 256, width % 4 == 0 ? 4 : 1) + "rest");
      DeltaCursor cursor(stream.view(), static_cast<std::int64_t>(count));
      for (std::size_t at = 0; at < count;) {
        const std::size_t some = std::min(count - at, below(random, 200));
        if (below(random, 2) == 0) {
          cursor.skip(static_cast<std::int64_t>(some));
        } else {
          std::vector<std::int64_t> read(some, -77);
          cursor.read(read);
          const auto begin = values.begin() + static_cast<std::ptrdiff_t>(at);
          ASSERT_EQ(read, std::vector(begin, begin + static_cast<std::ptrdiff_t>(some)));
        }
        at += some;
      }
      EXPECT_EQ(cursor.left(), 0);
      EXPECT_EQ(cursor.rest(), "rest") << "width " << width << ", " << count << " values";
      EXPECT_THAT(test::message_of<Damage>([&] { cursor.skip(1); }), HasSubstr("1 values too few"));
    }
}

TEST(DeltaCursor, RefusesHeadersThatCannotBe) {
  const auto refusal = [](const std::string& bytes) {
    const Stream stream(bytes);
    return test::message_of<Damage>([&] { DeltaCursor(stream.view(), 100).skip(50); });
  };
  EXPECT_THAT(refusal(varint(0) + varint(1) + varint(9) + zigzag(0)), HasSubstr("blocks of 0 values by 1"));
  EXPECT_THAT(refusal(varint(128) + varint(0) + varint(9) + zigzag(0)), HasSubstr("blocks of 128 values by 0"));
  EXPECT_THAT(refusal(varint(128) + varint(3) + varint(9) + zigzag(0)), HasSubstr("blocks of 128 values by 3"));
  EXPECT_THAT(refusal(varint(std::uint64_t{1} << 40) + varint(1) + varint(9) + zigzag(0)), HasSubstr("in blocks of"));
  EXPECT_THAT(refusal(varint(128) + varint(4) + varint(101) + zigzag(0)), HasSubstr("101 deltas for 100 values"));
  const std::string header = varint(128) + varint(4) + varint(100) + zigzag(0);
  EXPECT_THAT(refusal(header), HasSubstr("ends too early"));
  EXPECT_THAT(refusal(header + zigzag(0) + "\1\1"), HasSubstr("end too early"));
  EXPECT_THAT(refusal(header + zigzag(0) + "\101\101\101\101"), HasSubstr("65 bits"));
  EXPECT_THAT(refusal(header + zigzag(0) + "\10\10\10\10" + std::string(31, 'x')), HasSubstr("end too early"));
}

Column column_of(Physical physical, std::size_t width, Kind kind = Kind::text) {
  Column column;
  column.physical = physical;
  column.width = width;
  column.kind = kind;
  return column;
}

std::string encode_shared(const std::vector<std::string>& values) {
  std::vector<std::int64_t> prefixes, lengths;
  std::string before, data;
  for (const std::string& value : values) {
    const auto shared = static_cast<std::size_t>(
        std::mismatch(value.begin(), value.end(), before.begin(), before.end()).first - value.begin());
    prefixes.push_back(static_cast<std::int64_t>(shared));
    lengths.push_back(static_cast<std::int64_t>(value.size() - shared));
    data += value.substr(shared);
    before = value;
  }
  return encode_deltas(prefixes, 128, 4) + encode_deltas(lengths, 128, 4) + data;
}

std::vector<std::string> random_texts(std::size_t count, Random& random) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(std::string(below(random, 4), 'a') +
                     std::string(below(random, 9), static_cast<char>('a' + below(random, 3))));
  return values;
}

struct EncodedTexts {
  Encoding encoding;
  std::string bytes;
};

TEST(ValueCursor, ReadsAndSkipsTextsInAnyPieces) {
  Random random(3);
  const std::vector<std::string> values = random_texts(3000, random);
  std::string plain, data;
  std::vector<std::int64_t> lengths;
  for (const std::string& value : values) {
    plain += little_endian(static_cast<std::uint32_t>(value.size())) + value;
    lengths.push_back(static_cast<std::int64_t>(value.size()));
    data += value;
  }
  const Column column = column_of(Physical::byte_array, 0);
  for (const auto& [encoding, bytes] :
       {EncodedTexts{Encoding::plain, plain},
        EncodedTexts{Encoding::delta_length_byte_array, encode_deltas(lengths, 128, 4) + data},
        EncodedTexts{Encoding::delta_byte_array, encode_shared(values)}}) {
    const Stream stream(bytes);
    ValueCursor cursor(column, encoding, stream.view(), 3000, {});
    TextArena arena;
    for (std::size_t at = 0; at < values.size();) {
      const std::size_t some = std::min(values.size() - at, below(random, 700));
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(at);
      if (below(random, 2) == 0) {
        cursor.skip(static_cast<std::int64_t>(some));
      } else {
        std::vector<std::string_view> read(some, "unread");
        cursor.read(read, column, arena);
        ASSERT_TRUE(std::equal(read.begin(), read.end(), begin)) << static_cast<int>(encoding) << " at " << at;
        EXPECT_FALSE(
            std::any_of(read.begin(), read.end(), [](std::string_view text) { return text.data() == nullptr; }));
      }
      at += some;
    }
    EXPECT_THAT(test::message_of<Damage>([&] { cursor.skip(1); }),
                testing::AnyOf(HasSubstr("early"), HasSubstr("too few")));
  }
}

TEST(ValueCursor, RefusesValuesThatDoNotFit) {
  const Column text = column_of(Physical::byte_array, 0), fixed = column_of(Physical::fixed_byte_array, 3);
  const auto refusal = [](const Column& column, Encoding encoding, const std::string& bytes,
                          std::span<const std::string_view> dictionary = {}) {
    const Stream stream(bytes);
    return test::message_of<Damage>([&] {
      ValueCursor cursor(column, encoding, stream.view(), 10, dictionary);
      std::vector<std::string_view> values(2);
      TextArena arena;
      cursor.read(values, column, arena);
    });
  };
  EXPECT_THAT(refusal(text, Encoding::plain, little_endian(std::uint32_t{2}) + "x"), HasSubstr("end too early"));
  EXPECT_THAT(refusal(text, Encoding::plain, "\1\0"), HasSubstr("end too early"));
  EXPECT_THAT(refusal(fixed, Encoding::plain, "abcde"), HasSubstr("end too early"));
  EXPECT_THAT(refusal(fixed, Encoding::byte_stream_split, "abcde"), HasSubstr("end too early"));
  EXPECT_THAT(refusal(text, Encoding::delta_length_byte_array, encode_deltas({-1, 1}, 128, 4) + "abc"),
              HasSubstr("end too early"));
  EXPECT_THAT(
      refusal(text, Encoding::delta_byte_array, encode_deltas({0, 5}, 128, 4) + encode_deltas({1, 1}, 128, 4) + "ab"),
      HasSubstr("shares 5 bytes with one of 1"));
  EXPECT_THAT(refusal(fixed, Encoding::delta_byte_array, encode_shared({"abc", "abcd"})),
              HasSubstr("value of 4 bytes, 3"));
  const std::vector<std::string_view> dictionary{"a", "b"};
  EXPECT_THAT(refusal(text, Encoding::rle_dictionary, "\2" + varint(2 << 1) + '\2', dictionary),
              HasSubstr("entry 2 of a dictionary of 2"));
  EXPECT_THAT(refusal(text, Encoding::delta_binary_packed, ""), HasSubstr("number 5 in parquet.thrift, is not read"));
  EXPECT_THAT(refusal(column_of(Physical::boolean, 0), Encoding::plain, ""), HasSubstr("end too early"));
  EXPECT_THAT(refusal(column_of(Physical::boolean, 0), Encoding::rle, "\11\0\0\0"), HasSubstr("end too early"));
}

// Each value shares all of the one before and adds to it: 40 KB of page would make 3 GB of text.
TEST(ValueCursor, RefusesTextThatGrowsWithoutEnd) {
  std::vector<std::int64_t> prefixes, lengths;
  for (std::int64_t i = 0; i < 8000; ++i) {
    prefixes.push_back(i * 100);
    lengths.push_back(100);
  }
  const Stream stream(encode_deltas(prefixes, 128, 4) + encode_deltas(lengths, 128, 4) + std::string(800'000, 'x'));
  const Column column = column_of(Physical::byte_array, 0);
  ValueCursor cursor(column, Encoding::delta_byte_array, stream.view(), 8000, {});
  std::vector<std::string_view> values(8000);
  TextArena arena;
  EXPECT_THAT(test::message_of<Damage>([&] { cursor.read(values, column, arena); }),
              HasSubstr("more than 1 GiB in one block"));
}

TEST(ThriftReader, RefusesWhatIsNested) {
  const std::string deep(1000, '\x1c');  // a struct in field 1 of a struct in field 1 …
  ThriftReader structs(deep);
  EXPECT_THAT(test::message_of<Damage>([&] { structs.read_struct([](auto) { return false; }); }),
              HasSubstr("nested more than 64 deep"));
  const std::string lists = '\x19' + std::string(100'000, '\x19');  // lists of one list each
  ThriftReader reader(lists);
  EXPECT_THAT(test::message_of<Damage>([&] { reader.read_struct([](auto) { return false; }); }),
              HasSubstr("nested more than 64 deep"));
}

TEST(ThriftReader, SkipsEveryType) {
  test::ThriftStruct inner;
  inner.number(1, -5).text(2, "abc");
  test::ThriftStruct all;
  all.boolean(1, true)
      .field(2, 3, "x")
      .number(3, 1 << 30)
      .field(4, 7, "8 bytes.")
      .text(5, "text")
      .list(6, {inner, inner});
  all.field(7, 10, std::string("\x21\x01\x02")).field(8, 11, varint(1) + "\x81" + varint(1) + "k" + '\1');
  all.field(9, 11, varint(0)).structure(10, inner).field(11, 13, std::string(16, 'u')).number(12, 77);
  const std::string bytes = all.bytes();
  ThriftReader reader(bytes);
  std::int64_t last = 0;
  reader.read_struct([&](ThriftReader::Field field) {
    if (field.id != 12)
      return false;
    last = reader.integer(field);
    return true;
  });
  EXPECT_EQ(last, 77);
  EXPECT_EQ(reader.position(), bytes.size());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ThriftReader cut(std::string_view(bytes).substr(0, size));
    EXPECT_THROW(cut.read_struct([](auto) { return false; }), Damage) << size;
  }
}

TEST(ThriftReader, RefusesOtherTypesAndSizes) {
  const auto refusal = [](const std::string& bytes, auto read) {
    ThriftReader reader(bytes);
    return test::message_of<Damage>([&] {
      reader.read_struct([&](ThriftReader::Field field) {
        read(reader, field);
        return true;
      });
    });
  };
  const auto number = [](ThriftReader& reader, ThriftReader::Field field) { reader.integer32(field); };
  const auto structs = [](ThriftReader& reader, ThriftReader::Field field) { reader.read_structs(field, [] {}); };
  EXPECT_THAT(refusal(test::ThriftStruct().text(3, "x").bytes(), number),
              HasSubstr("field 3 has Thrift type 8, 6 expected"));
  EXPECT_THAT(refusal(test::ThriftStruct().number(3, std::int64_t{1} << 31).bytes(), number), HasSubstr("2147483648"));
  EXPECT_THAT(refusal(test::ThriftStruct().field(3, 6, std::string(10, '\xff') + '\1').bytes(), number),
              HasSubstr("more than 64 bits"));
  EXPECT_THAT(refusal(test::ThriftStruct().field(3, 9, "\xfc" + varint(1 << 30)).bytes(), structs),
              HasSubstr("list of 1073741824 elements in 1 bytes"));
  EXPECT_THAT(refusal(test::ThriftStruct().field(3, 9, "\x15\x02").bytes(), structs), HasSubstr("type 5, 12 expected"));
}

}  // namespace
}  // namespace segue::data::parquet
