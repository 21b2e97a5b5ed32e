// cp.async: what is copied lands when its thread waits for it, and is garbage before.
#include <cstring>

#include "state.hpp"

namespace segue::simt::detail {

void async_copy(void* to, const void* from, std::size_t bytes, std::size_t zeros) {
  Fiber& fiber = calling_fiber("cp.async");
  const void* const caller = __builtin_return_address(0);
  fiber.copies.push_back({.to = to,
                          .from = from,
                          .bytes = static_cast<std::uint32_t>(bytes),
                          .zeros = static_cast<std::uint32_t>(zeros),
                          .group = fiber.copy_group,
                          .caller = caller});
  std::memset(to, 0xff, bytes + zeros);
  if (engine->race != nullptr) {
    engine->race->access(fiber, from, bytes, RaceDetector::Access::read, caller);
    engine->race->access(fiber, to, bytes + zeros, RaceDetector::Access::write_under_way, caller);
  }
}

void async_commit() {
  ++calling_fiber("cp.async").copy_group;
}

void async_wait(unsigned keep) {
  Fiber& fiber = calling_fiber("cp.async");
  std::size_t landed = 0;
  for (const AsyncCopy& copy : fiber.copies) {
    if (copy.group + keep >= fiber.copy_group)
      break;
    ++landed;
    std::memcpy(copy.to, copy.from, copy.bytes);
    std::memset(static_cast<char*>(copy.to) + copy.bytes, 0, copy.zeros);
    if (engine->race != nullptr)
      engine->race->access(fiber, copy.to, copy.bytes + copy.zeros, RaceDetector::Access::write, copy.caller);
  }
  fiber.copies.erase(fiber.copies.begin(), fiber.copies.begin() + static_cast<std::ptrdiff_t>(landed));
}

}  // namespace segue::simt::detail
