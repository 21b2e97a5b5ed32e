#include "host/audio/decode/libav.hpp"

#include <array>
#include <mutex>

namespace segue::audio::libav {

void set_up() {
  static std::once_flag once;
  std::call_once(once, [] {
    av_log_set_level(AV_LOG_QUIET);
    av_max_alloc(kLargestAllocation);
  });
}

std::string error_text(int status) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(status, text.data(), text.size());
  return text.data();
}

}  // namespace segue::audio::libav
