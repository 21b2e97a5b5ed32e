#include "host/pipeline/publish.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::pipeline {
namespace {

namespace fs = std::filesystem;

class PublishTest : public testing::Test {
 protected:
  NightlyResult night(const std::string& key) {
    NightlyResult result;
    result.stages.push_back(StageCache(folder_ / ".cache")
                                .run("interactions", key, StageCache::Partial::discard, [&](const fs::path& directory) {
                                  write_file(directory / "rejects.csv", "file,line,column,value,reason\n");
                                  write_file(directory / "users.ids.tsv", key);
                                }));
    return result;
  }
  void publish(const std::string& name, const std::string& key) {
    publish_run(folder_ / name, {.command = "nightly", .key = key, .data = "data"}, night(key));
  }

  TemporaryDirectory folder_;
};

TEST_F(PublishTest, PutsRejectsManifestAndOptionsAtTheTop) {
  publish("20260101T000000Z-a", "a");
  const fs::path run = folder_ / "20260101T000000Z-a";
  EXPECT_EQ(read_file(run / "interactions/users.ids.tsv"), "a");
  EXPECT_TRUE(fs::exists(run / "rejects.csv"));
  EXPECT_EQ(read_file(run / "segue.toml"), to_toml(Config{}));
  const nlohmann::json manifest = nlohmann::json::parse(read_file(run / "manifest.json"));
  EXPECT_EQ(manifest["key"], "a");
  EXPECT_EQ(manifest["outputs"][0]["name"], "rejects.csv");
  EXPECT_EQ(manifest["outputs"][1]["name"], "interactions/users.ids.tsv");
}

TEST_F(PublishTest, FindsRunsByKeyAndKnowsTheirStages) {
  publish("20260101T000000Z-a", "a");
  publish("20260102T000000Z-b", "b");
  EXPECT_EQ(find_run(folder_.path(), "a"), folder_ / "20260101T000000Z-a");
  EXPECT_EQ(find_run(folder_.path(), "c"), std::nullopt);
  EXPECT_THAT(stages_in_use(folder_.path()), testing::ElementsAre("interactions-a", "interactions-b"));
}

TEST_F(PublishTest, DoesNotFindADamagedRun) {
  publish("20260101T000000Z-a", "a");
  publish("20260102T000000Z-a", "a");
  const fs::path newest = folder_ / "20260102T000000Z-a";
  EXPECT_EQ(find_run(folder_.path(), "a"), newest);
  fs::remove(newest / "interactions/users.ids.tsv");
  EXPECT_EQ(find_run(folder_.path(), "a"), folder_ / "20260101T000000Z-a");
  write_file(newest / "manifest.json", "{\"key\": 3");
  EXPECT_THROW(find_run(folder_.path(), "a"), BadInput);
}

TEST_F(PublishTest, IgnoresAndRemovesWhatAKilledAttemptLeft) {
  publish("20260101T000000Z-a", "a");
  fs::copy(folder_ / "20260101T000000Z-a", folder_ / ".20260103T000000Z-c.publishing", fs::copy_options::recursive);
  EXPECT_EQ(find_run(folder_.path(), "a"), folder_ / "20260101T000000Z-a");
  remove_leftovers(folder_.path());
  EXPECT_FALSE(fs::exists(folder_ / ".20260103T000000Z-c.publishing"));
}

TEST_F(PublishTest, FlipsTheLink) {
  publish("20260101T000000Z-a", "a");
  publish("20260102T000000Z-b", "b");
  fs::create_symlink("nowhere", folder_ / ".current.tmp");
  for (const char* name : {"20260101T000000Z-a", "20260102T000000Z-b", "20260102T000000Z-b"}) {
    flip_current(folder_.path(), folder_ / name);
    EXPECT_EQ(fs::read_symlink(folder_ / "current"), name);
  }
}

TEST_F(PublishTest, LetsOneProcessWorkInAFolder) {
  const FolderLock lock(folder_.path());
  EXPECT_THAT([&] { FolderLock second(folder_.path()); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("another segue is working")));
}

TEST(PlaylistDates, AreTheFirstMondayAndFriday) {
  const LogSummary summary{.last_timestamp = 1307037600};  // Thursday 2011-06-02 18:00 UTC
  const PlaylistDates after_log = playlist_dates(std::nullopt, summary);
  EXPECT_EQ(format_date(after_log.monday), "2011-06-06");
  EXPECT_EQ(format_date(after_log.friday), "2011-06-03");
  const PlaylistDates on_friday = playlist_dates(parse_date("2011-06-03"), summary);
  EXPECT_EQ(format_date(on_friday.friday), "2011-06-03");
  EXPECT_EQ(format_date(on_friday.monday), "2011-06-06");
  EXPECT_EQ(format_date(playlist_dates(parse_date("2011-06-06"), summary).monday), "2011-06-06");
}

}  // namespace
}  // namespace segue::pipeline
