#include "host/audio/network/events.hpp"

#include <gtest/gtest.h>

#include "segue/core/file.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::audio {
namespace {

#include "tests/audio/network/events_golden.inc"

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

TEST(Events, AreTensorBoardsBytes) {
  EXPECT_EQ(hex(tf_record(version_event(1.5))), kVersionRecord);
  EXPECT_EQ(hex(tf_record(scalar_event("train/loss", 300, 0.75f, 1764000000.25))), kScalarRecord);
}

TEST(Events, AFileIsItsRecordsInOrder) {
  const TemporaryDirectory folder;
  {
    EventWriter writer(folder / "events", "rhythm", 1.5);
    writer.scalar("train/loss", 300, 0.75f, 1764000000.25);
  }
  EXPECT_EQ(hex(read_file(folder / "events/events.out.tfevents.1.rhythm")),
            std::string(kVersionRecord) + kScalarRecord);
}

}  // namespace
}  // namespace segue::audio
