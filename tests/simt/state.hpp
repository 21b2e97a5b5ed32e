// What the parts of the interpreter share: threads as fibers, warps, blocks, and the engine that runs them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sanitizer.hpp"
#include "simt/engine.hpp"

namespace segue::simt::detail {

struct Block;
struct Warp;

/// The race detector has 28 bits for them.
inline constexpr std::uint64_t kMostBlocks = std::uint64_t{1} << 28;

enum class FiberState : std::uint8_t { ready, running, at_barrier, in_collective, at_grid, done };

struct AsyncCopy {
  void* to;
  const void* from;
  std::uint32_t bytes, zeros;
  std::uint32_t group;
  const void* caller;
};

/// A thread of a kernel.
struct Fiber {
  void* context = nullptr;  ///< where it goes on, while it does not run
  char* stack_low = nullptr;
  std::size_t stack_bytes = 0;
  void* fake_stack = nullptr;  ///< AddressSanitizer's
  Block* block = nullptr;
  Warp* warp = nullptr;
  std::uint16_t index = 0;  ///< in its block
  std::uint8_t lane = 0;
  FiberState state = FiberState::done;
  unsigned thread[3] = {};
  Site where;  ///< of the rendezvous that it waits in
  WarpCall call;
  std::uint64_t result = 0;
  std::vector<AsyncCopy> copies;  ///< under way, oldest first
  std::uint32_t copy_group = 0;
  // For the race detector: what it has seen of the lanes of its warp, and where it was at its latest __threadfence.
  std::uint32_t clock[32];
  bool fenced = false;
  std::uint32_t fence_clock = 0, fence_epoch = 0;
};

/// Sets of lanes as bits.
struct Warp {
  Fiber* first = nullptr;  ///< lane 0
  unsigned index = 0;
  unsigned alive = 0;
  unsigned ready = 0;
  unsigned at_barrier = 0, in_collective = 0, at_grid = 0;
};

struct SharedVariable {
  const SharedDeclaration* declaration;  ///< null: dynamic shared memory
  char* start;
  std::size_t bytes;
};

struct Unmap {
  void operator()(char* base) const;
};

/// A block's shared memory.
struct Arena {
  std::unique_ptr<char, Unmap> base;
  std::size_t top = 0, static_bytes = 0;
  std::vector<SharedVariable> variables;  ///< the dynamic one first
};
inline constexpr std::size_t kArenaBytes = std::size_t{512} << 10;

struct Block {
  bool active = false;
  std::uint64_t linear = 0;
  unsigned index[3] = {};
  Fiber* fibers = nullptr;
  unsigned threads = 0, warp_count = 0;
  unsigned alive = 0, ready_warps = 0;
  std::uint32_t epoch = 1;  ///< barriers passed, + 1
  Warp warps[32];
  // The barrier that is being gathered.
  Barrier barrier = Barrier::plain;
  Site where;
  unsigned arrived = 0;
  bool mismatch = false;
  int gathered = 0, result = 0;
  Arena shared;
};

/// Checks the accesses of the race variant's kernels; other variants have none.
class RaceDetector {
 public:
  virtual ~RaceDetector() = default;
  virtual void begin_launch(const LaunchInfo& info) = 0;
  /// Empty, or the report.
  virtual std::string end_launch() = 0;
  virtual void block_barrier(Block& block) = 0;
  virtual void grid_barrier() = 0;
  virtual void warp_barrier(Warp& warp, unsigned lanes) = 0;
  virtual void fence(Fiber& fiber) = 0;
  enum class Access : std::uint8_t { read, write, write_under_way, atomic };
  virtual void access(Fiber& fiber, const void* address, std::size_t bytes, Access access, const void* caller) = 0;
};
std::unique_ptr<RaceDetector> make_race_detector();

/// Of one thread of the host, which runs all fibers of its launches.
struct Engine {
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Fiber root;  ///< the host's own stack
  Fiber* current = &root;
  std::vector<Block> blocks;  ///< resident ones
  std::vector<Fiber> fibers;
  std::vector<char*> stacks;
  LaunchInfo info;
  void (*invoke)(void*) = nullptr;
  void* context = nullptr;
  Options options;
  std::uint64_t random_state = 0;
  bool failed = false;
  std::string failure;
  const Fiber* culprit = nullptr;  ///< null: none in particular
  bool block_ended = false;
  unsigned steps_without_switch = 0;
  std::uint64_t grid_arrived = 0;
  Stats stats;
  const std::unique_ptr<RaceDetector> race;

  // fibers.cpp
  void make_stacks(std::size_t count);
  void enter_at_top(Fiber& fiber);
  void switch_to(Fiber& fiber);
  /// Whether it lies in a fiber's stack.
  bool is_stack(std::uintptr_t address) const;
  // scheduler.cpp
  std::uint64_t random();
  Fiber* pick(bool yielding);
  void suspend();  ///< the current fiber waits: others go on
  void maybe_preempt();
  void finish_fiber();
  [[noreturn]] void fail_now(std::string what);
  /// Says too what all threads wait for.
  [[noreturn]] void fail_with_threads(std::string what);
  // barriers.cpp, collectives.cpp
  void release_block(Block& block);
  bool complete_collective(Warp& warp, const WarpCall& call);
  // shared_memory.cpp
  void begin_shared_memory(Block& block);
};
extern __thread Engine* engine;  ///< made at the thread's first launch

inline void mark_running(Fiber& fiber) {
  fiber.state = FiberState::running;
  fiber.warp->ready &= ~(1u << fiber.lane);
  if (fiber.warp->ready == 0)
    fiber.block->ready_warps &= ~(1u << fiber.warp->index);
}
void mark_ready(Warp& warp, unsigned lanes);

/// The fiber that calls; an Error outside kernels.
Fiber& calling_fiber(const char* what);

struct MemoryRange {
  std::uintptr_t begin, end;
};
/// What kernels may touch beside shared memory, by address.
std::vector<MemoryRange> device_memory_ranges();

}  // namespace segue::simt::detail
