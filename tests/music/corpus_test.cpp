#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/music/score.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::music {
namespace {

using testing::HasSubstr;

constexpr const char* kScore =
    R"({"id":"a/1","corpus":"a","key":7,"mode":1,"metre":"6/8","beats":32.5,"melody":[[-0.5,0,74,90],[0,1.25,71,100]],)"
    R"("accompaniment":[],"chords":[[0,2,7,"maj",11],[2,4,0,"min7",0]]})"
    "\n";
constexpr const char* kGroove =
    R"({"id":"groove/d1/1","style":"funk/groove1","bpm":101.5,"beats":16,"hits":[[0.01,36,99],[1,38,127]]})"
    "\n";

class ReadCorpus : public testing::Test {
 protected:
  void write(const std::string& scores) { write_file(folder_ / "scores.jsonl", scores); }

  std::string error_of(const std::string& scores) {
    write(scores);
    try {
      read_corpus(folder_.path());
    } catch (const BadInput& error) {
      return error.what();
    }
    return "none";
  }

  /// kScore with a part replaced.
  static std::string with(const std::string& old, const std::string& replacement) {
    std::string line = kScore;
    const std::size_t place = line.find(old);
    EXPECT_NE(place, std::string::npos) << old;
    return line.replace(place, old.size(), replacement);
  }

  TemporaryDirectory folder_;
};

TEST_F(ReadCorpus, TakesEveryField) {
  write(std::string(kScore) + "\n" + kScore);  // an empty line is nothing
  write_file(folder_ / "grooves.jsonl", kGroove);
  const Corpus corpus = read_corpus(folder_.path());
  ASSERT_EQ(corpus.scores.size(), 2);
  const Score& score = corpus.scores[1];
  EXPECT_EQ(score.id, "a/1");
  EXPECT_EQ(score.corpus, "a");
  EXPECT_EQ(score.key, 7);
  EXPECT_EQ(score.mode, 1);
  EXPECT_EQ(score.metre, audio::Metre::six_eight);
  EXPECT_EQ(score.beats, 32.5);
  ASSERT_EQ(score.melody.size(), 2);
  EXPECT_EQ(score.melody[0].on, -0.5);
  EXPECT_EQ(score.melody[1].off, 1.25);
  EXPECT_EQ(score.melody[1].pitch, 71);
  EXPECT_EQ(score.melody[1].velocity, 100);
  ASSERT_EQ(score.chords.size(), 2);
  EXPECT_EQ(score.chords[0].root, 7);
  EXPECT_EQ(score.chords[0].bass, 11);
  EXPECT_EQ(score.chords[1].quality, ChordQuality::minor_seventh);
  ASSERT_EQ(corpus.grooves.size(), 1);
  EXPECT_EQ(corpus.grooves[0].bpm, 101.5);
  ASSERT_EQ(corpus.grooves[0].hits.size(), 2);
  EXPECT_EQ(corpus.grooves[0].hits[1].pitch, 38);
}

TEST_F(ReadCorpus, GroovesMayBeAbsentAndNothingIsEmpty) {
  write(kScore);
  EXPECT_TRUE(read_corpus(folder_.path()).grooves.empty());
  EXPECT_TRUE(read_corpus({}).scores.empty());
}

TEST_F(ReadCorpus, MissingFileIsAnIoError) {
  EXPECT_THROW(read_corpus(folder_ / "nowhere"), IoError);
}

TEST_F(ReadCorpus, SaysFileLineFieldAndValue) {
  const std::string where = (folder_ / "scores.jsonl").string() + ":2: ";
  const auto second = [](const std::string& line) { return kScore + line; };
  EXPECT_THAT(error_of(second("[1]")), HasSubstr(where + "\"[1]\" is not a JSON object"));
  EXPECT_THAT(error_of(second("{\"id\":")), HasSubstr("is not a JSON object"));
  EXPECT_THAT(error_of(second("{\"id\":\"x\"}")), HasSubstr(where + "no \"corpus\""));
  EXPECT_EQ(error_of(with("\"key\":7", "\"key\":12")),
            (folder_ / "scores.jsonl").string() + ":1: \"12\" in \"key\" is not an integer from -1 to 11");
  EXPECT_THAT(error_of(with("6/8", "9/8")), HasSubstr("\"9/8\" in \"metre\" is not 3/4, 4/4, 5/4, 6/8 or 7/8"));
  EXPECT_THAT(error_of(with("32.5", "0")), HasSubstr("\"0\" in \"beats\" is not a number greater than 0"));
  EXPECT_THAT(error_of(with("32.5", "\"x\"")), HasSubstr("in \"beats\" is not a number greater than 0"));
  EXPECT_THAT(error_of(with("[0,1.25,71,100]", "[0,1.25,71]")),
              HasSubstr("\"[0,1.25,71]\" in \"melody\" is not an array of 4"));
  EXPECT_THAT(error_of(with("[0,1.25,71,100]", "[2,1.25,71,100]")), HasSubstr("a note that ends after it begins"));
  EXPECT_THAT(error_of(with("71,100]", "128,100]")),
              HasSubstr("\"128\" in \"melody\" is not an integer from 0 to 127"));
  EXPECT_THAT(error_of(with("71,100]", "71,0]")), HasSubstr("\"0\" in \"melody\" is not an integer from 1 to 127"));
  EXPECT_THAT(error_of(with("\"min7\"", "\"m7\"")), HasSubstr("\"m7\" in \"chords\" is not a chord quality"));
  EXPECT_THAT(error_of(with("[2,4,0", "[-2,4,0")), HasSubstr("in order of time"));
  EXPECT_THAT(error_of(with("\"mode\":1", "\"mode\":true")),
              HasSubstr("\"true\" in \"mode\" is not an integer from -1 to 1"));
}

}  // namespace
}  // namespace segue::music
