#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <optional>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/evaluate/tune.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::evaluate {
namespace {

using testing::HasSubstr;

const TrialLog::Fields kMadeFor{{"data", "d41d"}, {"seed", "1"}};

class TrialLogTest : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder_.path() / "trials.jsonl"; }
  std::string refusal(const TrialLog::Fields& made_for) const {
    try {
      TrialLog(file(), made_for);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
  void write_three() const {
    TrialLog log(file(), kMadeFor);
    log.append({.trial = 0, .iterations = 15, .score = 0.1, .seconds = 1, .elapsed = 1}, {});
    log.append({.trial = 1, .iterations = 5, .score = NAN, .seconds = 2, .elapsed = 3}, {{"als.rank", "64"}});
    log.append({.trial = 2, .iterations = 5, .split = 3, .score = 1.0 / 3, .seconds = 3, .elapsed = 6},
               {{"als.rank", "8"}});
  }

  TemporaryDirectory folder_;
};

TEST_F(TrialLogTest, ReadsBackWhatItWrote) {
  write_three();
  const TrialLog log(file(), kMadeFor);
  ASSERT_EQ(log.records().size(), 3u);
  EXPECT_EQ(log.records()[0].trial, 0);
  EXPECT_EQ(log.records()[0].iterations, 15);
  EXPECT_TRUE(std::isnan(log.records()[1].score));
  EXPECT_EQ(log.records()[2].score, 1.0 / 3) << "to the last bit";
  EXPECT_EQ(log.records()[2].elapsed, 6);
  EXPECT_EQ(log.records()[1].split, 0);
  EXPECT_EQ(log.find(2, 5, 3), &log.records()[2]);
  EXPECT_EQ(log.find(2, 5), nullptr);
  EXPECT_EQ(log.find(2, 6, 3), nullptr);
  EXPECT_THAT(read_file(file()), HasSubstr(R"("score":null,"seconds":2.0,"elapsed":3.0,"values":{"als.rank":"64"}})"));
}

// A process killed while it writes leaves any part of a line.
TEST_F(TrialLogTest, ALineCutOffAnywhereIsDroppedAndWrittenOver) {
  write_three();
  const std::string whole = read_file(file());
  const std::size_t second = whole.find('\n', whole.find('\n') + 1) + 1;  // two lines are whole
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_file(file(), whole.substr(0, length));
    const auto lines =
        static_cast<std::size_t>(std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length), '\n'));
    {
      TrialLog log(file(), kMadeFor);
      ASSERT_EQ(log.records().size(), lines == 0 ? 0 : lines - 1) << length;
      log.append({.trial = 9, .iterations = 1, .score = 0.5, .seconds = 0, .elapsed = 9}, {});
    }
    const TrialLog again(file(), kMadeFor);
    ASSERT_EQ(again.records().back().trial, 9) << length;
    if (length == second) {
      EXPECT_EQ(again.records().size(), 2u);
    }
  }
}

TEST_F(TrialLogTest, AnotherSearchIsRefusedAndNamed) {
  write_three();
  const std::string before = read_file(file());
  EXPECT_EQ(
      refusal({{"data", "d41d"}, {"seed", "2"}}),
      file().string() +
          " was made for another seed (\"1\", now \"2\"): choose another --out, or remove the file to begin anew");
  EXPECT_THAT(refusal({{"data", "ffff"}, {"seed", "2"}}),
              HasSubstr("another data (\"d41d\", now \"ffff\"), seed (\"1\", now \"2\")"));
  EXPECT_THAT(refusal({{"data", "d41d"}, {"seed", "1"}, {"metric", "auc"}}),
              HasSubstr("another metric (\"\", now \"auc\")"));
  EXPECT_EQ(read_file(file()), before);
}

TEST_F(TrialLogTest, ALogOfAnotherVersionIsRefused) {
  const std::string text = R"({"segue tune":1,"made_for":{"data":"d41d","seed":"1"}})"
                           "\n"
                           R"({"trial":0,"iterations":15,"score":0.1,"seconds":1.0,"elapsed":1.0,"values":{}})"
                           "\n";
  write_file(file(), text);
  EXPECT_EQ(refusal(kMadeFor),
            file().string() +
                " is a trial log of version 1, this segue reads and writes version 2: choose another "
                "--out, or remove the file to begin anew");
  EXPECT_EQ(read_file(file()), text);
}

TEST_F(TrialLogTest, ADamagedFileIsRefusedByLineAndLeftAlone) {
  for (const char* text : {"{}\n", "[]\n", "hello\n", "{\"segue tune\":2}\n", "\n"}) {
    write_file(file(), text);
    EXPECT_THAT(refusal(kMadeFor), HasSubstr("trials.jsonl:1: not a line of a trial log")) << text;
    EXPECT_EQ(read_file(file()), text);
  }
  std::filesystem::remove(file());
  write_three();
  std::string text = read_file(file());
  text.replace(text.find("\"trial\":1"), 9, "\"trial\":x");
  write_file(file(), text);
  EXPECT_THAT(refusal(kMadeFor), HasSubstr("trials.jsonl:3: not a line of a trial log"));
}

TEST_F(TrialLogTest, TwoProcessesCannotWriteOne) {
  const TrialLog first(file(), kMadeFor);
  EXPECT_THAT(refusal(kMadeFor), HasSubstr("another segue tune is at work there"));
}

TEST_F(TrialLogTest, AFolderThatIsNotThereIsNamed) {
  EXPECT_THROW(TrialLog(folder_.path() / "nowhere" / "trials.jsonl", kMadeFor), IoError);
}

}  // namespace
}  // namespace segue::evaluate
