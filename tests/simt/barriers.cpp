// Barriers of a block and of the grid.
#include <cstring>

#include "messages.hpp"
#include "state.hpp"

namespace segue::simt::detail {
namespace {

bool same_place(const Site& a, const Site& b) {
  return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

void begin_barrier(Block& block, Barrier barrier, Site where) {
  block.barrier = barrier;
  block.where = where;
  block.mismatch = false;
  block.gathered = barrier == Barrier::all ? 1 : 0;
}

int gather(Barrier barrier, int gathered, bool predicate) {
  switch (barrier) {
    case Barrier::count:
      return gathered + (predicate ? 1 : 0);
    case Barrier::all:
      return gathered != 0 && predicate ? 1 : 0;
    case Barrier::any:
      return gathered != 0 || predicate ? 1 : 0;
    case Barrier::plain:
      break;
  }
  return 0;
}

/// A block that has ended never comes.
bool all_at_grid(const Engine& e) {
  std::uint64_t alive = 0;
  for (const Block& block : e.blocks) {
    if (!block.active)
      return false;
    alive += block.alive;
  }
  return e.grid_arrived == alive;
}

void release_grid(Engine& e) {
  for (Block& block : e.blocks) {
    ++block.epoch;
    for (unsigned i = 0; i < block.warp_count; ++i) {
      Warp& warp = block.warps[i];
      mark_ready(warp, warp.at_grid);
      warp.at_grid = 0;
    }
  }
  e.grid_arrived = 0;
  if (e.race != nullptr)
    e.race->grid_barrier();
}

}  // namespace

void Engine::release_block(Block& block) {
  if (block.mismatch)
    fail_with_threads("divergent barrier: the threads of a block met at different __syncthreads() calls");
  if (options.strict_exit && block.alive != block.threads)
    fail_with_threads("threads returned before a __syncthreads() that the others reached");
  block.result = block.gathered;
  block.arrived = 0;
  if (race != nullptr)
    race->block_barrier(block);
  ++block.epoch;
  for (unsigned i = 0; i < block.warp_count; ++i) {
    Warp& warp = block.warps[i];
    mark_ready(warp, warp.at_barrier);
    warp.at_barrier = 0;
  }
}

int sync_threads(Barrier barrier, int predicate, Site where) {
  Fiber& fiber = calling_fiber("__syncthreads");
  Block& block = *fiber.block;
  if (block.arrived == 0)
    begin_barrier(block, barrier, where);
  else if (block.barrier != barrier || !same_place(block.where, where))
    block.mismatch = true;
  block.gathered = gather(barrier, block.gathered, predicate != 0);
  fiber.where = where;
  fiber.state = FiberState::at_barrier;
  fiber.warp->at_barrier |= 1u << fiber.lane;
  if (++block.arrived == block.alive)
    engine->release_block(block);
  engine->suspend();
  return block.result;
}

void sync_grid(Site where) {
  Fiber& fiber = calling_fiber("the grid barrier");
  Engine& e = *engine;
  if (!e.info.cooperative)
    e.fail_now(fmt::format("grid barrier at {} in a kernel that was not launched cooperatively", where));
  fiber.where = where;
  fiber.state = FiberState::at_grid;
  fiber.warp->at_grid |= 1u << fiber.lane;
  ++e.grid_arrived;
  if (all_at_grid(e))
    release_grid(e);
  e.suspend();
}

}  // namespace segue::simt::detail
