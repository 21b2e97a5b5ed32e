#include "segue/core/memory_plan.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <limits>

#include "segue/core/error.hpp"

namespace segue {
namespace {

// The smaller of what the kernel thinks is available and what the cgroup (v2 or v1) leaves.
std::int64_t cgroup_headroom_bytes() {
  const auto read_number = [](const char* path, std::int64_t otherwise) {
    std::ifstream file(path);
    std::int64_t value = otherwise;
    return file >> value ? value : otherwise;
  };
  constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  const std::int64_t limit = std::min(read_number("/sys/fs/cgroup/memory.max", kNone),
                                      read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes", kNone));
  if (limit == kNone)
    return kNone;
  const std::int64_t used = std::max(read_number("/sys/fs/cgroup/memory.current", 0),
                                     read_number("/sys/fs/cgroup/memory/memory.usage_in_bytes", 0));
  return std::max<std::int64_t>(0, limit - used);
}

std::atomic<std::int64_t> memory_limit{0};

std::int64_t resident_bytes() {
#ifdef __GLIBC__
  ::malloc_trim(0);  // what has been freed is to count as free
#endif
  std::ifstream file("/proc/self/statm");
  std::int64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

}  // namespace

std::int64_t MemoryPlan::total_bytes() const {
  std::int64_t total = 0;
  for (const Item& item : items_)
    total += item.bytes;
  return total;
}

std::string MemoryPlan::to_string() const {
  std::string parts;
  for (const Item& item : items_)
    parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", item.what, format_bytes(item.bytes));
  return fmt::format("{}: needs {} ({})", stage_, format_bytes(total_bytes()), parts);
}

void MemoryPlan::require(std::int64_t available_bytes, std::string_view advice) const {
  if (total_bytes() > available_bytes)
    throw OutOfMemory(fmt::format("{}, but only {} is available: {}, or run on a larger machine", to_string(),
                                  format_bytes(available_bytes), advice));
}

void set_memory_limit(std::int64_t bytes) {
  memory_limit = bytes;
}

std::int64_t available_memory_bytes() {
  std::ifstream file("/proc/meminfo");
  std::string word;
  std::int64_t available = std::numeric_limits<std::int64_t>::max();
  while (file >> word)
    if (word == "MemAvailable:" && file >> available) {
      available *= 1024;
      break;
    }
  available = std::min(available, cgroup_headroom_bytes());
  const std::int64_t limit = memory_limit;
  return limit == 0 ? available : std::min(available, std::max<std::int64_t>(0, limit - resident_bytes()));
}

std::int64_t checked_product(std::initializer_list<std::int64_t> factors) {
  std::int64_t product = 1;
  for (const std::int64_t factor : factors)
    if (__builtin_mul_overflow(product, factor, &product))
      throw InvalidArgument(fmt::format("a size of {} does not fit 63 bits", fmt::join(factors, " × ")));
  return product;
}

std::string format_bytes(std::int64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  while (value >= 999.5 && unit < 6) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.3g} {}", value, kUnits[unit]);
}

}  // namespace segue
