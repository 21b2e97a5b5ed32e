// What g++ -fsanitize=thread puts before each access of the race variant's kernels. ThreadSanitizer itself is not
// linked: the calls end at the race detector.
#include <cstring>

#include "state.hpp"

namespace segue::simt::detail {
namespace {

using Access = RaceDetector::Access;

bool is_own(const Fiber& fiber, std::uintptr_t address) {
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const auto stack = reinterpret_cast<std::uintptr_t>(fiber.stack_low);
  if (address >= frame && address < stack + fiber.stack_bytes)
    return true;
  return address - reinterpret_cast<std::uintptr_t>(&vars) < sizeof vars || engine->is_stack(address);
}

void on_access(const void* address, std::size_t bytes, Access access, const void* caller) {
  Fiber* const fiber = vars.self;
  if (fiber == nullptr || bytes == 0 || is_own(*fiber, reinterpret_cast<std::uintptr_t>(address)))
    return;
  vars.self = nullptr;  // the detector's own code may share inline functions with instrumented code
  engine->race->access(*fiber, address, bytes, access, caller);
  vars.self = fiber;
  engine->maybe_preempt();
}

/// std::atomic in instrumented code. What is ordered at all counts as fenced.
void on_atomic(const volatile void* address, std::size_t bytes, int order, const void* caller) {
  Fiber* const fiber = vars.self;
  if (fiber == nullptr)
    return;
  if (order >= __ATOMIC_RELEASE)
    engine->race->fence(*fiber);
  engine->race->access(*fiber, const_cast<const void*>(address), bytes, Access::atomic, caller);
}

}  // namespace
}  // namespace segue::simt::detail

using segue::simt::detail::Access;
using segue::simt::detail::on_access;
using segue::simt::detail::on_atomic;

#define SEGUE_CALLER __builtin_return_address(0)
#define SEGUE_ACCESS(name, bytes, access)                    \
  void __tsan_##name##bytes(void* address) {                 \
    on_access(address, bytes, Access::access, SEGUE_CALLER); \
  }
#define SEGUE_ACCESSES(bytes)                               \
  SEGUE_ACCESS(read, bytes, read)                           \
  SEGUE_ACCESS(write, bytes, write)                         \
  SEGUE_ACCESS(volatile_read, bytes, read)                  \
  SEGUE_ACCESS(volatile_write, bytes, write)                \
  SEGUE_ACCESS(unaligned_read, bytes, read)                 \
  SEGUE_ACCESS(unaligned_write, bytes, write)               \
  void __tsan_read_write##bytes(void* address) {            \
    on_access(address, bytes, Access::read, SEGUE_CALLER);  \
    on_access(address, bytes, Access::write, SEGUE_CALLER); \
  }
#define SEGUE_UPDATE(bits, T, name)                                         \
  T __tsan_atomic##bits##_##name(volatile T* address, T value, int order) { \
    on_atomic(address, sizeof(T), order, SEGUE_CALLER);                     \
    return __atomic_##name(address, value, __ATOMIC_SEQ_CST);               \
  }
#define SEGUE_COMPARE_EXCHANGE(bits, T, strength, weak)                                                              \
  int __tsan_atomic##bits##_compare_exchange_##strength(volatile T* address, T* expected, T value, int order, int) { \
    on_atomic(address, sizeof(T), order, SEGUE_CALLER);                                                              \
    return __atomic_compare_exchange_n(address, expected, value, weak, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ? 1 : 0;  \
  }
#define SEGUE_ATOMICS(bits, T)                                                                             \
  T __tsan_atomic##bits##_load(const volatile T* address, int order) {                                     \
    on_atomic(address, sizeof(T), order, SEGUE_CALLER);                                                    \
    return __atomic_load_n(address, __ATOMIC_SEQ_CST);                                                     \
  }                                                                                                        \
  void __tsan_atomic##bits##_store(volatile T* address, T value, int order) {                              \
    on_atomic(address, sizeof(T), order, SEGUE_CALLER);                                                    \
    __atomic_store_n(address, value, __ATOMIC_SEQ_CST);                                                    \
  }                                                                                                        \
  T __tsan_atomic##bits##_exchange(volatile T* address, T value, int order) {                              \
    on_atomic(address, sizeof(T), order, SEGUE_CALLER);                                                    \
    return __atomic_exchange_n(address, value, __ATOMIC_SEQ_CST);                                          \
  }                                                                                                        \
  SEGUE_UPDATE(bits, T, fetch_add)                                                                         \
  SEGUE_UPDATE(bits, T, fetch_sub)                                                                         \
  SEGUE_UPDATE(bits, T, fetch_and)                                                                         \
  SEGUE_UPDATE(bits, T, fetch_or)                                                                          \
  SEGUE_UPDATE(bits, T, fetch_xor)                                                                         \
  SEGUE_COMPARE_EXCHANGE(bits, T, strong, false)                                                           \
  SEGUE_COMPARE_EXCHANGE(bits, T, weak, true)                                                              \
  T __tsan_atomic##bits##_compare_exchange_val(volatile T* address, T expected, T value, int order, int) { \
    on_atomic(address, sizeof(T), order, SEGUE_CALLER);                                                    \
    __atomic_compare_exchange_n(address, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);     \
    return expected;                                                                                       \
  }

extern "C" {
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
SEGUE_ACCESSES(1)
SEGUE_ACCESSES(2)
SEGUE_ACCESSES(4)
SEGUE_ACCESSES(8)
SEGUE_ACCESSES(16)
void __tsan_read_range(void* address, std::size_t bytes) {
  on_access(address, bytes, Access::read, SEGUE_CALLER);
}
void __tsan_write_range(void* address, std::size_t bytes) {
  on_access(address, bytes, Access::write, SEGUE_CALLER);
}
void* __tsan_memcpy(void* to, const void* from, std::size_t bytes) {
  on_access(from, bytes, Access::read, SEGUE_CALLER);
  on_access(to, bytes, Access::write, SEGUE_CALLER);
  return std::memcpy(to, from, bytes);
}
void* __tsan_memmove(void* to, const void* from, std::size_t bytes) {
  on_access(from, bytes, Access::read, SEGUE_CALLER);
  on_access(to, bytes, Access::write, SEGUE_CALLER);
  return std::memmove(to, from, bytes);
}
void* __tsan_memset(void* to, int value, std::size_t bytes) {
  on_access(to, bytes, Access::write, SEGUE_CALLER);
  return std::memset(to, value, bytes);
}
SEGUE_ATOMICS(8, unsigned char)
SEGUE_ATOMICS(16, unsigned short)
SEGUE_ATOMICS(32, unsigned int)
SEGUE_ATOMICS(64, unsigned long)
void __tsan_atomic_thread_fence(int) {
  segue::simt::detail::fence();
}
void __tsan_atomic_signal_fence(int) {}
}
