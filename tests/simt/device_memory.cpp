// What the device may touch, and when the host may: the interpreter's device memory is the host's.
#include <link.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "sanitizer.hpp"
#include "state.hpp"

namespace segue::simt::detail {
namespace {

std::mutex mutex;
std::map<std::uintptr_t, std::size_t> allocations;
unsigned open = 0;

/// The variables and constants of the program and of its libraries.
const std::vector<MemoryRange>& images() {
  static const std::vector<MemoryRange> ranges = [] {
    std::vector<MemoryRange> found;
    dl_iterate_phdr(
        [](dl_phdr_info* image, std::size_t, void* out) {
          for (int i = 0; i < image->dlpi_phnum; ++i) {
            const auto& segment = image->dlpi_phdr[i];
            const std::uintptr_t begin = image->dlpi_addr + segment.p_vaddr;
            if (segment.p_type == PT_LOAD)
              static_cast<std::vector<MemoryRange>*>(out)->push_back({begin, begin + segment.p_memsz});
          }
          return 0;
        },
        &found);
    return found;
  }();
  return ranges;
}

}  // namespace

void register_device_memory(void* start, std::size_t bytes) {
  const std::lock_guard lock(mutex);
  allocations[reinterpret_cast<std::uintptr_t>(start)] = bytes;
  if (open == 0)
    poison(start, bytes);
}

void forget_device_memory(void* start) {
  const std::lock_guard lock(mutex);
  const auto allocation = allocations.find(reinterpret_cast<std::uintptr_t>(start));
  if (allocation == allocations.end())
    return;
  unpoison(start, allocation->second);
  allocations.erase(allocation);
}

void open_device_memory() {
  const std::lock_guard lock(mutex);
  if (open++ == 0)
    for (const auto& [start, bytes] : allocations)
      unpoison(reinterpret_cast<void*>(start), bytes);
}

void close_device_memory() {
  const std::lock_guard lock(mutex);
  if (--open == 0)
    for (const auto& [start, bytes] : allocations)
      poison(reinterpret_cast<void*>(start), bytes);
}

std::vector<MemoryRange> device_memory_ranges() {
  std::vector<MemoryRange> ranges = images();
  const std::lock_guard lock(mutex);
  for (const auto& [start, bytes] : allocations)
    ranges.push_back({start, start + bytes});
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  return ranges;
}

}  // namespace segue::simt::detail
