#include "segue/audio/labels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::audio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

std::vector<Labels> read(const std::string& name, std::string_view content) {
  const TemporaryDirectory folder;
  write_file(folder / name, content);
  return read_labels(folder.path());
}

TEST(Metre, NamesAndNumbers) {
  for (const Metre metre : kAllMetres)
    EXPECT_EQ(parse_metre(metre_name(metre)), metre);
  EXPECT_EQ(metre_name(Metre::six_eight), "6/8");
  EXPECT_EQ(time_signature(Metre::three_four), 3);
  EXPECT_EQ(time_signature(Metre::seven_eight), 7);
  EXPECT_EQ(parse_metre("2/4"), std::nullopt);
  EXPECT_EQ(parse_metre(""), std::nullopt);
}

TEST(LabelsJsonl, WhatIsWrittenIsRead) {
  Labels written;
  written.path = "audio/\"träin\"-1.flac";
  written.key = 0;
  written.mode = 0;
  written.tempo = 119.99700000000001;
  written.metre = Metre::seven_eight;
  written.beats = {0.0f, 0.501f, 1.003f};
  written.downbeats = {0.501f};
  written.split = Split::validation;
  written.tune = "nottingham/a\\b\n";
  written.source = "nottingham";
  written.style = "hip_hop";
  written.soundfont = "timgm";
  written.detuning_cents = -12.5;
  const std::string line = format_labels(written);
  EXPECT_EQ(line.find('\n'), std::string::npos);

  const std::vector<Labels> labels = read("labels.jsonl", line + "\n\n{\"path\":\"b.wav\",\"key\":null}\r\n");
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0].path, written.path);
  EXPECT_EQ(labels[0].key, 0);
  EXPECT_EQ(labels[0].mode, 0);
  EXPECT_FALSE(labels[0].keyless);
  EXPECT_EQ(labels[0].tempo, written.tempo);
  EXPECT_EQ(labels[0].metre, Metre::seven_eight);
  EXPECT_EQ(labels[0].beats, written.beats);
  EXPECT_EQ(labels[0].downbeats, written.downbeats);
  EXPECT_EQ(labels[0].split, Split::validation);
  EXPECT_EQ(labels[0].tune, written.tune);
  EXPECT_EQ(labels[0].source, written.source);
  EXPECT_EQ(labels[0].style, written.style);
  EXPECT_EQ(labels[0].soundfont, written.soundfont);
  EXPECT_EQ(labels[0].detuning_cents, -12.5);

  EXPECT_EQ(labels[1].path, "b.wav");
  EXPECT_EQ(labels[1].key, -1);
  EXPECT_EQ(labels[1].mode, -1);
  EXPECT_EQ(labels[1].tempo, 0);
  EXPECT_EQ(labels[1].metre, std::nullopt);
  EXPECT_THAT(labels[1].beats, IsEmpty());
  EXPECT_EQ(labels[1].split, Split::train);
}

TEST(LabelsJsonl, WhatIsNotKnownIsLeftOut) {
  Labels labels;
  labels.path = "a.flac";
  EXPECT_EQ(format_labels(labels), R"({"path":"a.flac","split":"train"})");
  labels.keyless = true;
  EXPECT_EQ(format_labels(labels), R"({"path":"a.flac","keyless":true,"split":"train"})");
}

TEST(LabelsJsonl, PathsAreUtf8) {
  Labels labels;
  labels.path = "a\xff.flac";
  EXPECT_THAT([&] { format_labels(labels); }, ThrowsMessage<InvalidArgument>(HasSubstr("the path is no UTF-8")));
}

struct BadLine {
  std::string_view line;
  std::string_view message;
};

class BadLabelsJsonl : public testing::TestWithParam<BadLine> {};

TEST_P(BadLabelsJsonl, IsRefusedWithItsPlace) {
  EXPECT_THAT([] { read("labels.jsonl", "{\"path\":\"a\"}\n" + std::string(GetParam().line)); },
              ThrowsMessage<BadInput>(HasSubstr("labels.jsonl:2: " + std::string(GetParam().message))));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, BadLabelsJsonl,
    testing::Values(BadLine{R"({"path":"a","be)", R"("{"path":"a","be" is no label: one JSON object expected)"},
                    BadLine{R"(["a"])", R"("["a"]" is no label: one JSON object expected)"},
                    BadLine{R"({"key":1})", R"(path is "": the path of an audio file expected)"},
                    BadLine{R"({"path":7})", "path is 7: a text expected"},
                    BadLine{R"({"path":"a","key":12})", "key is 12: an integer from -1 to 11 expected"},
                    BadLine{R"({"path":"a","key":1.5})", "key is 1.5: an integer from -1 to 11 expected"},
                    BadLine{R"({"path":"a","key":18446744073709551615})", "key is 18446744073709551615: an integer"},
                    BadLine{R"({"path":"a","mode":"major"})", R"(mode is "major": an integer from -1 to 1 expected)"},
                    BadLine{R"({"path":"a","keyless":1})", "keyless is 1: true or false expected"},
                    BadLine{R"({"path":"a","tempo":-1})", "tempo is -1: a number from 0 to 1000 expected"},
                    BadLine{R"({"path":"a","metre":"2/4"})", R"(metre is "2/4": 3/4, 4/4, 5/4, 6/8 or 7/8 expected)"},
                    BadLine{R"({"path":"a","beats":1})", "beats is 1: seconds in ascending order expected"},
                    BadLine{R"({"path":"a","beats":[1,1]})", "beats is 1: seconds in ascending order expected"},
                    BadLine{R"({"path":"a","downbeats":[-1]})", "downbeats is -1: seconds in ascending order expected"},
                    BadLine{R"({"path":"a","split":"dev"})", R"(split is "dev": train, validation or test expected)"}));

TEST(LabelsCsv, ColumnsOfAnEvaluationSet) {
  const std::vector<Labels> labels = read("labels.csv",
                                          "file,genre,tempo_bpm,tempo_bpm_window,beats_per_bar,key,mode\n"
                                          "a.flac,blues,125.87,125.0,4,G,minor\n"
                                          "b.flac,rock,90,,3,Bb,major\n"
                                          "c.flac,rock,90,91.5,12,,\n"
                                          "\"d,e.flac\",rock,90,91.5,7,F#,1\n");
  ASSERT_EQ(labels.size(), 4u);
  EXPECT_EQ(labels[0].path, "a.flac");
  EXPECT_EQ(labels[0].tempo, 125.0);
  EXPECT_EQ(labels[0].key, 7);
  EXPECT_EQ(labels[0].mode, 0);
  EXPECT_EQ(labels[0].metre, Metre::four_four);
  EXPECT_EQ(labels[0].split, Split::test);
  EXPECT_EQ(labels[1].tempo, 0);
  EXPECT_EQ(labels[1].key, 10);
  EXPECT_EQ(labels[1].mode, 1);
  EXPECT_EQ(labels[1].metre, Metre::three_four);
  EXPECT_EQ(labels[2].key, -1);
  EXPECT_EQ(labels[2].mode, -1);
  EXPECT_FALSE(labels[2].keyless);
  EXPECT_EQ(labels[2].metre, std::nullopt);
  EXPECT_EQ(labels[3].path, "d,e.flac");
  EXPECT_EQ(labels[3].key, 6);
  EXPECT_EQ(labels[3].metre, Metre::seven_eight);
}

TEST(LabelsCsv, KeysByNameAndNumber) {
  std::vector<int> keys;
  for (const Labels& labels :
       read("labels.csv", "path,key,metre\na,C,6/8\na,Cb,2/4\na,E#,\na,B,\na,Ab,\na,11,\na,-1,\na,D,\n"))
    keys.push_back(labels.key);
  EXPECT_THAT(keys, ElementsAre(0, 11, 5, 11, 8, 11, -1, 2));
}

class BadLabelsCsv : public testing::TestWithParam<BadLine> {};

TEST_P(BadLabelsCsv, IsRefusedWithItsPlace) {
  EXPECT_THAT([] { read("labels.csv", "path,key,mode,tempo,metre\n" + std::string(GetParam().line) + "\n"); },
              ThrowsMessage<BadInput>(HasSubstr("labels.csv:2: " + std::string(GetParam().message))));
}

INSTANTIATE_TEST_SUITE_P(Lines, BadLabelsCsv,
                         testing::Values(BadLine{",C,,,", R"(path is "": the path of an audio file)"},
                                         BadLine{"a,H,,,", R"(key is "H": C, C#, Db … B, or 0–11 expected)"},
                                         BadLine{"a,x,,,", R"(key is "x":)"}, BadLine{"a,C##,,,", R"(key is "C##":)"},
                                         BadLine{"a,12,,,", R"(key is "12":)"}, BadLine{"a,1.5,,,", R"(key is "1.5":)"},
                                         BadLine{"a,,dorian,,", R"(mode is "dorian": major or minor expected)"},
                                         BadLine{"a,,,fast,", R"(tempo is "fast": beats a minute expected)"},
                                         BadLine{"a,,,nan,", R"(tempo is "nan": beats a minute expected)"},
                                         BadLine{"a,,,-1,", R"(tempo is "-1": 0 to 1000 beats a minute expected)"},
                                         BadLine{"a,,,,4", R"(metre is "4": a metre such as 3/4 expected)"},
                                         BadLine{"a,,", "3 fields: 5 expected, as in the header"}));

TEST(ReadLabels, SaysWhatIsMissing) {
  EXPECT_THAT([] { read("songs.csv", ""); }, ThrowsMessage<BadInput>(HasSubstr("no labels.jsonl and no labels.csv")));
  EXPECT_THAT([] { read("labels.csv", "name,key\na,C\n"); }, ThrowsMessage<BadInput>(HasSubstr("path")));
}

}  // namespace
}  // namespace segue::audio
