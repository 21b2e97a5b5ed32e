#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "host/cli/terminal.hpp"
#include "segue/core/memory_plan.hpp"

namespace segue::cli {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";
constexpr int kNarrowestBar = 10, kWidestBar = 40;

std::string bar(double share, int columns) {
  const int inside = columns - 2;
  const int filled = static_cast<int>(share * inside);
  return fmt::format("[{:=<{}}{:<{}}]", "", filled, filled < inside ? ">" : "", inside - filled);
}

std::string rate(double per_second, std::string_view unit) {
  if (unit == "bytes")
    return format_bytes(static_cast<std::int64_t>(per_second)) + "/s";
  return per_second < 100 ? fmt::format("{:.3g}/s", per_second)
                          : format_count(static_cast<std::int64_t>(per_second)) + "/s";
}

}  // namespace

TerminalProgress::TerminalProgress(bool quiet, std::FILE* stream)
    : stream_(stream), silent_(quiet || !is_terminal(stream)) {}

TerminalProgress::~TerminalProgress() {
  finish();
}

void TerminalProgress::start(std::string_view task, std::int64_t total, std::string_view unit) {
  const std::lock_guard lock(mutex_);
  finish_locked();
  active_ = true;
  task_ = task;
  unit_ = unit;
  note_.clear();
  total_ = total;
  started_ = Clock::now();
  done_ = 0;
  draw_locked();
}

void TerminalProgress::advance(std::int64_t amount) {
  done_.fetch_add(amount, std::memory_order_relaxed);
  if (silent_ || Clock::now().time_since_epoch().count() < next_draw_.load(std::memory_order_relaxed))
    return;
  const std::unique_lock lock(mutex_, std::try_to_lock);  // where another thread draws, this one goes on
  if (lock.owns_lock() && Clock::now().time_since_epoch().count() >= next_draw_.load(std::memory_order_relaxed))
    draw_locked();
}

void TerminalProgress::note(std::string_view text) {
  const std::lock_guard lock(mutex_);
  note_ = text;
}

void TerminalProgress::finish() {
  const std::lock_guard lock(mutex_);
  finish_locked();
}

void TerminalProgress::print_above(std::string_view text) {
  const std::lock_guard lock(mutex_);
  const bool has_bar = active_ && !silent_;
  put(fmt::format("{}{}\n", has_bar ? kEraseLine : "", text));
  draw_locked();
}

void TerminalProgress::finish_locked() {
  const bool was_active = std::exchange(active_, false);
  if (!was_active || silent_)
    return;
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  std::string text = fmt::format("{}: {} in {}", task_, amount(done_), format_duration(seconds));
  if (!note_.empty())
    text += ", " + note_;
  put(fmt::format("{}{}\n", kEraseLine, text));
}

void TerminalProgress::draw_locked() {
  if (!active_ || silent_)
    return;
  const Clock::time_point now = Clock::now();
  next_draw_.store((now + kRedrawInterval).time_since_epoch().count(), std::memory_order_relaxed);
  const double seconds = std::chrono::duration<double>(now - started_).count();
  put(fmt::format("{}{}", kEraseLine, line(terminal_width(stream_) - 1, seconds)));  // the last column would wrap
}

// A terminal that went away is no reason to stop the work: errors are the stream's.
void TerminalProgress::put(const std::string& text) const {
  std::fputs(text.c_str(), stream_);
  std::fflush(stream_);
}

std::string TerminalProgress::amount(std::int64_t value) const {
  return unit_ == "bytes" ? format_bytes(value) : format_count(value) + " " + unit_;
}

// "train als  [====>     ]  45%  9/20 iterations  1.2/s  9.2 s left  loss 0.123"
std::string TerminalProgress::line(int columns, double seconds) const {
  const std::int64_t done = done_;
  const double share = total_ > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total_), 0.0, 1.0) : 0;
  std::string after;
  if (total_ > 0)
    after += fmt::format("  {:3.0f}%  {}/{}", std::floor(share * 100),
                         unit_ == "bytes" ? format_bytes(done) : format_count(done), amount(total_));
  else
    after += "  " + amount(done);
  if (done > 0 && seconds >= 0.5)
    after += "  " + rate(static_cast<double>(done) / seconds, unit_);
  if (share > 0 && share < 1 && seconds >= 0.5)
    after += fmt::format("  {} left", format_duration(seconds * (1 - share) / share));
  if (!note_.empty())
    after += "  " + note_;
  const int room = std::min(kWidestBar, columns - display_width(task_) - display_width(after) - 2);
  const bool has_bar = total_ > 0 && room >= kNarrowestBar;
  return fit_to_width(task_ + (has_bar ? "  " + bar(share, room) : "") + after, columns);
}

}  // namespace segue::cli
