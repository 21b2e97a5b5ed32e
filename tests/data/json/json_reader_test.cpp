#include "host/data/json/json_reader.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "segue/core/error.hpp"
#include "tests/data/json/json_content.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data {
namespace {

using test::Fields;
using test::fields_of;
using test::JsonContent;
using test::MemorySource;
using test::message_of;
using test::read_json;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::nullopt_t kNo = std::nullopt;

// After the dumps' documentation and the API's: listenbrainz.readthedocs.io, "JSON documentation".
TEST(JsonReader, ReadsAListenBrainzDump) {
  const std::string text =
      R"({"user_id":7,"user_name":"ada","timestamp":1609459200,"track_metadata":{"artist_name":"Dew & Moss",)"
      R"("track_name":"\u00c9tude \"4\"","release_name":null,"additional_info":{"tags":["a","b"],)"
      R"("recording_msid":"0a1b","duration_ms":214000}},"recording_msid":"0a1b"})"
      "\n"
      R"({"user_id":8,"user_name":"bo","timestamp":1609459201,"track_metadata":{"artist_name":"","track_name":"Two"}})"
      "\n";
  const std::vector<std::string> keys{"timestamp",
                                      "user_name",
                                      "track_metadata.artist_name",
                                      "track_metadata.track_name",
                                      "track_metadata.release_name",
                                      "track_metadata.additional_info.recording_msid",
                                      "track_metadata.additional_info.duration_ms"};
  const JsonContent content = read_json(text, keys);
  EXPECT_THAT(content.damaged, IsEmpty());
  ASSERT_EQ(content.rows.size(), 2u);
  EXPECT_EQ(content.rows[0].line, 1);
  EXPECT_EQ(content.rows[0].text + '\n' + content.rows[1].text + '\n', text);
  EXPECT_EQ(content.rows[0].fields,
            (Fields{"1609459200", "ada", "Dew & Moss", "\u00c9tude \"4\"", kNo, "0a1b", "214000"}));
  EXPECT_EQ(content.rows[1].line, 2);
  EXPECT_EQ(content.rows[1].fields, (Fields{"1609459201", "bo", "", "Two", kNo, kNo, kNo}));
}

// The account's and the extended export; the former comes indented, the latter in one line too.
TEST(JsonReader, ReadsSpotifysExports) {
  const std::string account = R"([
  {
    "endTime" : "2023-01-09 08:15",
    "artistName" : "Dew & Moss",
    "trackName" : "[Two] {Live}",
    "msPlayed" : 201533
  },
  {
    "endTime" : "2023-01-09 08:19",
    "artistName" : "Bo",
    "trackName" : "},{",
    "msPlayed" : 0
  }
]
)";
  const JsonContent content = read_json(account, {"endTime", "artistName", "trackName", "msPlayed"});
  EXPECT_THAT(content.damaged, IsEmpty());
  ASSERT_EQ(content.rows.size(), 2u);
  EXPECT_EQ(content.rows[0].line, 2);
  EXPECT_EQ(content.rows[0].fields, (Fields{"2023-01-09 08:15", "Dew & Moss", "[Two] {Live}", "201533"}));
  EXPECT_EQ(content.rows[1].line, 8);
  EXPECT_EQ(content.rows[1].text,
            account.substr(account.rfind("  {") + 2, account.rfind('}') - account.rfind("  {") - 1));
  EXPECT_EQ(content.rows[1].fields, (Fields{"2023-01-09 08:19", "Bo", "},{", "0"}));

  const std::string extended =
      R"([{"ts":"2019-11-05T14:28:00Z","username":"ada","ms_played":8778,"master_metadata_track_name":"Two",)"
      R"("spotify_track_uri":"spotify:track:0000000000000000000002","episode_name":null,"skipped":null,"shuffle":true},)"
      R"({"ts":"2019-11-05T14:29:00Z","username":"ada","ms_played":61000,"master_metadata_track_name":null,)"
      R"("spotify_track_uri":null,"episode_name":"Talk","skipped":false,"shuffle":false}])";
  EXPECT_THAT(
      fields_of(extended, {"ts", "ms_played", "spotify_track_uri", "episode_name", "shuffle", "skipped"}),
      ElementsAre(Fields{"2019-11-05T14:28:00Z", "8778", "spotify:track:0000000000000000000002", kNo, "true", kNo},
                  Fields{"2019-11-05T14:29:00Z", "61000", kNo, "Talk", "false", "false"}));
}

struct Form {
  std::string name;
  std::string text;
  std::vector<std::int64_t> lines;
};

void PrintTo(const Form& form, std::ostream* out) {
  *out << form.name;
}

class JsonForms : public testing::TestWithParam<Form> {};

TEST_P(JsonForms, HoldTheSameRecords) {
  for (const std::int64_t block_bytes : test::kBlockBytes) {
    const JsonContent content = read_json(GetParam().text, {"a", "b.c"}, {.block_bytes = block_bytes});
    EXPECT_THAT(content.damaged, IsEmpty());
    ASSERT_EQ(content.rows.size(), GetParam().lines.size()) << "block_bytes " << block_bytes;
    for (std::size_t i = 0; i < content.rows.size(); ++i) {
      EXPECT_EQ(content.rows[i].fields, (Fields{std::to_string(i), "x"}));
      EXPECT_EQ(content.rows[i].line, GetParam().lines[i]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, JsonForms,
    testing::Values(
        Form{"Nothing", "", {}}, Form{"WhiteSpace", " \t\r\n\n  \r\n", {}}, Form{"BomOnly", "\xef\xbb\xbf", {}},
        Form{"Lines", "{\"a\":0,\"b\":{\"c\":\"x\"}}\n{\"a\":1,\"b\":{\"c\":\"x\"}}\n", {1, 2}},
        Form{"NoFinalLineBreak", "{\"a\":0,\"b\":{\"c\":\"x\"}}\n{\"a\":1,\"b\":{\"c\":\"x\"}}", {1, 2}},
        Form{"BomCrlfBlankLines",
             "\xef\xbb\xbf\r\n{\"a\":0,\"b\":{\"c\":\"x\"}}\r\n\r\n{\"a\":1,\"b\":{\"c\":\"x\"}}\r\n\r\n",
             {2, 4}},
        Form{"Crlf", "{\"a\":0,\"b\":{\"c\":\"x\"}}\r\n{\"a\":1,\"b\":{\"c\":\"x\"}}\r\n", {1, 2}},
        Form{"IndentedLines", " {\"a\":0,\"b\":{\"c\":\"x\"}} \n\t{\"a\":1,\"b\":{\"c\":\"x\"}}\t\n", {1, 2}},
        Form{"SeveralInALine",
             "{\"a\":0,\"b\":{\"c\":\"x\"}}{\"a\":1,\"b\":{\"c\":\"x\"}} {\"a\":2,\"b\":{\"c\":\"x\"}}\n",
             {1, 1, 1}},
        Form{"LinesWithCommas", "{\"a\":0,\"b\":{\"c\":\"x\"}},\n{\"a\":1,\"b\":{\"c\":\"x\"}},\n", {1, 2}},
        Form{"Pretty",
             "{\n  \"a\": 0,\n  \"b\": {\n    \"c\": \"x\"\n  }\n}\n{\n  \"a\": 1,\n  \"b\": {\n    \"c\": \"x\"\n  "
             "}\n}\n",
             {1, 7}},
        Form{"BracesOnLinesOfTheirOwn",
             "{\n\"a\":\n0,\n\"b\":\n{\n\"c\":\n\"x\"\n}\n}\n{\n\"a\":\n1,\n\"b\":\n{\n\"c\":\n\"x\"\n}\n}\n",
             {1, 10}},
        Form{"Array", "[{\"a\":0,\"b\":{\"c\":\"x\"}},{\"a\":1,\"b\":{\"c\":\"x\"}}]", {1, 1}},
        Form{"ArrayOfLines", "[\n{\"a\":0,\"b\":{\"c\":\"x\"}},\n{\"a\":1,\"b\":{\"c\":\"x\"}}\n]\n", {2, 3}},
        Form{"ArrayOfNothing", "[ ]\n", {}},
        Form{"PrettyArray",
             "[\n  {\n    \"a\": 0,\n    \"b\": {\n      \"c\": \"x\"\n    }\n  },\n  {\n    \"a\": 1,\n    \"b\": "
             "{\"c\": \"x\"}\n  }\n]\n",
             {2, 8}},
        Form{"BraceBehindBrace",
             "[{\n \"a\": 0,\n \"b\": {\"c\": \"x\"}\n}, {\n \"a\": 1,\n \"b\": {\"c\": \"x\"}\n}]\n",
             {1, 4}},
        Form{"CommaFirst", "[ {\"a\": 0, \"b\": {\"c\": \"x\"}}\n, {\"a\": 1, \"b\": {\"c\": \"x\"}}\n]\n", {1, 2}},
        Form{"SeveralArrays",
             "[{\"a\":0,\"b\":{\"c\":\"x\"}}]\n[]\n[{\"a\":1,\"b\":{\"c\":\"x\"}},\n{\"a\":2,\"b\":{\"c\":\"x\"}}]",
             {1, 3, 4}},
        Form{"ArrayAndLines",
             "[{\"a\":0,\"b\":{\"c\":\"x\"}}]\n{\"a\":1,\"b\":{\"c\":\"x\"}}\n{\"a\":2,\"b\":{\"c\":\"x\"}}\n",
             {1, 2, 3}},
        Form{"NestedObjectsBeginLines", "[{\"d\":[\n{\"a\":9},\n{\"a\":9}\n],\"a\":0,\"b\":\n{\"c\":\"x\"}}]\n", {1}}),
    [](const auto& form) { return form.param.name; });

TEST(JsonReader, EscapesAreUndone) {
  EXPECT_THAT(
      fields_of(R"({"t":"\"\\\/\b\f\n\r\t"}{"t":"\u00e9\u4e2d\ud83c\udfb5 \u0000."}{"t":"plain"})", {"t"}),
      ElementsAre(Fields{"\"\\/\b\f\n\r\t"}, Fields{std::string("\u00e9\u4e2d\U0001f3b5 \0.", 12)}, Fields{"plain"}));
  EXPECT_THAT(fields_of("{\"t\":\"\u00e9 \U0001f3b5 \x7f\"}", {"t"}), ElementsAre(Fields{"\u00e9 \U0001f3b5 \x7f"}));
}

TEST(JsonReader, KeysAreFoundHoweverTheyAreWritten) {
  const std::vector<std::string> keys{"user_id", "a\"b", "c\\", "", "\u00e9", "x:y"};
  EXPECT_THAT(fields_of(R"({"us\u0065r_id":1,"a\"b":2,"c\\":3,"":4,"\u00e9":5,"x:y":6})", keys),
              ElementsAre(Fields{"1", "2", "3", "4", "5", "6"}));
  EXPECT_THAT(fields_of("{ \"user_id\" : 1 , \"\u00e9\"\n:5}", keys),
              ElementsAre(Fields{"1", kNo, kNo, kNo, "5", kNo}));
  EXPECT_THAT(fields_of(R"({"a\\":1,"a":"\\","b\"":2,"c":3})", {"a\\", "b\"", "c\":3", "user"}),
              ElementsAre(Fields{"1", "2", kNo, kNo}));
}

TEST(JsonReader, NumbersTrueAndFalseComeAsTheyStand) {
  EXPECT_THAT(
      fields_of("{\"n\":-0}{\"n\":1.50}{\"n\":6.02E+23}{\"n\":1e-9}{\"n\":123456789012345678901234567890 }"
                "{\"n\": true}{\"n\":false\n}{\"n\":null }{}",
                {"n"}),
      ElementsAre(Fields{"-0"}, Fields{"1.50"}, Fields{"6.02E+23"}, Fields{"1e-9"},
                  Fields{"123456789012345678901234567890"}, Fields{"true"}, Fields{"false"}, Fields{kNo}, Fields{kNo}));
}

TEST(JsonReader, WhatIsLookedForInNoObjectIsMissing) {
  EXPECT_THAT(fields_of("{\"a\":1}{\"a\":\"b\"}{\"a\":null}{\"a\":[{\"b\":1}]}{\"a\":{}}{\"a\":{\"b\":1}}", {"a.b"}),
              ElementsAre(Fields{kNo}, Fields{kNo}, Fields{kNo}, Fields{kNo}, Fields{kNo}, Fields{"1"}));
}

TEST(JsonReader, TheFirstValueOfAKeyCounts) {
  EXPECT_THAT(fields_of(R"({"a":1,"a":2}{"a":null,"a":2}{"a":"","a":"x"}{"a":3,"a":{}})", {"a"}),
              ElementsAre(Fields{"1"}, Fields{"2"}, Fields{""}, Fields{"3"}));
  EXPECT_THAT(fields_of(R"({"a":{"b":1},"a":{"b":2,"c":3}})", {"a.b", "a.c"}), ElementsAre(Fields{"1", "3"}));
}

TEST(JsonReader, AKeyMayBeWantedTwiceOrWithOneInIt) {
  EXPECT_THAT(fields_of(R"({"a":1,"b":"\n"})", {"b", "a", "b", "a.c"}), ElementsAre(Fields{"\n", "1", "\n", kNo}));
  EXPECT_THAT(fields_of("{\"a\":1}\n{}\n", {}), ElementsAre(Fields{}, Fields{}));
}

TEST(JsonReader, ReadsCompressedFiles) {
  const test::TempFolder folder;
  std::string text;
  for (int i = 0; i < 3000; ++i)
    text += "{\"n\":" + std::to_string(i) + "}\n";
  const JsonContent want = read_json(text, {"n"});
  ASSERT_EQ(want.rows.size(), 3000u);
  EXPECT_EQ(want.rows[2999].line, 3000);
  for (const std::string& bytes : {text, test::gzip(text), test::zstd(text)}) {
    const std::filesystem::path path = folder.write("listens.json", bytes);
    JsonReader reader(path, open_source(path), {"n"}, {.block_bytes = 1000});
    EXPECT_EQ(reader.file_bytes(), static_cast<std::int64_t>(bytes.size()));
    EXPECT_EQ(read_json(reader), want);
  }
}

TEST(JsonReader, ABlockCanBeParsedAgain) {
  const std::string text = "{\"a\":\"\\n1\"}\n{\"a\":[\n{\"a\":\"\\t2\"}\n";
  JsonReader reader("listens.json", std::make_unique<MemorySource>(text), {"a"});
  const auto block = reader.make_block();
  ASSERT_TRUE(reader.next(*block));
  EXPECT_EQ(block->file_position, static_cast<std::int64_t>(text.size()));
  for (int repeat = 0; repeat < 2; ++repeat) {
    std::vector<std::string> seen;
    block->for_each([&](const Record& record) { seen.emplace_back(record.fields[0]); },
                    [&](const DamagedRecord& damage) { seen.push_back("damaged " + std::to_string(damage.line)); });
    EXPECT_THAT(seen, ElementsAre("\n1", "damaged 2", "\t2"));
  }
  EXPECT_FALSE(reader.next(*block));
  EXPECT_FALSE(reader.next(*block));
}

TEST(JsonReader, ColumnsAreTheKeys) {
  const JsonReader reader("listens.json", std::make_unique<MemorySource>(""), {"a", "b.c"});
  EXPECT_EQ(reader.column("b.c"), 1);
  EXPECT_EQ(reader.column("b"), -1);
  EXPECT_EQ(reader.path(), "listens.json");
}

TEST(JsonReader, OptionsOutOfRangeAreRefused) {
  EXPECT_EQ(message_of<InvalidArgument>([] { read_json("{}", {}, {.block_bytes = 0}); }),
            "block_bytes 0 and longest_record_bytes 1048576 must be at least 1");
  EXPECT_EQ(message_of<InvalidArgument>([] { read_json("{}", {}, {.longest_record_bytes = -1}); }),
            "block_bytes 524288 and longest_record_bytes -1 must be at least 1");
}

TEST(JsonReader, Utf16IsRefused) {
  for (const std::string& text : {std::string("\xff\xfe{\0}\0", 6), std::string("\xfe\xff\0{\0}", 6)})
    EXPECT_EQ(message_of<BadInput>([&] { read_json(text, {"a"}); }), "listens.json: is UTF-16; save it as UTF-8");
}

TEST(FirstJsonKeys, ListsWhatAColumnCanBe) {
  EXPECT_THAT(
      first_json_keys(R"({"b":1,"a":{"y":null,"x":{"z":[{"n":1}]},"e":{}},"c":[1,{"d":2}],"f.g":1,"h.i":{"j":1}})"),
      ElementsAre("b", "a.y", "a.x.z", "c"));
  EXPECT_THAT(first_json_keys("\xef\xbb\xbf \n[ {\"a\":1},{\"b\":2}]"), ElementsAre("a"));
  EXPECT_THAT(first_json_keys("{\"a\":1}\n{\"b\":2}\n"), ElementsAre("a"));
}

TEST(FirstJsonKeys, TakesAPieceCutAnywhere) {
  const std::string text = "[{\"a\":{\"b\":\"\u00e9\"},\"c\":[1],\"d\":true}]";
  const std::vector<std::string> all{"a.b", "c", "d"};
  std::size_t most = 0;
  for (std::size_t size = 0; size <= text.size(); ++size) {
    std::vector<std::string> keys = first_json_keys(text.substr(0, size));
    if (keys == std::vector<std::string>{"a"})
      continue;  // its object has not come yet
    ASSERT_GE(keys.size(), most);
    most = keys.size();
    EXPECT_EQ(keys, std::vector<std::string>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(most)));
  }
  EXPECT_EQ(most, all.size());
}

TEST(FirstJsonKeys, OfWhatIsNoObjectAreNone) {
  for (const std::string text :
       {"", " ", "a,b\n1,2\n", "[1,{\"a\":1}]", "[[{\"a\":1}]]", "\"a\"", "null", "[]", "{}", "{"})
    EXPECT_THAT(first_json_keys(text), IsEmpty()) << text;
}

TEST(FirstJsonKeys, OfADeepObjectAreThoseThatCanBeRead) {
  std::string text;
  for (int i = 0; i < 100'000; ++i)
    text += "{\"k\":";
  EXPECT_EQ(first_json_keys(text).size(), 1u);
  EXPECT_THAT(first_json_keys(std::string(100'000, '[')), IsEmpty());
}

}  // namespace
}  // namespace segue::data
