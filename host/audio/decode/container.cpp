#include "host/audio/decode/container.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "segue/core/error.hpp"

extern "C" {
#include <libavutil/avstring.h>
}

namespace segue::audio {

const char* const kCodecs =
    "aac,ac3,alac,ape,eac3,flac,mp1float,mp2float,mp3float,opus,tta,vorbis,wavpack,wmalossless,wmapro,wmav1,wmav2,"
    "adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,pcm_alaw,pcm_mulaw,pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,"
    "pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be";

namespace {

constexpr const char* kContainers = "aac,aiff,ape,asf,au,avi,caf,flac,matroska,mov,mp3,ogg,tta,w64,wav,wv";
constexpr const char* kExpected = "WAV, AIFF, FLAC, MP3, Ogg, M4A, Matroska, AAC, WMA, APE or WavPack expected";

// What libav takes for the name: nothing of it but the extension.
std::string hint_of(const std::string& name) {
  return "audio" + std::filesystem::path(name).extension().string();
}

int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

[[noreturn]] void refuse(const ByteInput& input, const std::string& name, const std::string& why) {
  if (input.error_number() != 0)
    throw IoError("read", name, input.error_number());
  throw BadInput(fmt::format("{}: {}", name, why));
}

const AVInputFormat* probe(ByteInput& input, const std::string& name) {
  if (avio_feof(input.context()) != 0 || avio_size(input.context()) == 0)
    refuse(input, name, "the file is empty");
  const AVInputFormat* format = nullptr;
  if (av_probe_input_buffer2(input.context(), &format, hint_of(name).c_str(), nullptr, 0, 0) < 0)
    refuse(input, name, fmt::format("not audio of a format known here: {}", kExpected));
  if (av_match_list(format->name, kContainers, ',') == 0)
    refuse(input, name, fmt::format("looks like {}, not audio: {}", format->long_name, kExpected));
  return format;
}

// Nothing of the other streams is read: videos and pictures.
const AVStream* first_audio_stream(AVFormatContext& context) {
  const AVStream* first = nullptr;
  for (unsigned i = 0; i < context.nb_streams; ++i) {
    AVStream* stream = context.streams[i];
    if (first == nullptr && stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO)
      first = stream;
    else
      stream->discard = AVDISCARD_ALL;
  }
  return first;
}

}  // namespace

Container open_container(ByteInput& input, const std::string& name) {
  const AVInputFormat* format = probe(input, name);
  AVFormatContext* context = libav::allocated(avformat_alloc_context());
  context->pb = input.context();
  context->io_open = refuse_to_open;
  context->codec_whitelist = av_strdup(kCodecs);
  context->format_whitelist = av_strdup(kContainers);
  // Frees the context where it fails.
  if (const int status = avformat_open_input(&context, hint_of(name).c_str(), format, nullptr); status < 0)
    refuse(input, name,
           fmt::format("damaged, or not {} at all ({}): {}", format->long_name, libav::error_text(status), kExpected));
  Container container;
  container.context.reset(context);
  const int status = avformat_find_stream_info(context, nullptr);
  container.stream = first_audio_stream(*context);
  if (container.stream == nullptr)
    refuse(input, name, fmt::format("there is no audio in it ({})", format->long_name));
  if (status < 0)
    refuse(input, name,
           fmt::format("damaged ({}): {}; is the file whole?", format->long_name, libav::error_text(status)));
  return container;
}

}  // namespace segue::audio
