#include "host/music/render/synthesizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/music/render/effects.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/core/temporary_directory.hpp"
#include "tests/music/render/sound.hpp"

namespace segue::music {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr int kRate = 22'050;

class SynthesizerTest : public SoundFontTest {};

TEST_F(SynthesizerTest, PlaysA4WithItsDetuning) {
  Synthesizer synthesizer(test_font(), kRate);
  for (const double detuning : {-50.0, 0.0, 30.0}) {
    Performance performance;
    performance.programs[0] = 80;  // a synthesizer, without vibrato
    performance.detuning_cents = detuning;
    performance.notes = {{.on = 0, .off = 2, .pitch = 69}};
    const std::vector<float> sound = synthesizer.play(0, performance, 2 * kRate);
    ASSERT_EQ(sound.size(), 2u * kRate);
    EXPECT_NEAR(cents_from(std::span(sound).subspan(kRate / 2, kRate), kRate, 440), detuning, 3);
  }
}

TEST_F(SynthesizerTest, WhatIsPlayedDoesNotDependOnWhatWasPlayedBefore) {
  Synthesizer synthesizer(test_font(), kRate);
  Performance first, second;
  Random random(5);
  for (Performance* performance : {&first, &second}) {
    performance->programs[0] = static_cast<int>(random.below(128));
    performance->reverb = 0.6;
    for (int i = 0; i < 200; ++i) {
      TimedNote note;
      note.on = 2 * random.uniform();
      note.off = note.on + random.uniform();
      note.channel = i % 3 == 0 ? kPercussionChannel : 0;
      note.pitch = 36 + static_cast<int>(random.below(40));
      performance->notes.push_back(note);
    }
  }
  const std::vector<float> before = synthesizer.play(0, first, 3 * kRate);
  EXPECT_NE(synthesizer.play(0, second, 2 * kRate + 17), before);
  EXPECT_EQ(synthesizer.play(0, first, 3 * kRate), before);
  Synthesizer another(test_font(), kRate);
  EXPECT_EQ(another.play(0, first, 3 * kRate), before);
}

TEST_F(SynthesizerTest, AnyProgramAndKitSounds) {
  Synthesizer synthesizer(test_font(), kRate);
  for (int program = 0; program < 128; program += 5)
    for (const int channel : {0, kPercussionChannel}) {
      Performance performance;
      performance.programs[channel] = program;
      performance.notes = {{.on = 0, .off = 0.4, .channel = channel, .pitch = 50}};
      EXPECT_GT(rms(synthesizer.play(0, performance, kRate / 2)), 1e-5) << "program " << program << " on " << channel;
    }
}

TEST_F(SynthesizerTest, SilenceWithoutNotes) {
  Synthesizer synthesizer(test_font(), kRate);
  EXPECT_EQ(rms(synthesizer.play(0, {}, kRate)), 0);
}

TEST(SynthesizerErrors, NameTheFile) {
  const TemporaryDirectory folder;
  const std::vector<SoundFont> missing = {{"a", folder / "a.sf2"}};
  EXPECT_THAT([&] { Synthesizer(missing, kRate); }, ThrowsMessage<IoError>(HasSubstr("a.sf2")));
  write_file(folder / "b.sf2", "RIFF");
  const std::vector<SoundFont> broken = {{"b", folder / "b.sf2"}};
  EXPECT_THAT([&] { Synthesizer(broken, kRate); },
              ThrowsMessage<BadInput>(HasSubstr("b.sf2: libfluidsynth cannot load it: a soundfont in SF2 or SF3")));
}

}  // namespace
}  // namespace segue::music
