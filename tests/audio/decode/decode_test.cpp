// Files that can be read: what comes out of them.
#include "segue/audio/decode.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "host/audio/decode/encoder.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/audio/decode/signals.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::audio {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;
using testing::Pointwise;

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(SEGUE_TEST_DATA) / "audio" / "files" / name;
}

std::vector<float> drain(AudioReader& reader) {
  std::vector<float> samples;
  for (AudioBlock block = reader.next(); block.frames > 0; block = reader.next())
    samples.insert(samples.end(), block.samples.begin(), block.samples.end());
  return samples;
}

std::vector<float> read_bytes(const std::vector<std::uint8_t>& bytes) {
  return drain(*open_audio(bytes, "a file"));
}

// Written by ffmpeg 5.1: half a second of 440 Hz, amplitude 1/8, one channel at 22.05 kHz.
struct GoldenFile {
  const char* name;
  const char* container;
  const char* codec;
};

class GoldenFiles : public testing::TestWithParam<GoldenFile> {};

TEST_P(GoldenFiles, HoldTheirTone) {
  const GoldenFile& file = GetParam();
  const auto reader = open_audio(golden(file.name));
  EXPECT_EQ(reader->info().container, file.container);
  EXPECT_EQ(reader->info().codec, file.codec);
  EXPECT_EQ(reader->info().channels, 1);
  EXPECT_EQ(reader->info().sample_rate, std::string(file.codec) == "opus" ? 48000 : 22050);
  EXPECT_NEAR(reader->info().seconds, 0.5, 0.08);
  const std::vector<float> samples = decode_mono(golden(file.name), 22050);
  EXPECT_NEAR(static_cast<double>(samples.size()), 11025, 1300);
  // The codecs' edges left out.
  const std::vector<float> middle(samples.begin() + 3000, samples.begin() + 8000);
  const std::vector<float> want = test::tone(440, 0.125, 0.5, 22050);
  EXPECT_GT(test::correlation(middle, std::span(want).subspan(3000 - 64),
                              test::best_lag(middle, std::span(want).subspan(3000 - 64), 128)),
            0.98);
  EXPECT_EQ(reader->damaged_packets(), 0);
}

INSTANTIATE_TEST_SUITE_P(Formats, GoldenFiles,
                         testing::Values(GoldenFile{"tone.mp3", "mp3", "mp3"}, GoldenFile{"tone.m4a", "mov", "aac"},
                                         GoldenFile{"tone.aac", "aac", "aac"}, GoldenFile{"tone.ogg", "ogg", "vorbis"},
                                         GoldenFile{"tone.opus", "ogg", "opus"}, GoldenFile{"tone.wma", "asf", "wmav2"},
                                         GoldenFile{"alac.m4a", "mov", "alac"},
                                         // a picture of the cover is a video stream of one frame, and no audio
                                         GoldenFile{"cover.mp3", "mp3", "mp3"}, GoldenFile{"cover.m4a", "mov", "aac"},
                                         GoldenFile{"video.mp4", "mov", "aac"},
                                         GoldenFile{"video.mkv", "matroska", "vorbis"}),
                         [](const auto& each) {
                           std::string name = each.param.name;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(OpenAudio, ReadsEverySampleFormat) {
  const std::vector<float> want = {0, 0.5F, -0.5F, -1, 0.25F};
  EXPECT_EQ(read_bytes(test::wav_file({.bits = 8}, std::vector<std::uint8_t>{128, 192, 64, 0, 160})), want);
  EXPECT_EQ(read_bytes(test::wav_file({}, test::bytes_of<std::int16_t>({0, 16384, -16384, -32768, 8192}))), want);
  EXPECT_EQ(read_bytes(test::wav_file(
                {.bits = 24}, std::vector<std::uint8_t>{0, 0, 0, 0, 0, 0x40, 0, 0, 0xC0, 0, 0, 0x80, 0, 0, 0x20})),
            want);
  EXPECT_EQ(read_bytes(test::wav_file({.bits = 32},
                                      test::bytes_of<std::int32_t>({0, 1 << 30, -(1 << 30), INT32_MIN, 1 << 29}))),
            want);
  EXPECT_EQ(read_bytes(test::wav_file({.format = 3, .bits = 32}, test::bytes_of<float>(want))), want);
  EXPECT_EQ(read_bytes(test::wav_file({.format = 3, .bits = 64}, test::bytes_of<double>({0, 0.5, -0.5, -1, 0.25}))),
            want);
}

TEST(OpenAudio, KeepsFloatsPastFullScaleAndDropsWhatIsNoNumber) {
  const auto bytes = test::bytes_of<float>({3.5F, NAN, INFINITY, -INFINITY, -7e6F, -2});
  EXPECT_THAT(read_bytes(test::wav_file({.format = 3, .bits = 32}, bytes)), ElementsAre(3.5F, 0, 0, 0, 0, -2));
}

TEST(OpenAudio, InterleavesAnyNumberOfChannels) {
  for (const int channels : {1, 2, 3, 6, 8, 9, 33, 64}) {
    std::vector<std::int16_t> samples(static_cast<std::size_t>(channels) * 100);
    for (std::size_t i = 0; i < samples.size(); ++i)
      samples[i] = static_cast<std::int16_t>(i * 5);
    const auto bytes = test::wav_file({.channels = static_cast<std::uint16_t>(channels)}, test::bytes_of(samples));
    const auto reader = open_audio(bytes, "channels.wav");
    EXPECT_EQ(reader->info().channels, channels);
    const std::vector<float> read = drain(*reader);
    ASSERT_EQ(read.size(), samples.size()) << channels;
    for (std::size_t i = 0; i < samples.size(); ++i)
      ASSERT_EQ(read[i], static_cast<float>(samples[i]) / 32768) << channels << " channels, sample " << i;
  }
}

TEST(OpenAudio, ReadsOneSample) {
  EXPECT_THAT(read_bytes(test::wav_file({}, test::bytes_of<std::int16_t>({16384}))), ElementsAre(0.5F));
}

TEST(OpenAudio, GoesByTheContentNotTheName) {
  const TemporaryDirectory folder;
  write_audio(folder / "tone.flac", test::tone(440, 0.5, 0.2, 16000), 16000);
  std::filesystem::rename(folder / "tone.flac", folder / "tone.mp3");
  EXPECT_EQ(open_audio(folder / "tone.mp3")->info().container, "flac");
}

TEST(OpenAudio, GivesTheSameFromMemoryAsFromAFile) {
  const std::string file = read_file(golden("tone.ogg"));
  const std::vector<std::uint8_t> bytes(file.begin(), file.end());
  EXPECT_EQ(read_bytes(bytes), drain(*open_audio(golden("tone.ogg"))));
}

TEST(OpenAudio, SkipsAndCountsDamagedPackets) {
  const TemporaryDirectory folder;
  write_audio(folder / "noise.flac", test::noise(100'000, 1), 22050);
  std::string bytes = read_file(folder / "noise.flac");
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2), 3000, '\x55');
  write_file(folder / "noise.flac", bytes);
  const auto reader = open_audio(folder / "noise.flac");
  const std::vector<float> samples = drain(*reader);
  EXPECT_GE(reader->damaged_packets(), 1);
  EXPECT_GT(samples.size(), 80'000U);
  EXPECT_LE(samples.size(), 100'000U);
}

TEST(OpenAudio, GivesWhatThereIsOfATruncatedFile) {
  const std::string whole = read_file(golden("tone.mp3"));
  const std::vector<std::uint8_t> half(whole.begin(), whole.begin() + 1200);
  const std::size_t samples = read_bytes(half).size();
  EXPECT_GT(samples, 2'000U);
  EXPECT_LT(samples, 6'000U);
}

TEST(OpenAudio, RefusesAChangeOfRateInTheMiddle) {
  std::vector<std::uint8_t> bytes = encode({"adts", "aac", 64'000}, test::noise(22'050, 1), 22'050);
  const std::vector<std::uint8_t> second = encode({"adts", "aac", 64'000}, test::noise(44'100, 1), 44'100);
  bytes.insert(bytes.end(), second.begin(), second.end());
  const auto reader = open_audio(bytes, "two.aac");
  EXPECT_THAT([&] { drain(*reader); },
              testing::ThrowsMessage<BadInput>("two.aac: 22050 Hz and 1 channels become 44100 Hz and 1 channels in the "
                                               "middle; split the file"));
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool kKeepsFreedMemory = true;
#else
constexpr bool kKeepsFreedMemory = false;
#endif

std::int64_t resident_pages() {
  std::int64_t total = 0;
  std::int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident;
}

// Eight hours of 8-bit silence at 8 kHz: a hole in the file, but 230 MB to read.
TEST(OpenAudio, StreamsHoursInLittleMemory) {
  const TemporaryDirectory folder;
  constexpr std::uint32_t kBytes = 8 * 3600 * 8000;
  std::vector<std::uint8_t> header = test::wav_file({.sample_rate = 8000, .bits = 8}, {});
  for (int byte = 0; byte < 4; ++byte)
    header[40 + static_cast<std::size_t>(byte)] = static_cast<std::uint8_t>(kBytes >> (8 * byte));
  write_file(folder / "long.wav", std::string(header.begin(), header.end()));
  std::filesystem::resize_file(folder / "long.wav", kBytes + 44);
  const auto reader = open_audio(folder / "long.wav");
  EXPECT_NEAR(reader->info().seconds, 8 * 3600, 1e-6);
  const std::int64_t before = resident_pages();
  std::int64_t frames = 0;
  std::int64_t longest = 0;
  for (AudioBlock block = reader->next(); block.frames > 0; block = reader->next()) {
    frames += block.frames;
    longest = std::max(longest, block.frames);
  }
  EXPECT_EQ(frames, kBytes);
  EXPECT_LT(longest, 1 << 16);
  EXPECT_TRUE(kKeepsFreedMemory || resident_pages() - before < (16 << 20) / 4096);
}

TEST(DecodeMono, MixesAndResamples) {
  const std::vector<std::int16_t> two = {16384, 0, 16384, 0, 16384, 0, 16384, 0};
  const TemporaryDirectory folder;
  const auto bytes = test::wav_file({.channels = 2, .sample_rate = 22050}, test::bytes_of(two));
  write_file(folder / "two.wav", std::string(bytes.begin(), bytes.end()));
  EXPECT_THAT(decode_mono(folder / "two.wav", 22050), ElementsAre(0.25F, 0.25F, 0.25F, 0.25F));
  for (const int rate : {8000, 11025, 44100, 96000, 192000}) {
    write_audio(folder / "tone.flac", test::tone(1000, 0.5, 1, rate), rate);
    const std::vector<float> samples = decode_mono(folder / "tone.flac", 22050);
    EXPECT_NEAR(static_cast<double>(samples.size()), 22050, 1) << rate;
    const std::vector<float> want = test::tone(1000, 0.5, 1, 22050);
    for (std::size_t i = 2000; i < 20'000; ++i)
      ASSERT_NEAR(samples[i], want[i], 1e-4) << rate << " Hz, sample " << i;
  }
}

TEST(DecodeMono, StopsAfterTheSecondsAskedFor) {
  const TemporaryDirectory folder;
  write_audio(folder / "tone.wav", test::tone(1000, 0.5, 5, 44100), 44100);
  EXPECT_EQ(decode_mono(folder / "tone.wav", 22050, 1.5).size(), 33'075U);
  EXPECT_EQ(decode_mono(folder / "tone.wav", 22050, 60).size(), 110'250U);
}

TEST(WriteAudio, KeepsSixteenBitsInBothFormats) {
  std::vector<float> samples;
  for (int value = -32768; value < 32768; value += 7)
    samples.push_back(static_cast<float>(value) / 32768);
  const TemporaryDirectory folder;
  for (const std::string name : {"all.wav", "all.flac"}) {
    write_audio(folder / name, samples, 22050);
    const auto reader = open_audio(folder / name);
    EXPECT_EQ(reader->info().sample_rate, 22050);
    EXPECT_NEAR(reader->info().seconds, static_cast<double>(samples.size()) / 22050, 1e-4);
    EXPECT_EQ(drain(*reader), samples) << name;
  }
}

TEST(WriteAudio, CutsWhatIsPastFullScale) {
  const TemporaryDirectory folder;
  write_audio(folder / "loud.flac", std::vector<float>{2, -3, 0.5F}, 44100);
  EXPECT_THAT(decode_mono(folder / "loud.flac", 44100), ElementsAre(32767.0F / 32768, -1, 0.5F));
}

TEST(WriteAudio, SaysWhatItCannotWrite) {
  const TemporaryDirectory folder;
  const std::vector<float> samples = {0, NAN};
  EXPECT_THAT([&] { write_audio(folder / "a.mp3", samples, 44100); },
              testing::ThrowsMessage<InvalidArgument>(HasSubstr("a.mp3: a name that ends in .flac or .wav expected")));
  EXPECT_THAT([&] { write_audio(folder / "a.wav", samples, 44100); },
              testing::ThrowsMessage<InvalidArgument>("sample 1 is nan: a number expected"));
  EXPECT_THAT([&] { write_audio(folder / "a.wav", std::vector<float>{0}, 0); },
              testing::ThrowsMessage<InvalidArgument>("sample rate 0: at least 1 expected"));
  EXPECT_THAT([&] { write_audio(folder / "a.flac", std::vector<float>{0}, 2'000'000); },
              testing::ThrowsMessage<InvalidArgument>(HasSubstr("flac does not take 2000000 Hz")));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_THROW(write_audio(folder / "no" / "such.wav", std::vector<float>{0}, 44100), IoError);
}

}  // namespace
}  // namespace segue::audio
