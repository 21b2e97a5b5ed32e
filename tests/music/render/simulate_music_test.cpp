#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "segue/audio/decode.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/parallel.hpp"
#include "segue/music/renderer.hpp"
#include "tests/core/temporary_directory.hpp"
#include "tests/music/render/sound.hpp"

namespace segue::music {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

using Files = std::map<std::string, std::string>;

Files read_all(const fs::path& folder) {
  Files files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
  return files;
}

class SimulateMusicTest : public SoundFontTest {
 protected:
  void TearDown() override { set_thread_count(0); }

  static SimulateMusicOptions options(std::int64_t count) {
    SimulateMusicOptions simulation;
    simulation.count = count;
    simulation.fonts = test_font();
    simulation.render.seconds = 3;
    simulation.arrange.seconds = 3;
    simulation.arrange.procedural_share = 1;
    return simulation;
  }

  static SimulateMusicResult simulate(const fs::path& folder, const SimulateMusicOptions& simulation) {
    return simulate_music(folder, Corpus(), simulation, no_progress());
  }
};

TEST_F(SimulateMusicTest, WritesExcerptsWithTheirLabels) {
  const TemporaryDirectory folder;
  const SimulateMusicResult result = simulate(folder / "music", options(3));
  EXPECT_EQ(result.excerpts, 3);
  EXPECT_EQ(result.seconds_of_audio, 9);
  const std::vector<audio::Labels> labels = audio::read_labels(folder / "music");
  ASSERT_EQ(labels.size(), 3u);
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    EXPECT_EQ(labels[i].path, "audio/train-000000" + std::to_string(i) + ".flac");
    EXPECT_EQ(labels[i].split, audio::Split::train);
    EXPECT_EQ(audio::decode_mono(folder / "music" / labels[i].path, 22'050).size(), 66'150u);
    bytes += static_cast<std::int64_t>(fs::file_size(folder / "music" / labels[i].path));
  }
  EXPECT_EQ(result.bytes, bytes);
}

TEST_F(SimulateMusicTest, TwoThreadsWriteWhatOneWrites) {
  const TemporaryDirectory folder;
  set_thread_count(1);
  simulate(folder / "one", options(6));
  set_thread_count(2);
  simulate(folder / "two", options(6));
  EXPECT_EQ(read_all(folder / "one"), read_all(folder / "two"));
}

TEST_F(SimulateMusicTest, GoesOnWhereItWasKilled) {
  const TemporaryDirectory folder;
  simulate(folder / "whole", options(4));
  const Files whole = read_all(folder / "whole");

  simulate(folder / "killed", options(2));
  const fs::path labels = folder / "killed" / "labels.jsonl";
  const std::string text = read_file(labels);
  const std::size_t first_line = text.find('\n') + 1;
  fs::resize_file(labels, first_line + 40);                                 // in the middle of the second
  fs::remove(folder / "killed" / "audio/train-0000000.flac");               // of the first
  std::ofstream(folder / "killed" / "audio/train-0000002.flac") << "fLaC";  // without a line
  simulate(folder / "killed", options(4));
  EXPECT_EQ(read_all(folder / "killed"), whole);

  simulate(folder / "killed", options(4));
  EXPECT_EQ(read_all(folder / "killed"), whole);
}

TEST_F(SimulateMusicTest, SplitsShareAFolder) {
  const TemporaryDirectory folder;
  SimulateMusicOptions validation = options(2);
  validation.split = audio::Split::validation;
  simulate(folder / "music", options(2));
  simulate(folder / "music", validation);
  EXPECT_EQ(audio::read_labels(folder / "music").size(), 4u);
  const Files files = read_all(folder / "music");
  EXPECT_NE(files.at("audio/train-0000000.flac"), files.at("audio/validation-0000000.flac"));
}

TEST_F(SimulateMusicTest, RefusesAFolderBegunOtherwise) {
  const TemporaryDirectory folder;
  simulate(folder / "music", options(1));
  SimulateMusicOptions other = options(2);
  other.seed = 2;
  EXPECT_THAT([&] { simulate(folder / "music", other); },
              ThrowsMessage<InvalidArgument>(HasSubstr("train.parameters was begun with other parameters")));
}

TEST_F(SimulateMusicTest, RefusesAFolderThatAnotherProcessWrites) {
  const TemporaryDirectory folder;
  const int other = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  EXPECT_THAT([&] { simulate(folder.path(), options(1)); },
              ThrowsMessage<InvalidArgument>(HasSubstr("another process writes into")));
  ::close(other);
}

TEST_F(SimulateMusicTest, WrongOptionsLeaveNoFolder) {
  const TemporaryDirectory folder;
  SimulateMusicOptions wrong = options(1);
  wrong.arrange.procedural_share = 2;
  EXPECT_THROW(simulate(folder / "music", wrong), InvalidArgument);
  wrong = options(1);
  wrong.render.seconds = 0;
  EXPECT_THROW(simulate(folder / "music", wrong), InvalidArgument);
  EXPECT_FALSE(fs::exists(folder / "music"));
}

TEST_F(SimulateMusicTest, RefusesCountsOutOfRange) {
  const TemporaryDirectory folder;
  EXPECT_THAT([&] { simulate(folder / "music", options(0)); },
              ThrowsMessage<InvalidArgument>(HasSubstr("count: 0 is not in 1–10000000")));
}

}  // namespace
}  // namespace segue::music
