#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "segue/core/progress.hpp"

namespace segue::cli {

/// Whether a person reads `stream`.
bool is_terminal(std::FILE* stream);
/// Columns of the terminal behind `stream` as it is now; 0 where it is none, 80 where it does not say.
int terminal_width(std::FILE* stream);

/// Columns that UTF-8 text takes on a terminal: East Asian wide characters two, combining ones none.
int display_width(std::string_view text);
/// The text, cut to `columns` with an ellipsis where it is wider. Control characters and damaged UTF-8 come out as
/// U+FFFD: what a catalogue holds must not steer the terminal.
std::string fit_to_width(std::string_view text, int columns);

/// 8 digits at most: "98765", "635 k", "1.24 G".
std::string format_count(std::int64_t count);
/// "35 ms", "0.42 s", "8.3 s", "2:05 min", "3:07 h"
std::string format_duration(double seconds);

/// Draws one line: task, bar, share, amount, rate, time left, note. Each task leaves a line with its total and time.
/// Silent where `stream` is no terminal or `quiet` is set. All functions may be called from any thread.
class TerminalProgress final : public Progress {
 public:
  explicit TerminalProgress(bool quiet, std::FILE* stream = stderr);
  ~TerminalProgress() override;
  TerminalProgress(const TerminalProgress&) = delete;
  TerminalProgress& operator=(const TerminalProgress&) = delete;

  /// Ends the running task, if there is one.
  void start(std::string_view task, std::int64_t total, std::string_view unit) override;
  /// An atomic addition and a look at the clock; redraws at most ten times a second.
  void advance(std::int64_t amount) override;
  void note(std::string_view text) override;
  void finish() override;

  /// Prints a line, such as one of the log, without damage to the bar.
  void print_above(std::string_view line);

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::duration kRedrawInterval = std::chrono::milliseconds(100);

  void finish_locked();
  void draw_locked();
  std::string line(int columns, double seconds) const;
  std::string amount(std::int64_t value) const;
  void put(const std::string& text) const;

  std::FILE* stream_;
  bool silent_;
  std::mutex mutex_;  // guards all below but the two atomics
  bool active_ = false;
  std::string task_, unit_, note_;
  std::int64_t total_ = 0;
  Clock::time_point started_;
  std::atomic<std::int64_t> done_{0};
  std::atomic<Clock::rep> next_draw_{0};
};

/// A cell of a Table.
struct Cell {
  std::string text;
  bool numeric = false;
};

/// Rows under headers. A column whose cells are all numeric is aligned right.
class Table {
 public:
  explicit Table(std::vector<std::string> headers);

  /// One cell per header; control characters and damaged UTF-8 are replaced, as by fit_to_width().
  void add(std::vector<Cell> row);

  /// @param columns  the widest text column is cut so that lines fit these; 0: no limit
  /// @param styled   bold headers, by ANSI codes
  std::string to_string(int columns, bool styled) const;
  /// Fitted to the terminal; not cut where there is none. Plain where there is none or NO_COLOR is set.
  void print(std::FILE* stream) const;

 private:
  bool is_numeric(std::size_t column) const;
  std::vector<int> column_widths(int columns) const;
  std::string line(const std::vector<Cell>& row, const std::vector<int>& widths) const;

  std::vector<std::string> headers_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace segue::cli
