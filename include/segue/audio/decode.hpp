#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// Audio files as samples. Containers and codecs are libav's (WAV, FLAC, MP3, Ogg Vorbis and Opus, M4A/AAC, …);
/// the sample rate is changed by libsoxr (high quality: pass band flat, images 120 dB down).
namespace segue::audio {

struct AudioInfo {
  std::string container;  ///< libav's short name, such as "flac"
  std::string codec;
  int sample_rate = 0;  ///< Hz, of the file
  int channels = 0;
  double seconds = 0;  ///< as the header says; 0: it does not
};

/// One block of samples, interleaved, full scale [-1, 1]. Floats may go past it; what is no number, or past 120 dB, is
/// 0.
struct AudioBlock {
  std::span<const float> samples;  ///< frames × channels; valid until the next call
  std::int64_t frames = 0;         ///< 0: end of the stream
};

/// Streams a file's first audio stream at its own rate and channel count, in bounded memory whatever its length.
/// Damaged packets are skipped and counted, as players do; a file with no sample at all is refused.
class AudioReader {
 public:
  virtual ~AudioReader() = default;
  virtual const AudioInfo& info() const = 0;
  /// @throws BadInput  the channel count or rate changes in the middle
  virtual AudioBlock next() = 0;
  /// How many packets could not be decoded so far; a file that ends too early counts as one.
  virtual std::int64_t damaged_packets() const = 0;
};

/// By the content; the name's extension decides only where the content leaves a doubt. Nothing else is ever opened.
/// @throws IoError  cannot be opened; BadInput  no audio in it, an unknown format (what it looks like), nothing
///         decodable, a rate outside 1 … 768 kHz, more than 64 channels
std::unique_ptr<AudioReader> open_audio(const std::filesystem::path& path);
/// The same from bytes in memory, which the reader borrows; `name` stands for the file's.
std::unique_ptr<AudioReader> open_audio(std::span<const std::uint8_t> bytes, const std::string& name);

/// Streaming mix to mono (mean of the channels) and change of sample rate.
class MonoResampler {
 public:
  virtual ~MonoResampler() = default;
  /// Appends what is ready to `out`.
  virtual void add(std::span<const float> interleaved, std::vector<float>& out) = 0;
  virtual void finish(std::vector<float>& out) = 0;
};

std::unique_ptr<MonoResampler> make_mono_resampler(int channels, int rate_in, int rate_out);

/// A whole file, mono, at `sample_rate`.
/// @param max_seconds  read no more than this
/// @throws as open_audio(); BadInput  no samples
std::vector<float> decode_mono(const std::filesystem::path& path, int sample_rate, double max_seconds = 1e9);
/// The same of what `reader` has left.
std::vector<float> decode_mono(AudioReader& reader, int sample_rate, double max_seconds = 1e9);

/// Writes mono samples as 16-bit FLAC or WAV, by the extension, through AtomicFile; cut at full scale.
/// @throws IoError; InvalidArgument  another extension, a rate that the format does not take, NaN or infinity
void write_audio(const std::filesystem::path& path, std::span<const float> samples, int sample_rate);

/// What a lossy codec makes of the samples: encoded and decoded again, aligned and of the same length. At a rate that
/// the codec does not take, by way of the next that it does.
/// @param codec  "mp3" or "aac" or "vorbis" or "opus", where this libav has an encoder
/// @throws InvalidArgument  no such encoder here, a bit rate that it does not take
std::vector<float> codec_round_trip(std::span<const float> samples, int sample_rate, const std::string& codec,
                                    int bits_per_second);

}  // namespace segue::audio
