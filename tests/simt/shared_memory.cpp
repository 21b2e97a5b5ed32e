// A block's shared memory: each variable filled with NaN at the start, with red zones around it, and no better aligned
// than it asks for, so that UBSan sees a float4 read from an array of floats.
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "messages.hpp"
#include "sanitizer.hpp"
#include "state.hpp"

namespace segue::simt::detail {
namespace {

constexpr std::size_t kRedZone = 128;
constexpr std::size_t kMostStaticBytes = std::size_t{48} << 10;

char* place(Arena& arena, const SharedDeclaration* declaration, std::size_t bytes, std::size_t alignment) {
  alignment = std::max<std::size_t>(alignment, 8);  // AddressSanitizer's granule
  std::size_t offset = arena.top + kRedZone;
  offset = (offset + 2 * alignment - 1) / (2 * alignment) * (2 * alignment) + alignment;
  arena.top = offset + (bytes + 7) / 8 * 8;
  if (arena.top + kRedZone > kArenaBytes)
    engine->fail_now(fmt::format("more shared variables than the interpreter has room for ({} bytes)", kArenaBytes));
  char* const start = arena.base.get() + offset;
  unpoison(start, bytes);
  std::memset(start, 0xff, bytes);
  arena.variables.push_back({declaration, start, bytes});
  return start;
}

}  // namespace

void Unmap::operator()(char* base) const {
  unpoison(base, kArenaBytes);
  munmap(base, kArenaBytes);
}

void Engine::begin_shared_memory(Block& block) {
  Arena& arena = block.shared;
  if (arena.base == nullptr) {
    void* const pages =
        mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED)
      throw Error("simt: no memory for a block's shared memory");
    arena.base.reset(static_cast<char*>(pages));
    poison(pages, kArenaBytes);
  }
  poison(arena.base.get(), std::min(arena.top + kRedZone, kArenaBytes));
  arena.variables.clear();
  arena.top = 0;
  arena.static_bytes = 0;
  constexpr std::size_t kDynamicAlignment = 16;
  place(arena, nullptr, info.shared_bytes, kDynamicAlignment);
}

void* static_shared(const SharedDeclaration* declaration) {
  Arena& arena = calling_fiber("shared memory").block->shared;
  for (const SharedVariable& variable : arena.variables)
    if (variable.declaration == declaration)
      return variable.start;
  const std::size_t limit = engine->options.shared_bytes, dynamic = engine->info.shared_bytes;
  arena.static_bytes += declaration->bytes;
  if (arena.static_bytes > kMostStaticBytes)
    engine->fail_now(fmt::format("static shared memory of {} bytes with '{}': a block has at most {}",
                                 arena.static_bytes, declaration->name, kMostStaticBytes));
  if (arena.static_bytes + dynamic > limit)
    engine->fail_now(fmt::format("static shared memory of {} bytes with '{}' and dynamic of {}: a block has at most {}",
                                 arena.static_bytes, declaration->name, dynamic, limit));
  return place(arena, declaration, declaration->bytes, declaration->alignment);
}

void* dynamic_shared() {
  return calling_fiber("shared memory").block->shared.variables.front().start;
}

void poison_gap(void* start, std::size_t bytes) {
  poison(start, bytes);
}

}  // namespace segue::simt::detail
