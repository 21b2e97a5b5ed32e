#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>
#include <string_view>

#include "host/cli/terminal.hpp"

namespace segue::cli {

/// Where the log goes: to stderr, above the progress bar.
class ProgressSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ProgressSink(TerminalProgress& progress) : progress_(progress) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    std::string_view line(text.data(), text.size());
    line.remove_suffix(1);  // the formatter's line break
    progress_.print_above(line);
  }
  void flush_() override {}

 private:
  TerminalProgress& progress_;
};

}  // namespace segue::cli
