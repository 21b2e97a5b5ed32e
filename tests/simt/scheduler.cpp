// Which thread goes next, and how one waits, yields, ends or fails.
#include <bit>
#include <cstdlib>
#include <utility>

#include "messages.hpp"
#include "state.hpp"

namespace segue::simt::detail {
namespace {

unsigned nth_bit(unsigned bits, unsigned n) {
  for (; n > 0; --n)
    bits &= bits - 1;
  return static_cast<unsigned>(std::countr_zero(bits));
}

Fiber* pick_at_random(Engine& e) {
  const std::size_t blocks = e.blocks.size();
  const std::size_t start = blocks > 1 ? e.random() % blocks : 0;
  for (std::size_t i = 0; i < blocks; ++i) {
    const Block& block = e.blocks[(start + i) % blocks];
    if (block.ready_warps == 0)
      continue;
    const auto any_of = [random = e.random()](unsigned bits, int shift) {
      return nth_bit(bits, static_cast<unsigned>(random >> shift) % static_cast<unsigned>(std::popcount(bits)));
    };
    const Warp& warp = block.warps[any_of(block.ready_warps, 0)];
    return warp.first + any_of(warp.ready, 32);
  }
  return nullptr;
}

/// The orders of sets of lanes and warps: upwards or downwards.
struct Direction {
  bool up;

  unsigned first(unsigned bits) const {
    return static_cast<unsigned>(up ? std::countr_zero(bits) : 31 - std::countl_zero(bits));
  }
  /// Those of `bits` that come after `at`.
  unsigned after(unsigned bits, unsigned at) const {
    const unsigned below = (1u << at) - 1;
    return up ? bits & ~(below << 1 | 1u) : bits & below;
  }
  Fiber* first_of(const Warp& warp) const { return warp.first + first(warp.ready); }
};

/// The next lane of the warp, else the next warp, else the next block; who yields lets each of them go first.
Fiber* pick_in_order(Engine& e, bool yielding) {
  const Direction direction{e.options.schedule == Schedule::forward};
  std::size_t start = 0;
  if (e.current != &e.root) {
    const Warp& warp = *e.current->warp;
    const Block& block = *e.current->block;
    if (const unsigned lanes = direction.after(warp.ready, e.current->lane); lanes != 0)
      return warp.first + direction.first(lanes);
    if (!yielding && warp.ready != 0)
      return direction.first_of(warp);
    if (const unsigned warps = direction.after(block.ready_warps, warp.index); warps != 0)
      return direction.first_of(block.warps[direction.first(warps)]);
    start = static_cast<std::size_t>(&block - e.blocks.data()) + (yielding ? 1 : 0);
  }
  for (std::size_t i = 0; i < e.blocks.size(); ++i) {
    const Block& block = e.blocks[(start + i) % e.blocks.size()];
    if (block.ready_warps != 0)
      return direction.first_of(block.warps[direction.first(block.ready_warps)]);
  }
  return nullptr;
}

void refuse_livelock(Engine& e) {
  if (e.stats.switches > e.options.max_switches)
    e.fail_with_threads(fmt::format("livelock? More than {} switches between threads (SEGUE_SIMT_MAX_SWITCHES)",
                                    e.options.max_switches));
}

}  // namespace

std::uint64_t Engine::random() {  // xorshift64*, Vigna (2016)
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return random_state * 0x2545F4914F6CDD1Du;
}

Fiber* Engine::pick(bool yielding) {
  return options.schedule == Schedule::random ? pick_at_random(*this) : pick_in_order(*this, yielding);
}

void mark_ready(Warp& warp, unsigned lanes) {
  if (lanes == 0)
    return;
  warp.ready |= lanes;
  warp.first->block->ready_warps |= 1u << warp.index;
  for (unsigned left = lanes; left != 0; left &= left - 1)
    warp.first[std::countr_zero(left)].state = FiberState::ready;
}

void Engine::suspend() {
  if (failed)
    switch_to(root);
  refuse_livelock(*this);
  Fiber* const next = pick(false);
  if (next == current)
    mark_running(*current);
  else
    switch_to(next != nullptr ? *next : root);
}

void yield() {
  if (vars.self == nullptr)
    return;
  Engine& e = *engine;
  refuse_livelock(e);
  mark_ready(*vars.self->warp, 1u << vars.self->lane);
  Fiber* const next = e.pick(true);
  if (next != vars.self) {
    e.switch_to(*next);
    return;
  }
  mark_running(*next);
  ++e.stats.switches;
}

void Engine::maybe_preempt() {
  if (options.schedule == Schedule::random && options.preempt > 0 &&
      static_cast<double>(random() >> 11) * 0x1p-53 < options.preempt)
    yield();
}

void atomic_access(const void* address, std::size_t bytes) {
  if (vars.self == nullptr)
    return;
  Engine& e = *engine;
  // A switch comes first: what the detector notes must be of the moment when the atomic takes place.
  e.maybe_preempt();
  constexpr unsigned kSpins = 1000;  // who waits for a lock must let its holder run
  if (++e.steps_without_switch > kSpins)
    yield();
  if (e.race != nullptr)
    e.race->access(*e.current, address, bytes, RaceDetector::Access::atomic, __builtin_return_address(0));
}

void fence() {
  if (vars.self != nullptr && engine->race != nullptr)
    engine->race->fence(*vars.self);
}

void Engine::finish_fiber() {
  Fiber& fiber = *current;
  Block& block = *fiber.block;
  Warp& warp = *fiber.warp;
  if (failed)
    switch_to(root);
  async_commit();
  async_wait(0);
  fiber.state = FiberState::done;
  warp.alive &= ~(1u << fiber.lane);
  --block.alive;
  for (unsigned left = warp.in_collective; left != 0;) {  // its absence may complete what others wait in
    const Fiber& other = warp.first[std::countr_zero(left)];
    left &= left - 1;
    if ((other.call.mask >> fiber.lane & 1u) != 0 && complete_collective(warp, other.call))
      left &= warp.in_collective;
  }
  if (block.alive == 0) {
    block.active = false;
    block_ended = true;
    switch_to(root);
  }
  if (block.arrived == block.alive)
    release_block(block);
  suspend();
}

// A fiber that fails never returns: nothing may stay owned by its stack.
void Engine::fail_now(std::string what) {
  if (!failed) {
    failed = true;
    failure = std::string(std::move(what));
    culprit = current;
  }
  switch_to(root);
  std::abort();
}

void Engine::fail_with_threads(std::string what) {
  what += describe_waiting(*this);
  fail_now(std::move(what));
}

Fiber& calling_fiber(const char* what) {
  if (vars.self == nullptr)
    throw Error(fmt::format("simt: {} outside a kernel", what));
  return *vars.self;
}

void fail(const char* what, Site where) {
  calling_fiber(what);
  engine->fail_now(fmt::format("{} at {}", what, where));
}

}  // namespace segue::simt::detail
