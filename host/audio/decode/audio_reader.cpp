#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "host/audio/decode/byte_input.hpp"
#include "host/audio/decode/container.hpp"
#include "host/audio/decode/libav.hpp"
#include "segue/audio/decode.hpp"
#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

constexpr int kLowestRate = 1000;
constexpr int kHighestRate = 768'000;
constexpr int kMostChannels = 64;  // libswresample's
// Packets in a row without one sample before the file is given up: a damaged one must end.
constexpr int kFruitlessPackets = 10'000;
// A float file may go past full scale; what lies past 120 dB, or is no number, is damage and becomes 0.
constexpr float kLoudest = 1e6F;

class LibavReader final : public AudioReader {
 public:
  LibavReader(std::unique_ptr<ByteInput> input, std::string name)
      : name_(std::move(name)), input_(std::move(input)), container_(open_container(*input_, name_)) {
    open_decoder();
    first_is_waiting_ = decode_frame();
    if (!first_is_waiting_)
      throw BadInput(fmt::format("{}: not one sample could be decoded ({}, {} damaged packets); is the file whole?",
                                 name_, avcodec_get_name(decoder_->codec_id), damaged_));
    describe();
  }

  const AudioInfo& info() const override { return info_; }
  std::int64_t damaged_packets() const override { return damaged_; }

  AudioBlock next() override {
    if (!std::exchange(first_is_waiting_, false) && !decode_frame())
      return {};
    if (frame_->sample_rate != info_.sample_rate || frame_->ch_layout.nb_channels != info_.channels)
      throw BadInput(fmt::format("{}: {} Hz and {} channels become {} Hz and {} channels in the middle; split the file",
                                 name_, info_.sample_rate, info_.channels, frame_->sample_rate,
                                 frame_->ch_layout.nb_channels));
    convert_frame();
    return {samples_, frame_->nb_samples};
  }

 private:
  void open_decoder() {
    const AVCodec* codec = avcodec_find_decoder(container_.stream->codecpar->codec_id);
    if (codec == nullptr)
      throw BadInput(fmt::format("{}: no decoder for {} here; convert it to FLAC", name_,
                                 avcodec_get_name(container_.stream->codecpar->codec_id)));
    decoder_.reset(libav::allocated(avcodec_alloc_context3(codec)));
    decoder_->codec_whitelist = av_strdup(kCodecs);
    int status = avcodec_parameters_to_context(decoder_.get(), container_.stream->codecpar);
    decoder_->pkt_timebase = container_.stream->time_base;
    if (status >= 0)
      status = avcodec_open2(decoder_.get(), codec, nullptr);
    if (status < 0)
      throw BadInput(fmt::format("{}: {} cannot be decoded: {}", name_, codec->name, libav::error_text(status)));
  }

  // The next frame with a sample in it, into frame_. False: the end.
  bool decode_frame() {
    for (int fruitless = 0; fruitless < kFruitlessPackets; ++fruitless) {
      const int status = avcodec_receive_frame(decoder_.get(), frame_.get());
      if (status == 0 && frame_->nb_samples > 0)
        return true;
      if (status == AVERROR_EOF)
        return false;
      if (status == AVERROR(EAGAIN))
        feed_decoder();
      else if (status < 0)
        ++damaged_;
    }
    throw BadInput(
        fmt::format("{}: {} packets in a row without a sample; is the file whole?", name_, kFruitlessPackets));
  }

  void feed_decoder() {
    const int status = av_read_frame(container_.context.get(), packet_.get());
    if (input_->error_number() != 0)
      throw IoError("read", name_, input_->error_number());
    if (status < 0) {
      damaged_ += status == AVERROR_EOF ? 0 : 1;
      avcodec_send_packet(decoder_.get(), nullptr);  // what the decoder holds back comes now
      return;
    }
    if (packet_->stream_index == container_.stream->index && avcodec_send_packet(decoder_.get(), packet_.get()) < 0)
      ++damaged_;
    av_packet_unref(packet_.get());
  }

  void describe() {
    const std::string formats = container_.context->iformat->name;  // such as "mov,mp4,m4a"
    info_.container = formats.substr(0, formats.find(','));
    info_.codec = avcodec_get_name(decoder_->codec_id);
    info_.sample_rate = frame_->sample_rate;
    info_.channels = frame_->ch_layout.nb_channels;
    const std::int64_t duration = container_.context->duration;
    info_.seconds = duration > 0 ? static_cast<double>(duration) / AV_TIME_BASE : 0;
    if (info_.sample_rate < kLowestRate || info_.sample_rate > kHighestRate)
      throw BadInput(
          fmt::format("{}: {} Hz: {} to {} Hz expected", name_, info_.sample_rate, kLowestRate, kHighestRate));
    if (info_.channels < 1 || info_.channels > kMostChannels)
      throw BadInput(fmt::format("{}: {} channels: 1 to {} expected", name_, info_.channels, kMostChannels));
  }

  // Whatever the sample format, interleaved floats into samples_.
  void convert_frame() {
    const auto format = static_cast<AVSampleFormat>(frame_->format);
    if (format != converted_format_)
      make_converter(format);
    samples_.resize(static_cast<std::size_t>(frame_->nb_samples) * static_cast<std::size_t>(info_.channels));
    auto* out = reinterpret_cast<std::uint8_t*>(samples_.data());
    const int frames = swr_convert(converter_.get(), &out, frame_->nb_samples,
                                   const_cast<const std::uint8_t**>(frame_->extended_data), frame_->nb_samples);
    if (frames != frame_->nb_samples)
      throw BadInput(fmt::format("{}: samples of format {} cannot be converted", name_, frame_->format));
    for (float& sample : samples_)
      sample = std::abs(sample) <= kLoudest ? sample : 0;
  }

  void make_converter(AVSampleFormat format) {
    // Which channel is which does not matter, none is mixed: any layout of so many.
    AVChannelLayout layout{};
    av_channel_layout_from_mask(&layout,
                                info_.channels == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << info_.channels) - 1);
    SwrContext* converter = nullptr;
    int status = swr_alloc_set_opts2(&converter, &layout, AV_SAMPLE_FMT_FLT, info_.sample_rate, &layout, format,
                                     info_.sample_rate, 0, nullptr);
    converter_.reset(converter);
    if (status >= 0)
      status = swr_init(converter);
    if (status < 0)
      throw BadInput(fmt::format("{}: samples of format {} cannot be converted: {}", name_,
                                 av_get_sample_fmt_name(format), libav::error_text(status)));
    converted_format_ = format;
  }

  std::string name_;
  std::unique_ptr<ByteInput> input_;
  Container container_;
  libav::Pointer<AVCodecContext> decoder_;
  libav::Pointer<AVPacket> packet_{libav::allocated(av_packet_alloc())};
  libav::Pointer<AVFrame> frame_{libav::allocated(av_frame_alloc())};
  libav::Pointer<SwrContext> converter_;
  AVSampleFormat converted_format_ = AV_SAMPLE_FMT_NONE;
  AudioInfo info_;
  std::vector<float> samples_;
  std::int64_t damaged_ = 0;
  bool first_is_waiting_ = false;
};

}  // namespace

std::unique_ptr<AudioReader> open_audio(const std::filesystem::path& path) {
  return std::make_unique<LibavReader>(file_input(path), path.string());
}

std::unique_ptr<AudioReader> open_audio(std::span<const std::uint8_t> bytes, const std::string& name) {
  return std::make_unique<LibavReader>(memory_input(bytes), name);
}

}  // namespace segue::audio
