#pragma once

#include <cstdint>
#include <string_view>

namespace segue {

/// Where long work reports to. A library function never prints: it is given one of these. advance() is thread-safe.
class Progress {
 public:
  virtual ~Progress() = default;
  /// @param total  in `unit`s; 0: not known in advance
  virtual void start(std::string_view task, std::int64_t total, std::string_view unit) = 0;
  virtual void advance(std::int64_t amount) = 0;
  /// A figure shown beside the bar, such as the loss of the last iteration.
  virtual void note(std::string_view text) = 0;
  virtual void finish() = 0;
};

/// Reports to nobody.
Progress& no_progress();

/// start() and, however the scope is left, finish().
class ProgressTask {
 public:
  ProgressTask(Progress& progress, std::string_view task, std::int64_t total, std::string_view unit)
      : progress_(progress) {
    progress_.start(task, total, unit);
  }
  ~ProgressTask() { progress_.finish(); }
  ProgressTask(const ProgressTask&) = delete;
  ProgressTask& operator=(const ProgressTask&) = delete;
  void advance(std::int64_t amount) { progress_.advance(amount); }
  void note(std::string_view text) { progress_.note(text); }

 private:
  Progress& progress_;
};

}  // namespace segue
