// Warp collectives: each lane brings its call, the last one computes what all get.
#include <algorithm>
#include <bit>

#include "messages.hpp"
#include "state.hpp"

namespace segue::simt::detail {
namespace {

/// The lanes of `bits`, as fibers.
template <class Function>
void for_each_lane(const Warp& warp, unsigned bits, Function function) {
  for (; bits != 0; bits &= bits - 1)
    function(warp.first[std::countr_zero(bits)]);
}

bool is_shuffle(WarpOperation operation) {
  return operation >= WarpOperation::shuffle && operation <= WarpOperation::shuffle_xor;
}

/// The lane whose value a shuffle gives: its own where the source lies outside of its segment.
int source_lane(int lane, const WarpCall& call) {
  const int first = lane & ~(call.width - 1), last = lane | (call.width - 1);
  if (call.operation == WarpOperation::shuffle)
    return first | (call.argument & (call.width - 1));
  const int source = call.operation == WarpOperation::shuffle_up     ? lane - call.argument
                     : call.operation == WarpOperation::shuffle_down ? lane + call.argument
                                                                     : lane ^ call.argument;
  const bool outside = call.operation == WarpOperation::shuffle_up ? source < first : source > last;
  return outside ? lane : source;
}

void shuffle(Warp& warp, unsigned lanes) {
  constexpr std::uint64_t kUndefined = 0x7fbadbad7fbadbad;  // what a lane that takes no part gives
  for_each_lane(warp, lanes, [&](Fiber& fiber) {
    const int source = source_lane(fiber.lane, fiber.call);
    fiber.result = (lanes >> source & 1u) != 0 ? warp.first[source].call.value : kUndefined;
  });
}

/// The lanes whose value satisfies it.
template <class Predicate>
unsigned lanes_where(const Warp& warp, unsigned lanes, Predicate predicate) {
  unsigned result = 0;
  for_each_lane(warp, lanes, [&](const Fiber& fiber) {
    if (predicate(fiber.call.value))
      result |= 1u << fiber.lane;
  });
  return result;
}

std::uint32_t combine(WarpOperation operation, std::uint32_t a, std::uint32_t b) {
  const auto signed_a = static_cast<std::int32_t>(a), signed_b = static_cast<std::int32_t>(b);
  switch (operation) {
    case WarpOperation::add:
      return a + b;
    case WarpOperation::min_unsigned:
      return std::min(a, b);
    case WarpOperation::max_unsigned:
      return std::max(a, b);
    case WarpOperation::min_signed:
      return static_cast<std::uint32_t>(std::min(signed_a, signed_b));
    case WarpOperation::max_signed:
      return static_cast<std::uint32_t>(std::max(signed_a, signed_b));
    case WarpOperation::bit_and:
      return a & b;
    case WarpOperation::bit_or:
      return a | b;
    default:
      return a ^ b;
  }
}

std::uint32_t reduce(const Warp& warp, unsigned lanes, WarpOperation operation) {
  auto sum = static_cast<std::uint32_t>(warp.first[std::countr_zero(lanes)].call.value);
  for_each_lane(warp, lanes & (lanes - 1), [&](const Fiber& fiber) {
    sum = combine(operation, sum, static_cast<std::uint32_t>(fiber.call.value));
  });
  return sum;
}

void run_custom(const Warp& warp, unsigned lanes, WarpWide complete) {
  void* data[32] = {};
  for_each_lane(warp, lanes, [&](const Fiber& fiber) { data[fiber.lane] = fiber.call.data; });
  complete(data, lanes);
}

/// The result that all lanes share.
std::uint64_t common_result(const Warp& warp, unsigned lanes, const WarpCall& call) {
  const auto is_set = [](std::uint64_t value) { return value != 0; };
  switch (call.operation) {
    case WarpOperation::ballot:
      return lanes_where(warp, lanes, is_set);
    case WarpOperation::any:
      return lanes_where(warp, lanes, is_set) != 0 ? 1 : 0;
    case WarpOperation::all:
      return lanes_where(warp, lanes, is_set) == lanes ? 1 : 0;
    case WarpOperation::match_all: {
      const std::uint64_t first = warp.first[std::countr_zero(lanes)].call.value;
      return lanes_where(warp, lanes, [&](std::uint64_t value) { return value == first; }) == lanes ? call.mask : 0;
    }
    default:
      return reduce(warp, lanes, call.operation);
  }
}

void compute(Engine& e, Warp& warp, unsigned lanes, const WarpCall& call) {
  if (is_shuffle(call.operation)) {
    shuffle(warp, lanes);
  } else if (call.operation == WarpOperation::sync) {
    if (e.race != nullptr)
      e.race->warp_barrier(warp, lanes);
  } else if (call.operation == WarpOperation::custom) {
    run_custom(warp, lanes, call.complete);
  } else if (call.operation == WarpOperation::match_any) {
    for_each_lane(warp, lanes, [&](Fiber& fiber) {
      fiber.result = lanes_where(warp, lanes, [&](std::uint64_t value) { return value == fiber.call.value; });
    });
  } else {
    const std::uint64_t result = common_result(warp, lanes, call);
    for_each_lane(warp, lanes, [&](Fiber& fiber) { fiber.result = result; });
  }
}

void refuse_bad_call(const Fiber& fiber) {
  const WarpCall& call = fiber.call;
  if ((call.mask >> fiber.lane & 1u) == 0)
    engine->fail_now(fmt::format("{} at {}: the calling lane {} is not in its own mask 0x{:08x}",
                                 name_of(call.operation), fiber.where, fiber.lane, call.mask));
  if (is_shuffle(call.operation) && (call.width > 32 || !std::has_single_bit(static_cast<unsigned>(call.width))))
    engine->fail_now(fmt::format("{} at {}: the width {} is not a power of two up to 32", name_of(call.operation),
                                 fiber.where, call.width));
}

}  // namespace

/// Whether all living lanes of the call's mask are there, with the same call.
bool Engine::complete_collective(Warp& warp, const WarpCall& call) {
  const unsigned lanes = call.mask & warp.alive;
  if (lanes == 0 || (warp.in_collective & lanes) != lanes)
    return false;
  bool agreed = true;
  for_each_lane(warp, lanes, [&](const Fiber& fiber) {
    agreed = agreed && fiber.call.mask == call.mask && fiber.call.operation == call.operation;
  });
  if (!agreed)
    return false;
  compute(*this, warp, lanes, call);
  warp.in_collective &= ~lanes;
  mark_ready(warp, lanes);
  return true;
}

std::uint64_t collective(const WarpCall& call, Site where) {
  Fiber& fiber = calling_fiber(name_of(call.operation));
  fiber.call = call;
  fiber.where = where;
  refuse_bad_call(fiber);
  fiber.state = FiberState::in_collective;
  fiber.warp->in_collective |= 1u << fiber.lane;
  const bool complete = engine->complete_collective(*fiber.warp, fiber.call);
  // Who completes it goes on at once in the fixed orders, and competes in the random one.
  if (complete && engine->options.schedule != Schedule::random)
    mark_running(fiber);
  else
    engine->suspend();
  return fiber.result;
}

}  // namespace segue::simt::detail
