// Structures shared by engine.cpp and race.cpp.
#pragma once
#include "simt/engine.hpp"

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace segue::simt::detail {

struct warp;
struct block;

constexpr std::size_t stack_guard = 4096, stack_batch = 256;  // fiber stacks are mapped that many at a time

enum class state : std::uint8_t { ready, running, at_barrier, in_collective, at_grid, done };

struct async_op {
  void* dst;
  const void* src;
  std::uint32_t bytes, zero;
  std::uint32_t group;
  const void* pc;
};

struct fiber {
  void* ctx = nullptr;  // fcontext_t, or ucontext_t*
  char* stack_low = nullptr;
  std::size_t stack_size = 0;
  void* fake_stack = nullptr;  // ASan
  block* blk = nullptr;
  warp* wrp = nullptr;
  std::uint16_t linear = 0;
  std::uint8_t lane = 0;
  state st = state::done;
  bool fenced = false;  // has executed __threadfence; then, as of the latest:
  std::uint32_t fence_clock = 0, fence_epoch = 0;
  // what it waits with
  op kind = op::sync;
  std::uint8_t width = 32;
  unsigned mask = 0;
  int arg = 0;
  std::uint64_t value = 0, result = 0, second = 0;
  user_fn fn = nullptr;
  void* data = nullptr;
  site where;
  unsigned tid[3] = {0, 0, 0};
  // cp.async
  std::vector<async_op> copies;
  std::uint32_t group = 0;
  // happens-before inside the warp, race builds only
  std::uint32_t clock[32];
};

struct warp {
  fiber* first = nullptr;  // lane 0
  unsigned exists = 0, alive = 0, ready = 0, at_barrier = 0, in_collective = 0, at_grid = 0;
  unsigned index = 0;
};

struct shared_var {
  const shared_decl* decl;  // null: dynamic
  char* at;
  std::size_t bytes;
};

struct arena {
  char* base = nullptr;
  std::size_t capacity = 0, top = 0, static_bytes = 0;
  std::vector<shared_var> vars;
};

struct block {
  std::uint64_t linear = 0;
  unsigned idx[3] = {0, 0, 0};
  fiber* fibers = nullptr;
  unsigned nthreads = 0, nwarps = 0;
  warp warps[32];
  unsigned ready_warps = 0;
  unsigned alive = 0, arrived = 0, at_grid = 0;
  bool active = false;
  // the barrier being gathered
  barrier kind = barrier::plain;
  site where;
  bool mismatch = false;
  int acc = 0, result = 0;
  std::uint32_t epoch = 1;  // number of block barriers passed, +1
  arena shared;
};

// What a race build adds; null elsewhere.
struct race_hooks {
  void (*launch_begin)(const launch_info&);
  std::string (*launch_end)();  // empty, or the report
  void (*block_begin)(block&);
  void (*block_barrier)(block&);
  void (*grid_sync)();
  void (*range)(fiber&, const void*, std::size_t, bool write, bool landed, const void* pc);
  void (*atomic)(fiber&, const void*, std::size_t, const void* pc);
};
extern const race_hooks* hooks;

struct engine {
  fiber root;
  fiber* current = &root;
  std::vector<block> blocks;
  std::vector<fiber> fibers;
  std::vector<char*> stacks;
  std::size_t stack_bytes = 0;
  launch_info info;
  invoke_fn invoke = nullptr;
  void* context = nullptr;
  options opt;
  std::uint64_t rng = 0;
  std::string failure;
  bool failed = false;
  bool any_done = false;
  unsigned streak = 0;
  unsigned block_cursor = 0;
  std::uint64_t grid_arrived = 0;
  stats st;

  fiber* pick(bool yielding);
  void switch_to(fiber*);
  void suspend();  // the current fiber is not running any more; run another
  void resume_warp_lanes(warp&, unsigned lanes);
  void release_block(block&);
  bool try_collective(warp&, unsigned mask, op kind);
  void finish_fiber();
  void start_block(block&, std::uint64_t linear);
  [[noreturn]] void fail_now(std::string);
  std::string describe_waiting();
  std::uint64_t random() {
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng * 0x2545F4914F6CDD1Dull;
  }
};
extern __thread engine* the_engine;  // of this OS thread; made at its first launch

// Whether a kernel may touch it: registered device memory, or a variable of the program.
bool is_device_memory(std::uintptr_t at, std::size_t n);

std::string kernel_name(const void* entry);
std::string source_line(const void* pc);  // "file:line", or an address
std::string thread_name(const fiber&);

}  // namespace segue::simt::detail
