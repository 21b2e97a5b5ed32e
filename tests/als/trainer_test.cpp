#include "segue/als/trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/log.hpp"
#include "tests/als/reference.hpp"

namespace segue::als {
namespace {

namespace fs = std::filesystem;

class Trainer : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::path(testing::TempDir()) /
                 (std::string("segue-als-") + testing::UnitTest::GetInstance()->current_test_info()->name() + "-" +
                  std::to_string(::getpid()));
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
  }
  void TearDown() override {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("none"));
    fs::remove_all(directory_);
  }

  TrainResult run(int iterations_of_schedule, const std::string& hash = "data") {
    return train(Device::cpu(), problem_.by_user.view(), problem_.by_song.view(),
                 {.als = {.rank = 10, .iterations = iterations_of_schedule}, .checkpoint_every = 2}, directory_, hash,
                 no_progress());
  }

  // As if the process had been killed after the checkpoint at iteration 4 of 6.
  TrainResult run_killed_after_four() {
    class Killed : public Progress {
     public:
      void start(std::string_view, std::int64_t, std::string_view) override {}
      void advance(std::int64_t amount) override {
        done_ += amount;
        if (done_ == 5)
          throw Error("killed");
      }
      void note(std::string_view) override {}
      void finish() override {}

     private:
      std::int64_t done_ = 0;
    } killed;
    EXPECT_THROW(train(Device::cpu(), problem_.by_user.view(), problem_.by_song.view(),
                       {.als = {.rank = 10, .iterations = 6}, .checkpoint_every = 2}, directory_, "data", killed),
                 Error);
    return {};
  }

  static bool same_bits(const Matrix<float>& a, const Matrix<float>& b) {
    return a.rows() == b.rows() && std::equal(a.data(), a.data() + a.rows() * a.columns(), b.data());
  }

  reference::Problem problem_ = reference::random_problem(60, 50, 0.2, 21);
  fs::path directory_;
  std::ostringstream log_;
};

TEST_F(Trainer, ResumesToTheSameBits) {
  const TrainResult whole =
      train(Device::cpu(), problem_.by_user.view(), problem_.by_song.view(),
            {.als = {.rank = 10, .iterations = 6}, .checkpoint_every = 0}, {}, "data", no_progress());
  run_killed_after_four();
  const TrainResult resumed = run(6);
  EXPECT_EQ(resumed.resumed_at, 4);
  EXPECT_EQ(resumed.iteration_seconds.size(), 2u);
  EXPECT_EQ(resumed.loss, whole.loss);
  EXPECT_TRUE(same_bits(resumed.factors.users, whole.factors.users));
  EXPECT_TRUE(same_bits(resumed.factors.songs, whole.factors.songs));
}

TEST_F(Trainer, CheckpointOfOtherDataOrOptionsIsNotUsed) {
  run(6);
  EXPECT_EQ(run(6, "other data").resumed_at, 0);
  EXPECT_THAT(log_.str(), testing::HasSubstr("is of other options, data or version, and is not used"));
  EXPECT_EQ(run(8, "other data").resumed_at, 0);
  EXPECT_EQ(run(8, "other data").resumed_at, 8);
}

TEST_F(Trainer, PreviousCheckpointServesWhenTheRenameWasCutShort) {
  run_killed_after_four();
  fs::rename(directory_ / "checkpoint", directory_ / "checkpoint.previous");
  fs::create_directories(directory_ / "checkpoint.new");
  write_file(directory_ / "checkpoint.new" / "users.npy", "half");
  EXPECT_EQ(run(6).resumed_at, 4);
  EXPECT_FALSE(fs::exists(directory_ / "checkpoint.new"));
  EXPECT_FALSE(fs::exists(directory_ / "checkpoint.previous"));
}

TEST_F(Trainer, DamagedCheckpointIsKeptAsideAndTrainingStartsAnew) {
  const TrainResult whole = run(6);
  int number = 0;
  for (const char* name : {"users.npy", "songs.npy", "checkpoint.json"}) {
    const std::string content = read_file(directory_ / "checkpoint" / name);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, content.size() / 2, content.size() - 2}) {
      write_file(directory_ / "checkpoint" / name, content.substr(0, size));
      log_.str("");
      const TrainResult anew = run(6);
      EXPECT_EQ(anew.resumed_at, 0) << name << " cut to " << size;
      EXPECT_TRUE(same_bits(anew.factors.users, whole.factors.users));
      EXPECT_THAT(log_.str(), testing::HasSubstr("damaged"));
      EXPECT_TRUE(fs::exists(directory_ / ("checkpoint.damaged-" + std::to_string(++number))));
    }
    write_file(directory_ / "checkpoint" / name, content);
  }
  std::string flipped = read_file(directory_ / "checkpoint" / "songs.npy");
  flipped.back() ^= 1;
  write_file(directory_ / "checkpoint" / "songs.npy", flipped);
  EXPECT_EQ(run(6).resumed_at, 0);
  EXPECT_THAT(log_.str(), testing::HasSubstr("SHA-256"));
}

TEST_F(Trainer, RefusesANegativeInterval) {
  EXPECT_THROW(train(Device::cpu(), problem_.by_user.view(), problem_.by_song.view(), {.checkpoint_every = -1}, {}, "",
                     no_progress()),
               InvalidArgument);
}

}  // namespace
}  // namespace segue::als
