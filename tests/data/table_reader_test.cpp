#include "segue/data/table_reader.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "segue/core/error.hpp"
#include "segue/core/random.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;
using test::bzip2;
using test::gzip;
using test::message_of;
using test::TempFolder;
using test::zstd;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Row {
  std::int64_t line;
  std::vector<std::string> fields;
  bool operator==(const Row&) const = default;
};

struct Damage {
  std::int64_t line;
  std::string text;
  std::string reason;
  bool operator==(const Damage&) const = default;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.line << ": " << testing::PrintToString(row.fields);
}

void PrintTo(const Damage& damage, std::ostream* out) {
  *out << damage.line << ": " << testing::PrintToString(damage.text) << " (" << damage.reason << ")";
}

struct Content {
  std::vector<std::string> header;
  std::vector<Row> rows;
  std::vector<Damage> damaged;
  bool operator==(const Content&) const = default;
};

Content read(const fs::path& path, const TableFormat& format = {}) {
  TableReader reader(path, format);
  Content content{.header = reader.columns(), .rows = {}, .damaged = {}};
  TableBlock block;
  while (reader.next(block))
    block.for_each(
        [&](const Record& record) {
          content.rows.push_back({record.line, {record.fields.begin(), record.fields.end()}});
        },
        [&](const DamagedRecord& record) {
          content.damaged.push_back({record.line, std::string(record.text), std::string(record.reason)});
        });
  return content;
}

Content read_text(std::string_view text, const TableFormat& format = {}) {
  const TempFolder folder;
  return read(folder.write("table.csv", text), format);
}

constexpr const char* kOpenQuote =
    "expected the quote that opens here to be closed before a delimiter or a line end; double a quote within";
constexpr const char* kTooLong = "expected a shorter record: the file is damaged, or its line ends are not LF or CRLF";
constexpr const char* kNul = "expected text without NUL bytes";

TEST(TableReader, ReadsFieldsAndLines) {
  const Content content = read_text("id,title\n1,one\n2,\n,\n");
  EXPECT_THAT(content.header, ElementsAre("id", "title"));
  EXPECT_THAT(content.rows, ElementsAre(Row{2, {"1", "one"}}, Row{3, {"2", ""}}, Row{4, {"", ""}}));
}

TEST(TableReader, QuotedFieldsHoldDelimitersQuotesAndLineBreaks) {
  const Content content = read_text("\"i\"\"d\",t\n\"a,b\",\"say \"\"hi\"\"\"\n\"two\r\nlines\",\"\"\nx,y\"z\"\n");
  EXPECT_THAT(content.header, ElementsAre("i\"d", "t"));
  EXPECT_THAT(content.rows,
              ElementsAre(Row{2, {"a,b", "say \"hi\""}}, Row{3, {"two\r\nlines", ""}}, Row{5, {"x", "y\"z\""}}));
  EXPECT_THAT(content.damaged, IsEmpty());
}

TEST(TableReader, CrlfBomBlankLinesAndNoFinalNewline) {
  const std::vector<Row> want{{4, {"1", "one"}}, {6, {"2", "t,o"}}};
  EXPECT_EQ(read_text("\xef\xbb\xbf\r\nid,t\r\n\r\n1,one\r\n\r\n2,\"t,o\"\r\n\r\n").rows, want);
  EXPECT_EQ(read_text("\n\xef\xbb\xbfid,t\n\n1,one\n\n2,\"t,o\"").header[0],
            "\xef\xbb\xbfid");  // a BOM stands first only
  EXPECT_EQ(read_text("\nid,t\n\n1,one\n\n2,\"t,o\"").rows, want);
  EXPECT_EQ(read_text("\nid,t\n\n1,one\n\n2,\"t,o\"\r").rows, want);
  EXPECT_EQ(read_text("id\n7\r").rows, (std::vector<Row>{{2, {"7"}}}));
}

TEST(TableReader, RaggedRowsComeAsTheyAre) {
  EXPECT_THAT(read_text("a,b\n1\n1,2,3\n").rows, ElementsAre(Row{2, {"1"}}, Row{3, {"1", "2", "3"}}));
}

TEST(TableReader, HeaderOnlyHasNoRows) {
  for (const char* text : {"a,b", "a,b\n", "a,b\r\n\r\n"}) {
    const Content content = read_text(text);
    EXPECT_THAT(content.header, ElementsAre("a", "b"));
    EXPECT_THAT(content.rows, IsEmpty());
  }
}

TEST(TableReader, DelimiterIsTheHeadersOrTheOptions) {
  EXPECT_THAT(read_text("a\tb,c\n1\t2,3\n").rows, ElementsAre(Row{2, {"1", "2,3"}}));
  EXPECT_THAT(read_text("a;b;c,d\n1;2;3,4\n").rows, ElementsAre(Row{2, {"1", "2", "3,4"}}));
  EXPECT_THAT(read_text("\"a;b;c\",d\n1;2,3\n").rows, ElementsAre(Row{2, {"1;2", "3"}}));
  EXPECT_THAT(read_text("a|b\n1|2\n", {.delimiter = '|'}).rows, ElementsAre(Row{2, {"1", "2"}}));
  EXPECT_THAT(read_text("a\n1 2\n").rows, ElementsAre(Row{2, {"1 2"}}));
}

TEST(TableReader, QuoteLeftOpenCostsItsLineOnly) {
  const Content content = read_text("a,b\n1,x\n2,\"y\n3,z\n");
  EXPECT_THAT(content.rows, ElementsAre(Row{2, {"1", "x"}}, Row{4, {"3", "z"}}));
  EXPECT_THAT(content.damaged, ElementsAre(Damage{3, "2,\"y", kOpenQuote}));
}

TEST(TableReader, OpenQuoteInAFileOfQuotedFields) {
  // The stray quote pairs with the next line's: text behind a closing quote shows it.
  const Content content = read_text("a,b\n\"1\",\"x\n\"2\",\"y\"\n\"3\",\"z\"\n");
  EXPECT_THAT(content.rows, ElementsAre(Row{3, {"2", "y"}}, Row{4, {"3", "z"}}));
  EXPECT_THAT(content.damaged, ElementsAre(Damage{2, "\"1\",\"x", kOpenQuote}));
}

TEST(TableReader, OpenQuoteIsNamedByItsOwnLine) {
  const Content content = read_text("a,b\n\"1\n1\",\"x\n2,y\n");
  EXPECT_THAT(content.rows, ElementsAre(Row{4, {"2", "y"}}));
  EXPECT_THAT(content.damaged, ElementsAre(Damage{3, "\"1\n1\",\"x", kOpenQuote}));
}

TEST(TableReader, TextBehindAClosingQuoteIsDamage) {
  const Content content = read_text("a,b\n1,\"x\"y\n2,\"z\" \n3,w\n");
  EXPECT_THAT(content.rows, ElementsAre(Row{4, {"3", "w"}}));
  EXPECT_THAT(content.damaged, ElementsAre(Damage{2, "1,\"x\"y", kOpenQuote}, Damage{3, "2,\"z\" ", kOpenQuote}));
}

TEST(TableReader, OpenQuoteSwallowsNoMoreThanTheLongestRecord) {
  const TableFormat format{.longest_record_bytes = 20};
  const Content content = read_text("a,b\n1,\"x\n2,y\n3,zzzzzzzzzzzz\n4,\"w\"\n", format);
  EXPECT_THAT(content.rows, ElementsAre(Row{3, {"2", "y"}}, Row{4, {"3", "zzzzzzzzzzzz"}}, Row{5, {"4", "w"}}));
  EXPECT_THAT(content.damaged, ElementsAre(Damage{2, "1,\"x", kOpenQuote}));
}

TEST(TableReader, LongestRecordIsStillOne) {
  const TableFormat format{.longest_record_bytes = 10};
  const Content content = read_text("a,b\n123456,890\n123456,8901\n1,2\n", format);
  EXPECT_THAT(content.rows, ElementsAre(Row{2, {"123456", "890"}}, Row{4, {"1", "2"}}));
  EXPECT_THAT(content.damaged, ElementsAre(Damage{3, "123456,8901", kTooLong}));
}

TEST(TableReader, EndlessLineIsLeftOutInBoundedMemory) {
  const std::string line(3 << 20, 'x');
  const Content content = read_text("a,b\n1,2\n" + line + "\n3,4\n" + line, {.longest_record_bytes = 1000});
  EXPECT_THAT(content.rows, ElementsAre(Row{2, {"1", "2"}}, Row{4, {"3", "4"}}));
  const Damage want{3, std::string(1002, 'x'), kTooLong};
  EXPECT_THAT(content.damaged, ElementsAre(want, Damage{5, want.text, kTooLong}));
}

TEST(TableReader, NulBytesSpoilTheirRecordOnly) {
  const std::string text("a,b\n1,x\n2,\0y\n3,z\n", 17);
  const Content content = read_text(text);
  EXPECT_THAT(content.rows, ElementsAre(Row{2, {"1", "x"}}, Row{4, {"3", "z"}}));
  EXPECT_THAT(content.damaged, ElementsAre(Damage{3, std::string("2,\0y", 4), kNul}));
}

TEST(TableReader, GzipAndZstdAreToldByTheContent) {
  const TempFolder folder;
  const std::string text = "a,b\n1,x\n2,\"y\ny\"\n3,z\n";
  const Content want = read(folder.write("plain", text));
  EXPECT_EQ(want.rows.size(), 3u);
  EXPECT_EQ(read(folder.write("gz", gzip(text))), want);
  EXPECT_EQ(read(folder.write("zst", zstd(text))), want);
  EXPECT_EQ(read(folder.write("bz2", bzip2(text))), want);
  const std::string head = text.substr(0, 9), tail = text.substr(9);
  EXPECT_EQ(read(folder.write("members", gzip(head) + gzip("") + gzip(tail))), want);
  EXPECT_EQ(read(folder.write("padded", gzip(head) + std::string(3, '\0') + gzip(tail) + std::string(600000, '\0'))),
            want);
  EXPECT_EQ(read(folder.write("frames", zstd(head) + zstd("") + zstd(tail))), want);
  EXPECT_EQ(read(folder.write("streams", bzip2(head) + bzip2("") + bzip2(tail))), want);
  EXPECT_THAT(read(folder.write("BZhone", "BZh,b\n1,2\n")).rows.size(), 1);  // text may begin like bzip2
  const std::string skippable("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  EXPECT_EQ(read(folder.write("skippable", skippable + zstd(head) + skippable + zstd(tail))), want);
}

TEST(TableReader, LargeCompressedFilesComeWhole) {
  const TempFolder folder;
  Random random(5);
  std::string text = "n,word\n";
  for (int i = 0; i < 60000; ++i)
    text += std::to_string(i) + "," + std::to_string(random()) + "\n";  // hardly compressible
  const Content want = read(folder.write("plain", text));
  ASSERT_EQ(want.rows.size(), 60000u);
  EXPECT_EQ(want.rows.back().line, 60001);
  const std::string half = text.substr(0, 500001), rest = text.substr(500001);
  EXPECT_EQ(read(folder.write("gz", gzip(half) + gzip(rest))), want);
  EXPECT_EQ(read(folder.write("zst", zstd(half) + zstd(rest))), want);
  EXPECT_EQ(read(folder.write("bz2", bzip2(half) + bzip2(rest))), want);
}

TEST(TableReader, TruncatedStreamsAreRefusedAtEveryByte) {
  const TempFolder folder;
  const std::string text = "a,b\n1,x\n2,y\n";
  for (const std::string& whole : {gzip(text), zstd(text), bzip2(text)}) {
    for (std::size_t size = 4; size < whole.size(); ++size) {
      const fs::path path = folder.write("cut", whole.substr(0, size));
      const std::string message = message_of<BadInput>([&] { read(path); });
      EXPECT_THAT(message, testing::AllOf(HasSubstr(path.string()),
                                          HasSubstr("data end too early at byte " + std::to_string(size))));
    }
  }
}

TEST(TableReader, DamagedStreamsAreRefused) {
  const TempFolder folder;
  const std::string text = "a,b\n1,x\n2,y\n";
  std::string bad_sum = gzip(text);
  bad_sum[bad_sum.size() - 5] ^= 1;
  EXPECT_THAT(message_of<BadInput>([&] { read(folder.write("gz", bad_sum)); }),
              HasSubstr("damaged gzip data (incorrect data check)"));
  EXPECT_THAT(
      message_of<BadInput>([&] { read(folder.write("gz", gzip(text) + "more")); }),
      HasSubstr("something that is not gzip follows the gzip data at byte " + std::to_string(gzip(text).size())));
  EXPECT_THAT(message_of<BadInput>([&] { read(folder.write("zst", zstd(text) + "more")); }),
              HasSubstr("damaged zstd data ("));
  std::string bad_block = bzip2(text);
  bad_block[bad_block.size() / 2] ^= 1;
  EXPECT_THAT(message_of<BadInput>([&] { read(folder.write("bz2", bad_block)); }), HasSubstr("damaged bzip2 data ("));
}

TEST(TableReader, FilesThatCannotBeOpenedAreNamed) {
  const TempFolder folder;
  const std::string missing = (folder.path() / "missing.csv").string();
  EXPECT_EQ(message_of<IoError>([&] { read(missing); }), "cannot open " + missing + ": No such file or directory");
  EXPECT_EQ(message_of<IoError>([&] { read(folder.path()); }),
            "cannot read " + folder.path().string() + ": Is a directory");
}

TEST(TableReader, FilesThatMayNotBeReadAreNamed) {
  const TempFolder folder;
  if (::geteuid() == 0)
    GTEST_SKIP() << "root may read everything";
  fs::permissions(folder.write("secret.csv", "a\n"), fs::perms::none);
  EXPECT_THAT(message_of<IoError>([&] { read(folder.path() / "secret.csv"); }),
              HasSubstr("secret.csv: Permission denied"));
}

struct BadHeader {
  std::string text;
  std::string message;  // behind the path
};

class TableReaderRefuses : public testing::TestWithParam<BadHeader> {};

TEST_P(TableReaderRefuses, Header) {
  for (const std::int64_t block_bytes : {1, 7, 1 << 20}) {
    const TempFolder folder;
    const fs::path path = folder.write("table.csv", GetParam().text);
    const TableFormat format{.block_bytes = block_bytes, .longest_record_bytes = 100};
    EXPECT_EQ(message_of<BadInput>([&] { read(path, format); }), path.string() + ": " + GetParam().message);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Texts, TableReaderRefuses,
    testing::Values(BadHeader{"", "is empty; expected a header row with the names of the columns"},
                    BadHeader{"\n\r\n\n", "is empty; expected a header row with the names of the columns"},
                    BadHeader{"\xef\xbb\xbf", "is empty; expected a header row with the names of the columns"},
                    BadHeader{std::string("\xff\xfe"
                                          "a\0,\0b\0\n\0",
                                          10),
                              "is UTF-16; save it as UTF-8"},
                    BadHeader{std::string("\na,\0b\n1,2\n", 10),
                              "NUL bytes in the header row, line 2; expected a text table in UTF-8"},
                    BadHeader{"a,\"b\n1,2\n", "the header row, line 1, has a quote that is left open"},
                    BadHeader{std::string(200, 'a'), "the header row, line 1, is longer than a record can be"}));

TEST(TableReader, ColumnsAreFoundByName) {
  const TempFolder folder;
  const TableReader reader(folder.write("t.csv", "user,song,user,\n"));
  EXPECT_EQ(reader.column("song"), 1);
  EXPECT_EQ(reader.column("Song"), -1);
  EXPECT_EQ(message_of<BadInput>([&] { reader.column("user"); }),
            reader.path().string() + ": two columns are named \"user\"; rename one");
  EXPECT_EQ(message_of<BadInput>([&] { reader.require_column("track", "set input.columns.song"); }),
            reader.path().string() +
                ": no column \"track\"; there are \"user\", \"song\", \"user\", \"\"; set input.columns.song");
  EXPECT_EQ(reader.file_bytes(), 16);
  EXPECT_EQ(reader.delimiter(), ',');
}

TEST(TableReader, OptionsOutOfRangeAreRefused) {
  EXPECT_EQ(message_of<InvalidArgument>([] { read_text("a\n", {.delimiter = '"'}); }),
            "the delimiter cannot be a quote or a line break");
  EXPECT_EQ(message_of<InvalidArgument>([] { read_text("a\n", {.block_bytes = 0}); }),
            "block_bytes 0 and longest_record_bytes 1048576 must be at least 1");
}

// What append_csv_field() writes comes back, at any block size, through any compression.
class RoundTrip : public testing::TestWithParam<int> {};

TEST_P(RoundTrip, AnyTableAtAnyBlockSize) {
  Random random(static_cast<std::uint64_t>(GetParam()));
  constexpr std::string_view kDelimiters = ",\t;";
  const char delimiter = kDelimiters[random.below(3)];
  const std::size_t columns = 2 + random.below(4);
  const std::string line_end = random.below(2) == 0 ? "\n" : "\r\n";
  const std::vector<std::string> pieces{"",   "a",    "song", "\"", ",",    ";", "\t",
                                        "\n", "\r\n", "\r",   " ",  "\"\"", "ü", "\xf0\x9f\x8e\xb5"};
  const bool quotes = random.below(3) > 0;  // without: the fast path
  Content want;
  std::string text;
  std::int64_t line = 1;
  const std::size_t rows = random.below(40);
  for (std::size_t row = 0; row <= rows; ++row) {
    std::vector<std::string> fields(columns);
    const std::size_t start = text.size();
    for (std::size_t column = 0; column < columns; ++column) {
      if (row == 0)
        fields[column] = "column" + std::to_string(column);
      else
        for (std::size_t i = random.below(4); i > 0; --i)
          fields[column] += pieces[random.below(quotes ? static_cast<std::uint32_t>(pieces.size()) : 3)];
      text += column > 0 ? std::string(1, delimiter) : "";
      append_csv_field(text, fields[column], delimiter);
    }
    text += line_end;
    if (row == 0)
      want.header = fields;
    else
      want.rows.push_back({line, fields});
    line += std::count(text.begin() + static_cast<std::ptrdiff_t>(start), text.end(), '\n');
    for (; random.below(8) == 0; ++line)
      text += line_end;
  }
  const TempFolder folder;
  for (const std::int64_t block_bytes : {1, 2, 3, 5, 16, 63, 64, 300, 1 << 20}) {
    const TableFormat format{.delimiter = delimiter, .block_bytes = block_bytes};
    EXPECT_EQ(read(folder.write("plain", text), format), want) << "block_bytes " << block_bytes;
    EXPECT_EQ(read(folder.write("gz", gzip(text)), format), want) << "block_bytes " << block_bytes;
    EXPECT_EQ(read(folder.write("zst", zstd(text)), format), want) << "block_bytes " << block_bytes;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RoundTrip, testing::Range(0, 40));

// Any bytes: whatever they are read as does not depend on the block size.
class AnyBytes : public testing::TestWithParam<int> {};

TEST_P(AnyBytes, AreTheSameAtAnyBlockSize) {
  Random random(1000 + static_cast<std::uint64_t>(GetParam()));
  constexpr std::string_view kBytes("a,\"\n\"\r,\n\0\"\"\n", 13);
  const TempFolder folder;
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::string text = "a,b\n";
    const std::uint32_t variety = 3 + random.below(static_cast<std::uint32_t>(kBytes.size()) - 2);
    for (std::size_t i = random.below(300); i > 0; --i)
      text += kBytes[random.below(variety)];
    const fs::path path = folder.write("table.csv", text);
    TableFormat format{.block_bytes = 1 << 20, .longest_record_bytes = 1 + random.below(60)};
    format.longest_record_bytes = std::max<std::int64_t>(format.longest_record_bytes, 3);  // the header's
    const Content want = read(path, format);
    for (const std::int64_t block_bytes : {1, 2, 3, 7, 19, 40, 100}) {
      format.block_bytes = block_bytes;
      ASSERT_EQ(read(path, format).rows, want.rows)
          << testing::PrintToString(text) << " " << block_bytes << " " << format.longest_record_bytes;
      ASSERT_EQ(read(path, format).damaged, want.damaged)
          << testing::PrintToString(text) << " " << block_bytes << " " << format.longest_record_bytes;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyBytes, testing::Range(0, 20));

TEST(AppendCsvField, QuotesOnlyWhatNeedsIt) {
  const auto written = [](std::string_view field, char delimiter) {
    std::string out;
    append_csv_field(out, field, delimiter);
    return out;
  };
  EXPECT_EQ(written("plain text", ','), "plain text");
  EXPECT_EQ(written("", ','), "");
  EXPECT_EQ(written("a,b", ','), "\"a,b\"");
  EXPECT_EQ(written("a,b", '\t'), "a,b");
  EXPECT_EQ(written("a\tb", '\t'), "\"a\tb\"");
  EXPECT_EQ(written("say \"hi\"", ','), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(written("a\nb", ','), "\"a\nb\"");
  EXPECT_EQ(written("a\rb", ','), "\"a\rb\"");
}

}  // namespace
}  // namespace segue::data
