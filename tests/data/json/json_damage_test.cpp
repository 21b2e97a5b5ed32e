// What is no record costs that record and no more, at any block size.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "segue/core/random.hpp"
#include "tests/data/json/json_content.hpp"

namespace segue::data {
namespace {

using test::Fields;
using test::JsonContent;
using test::JsonDamage;
using test::JsonRow;
using test::MemorySource;
using test::read_json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kNoObject = "expected a JSON object";
const std::string kOpenQuote =
    "expected the quote that opens here to be closed on its line; write a line break within text as \\n";
const std::string kWrongBracket = "expected the brackets of the object to match";
const std::string kNotClosed = "expected '}' at the end of the object: another one begins where it cannot";
const std::string kBreaksOff = "expected '}' at the end of the object: the file breaks off; get it again";
const std::string kOpenArray = "expected ']' at the end of the array: the file breaks off; get it again";
const std::string kTooLong = "expected a shorter record: the file is damaged, or no log";
const std::string kTooDeep = "expected an object that is nested less than 1024 deep";
const std::string kWrongValue = "expected text or a number for the key \"a\"";
const std::string kEscapes = "expected valid escapes in the text; a lone surrogate is none";
const std::string kControl = "expected control characters, such as NUL, to be escaped in the text";
const std::string kUtf8 = "expected UTF-8";

// The same at every block size.
JsonContent read(std::string_view text, std::int64_t longest = 1 << 20) {
  const JsonContent content = read_json(text, {"a"}, {.longest_record_bytes = longest});
  for (const std::int64_t block_bytes : test::kBlockBytes)
    EXPECT_EQ(read_json(text, {"a"}, {.block_bytes = block_bytes, .longest_record_bytes = longest}), content)
        << "block_bytes " << block_bytes;
  return content;
}

std::vector<std::string> values(const JsonContent& content) {
  std::vector<std::string> values;
  for (const JsonRow& row : content.rows)
    values.push_back(std::to_string(row.line) + ":" + row.fields[0].value_or("missing"));
  return values;
}

struct Case {
  std::string name;
  std::string text;
  std::vector<std::string> values;  // line:field
  std::vector<JsonDamage> damaged;
};

void PrintTo(const Case& damage, std::ostream* out) {
  *out << damage.name;
}

class JsonDamaged : public testing::TestWithParam<Case> {};

TEST_P(JsonDamaged, IsToldWithItsLineAndReadingGoesOn) {
  const JsonContent content = read(GetParam().text);
  EXPECT_EQ(values(content), GetParam().values);
  EXPECT_EQ(content.damaged, GetParam().damaged);
}

std::string name_of(const testing::TestParamInfo<Case>& damage) {
  return damage.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Values, JsonDamaged,
    testing::Values(
        Case{"Array", "{\"a\":[1]}\n{\"a\":2}\n", {"2:2"}, {{1, "{\"a\":[1]}", kWrongValue}}},
        Case{"Object", "{\"a\":{\"b\":1}}\n{\"a\":2}\n", {"2:2"}, {{1, "{\"a\":{\"b\":1}}", kWrongValue}}},
        Case{"InAnArray", "[{\"a\":{}},{\"a\":2}]", {"1:2"}, {{1, "{\"a\":{}}", kWrongValue}}},
        Case{"LoneSurrogates",
             "{\"a\":\"\\ud83c\"}\n{\"a\":\"\\udfb5\"}\n{\"a\":\"\\ud83c\\u0041\"}\n{\"a\":1}\n",
             {"4:1"},
             {{1, "{\"a\":\"\\ud83c\"}", kEscapes},
              {2, "{\"a\":\"\\udfb5\"}", kEscapes},
              {3, "{\"a\":\"\\ud83c\\u0041\"}", kEscapes}}},
        Case{"Escapes",
             "{\"a\":\"\\x\"}\n{\"a\":\"\\u12g4\"}\n{\"a\":1}\n",
             {"3:1"},
             {{1, "{\"a\":\"\\x\"}", kEscapes}, {2, "{\"a\":\"\\u12g4\"}", kEscapes}}},
        Case{"LineBreakInText", "{\"a\":\"x\ny\",\"b\":2}\n{\"a\":1}\n", {"3:1"}, {{1, "{\"a\":\"x", kOpenQuote}}},
        Case{"Tab", "{\"a\":\"x\ty\"}\n{\"a\":1}\n", {"2:1"}, {{1, "{\"a\":\"x\ty\"}", kControl}}},
        Case{"Nul",
             std::string("{\"a\":\"x\0y\"}\n{\"a\":1}\n", 20),
             {"2:1"},
             {{1, std::string("{\"a\":\"x\0y\"}", 11), kControl}}},
        Case{"NulInANumber",
             std::string("{\"a\":1\0}\n{\"a\":1}\n", 17),
             {"2:1"},
             {{1, std::string("{\"a\":1\0}", 8), kWrongValue}}},
        Case{"NulBetween",
             std::string("{\"a\":1}\n\0\0\n{\"a\":1}\n\0", 20),
             {"1:1", "3:1"},
             {{2, std::string(2, '\0'), kNoObject}, {4, std::string(1, '\0'), kNoObject}}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Lines, JsonDamaged,
    testing::Values(
        Case{"NoJson", "a,b\n1,\"{\"\n\n{\"a\":1}\n", {"4:1"}, {{1, "a,b", kNoObject}, {2, "1,\"{\"", kNoObject}}},
        Case{"OtherValues",
             "1\n\"x\"\nnull\n{\"a\":1}\n",
             {"4:1"},
             {{1, "1", kNoObject}, {2, "\"x\"", kNoObject}, {3, "null", kNoObject}}},
        Case{"SomethingBehind",
             "{\"a\":1}}\n{\"a\":2} x\n{\"a\":3}\n",
             {"1:1", "2:2", "3:3"},
             {{1, "}", kNoObject}, {2, "x", kNoObject}}},
        Case{"ClosedTooEarly", "{\"a\":1},\"b\":2}\n{\"a\":3}\n", {"1:1", "2:3"}, {{1, "\"b\":2}", kNoObject}}},
        Case{"NoColon", "{\"a\" 1}\n{\"a\":2}\n", {"2:2"}, {{1, "{\"a\" 1}", kNoObject}}},
        Case{"TwoColons", "{\"b\":\"a\":1,\"a\":2}\n{\"a\":2}\n", {"2:2"}, {{1, "{\"b\":\"a\":1,\"a\":2}", kNoObject}}},
        Case{"NoValue",
             "{\"a\":}\n{\"b\":,\"a\":1}\n{\"a\":2}\n",
             {"3:2"},
             {{1, "{\"a\":}", kNoObject}, {2, "{\"b\":,\"a\":1}", kNoObject}}},
        Case{"NoComma", "{\"b\":1 \"a\":1}\n{\"a\":2}\n", {"2:2"}, {{1, "{\"b\":1 \"a\":1}", kNoObject}}},
        Case{"CommaAtTheEnd", "{\"a\":1,}\n{\"a\":2}\n", {"2:2"}, {{1, "{\"a\":1,}", kNoObject}}},
        Case{"Backslash", "{\"a\":\\\"b\"}\n{\"a\":2}\n", {"2:2"}, {{1, "{\"a\":\\\"b\"}", kNoObject}}},
        Case{"QuoteWithin", "{\"a\":\"x\"y\"}\n{\"a\":2}\n", {"2:2"}, {{1, "{\"a\":\"x\"y\"}", kOpenQuote}}},
        Case{"QuotesWithin", "{\"a\":\"x\"y\"z\"}\n{\"a\":2}\n", {"2:2"}, {{1, "{\"a\":\"x\"y\"z\"}", kNoObject}}},
        Case{"Brackets", "{\"a\":[1}\n{\"a\":2}\n", {"2:2"}, {{1, "{\"a\":[1}", kWrongBracket}}},
        Case{"CutBehindABrace", "{\"b\":{\"c\":1}\n{\"a\":2}\n", {"2:2"}, {{1, "{\"b\":{\"c\":1}", kNotClosed}}},
        Case{"CutBehindAColon", "{\"a\":\r\n{\"a\":2}\r\n{\"a\":3}\r\n", {"2:2", "3:3"}, {{1, "{\"a\":", kNotClosed}}},
        Case{"CutBehindAComma", "{\"b\":[1,\n{\"a\":2}\n{\"a\":3}\n", {"2:2", "3:3"}, {{1, "{\"b\":[1,", kNotClosed}}},
        Case{"SeveralCut",
             "{\"a\":\n{\"a\":\n{\"a\":\n{\"a\":4}\n",
             {"4:4"},
             {{1, "{\"a\":", kBreaksOff}, {2, "{\"a\":", kBreaksOff}, {3, "{\"a\":", kBreaksOff}}},
        Case{"LastLineCut", "{\"a\":1}\n{\"a\":{\"b\"", {"1:1"}, {{2, "{\"a\":{\"b\"", kBreaksOff}}},
        Case{"LastLineCutInText", "{\"a\":1}\n{\"a\":\"b", {"1:1"}, {{2, "{\"a\":\"b", kBreaksOff}}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Arrays, JsonDamaged,
    testing::Values(
        Case{"OpenQuote",
             "[\n  {\n    \"a\": \"x,\n    \"b\": {\n      \"c\": 1\n    }\n  },\n  {\n    \"a\": 2\n  }\n]\n",
             {"8:2"},
             {{3, "{\n    \"a\": \"x,", kOpenQuote}}},
        Case{"NestedIsNoRecord",
             "[\n  {\n    \"a\": \"x,\n    \"b\": [\n      {\n        \"a\": 1\n      },\n      {\n        \"a\": 1\n  "
             "    }\n    ]\n"
             "  },\n  {\n    \"a\": 2\n  }\n]\n",
             {"13:2"},
             {{3, "{\n    \"a\": \"x,", kOpenQuote}}},
        Case{"BraceBehindBrace",
             "[{\n  \"a\": \"x\n}, {\n  \"a\": 2\n}, {\n  \"a\": 3\n}]",
             {"3:2", "5:3"},
             {{2, "{\n  \"a\": \"x", kOpenQuote}}},
        Case{"InOneLine", "[{\"a\":[1},{\"a\":2},{\"a\":3}]", {"1:2", "1:3"}, {{1, "{\"a\":[1},", kWrongBracket}}},
        Case{"QuoteInOneLine",
             "[{\"a\":1,\"b\":\"x},{\"a\":2},{\"a\":3}]\n",
             {"1:2", "1:3"},
             {{1, "{\"a\":1,\"b\":\"x},", kOpenQuote}}},
        Case{"LastOfALine", "[{\"a\":1},{\"a\":[2}]\n[{\"a\":3}]\n", {"1:1"}, {{1, "{\"a\":[2}]", kWrongBracket}}},
        Case{"OtherValues",
             "[1, 2,\n{\"a\":1}, null, {\"a\":2},\n\"x\"]\n",
             {"2:1"},
             {{1, "1, 2,", kNoObject}, {2, "null, {\"a\":2},", kNoObject}, {3, "\"x\"]", kNoObject}}},
        Case{
            "ArrayInArray", "[[{\"a\":1},{\"a\":2}]]\n", {"1:2"}, {{1, "[{\"a\":1},", kNoObject}, {1, "]", kNoObject}}},
        Case{"ClosedTwice", "[{\"a\":1}]]\n{\"a\":2}\n", {"1:1", "2:2"}, {{1, "]", kNoObject}}},
        Case{"NoComma", "[{\"a\":1}\n{\"a\":2}]", {"1:1", "2:2"}, {{2, "]", kNoObject}}},
        Case{"NotClosed", "[{\"a\":1},\n{\"a\":2}", {"1:1", "2:2"}, {{2, "", kOpenArray}}},
        Case{"NotClosedBehindAComma", "[\n{\"a\":1},\n", {"2:1"}, {{3, "", kOpenArray}}},
        Case{"NotClosedAtAll", "[", {}, {{1, "", kOpenArray}}},
        Case{"BreaksOffInARecord", "[{\"a\":1},\n{\"a\":2", {"1:1"}, {{2, "{\"a\":2", kBreaksOff}}},
        Case{"SecondBreaksOff", "[{\"a\":1}]\n[{\"a\":2},\n", {"1:1", "2:2"}, {{3, "", kOpenArray}}}),
    name_of);

// A line cut at each of its bytes is one damaged record, and those around it are whole.
TEST(JsonLines, ALineCutAnywhereCostsThatLineOnly) {
  const std::string line = R"({"a":"x\"y","b":{"c":[1,{"d":null}],"e":-1.5}})";
  const std::string around = R"({"a":"w","b":{}})";
  for (std::size_t size = 1; size < line.size(); ++size) {
    const std::string cut = line.substr(0, size);
    const JsonContent content = read(around + "\n" + cut + "\n" + around + "\n" + around + "\n");
    ASSERT_THAT(values(content), ElementsAre("1:w", "3:w", "4:w")) << cut;
    ASSERT_THAT(content.damaged, SizeIs(1)) << cut;
    EXPECT_EQ(content.damaged[0].line, 2);
    EXPECT_EQ(content.damaged[0].text, cut);
  }
}

// Whatever one byte becomes, the lines around it are whole.
TEST(JsonLines, ADamagedByteCostsItsLineOnly) {
  const std::string line = R"({"a":"x\"y","b":{"c":[1,{"d":null}],"e":-1.5}})";
  const std::string around = R"({"a":"w","b":{}})";
  for (std::size_t at = 0; at < line.size(); ++at) {
    for (const char byte : std::string_view("\0\"\\{}[],:x0 \xff", 14)) {
      std::string damaged = line;
      damaged[at] = byte;
      const JsonContent content = read(around + "\n" + damaged + "\n" + around + "\n" + around + "\n");
      std::vector<std::string> whole = values(content);
      whole.erase(std::remove_if(whole.begin(), whole.end(), [](const std::string& v) { return v.starts_with("2:"); }),
                  whole.end());
      ASSERT_THAT(whole, ElementsAre("1:w", "3:w", "4:w")) << damaged;
      for (const JsonDamage& damage : content.damaged)
        EXPECT_EQ(damage.line, 2) << damaged;
    }
  }
}

// A download that breaks off: the records before are given, and something is said.
TEST(JsonArray, CutAnywhereIsTold) {
  const std::string compact = R"([{"a":1,"b":[{"c":1},{"c":2}]},{"a":2,"b":"]"},{"a":3}])";
  const std::string pretty =
      "[\n  {\n    \"a\" : 1\n  },\n  {\n    \"a\" : 2,\n    \"b\" : {\n    }\n  },\n  {\n    \"a\" : 3\n  }\n]";
  for (const std::string& text : {compact, pretty}) {
    for (std::size_t size = 1; size < text.size(); ++size) {
      const JsonContent content = read(text.substr(0, size));
      for (std::size_t i = 0; i < content.rows.size(); ++i)
        EXPECT_EQ(content.rows[i].fields[0], std::to_string(i + 1));
      EXPECT_THAT(content.damaged, SizeIs(1)) << text.substr(0, size);
    }
    EXPECT_THAT(read(text).damaged, IsEmpty());
    EXPECT_THAT(read(text).rows, SizeIs(3));
  }
}

TEST(JsonNumbers, ThatAreNoneAreDamaged) {
  for (const char* number : {"01", "1.", ".5", "+1", "-", "1e", "1e+", "0x1F", "NaN", "Infinity", "-Infinity", "tru",
                             "True", "nul", "1 2", "1\f", "'x'", "1_000", "1,000"}) {
    const std::string line = std::string("{\"a\":") + number + "}";
    const JsonContent content = read(line + "\n{\"a\":7}\n");
    EXPECT_THAT(values(content), ElementsAre("2:7")) << number;
    EXPECT_THAT(content.damaged, SizeIs(1)) << number;
  }
  EXPECT_THAT(read("{\"b\":NaN,\"a\":1}\n").damaged, IsEmpty()) << "Python writes it: no matter where it is not wanted";
}

TEST(JsonUtf8, ThatIsInvalidIsDamagedWhereverItStands) {
  // Bare continuation, overlong, surrogate, past U+10FFFF, cut short, Latin-1.
  for (const std::string bytes :
       {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe4\xb8", "\xe9"}) {
    const std::string value = "{\"a\":\"" + bytes + "\"}", elsewhere = "{\"a\":1,\"b\":{\"" + bytes + "\":2}}";
    const JsonContent content = read(value + "\n" + elsewhere + "\n[" + value + ",{\"a\":7}]\n");
    EXPECT_THAT(values(content), ElementsAre("3:7"));
    EXPECT_THAT(content.damaged,
                ElementsAre(JsonDamage{1, value, kUtf8}, JsonDamage{2, elsewhere, kUtf8}, JsonDamage{3, value, kUtf8}));
  }
}

TEST(JsonLongest, IsStillARecord) {
  const std::string longest = "{\"a\":\"xxxxxxxxxxxx\"}", longer = "{\"a\":\"xxxxxxxxxxxxx\"}";
  ASSERT_EQ(longest.size(), 20u);
  for (const std::string& text : {longest + "\n" + longer + "\n{\"a\":1}\n", longest + longer + "\n{\"a\":1}\n"}) {
    const JsonContent content = read(text, 20);
    EXPECT_THAT(content.rows, SizeIs(2));
    EXPECT_THAT(content.damaged, ElementsAre(JsonDamage{content.damaged[0].line, longer, kTooLong}));
  }
  EXPECT_THAT(values(read("[" + longer + "," + longest + ", {\"a\":1}]", 20)), ElementsAre("1:xxxxxxxxxxxx", "1:1"));
}

TEST(JsonLongest, EndlessRecordsAreLeftOutInBoundedMemory) {
  const std::string endless = "{\"a\":\"" + std::string(8 << 20, 'x');
  std::size_t largest_read = 0;
  for (const std::string& text :
       {endless + "\"}\n{\"a\":1}\n" + endless, std::string(8 << 20, '\0') + "\n{\"a\":1}\n" + endless}) {
    JsonReader reader("listens.json", std::make_unique<MemorySource>(text, &largest_read), {"a"},
                      {.block_bytes = 1000, .longest_record_bytes = 5000});
    const JsonContent content = read_json(reader);
    EXPECT_THAT(values(content), ElementsAre("2:1"));
    ASSERT_THAT(content.damaged, SizeIs(2));
    EXPECT_EQ(content.damaged[0].text, text.substr(0, 5001));
    EXPECT_EQ(content.damaged[1], (JsonDamage{3, endless.substr(0, 5001), kTooLong}));
  }
  const std::string blank(8 << 20, '\n'), text = blank + "{\"a\":1}" + blank;
  JsonReader reader("listens.json", std::make_unique<MemorySource>(text, &largest_read), {"a"},
                    {.block_bytes = 1000, .longest_record_bytes = 5000});
  EXPECT_THAT(values(read_json(reader)), ElementsAre(std::to_string(blank.size() + 1) + ":1"));
  EXPECT_LE(largest_read, 11'000u);
}

TEST(JsonDeep, NestingIsRefusedOrSkipped) {
  const auto nested = [](std::string_view before, std::size_t depth, std::string_view behind) {
    std::string text(before);
    text += "{\"b\":" + std::string(depth, '[') + std::string(depth, ']') + ",\"a\":1}";
    return text.append(behind);
  };
  // One a line, simdjson counts the brackets of what is not wanted; else the scanner keeps them.
  EXPECT_THAT(values(read_json(nested("", 100'000, "\n{\"a\":2}\n"), {"a"})), ElementsAre("1:1", "2:2"));
  EXPECT_THAT(values(read_json(nested("[", 1023, "]"), {"a"})), ElementsAre("1:1"));
  const JsonContent content = read_json(nested("[\n", 100'000, ",\n{\"a\":2}]"), {"a"});
  EXPECT_THAT(values(content), ElementsAre("3:2"));
  ASSERT_THAT(content.damaged, SizeIs(1));
  EXPECT_EQ(content.damaged[0].reason, kTooDeep);
  const std::string open = std::string("{\"a\":").append(100'000, '[');
  EXPECT_THAT(read_json(open + "\n{\"a\":2}\n", {"a"}).damaged, ElementsAre(JsonDamage{1, open, kTooDeep}));
  EXPECT_THAT(read_json(std::string(100'000, '['), {"a"}).damaged, SizeIs(1));
}

// Any text of JSON's own pieces is read as the same at any block size.
class JsonPieces : public testing::TestWithParam<int> {};

TEST_P(JsonPieces, AreTheSameAtAnyBlockSize) {
  Random random(static_cast<std::uint64_t>(GetParam()));
  const std::vector<std::string> pieces{
      "{\"a\":1}", "\n",     "{",     "}", "\"",   ",",   "}\n{",         "[",  "]",
      "\\",        ":",      "\"a\"", " ", "\r\n", "},{", "{\"a\":\"x\"", "]}", std::string(1, '\0'),
      "1",         "}\r\n{", "\xff"};
  for (int repeat = 0; repeat < 60; ++repeat) {
    std::string text;
    const std::uint32_t variety = 4 + random.below(static_cast<std::uint32_t>(pieces.size()) - 3);
    for (std::size_t i = random.below(60); i > 0; --i)
      text += pieces[random.below(variety)];
    const std::int64_t longest = random.below(3) == 0 ? 1 << 20 : 1 + random.below(60);
    const JsonContent want = read_json(text, {"a"}, {.longest_record_bytes = longest});
    for (const std::int64_t block_bytes : test::kBlockBytes)
      ASSERT_EQ(read_json(text, {"a"}, {.block_bytes = block_bytes, .longest_record_bytes = longest}), want)
          << testing::PrintToString(text) << " " << block_bytes << " " << longest;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, JsonPieces, testing::Range(0, 20));

}  // namespace
}  // namespace segue::data
