// A launch: checks it, makes room for its threads, and runs block after block, or all at once.
#include <cstring>
#include <ctime>
#include <numeric>

#include "messages.hpp"
#include "sanitizer.hpp"
#include "state.hpp"

namespace segue::simt {
namespace detail {
namespace {

constexpr std::uint64_t kMostResidentThreads = 65536;

/// Empty, or what CUDA would refuse.
std::string refusal(const LaunchInfo& info, const Options& options) {
  const Dims &grid = info.grid, &block = info.block;
  const std::uint64_t blocks = grid.count(), threads = block.count();
  if (threads == 0 || threads > 1024 || block.x > 1024 || block.y > 1024 || block.z > 64)
    return fmt::format("a block of {} × {} × {} threads: 1–1024 are possible, 64 in z", block.x, block.y, block.z);
  if (blocks == 0 || blocks > kMostBlocks || grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535)
    return fmt::format("a grid of {} × {} × {} blocks", grid.x, grid.y, grid.z);
  if (info.shared_bytes > options.shared_bytes)
    return fmt::format("dynamic shared memory of {} bytes: a block has at most {}", info.shared_bytes,
                       options.shared_bytes);
  if (info.cooperative && blocks * threads > kMostResidentThreads)
    return fmt::format("a cooperative grid of {} threads: at most {} are resident", blocks * threads,
                       kMostResidentThreads);
  return {};
}

/// In which order blocks start: the n-th is at (n·step + first) mod count.
struct BlockOrder {
  BlockOrder(Engine& e, std::uint64_t blocks) : count(blocks) {
    if (e.options.schedule == Schedule::reverse) {
      first = count - 1;
      step = count - 1;
    } else if (e.options.schedule == Schedule::random && count > 1) {
      first = e.random() % count;
      do
        step = e.random() % count;
      while (std::gcd(step, count) != 1);
    }
  }
  std::uint64_t operator[](std::uint64_t n) const { return (n * step + first) % count; }  // count is below 2²⁸

  std::uint64_t count, first = 0, step = 1;
};

void make_room(Engine& e, std::size_t resident_blocks, std::size_t fibers_per_block) {
  const std::size_t fibers = resident_blocks * fibers_per_block;
  e.blocks.resize(resident_blocks);
  if (e.fibers.size() < fibers)
    e.fibers.resize(fibers);
  e.make_stacks(e.fibers.size());
  for (std::size_t i = 0; i < e.fibers.size(); ++i) {
    e.fibers[i].stack_low = e.stacks[i];
    e.fibers[i].stack_bytes = kStackBytes;
  }
  for (std::size_t i = 0; i < e.blocks.size(); ++i) {
    e.blocks[i].active = false;
    e.blocks[i].ready_warps = 0;
    e.blocks[i].fibers = e.fibers.data() + i * fibers_per_block;
  }
}

void start_fiber(Engine& e, Block& block, unsigned index) {
  const Dims& dims = e.info.block;
  Fiber& fiber = block.fibers[index];
  fiber.block = &block;
  fiber.warp = &block.warps[index / 32];
  fiber.index = static_cast<std::uint16_t>(index);
  fiber.lane = static_cast<std::uint8_t>(index % 32);
  fiber.state = FiberState::ready;
  fiber.thread[0] = index % dims.x;
  fiber.thread[1] = index / dims.x % dims.y;
  fiber.thread[2] = index / dims.x / dims.y;
  fiber.copies.clear();
  fiber.copy_group = 0;
  if (e.race != nullptr) {
    fiber.fenced = false;
    std::memset(fiber.clock, 0, sizeof fiber.clock);
    fiber.clock[fiber.lane] = 1;
  }
  e.enter_at_top(fiber);
}

unsigned lowest_bits(unsigned count) {
  return count >= 32 ? ~0u : (1u << count) - 1;
}

void start_block(Engine& e, Block& block, std::uint64_t linear) {
  const Dims& grid = e.info.grid;
  block.active = true;
  block.linear = linear;
  block.index[0] = static_cast<unsigned>(linear % grid.x);
  block.index[1] = static_cast<unsigned>(linear / grid.x % grid.y);
  block.index[2] = static_cast<unsigned>(linear / grid.x / grid.y);
  block.threads = block.alive = static_cast<unsigned>(e.info.block.count());
  block.warp_count = (block.threads + 31) / 32;
  block.ready_warps = lowest_bits(block.warp_count);
  block.arrived = 0;
  block.epoch = 1;
  for (unsigned i = 0; i < block.warp_count; ++i) {
    const unsigned lanes = lowest_bits(block.threads - 32 * i);
    block.warps[i] = Warp{.first = block.fibers + 32 * i, .index = i, .alive = lanes, .ready = lanes};
  }
  for (unsigned i = 0; i < block.threads; ++i)
    start_fiber(e, block, i);
  e.begin_shared_memory(block);
}

void run_blocks(Engine& e) {
  const std::uint64_t count = e.info.grid.count();
  const BlockOrder order(e, count);
  std::uint64_t started = 0, ended = 0;
  while (ended < count && !e.failed) {
    for (Block& block : e.blocks)
      if (!block.active && started < count)
        start_block(e, block, order[started++]);
    e.block_ended = false;
    if (Fiber* const next = e.pick(false); next != nullptr)
      e.switch_to(*next);
    if (e.block_ended) {
      ++ended;
    } else if (!e.failed) {
      e.failed = true;
      e.failure = "deadlock: no thread can go on" + describe_waiting(e);
    }
  }
  e.current = &e.root;
  vars.self = nullptr;
}

void prepare(Engine& e, const LaunchInfo& info, void (*invoke)(void*), void* context) {
  e.options = options();
  e.info = info;
  e.invoke = invoke;
  e.context = context;
  e.failed = false;
  e.culprit = nullptr;
  e.stats = Stats{};
  e.random_state = (e.options.seed + 1) * 0x9E3779B97F4A7C15u | 1u;
  e.grid_arrived = 0;
  e.current = &e.root;
  e.root.state = FiberState::running;
  const unsigned block_dim[3] = {info.block.x, info.block.y, info.block.z};
  const unsigned grid_dim[3] = {info.grid.x, info.grid.y, info.grid.z};
  std::memcpy(vars.block_dim, block_dim, sizeof block_dim);
  std::memcpy(vars.grid_dim, grid_dim, sizeof grid_dim);
}

/// The message of a launch that failed; its fibers' frames are given up.
std::string failure_of(Engine& e) {
  for (const Fiber& fiber : e.fibers)
    unpoison(fiber.stack_low, fiber.stack_bytes);
  std::string text =
      fmt::format("simt: {}\n  in kernel '{}' launched at {}", e.failure, kernel_name(e.info.kernel), e.info.where);
  if (e.culprit != nullptr)
    text += ", " + thread_name(e.info.grid, e.info.block, e.culprit->block->linear, e.culprit->index);
  return text;
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Engine& engine_of_this_thread() {
  static thread_local std::unique_ptr<Engine> owner;
  if (owner == nullptr) {
    owner = std::make_unique<Engine>();
    engine = owner.get();
  }
  return *engine;
}

}  // namespace
}  // namespace detail

const Stats& last_launch() {
  return detail::engine_of_this_thread().stats;
}

void run(const LaunchInfo& info, void (*invoke)(void*), void* context) {
  using namespace detail;
  if (vars.self != nullptr)
    throw Error("simt: a kernel cannot launch a kernel");
  if (const std::string why = refusal(info, options()); !why.empty())
    throw Error(
        fmt::format("simt: invalid launch of kernel '{}' at {}: {}", kernel_name(info.kernel), info.where, why));
  Engine& e = engine_of_this_thread();
  prepare(e, info, invoke, context);
  make_room(e, info.cooperative ? info.grid.count() : 1, (info.block.count() + 31) / 32 * 32);
  const double start = cpu_seconds();
  if (e.race != nullptr)
    e.race->begin_launch(info);
  open_device_memory();
  run_blocks(e);
  close_device_memory();
  const std::string races = e.race != nullptr ? e.race->end_launch() : std::string();
  e.stats.seconds = cpu_seconds() - start;
  if (e.failed)
    throw Error(failure_of(e));
  if (!races.empty())
    throw Error(races);
}

}  // namespace segue::simt
