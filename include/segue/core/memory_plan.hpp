#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace segue {

/// What a stage will hold at its peak, said before it starts.
class MemoryPlan {
 public:
  explicit MemoryPlan(std::string stage) : stage_(std::move(stage)) {}

  void add(std::string what, std::int64_t bytes) { items_.push_back({std::move(what), bytes}); }
  std::int64_t total_bytes() const;
  /// One line: "train als needs 1.2 GB (factors 0.9 GB, …); 21.4 GB free"
  std::string to_string() const;
  /// @param advice  what to do when it does not fit, such as "lower als.rank"
  /// @throws OutOfMemory  when the total exceeds what is available: both numbers and the advice
  void require(std::int64_t available_bytes, std::string_view advice) const;

 private:
  struct Item {
    std::string what;
    std::int64_t bytes;
  };
  std::string stage_;
  std::vector<Item> items_;
};

/// Bounds what available_memory_bytes() says: the whole process is to hold no more. 0: no bound.
void set_memory_limit(std::int64_t bytes);

/// What this process can still allocate: MemAvailable, or less where a cgroup or set_memory_limit() says so.
std::int64_t available_memory_bytes();

/// a·b·c…, all non-negative.  @throws InvalidArgument  on overflow of 63 bits
std::int64_t checked_product(std::initializer_list<std::int64_t> factors);

/// "1.23 GB", decimal units.
std::string format_bytes(std::int64_t bytes);

}  // namespace segue
