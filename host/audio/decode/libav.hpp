#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswresample/swresample.h>
}

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

/// libav's objects as owned pointers, and its errors as text.
namespace segue::audio::libav {

struct Delete {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(SwrContext* context) const { swr_free(&context); }
};
template <class T>
using Pointer = std::unique_ptr<T, Delete>;

/// @throws std::bad_alloc  where `made` is null
template <class T>
T* allocated(T* made) {
  if (made == nullptr)
    throw std::bad_alloc();
  return made;
}

/// No single allocation of libav's beyond this: what a header claims is not believed without end.
constexpr std::size_t kLargestAllocation = std::size_t{512} << 20;

/// Before any other call: libav prints nothing and keeps to kLargestAllocation.
void set_up();

std::string error_text(int status);

}  // namespace segue::audio::libav
