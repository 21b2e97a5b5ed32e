// Threads as fibers of Boost.Context: their stacks, and how one hands over to the next.
#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "messages.hpp"
#include "sanitizer.hpp"
#include "state.hpp"

namespace segue::simt::detail {

__thread ThreadVariables vars;
__thread Engine* engine;

namespace {

constexpr std::size_t kGuardBytes = 4096, kStacksPerMapping = 256;
constexpr std::size_t kPitch = kStackBytes + kGuardBytes;
constexpr std::size_t kMostGuards = 16384;  // the system allows 65530 mappings

/// Tells AddressSanitizer which stack is in use.
void after_switch(Engine& e) {
#if defined(SEGUE_SIMT_ASAN)
  const void* low = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(e.current->fake_stack, &low, &bytes);
  if (e.root.stack_low == nullptr && e.current != &e.root) {
    e.root.stack_low = const_cast<char*>(static_cast<const char*>(low));
    e.root.stack_bytes = bytes;
  }
#else
  (void)e;
#endif
}

void run_thread(Engine& e) {
  try {
    e.invoke(e.context);
  } catch (const std::exception& exception) {
    e.failed = true;
    e.failure = fmt::format("the kernel throws: {}", exception.what());
    e.culprit = e.current;
  }
}

void fiber_main(boost::context::detail::transfer_t from) {
  static_cast<Fiber*>(from.data)->context = from.fctx;
  after_switch(*engine);
  run_thread(*engine);
  engine->finish_fiber();
  std::abort();  // a fiber that is done is never resumed
}

}  // namespace

Engine::Engine() : race(make_race_detector()) {}

Engine::~Engine() {
  for (std::size_t i = 0; i < stacks.size(); i += kStacksPerMapping)
    munmap(stacks[i] - kGuardBytes, kStacksPerMapping * kPitch);
}

void Engine::make_stacks(std::size_t count) {
  while (stacks.size() < count) {
    void* const pages = mmap(nullptr, kPitch * kStacksPerMapping, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED)
      throw Error(fmt::format("simt: no memory for the stacks of {} threads", count));
    for (std::size_t i = 0; i < kStacksPerMapping; ++i) {
      char* const guard = static_cast<char*>(pages) + i * kPitch;
      if (stacks.size() < kMostGuards)
        mprotect(guard, kGuardBytes, PROT_NONE);
      stacks.push_back(guard + kGuardBytes);
    }
  }
}

bool Engine::is_stack(std::uintptr_t address) const {
  for (std::size_t i = 0; i < stacks.size(); i += kStacksPerMapping)
    if (address - reinterpret_cast<std::uintptr_t>(stacks[i] - kGuardBytes) < kStacksPerMapping * kPitch)
      return true;
  return false;
}

void Engine::enter_at_top(Fiber& fiber) {
  // Stacks that begin at the same place in their pages would fight for the same sets of the cache.
  const std::size_t bytes = kStackBytes - fiber.index % 21 * 192;
  fiber.fake_stack = nullptr;
  fiber.context = boost::context::detail::make_fcontext(fiber.stack_low + bytes, bytes, fiber_main);
}

void Engine::switch_to(Fiber& fiber) {
  Fiber& from = *current;
  current = &fiber;
  ++stats.switches;
  steps_without_switch = 0;
  if (&fiber != &root) {
    std::memcpy(vars.thread, fiber.thread, sizeof vars.thread);
    std::memcpy(vars.block, fiber.block->index, sizeof vars.block);
    vars.lane = fiber.lane;
    vars.self = &fiber;
    mark_running(fiber);
  } else {
    vars.self = nullptr;
  }
#if defined(SEGUE_SIMT_ASAN)
  const bool for_good = from.state == FiberState::done && &from != &root;
  __sanitizer_start_switch_fiber(for_good ? nullptr : &from.fake_stack, fiber.stack_low, fiber.stack_bytes);
#endif
  const auto back = boost::context::detail::jump_fcontext(fiber.context, &from);
  static_cast<Fiber*>(back.data)->context = back.fctx;
  after_switch(*this);
}

}  // namespace segue::simt::detail
