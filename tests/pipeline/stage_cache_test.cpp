#include "segue/pipeline/stage_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;

class StageCacheTest : public testing::Test {
 protected:
  Stage run(StageCache::Partial partial = StageCache::Partial::discard) {
    return StageCache(folder_.path()).run("words", "k1", partial, [&](const fs::path& directory) {
      ++runs_;
      found_checkpoint_ = fs::exists(directory / "checkpoint");
      fs::create_directories(directory / "sub");
      write_file(directory / "sub" / "b.txt", "beta");
      write_file(directory / "a.txt", "alpha");
      write_file(directory / ".hidden.tmp", "left over");
    });
  }

  TemporaryDirectory folder_;
  int runs_ = 0;
  bool found_checkpoint_ = false;
};

TEST_F(StageCacheTest, WorksOnceForAKey) {
  const Stage first = run();
  EXPECT_FALSE(first.cached);
  ASSERT_EQ(first.files.size(), 2u);
  EXPECT_EQ(first.files[0].name, "a.txt");
  EXPECT_EQ(first.files[1].name, "sub/b.txt");
  EXPECT_EQ(first.files[1].bytes, 4u);
  const Stage second = run();
  EXPECT_TRUE(second.cached);
  EXPECT_EQ(second.files.size(), 2u);
  EXPECT_EQ(runs_, 1);
}

TEST_F(StageCacheTest, WorksAgainWhenAFileIsNotWhatItWas) {
  for (const char* content : {"alphA", "alp", ""}) {
    const Stage stage = run();
    std::ofstream(stage.directory / "a.txt") << content;
    EXPECT_FALSE(run().cached) << content;
    EXPECT_EQ(read_file(stage.directory / "a.txt"), "alpha");
  }
  fs::remove(run().directory / "sub" / "b.txt");
  EXPECT_FALSE(run().cached);
  std::ofstream(run().directory / "stage.json") << "{\"files\": [";
  EXPECT_FALSE(run().cached);
}

TEST_F(StageCacheTest, KeepsNothingOfWorkThatFailed) {
  StageCache cache(folder_.path());
  EXPECT_THROW(cache.run("words", "k1", StageCache::Partial::discard,
                         [](const fs::path& directory) {
                           write_file(directory / "a.txt", "half");
                           throw BadInput("stop");
                         }),
               BadInput);
  EXPECT_FALSE(fs::exists(folder_ / "words-k1"));
  const Stage stage = run();
  EXPECT_EQ(stage.files.size(), 2u);
}

TEST_F(StageCacheTest, ShowsACheckpointOnlyToWorkThatResumes) {
  const auto leave_checkpoint = [&] { fs::create_directories(folder_ / "words-k1.partial/checkpoint"); };
  leave_checkpoint();
  run(StageCache::Partial::resume);
  EXPECT_TRUE(found_checkpoint_);
  EXPECT_FALSE(fs::exists(folder_ / "words-k1/checkpoint")) << "it is no part of the result";
  fs::remove_all(folder_ / "words-k1");
  leave_checkpoint();
  run(StageCache::Partial::discard);
  EXPECT_FALSE(found_checkpoint_);
}

TEST_F(StageCacheTest, CollectsWhatNobodyUses) {
  run();
  fs::create_directories(folder_ / "words-k0");
  fs::create_directories(folder_ / "words-k2.partial");
  StageCache(folder_.path()).collect_garbage({"words-k1"});
  EXPECT_TRUE(fs::exists(folder_ / "words-k1"));
  EXPECT_FALSE(fs::exists(folder_ / "words-k0"));
  EXPECT_FALSE(fs::exists(folder_ / "words-k2.partial"));
}

TEST_F(StageCacheTest, LinksUnderTheStagesName) {
  link_stage(run(), folder_ / "out");
  EXPECT_EQ(read_file(folder_ / "out/words/sub/b.txt"), "beta");
  EXPECT_FALSE(fs::exists(folder_ / "out/words/.hidden.tmp"));
  EXPECT_EQ(fs::hard_link_count(folder_ / "out/words/a.txt"), 2u);
}

}  // namespace
}  // namespace segue::pipeline
