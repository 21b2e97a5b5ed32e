#include "host/audio/decode/encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "host/audio/decode/libav.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr int kFramesWhereFree = 4096;

std::vector<std::uint8_t> close_buffer(AVFormatContext& muxer) {
  std::uint8_t* bytes = nullptr;
  const int size = avio_close_dyn_buf(std::exchange(muxer.pb, nullptr), &bytes);
  std::vector<std::uint8_t> file(bytes, bytes + size);
  av_free(bytes);
  return file;
}

struct FreeMuxer {
  void operator()(AVFormatContext* muxer) const {
    if (muxer->pb != nullptr)
      close_buffer(*muxer);
    avformat_free_context(muxer);
  }
};

// One muxer that writes to memory, with one encoder.
class Encoder {
 public:
  Encoder(const Encoding& encoding, int sample_rate) : encoding_(encoding) {
    libav::set_up();
    const AVCodec* codec = avcodec_find_encoder_by_name(encoding.encoder);
    if (codec == nullptr)
      throw InvalidArgument(fmt::format("this build of libav has no encoder {}; use another codec", encoding.encoder));
    AVFormatContext* muxer = nullptr;
    const int status = avformat_alloc_output_context2(&muxer, nullptr, encoding.container, nullptr);
    muxer_.reset(muxer);
    check(status);
    muxer->flags |= AVFMT_FLAG_BITEXACT;  // no version of libav in the file
    open_encoder(*codec, sample_rate);
    AVStream* stream = libav::allocated(avformat_new_stream(muxer, nullptr));
    check(avcodec_parameters_from_context(stream->codecpar, encoder_.get()));
    stream->time_base = encoder_->time_base;
    check(avio_open_dyn_buf(&muxer->pb));
    check(avformat_write_header(muxer, nullptr));
  }

  std::vector<std::uint8_t> encode(std::span<const float> samples) {
    const std::size_t most =
        encoder_->frame_size > 0 ? static_cast<std::size_t>(encoder_->frame_size) : kFramesWhereFree;
    for (std::size_t begin = 0; begin < samples.size(); begin += most)
      send(samples.subspan(begin, std::min(most, samples.size() - begin)), static_cast<std::int64_t>(begin));
    check(avcodec_send_frame(encoder_.get(), nullptr));
    write_packets();
    check(av_write_trailer(muxer_.get()));
    return close_buffer(*muxer_);
  }

 private:
  void check(int status) const {
    if (status < 0)
      throw InvalidArgument(fmt::format("{} in {} cannot be written: {}", encoding_.encoder, encoding_.container,
                                        libav::error_text(status)));
  }

  void open_encoder(const AVCodec& codec, int sample_rate) {
    encoder_.reset(libav::allocated(avcodec_alloc_context3(&codec)));
    encoder_->sample_rate = sample_rate;
    encoder_->time_base = {1, sample_rate};
    // In mono, planar and interleaved floats are the same; each encoder takes one of the two.
    const bool is_lossless = encoding_.bits_per_second == 0;
    const bool takes_interleaved = codec.id == AV_CODEC_ID_OPUS;
    encoder_->sample_fmt = is_lossless ? AV_SAMPLE_FMT_S16 : takes_interleaved ? AV_SAMPLE_FMT_FLT : AV_SAMPLE_FMT_FLTP;
    encoder_->bit_rate = encoding_.bits_per_second;
    av_channel_layout_default(&encoder_->ch_layout, 1);
    if ((muxer_->oformat->flags & AVFMT_GLOBALHEADER) != 0)
      encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (const int status = avcodec_open2(encoder_.get(), &codec, nullptr); status < 0)
      throw InvalidArgument(fmt::format("{} does not take {} Hz at {} bit/s: {}", encoding_.encoder, sample_rate,
                                        encoding_.bits_per_second, libav::error_text(status)));
  }

  void send(std::span<const float> samples, std::int64_t position) {
    libav::Pointer<AVFrame> frame(libav::allocated(av_frame_alloc()));
    frame->format = encoder_->sample_fmt;
    frame->sample_rate = encoder_->sample_rate;
    frame->nb_samples = static_cast<int>(samples.size());
    frame->pts = position;
    check(av_channel_layout_copy(&frame->ch_layout, &encoder_->ch_layout));
    check(av_frame_get_buffer(frame.get(), 0));
    if (encoder_->sample_fmt == AV_SAMPLE_FMT_S16)
      std::ranges::transform(samples, reinterpret_cast<std::int16_t*>(frame->data[0]), [](float sample) {
        return static_cast<std::int16_t>(std::lrint(std::clamp(sample * 32768.0F, -32768.0F, 32767.0F)));
      });
    else
      std::ranges::copy(samples, reinterpret_cast<float*>(frame->data[0]));
    check(avcodec_send_frame(encoder_.get(), frame.get()));
    write_packets();
  }

  void write_packets() {
    int status;
    while ((status = avcodec_receive_packet(encoder_.get(), packet_.get())) == 0) {
      av_packet_rescale_ts(packet_.get(), encoder_->time_base, muxer_->streams[0]->time_base);
      check(av_interleaved_write_frame(muxer_.get(), packet_.get()));
    }
    check(status == AVERROR(EAGAIN) || status == AVERROR_EOF ? 0 : status);
  }

  Encoding encoding_;
  std::unique_ptr<AVFormatContext, FreeMuxer> muxer_;
  libav::Pointer<AVCodecContext> encoder_;
  libav::Pointer<AVPacket> packet_{libav::allocated(av_packet_alloc())};
};

}  // namespace

std::vector<std::uint8_t> encode(const Encoding& encoding, std::span<const float> samples, int sample_rate) {
  const auto bad = std::ranges::find_if_not(samples, [](float sample) { return std::isfinite(sample); });
  if (bad != samples.end())
    throw InvalidArgument(fmt::format("sample {} is {}: a number expected", bad - samples.begin(), *bad));
  if (sample_rate < 1)
    throw InvalidArgument(fmt::format("sample rate {}: at least 1 expected", sample_rate));
  return Encoder(encoding, sample_rate).encode(samples);
}

}  // namespace segue::audio
