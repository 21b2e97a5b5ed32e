// Files that cannot be read: one message that says why.
#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "segue/audio/decode.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/audio/decode/signals.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::audio {
namespace {

using Bytes = std::vector<std::uint8_t>;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

Bytes text(const std::string& content) {
  return {content.begin(), content.end()};
}

Bytes garbage(std::size_t count) {
  Bytes bytes(count);
  std::mt19937 random(7);
  for (std::uint8_t& byte : bytes)
    byte = static_cast<std::uint8_t>(random() >> 24);
  return bytes;
}

Bytes first(Bytes bytes, std::size_t count) {
  bytes.resize(count);
  return bytes;
}

Bytes golden(const std::string& name) {
  return text(read_file(std::filesystem::path(SEGUE_TEST_DATA) / "audio" / "files" / name));
}

struct BadFile {
  std::string test;
  std::string name;
  Bytes bytes;
  std::string message;
};

class BadFiles : public testing::TestWithParam<BadFile> {};

TEST_P(BadFiles, AreRefusedWithTheReason) {
  const BadFile& file = GetParam();
  EXPECT_THAT([&] { open_audio(file.bytes, file.name); },
              ThrowsMessage<BadInput>(AllOf(StartsWith(file.name + ": "), HasSubstr(file.message))));
  const TemporaryDirectory folder;
  write_file(folder / file.name, std::string(file.bytes.begin(), file.bytes.end()));
  EXPECT_THAT([&] { decode_mono(folder / file.name, 22050); },
              ThrowsMessage<BadInput>(AllOf(HasSubstr(file.name + ": "), HasSubstr(file.message))));
}

const Bytes kSilence(1000);

INSTANTIATE_TEST_SUITE_P(
    All, BadFiles,
    testing::Values(
        BadFile{"Empty", "a.wav", {}, "the file is empty"},
        BadFile{"OneByte", "a.wav", {'R'}, "not audio of a format known here: WAV"},
        BadFile{"Garbage", "a.bin", garbage(5000), "not audio of a format known here"},
        BadFile{"GarbageNamedMp3", "a.mp3", garbage(5000), "MP3"},
        BadFile{"TextNamedMp3", "a.mp3", text("Dear Sir or Madam,\nthis is a letter.\n"),
                "damaged, or not MP2/3 (MPEG audio layer 2/3) at all"},
        BadFile{"Playlist", "list.m3u8", text("#EXTM3U\nhttp://127.0.0.1/a.mp3\n"), "not audio of a format known here"},
        BadFile{"LivePlaylist", "list.m3u8",
                text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nhttp://127.0.0.1/a.ts\n"),
                "looks like Apple HTTP Live Streaming, not audio"},
        BadFile{"ConcatScript", "a.wav", text("ffconcat version 1.0\nfile /etc/passwd\n"),
                "looks like Virtual concatenation script, not audio"},
        BadFile{"Image", "a.mp3",
                text("\x89PNG\r\n\x1a\n" + std::string("\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02\0\0\0", 21)),
                "looks like piped png sequence, not audio"},
        BadFile{"FilmWithoutSound", "a.mp4", golden("silent-film.mp4"), "there is no audio in it (QuickTime / MOV)"},
        BadFile{"TruncatedWavHeader", "a.wav", first(test::wav_file({}, kSilence), 40),
                "damaged, or not WAV / WAVE (Waveform Audio) at all"},
        BadFile{"WavWithoutSamples", "a.wav", test::wav_file({}, {}),
                "not one sample could be decoded (pcm_s16le, 0 damaged packets); is the file whole?"},
        BadFile{"TruncatedM4a", "a.m4a", first(golden("tone.m4a"), 1000), "damaged, or not QuickTime / MOV at all"},
        BadFile{"TruncatedOgg", "a.ogg", first(golden("tone.ogg"), 60), "a.ogg: "},
        BadFile{"RateZero", "a.wav", test::wav_file({.sample_rate = 0}, kSilence), "damaged, or not WAV"},
        BadFile{"RateOne", "a.wav", test::wav_file({.sample_rate = 1}, kSilence), "1 Hz: 1000 to 768000 Hz expected"},
        BadFile{"RateFourBillion", "a.wav", test::wav_file({.sample_rate = 0xFFFFFFFF}, kSilence),
                "damaged, or not WAV"},
        BadFile{"RateTwoMillion", "a.wav", test::wav_file({.sample_rate = 2'000'000}, kSilence),
                "2000000 Hz: 1000 to 768000 Hz expected"},
        BadFile{"NoChannel", "a.wav", test::wav_file({.channels = 0}, kSilence), "cannot be decoded"},
        BadFile{"TooManyChannels", "a.wav", test::wav_file({.channels = 65}, Bytes(65 * 200)),
                "65 channels: 1 to 64 expected"},
        BadFile{"AllChannels", "a.wav", test::wav_file({.channels = 65535}, kSilence), "cannot be decoded"},
        BadFile{"NoBits", "a.wav", test::wav_file({.bits = 0}, kSilence), "no decoder for none here"},
        BadFile{"UnknownCodec", "a.wav", test::wav_file({.format = 0x4242}, kSilence), "no decoder for"}),
    [](const auto& each) { return each.param.test; });

TEST(OpenAudio, SaysWhatItCannotOpen) {
  const TemporaryDirectory folder;
  EXPECT_THAT([&] { open_audio(folder / "none.wav"); },
              ThrowsMessage<IoError>(HasSubstr("none.wav: No such file or directory")));
  EXPECT_THAT([&] { open_audio(folder.path()); }, ThrowsMessage<IoError>(HasSubstr("Is a directory")));
  EXPECT_THAT([&] { open_audio(std::filesystem::path("http://127.0.0.1/a.mp3")); },
              ThrowsMessage<IoError>(HasSubstr("http://127.0.0.1/a.mp3: No such file or directory")));
}

// Whole ADTS frames, each of them nonsense: a decoder could go on for ever.
TEST(OpenAudio, GivesUpWhereNothingCanBeDecoded) {
  const Bytes frame = {0xFF, 0xF1, 0x50, 0x40, 0x01, 0x7F, 0xFC, 0xA5, 0x5A, 0xFF, 0x13};
  Bytes bytes;
  for (int i = 0; i < 20'000; ++i)
    std::ranges::copy(frame, std::back_inserter(bytes));
  EXPECT_THAT([&] { open_audio(bytes, "endless.aac"); },
              ThrowsMessage<BadInput>("endless.aac: 10000 packets in a row without a sample; is the file whole?"));
}

// The header of a WAV says what it likes.
TEST(OpenAudio, ReadsNoFurtherThanTheFile) {
  Bytes bytes = test::wav_file({}, test::bytes_of<std::int16_t>({1, 2, 3}));
  for (const std::size_t at : {4U, 5U, 6U, 40U, 41U, 42U})
    bytes[at] = 0xFF;
  const auto reader = open_audio(bytes, "long.wav");
  std::int64_t frames = 0;
  for (AudioBlock block = reader->next(); block.frames > 0; block = reader->next())
    frames += block.frames;
  EXPECT_EQ(frames, 3);
}

}  // namespace
}  // namespace segue::audio
