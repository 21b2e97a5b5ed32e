#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "host/audio/decode/encoder.hpp"
#include "segue/audio/decode.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"

namespace segue::audio {
namespace {

// Containers that say how many samples the encoder put before the first and after the last, so that decoding drops
// them.
struct LossyCodec {
  std::string_view name;
  const char* container;
  const char* encoder;
  std::span<const int> sample_rates;  // ascending; empty: any
};

constexpr std::array kMp3Rates = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000};
constexpr std::array kAacRates = {7350,  8000,  11025, 12000, 16000, 22050, 24000,
                                  32000, 44100, 48000, 64000, 88200, 96000};
constexpr std::array kOpusRates = {48000};  // it takes less, but always decodes to this
constexpr std::array kLossyCodecs = {
    LossyCodec{"mp3", "mp3", "libmp3lame", kMp3Rates},
    LossyCodec{"aac", "mp4", "aac", kAacRates},
    LossyCodec{"vorbis", "ogg", "libvorbis", {}},
    LossyCodec{"opus", "ogg", "libopus", kOpusRates},
};

// Silence after the samples: some encoders swallow their last block, and AAC gives back nothing of less than one.
constexpr std::size_t kTail = 4096;

// The lowest that loses nothing.
int rate_for(const LossyCodec& codec, int sample_rate) {
  if (codec.sample_rates.empty())
    return sample_rate;
  const auto found = std::ranges::lower_bound(codec.sample_rates, sample_rate);
  return found != codec.sample_rates.end() ? *found : codec.sample_rates.back();
}

std::vector<float> resample(std::span<const float> samples, int rate_in, int rate_out) {
  std::vector<float> out;
  const auto resampler = make_mono_resampler(1, rate_in, rate_out);
  resampler->add(samples, out);
  resampler->finish(out);
  return out;
}

}  // namespace

void write_audio(const std::filesystem::path& path, std::span<const float> samples, int sample_rate) {
  const std::string extension = path.extension().string();
  if (extension != ".flac" && extension != ".wav")
    throw InvalidArgument(fmt::format("{}: a name that ends in .flac or .wav expected", path.string()));
  const Encoding encoding = extension == ".flac" ? Encoding{"flac", "flac"} : Encoding{"wav", "pcm_s16le"};
  const std::vector<std::uint8_t> bytes = encode(encoding, samples, sample_rate);
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(bytes)));
  file.commit();
}

std::vector<float> codec_round_trip(std::span<const float> samples, int sample_rate, const std::string& codec_name,
                                    int bits_per_second) {
  const auto codec = std::ranges::find(kLossyCodecs, codec_name, &LossyCodec::name);
  if (codec == kLossyCodecs.end())
    throw InvalidArgument(fmt::format("codec \"{}\": mp3, aac, vorbis or opus expected", codec_name));
  if (bits_per_second < 1)
    throw InvalidArgument(fmt::format("{} bit/s for {}: at least 1 expected", bits_per_second, codec_name));
  if (samples.empty())
    return {};
  const int rate = rate_for(*codec, sample_rate);
  std::vector<float> working = resample(samples, sample_rate, rate);
  working.resize(working.size() + kTail);
  const std::vector<std::uint8_t> file = encode({codec->container, codec->encoder, bits_per_second}, working, rate);
  std::vector<float> result = decode_mono(*open_audio(file, codec_name), sample_rate);
  result.resize(samples.size());
  return result;
}

}  // namespace segue::audio
