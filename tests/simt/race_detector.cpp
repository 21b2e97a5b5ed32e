// Races and reads of what nobody wrote. Each 4 bytes that a kernel touches have a record of their last write and of two
// reads; accesses of two threads conflict unless one of these lies between them:
//   - a block barrier (the block's epochs),
//   - a __syncwarp (vector clocks within a warp),
//   - a __threadfence and an atomic on one side, and an atomic on the same variable on the other (locks, last block).
// Shuffles, votes and reductions order no memory, as in CUDA.
#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <unordered_map>

#include "messages.hpp"
#include "state.hpp"

namespace segue::simt::detail {
namespace {

const char image_anchor = 0;  // places in the program are stored relative to it, in 32 bits

std::int32_t pack(const void* caller) {
  return static_cast<std::int32_t>(static_cast<const char*>(caller) - &image_anchor);
}
std::string line_of(std::int32_t caller) {
  return source_line(&image_anchor + caller);
}

/// Who touched something, and when.
struct Record {
  std::uint32_t block = 0, epoch = 0, clock = 0;
  std::int32_t caller = 0;
  std::uint16_t thread = 0;
  std::uint8_t bytes = 0;  ///< bits: which of the four
  enum class Kind : std::uint8_t { none, plain, atomic } kind = Kind::none;
};

struct Cell {
  Record write, read, other_read;
  std::uint32_t written : 4 = 0;  ///< bits: which bytes have a value
  std::uint32_t owner : 28 = 0;   ///< in shared memory: the block, of which another's records are history
};
constexpr std::size_t kPageBytes = 4096;
using Page = std::array<Cell, kPageBytes / 4>;

/// What a synchronising variable, a thread or a block knows to have happened: accesses of single threads with a clock
/// below the entry, and of whole blocks in epochs below the entry.
struct Knowledge {
  std::unordered_map<std::uint64_t, std::uint32_t> threads;
  std::unordered_map<std::uint32_t, std::uint32_t> blocks;

  void merge(const Knowledge& other) {
    for (const auto& [thread, clock] : other.threads)
      threads[thread] = std::max(threads[thread], clock);
    for (const auto& [block, epoch] : other.blocks)
      blocks[block] = std::max(blocks[block], epoch);
  }
  bool covers(const Record& record) const;
};

std::uint64_t thread_key(std::uint64_t block, unsigned thread) {
  return block << 16 | thread;
}

bool Knowledge::covers(const Record& record) const {
  const auto thread = threads.find(thread_key(record.block, record.thread));
  if (thread != threads.end() && record.clock < thread->second)
    return true;
  const auto block = blocks.find(record.block);
  return block != blocks.end() && record.epoch < block->second;
}

class Detector final : public RaceDetector {
 public:
  void begin_launch(const LaunchInfo& info) override;
  std::string end_launch() override;
  void block_barrier(Block& block) override;
  void grid_barrier() override;
  void warp_barrier(Warp& warp, unsigned lanes) override;
  void fence(Fiber& fiber) override;
  void access(Fiber& fiber, const void* address, std::size_t bytes, Access access, const void* caller) override;

 private:
  struct Touch {
    std::uintptr_t address;
    std::size_t bytes;
    Access access;
    Record record;
    bool is_write() const { return access != Access::read; }
  };

  bool is_device_memory(std::uintptr_t address, std::size_t bytes);
  Cell& cell(std::uintptr_t index);
  bool is_ordered(const Record& record, const Fiber& fiber) const;
  void touch_cell(Fiber& fiber, Cell& cell, const Touch& touch, bool shared);
  void synchronise(const Fiber& fiber, const void* variable);

  void add_report(const std::string& where, std::string text);
  std::string describe(const Touch& touch) const;
  void report_conflict(const Fiber& fiber, const Touch& touch, const Record& old, bool old_write);
  void report_unwritten(const Fiber& fiber, const Touch& touch);

  LaunchInfo info_;
  std::vector<MemoryRange> device_;
  MemoryRange last_range_{1, 0};
  std::unordered_map<std::uintptr_t, std::unique_ptr<Page>> pages_;
  struct CachedPage {
    std::uintptr_t number = 0;
    Page* page = nullptr;
  };
  std::array<CachedPage, 64> cached_;
  std::unordered_map<const void*, Knowledge> variables_;
  std::unordered_map<std::uint64_t, Knowledge> threads_;
  std::unordered_map<std::uint32_t, Knowledge> blocks_;
  std::set<std::pair<std::int32_t, std::int32_t>> seen_;
  std::set<std::string> lines_;
  std::vector<std::string> reports_;
};

bool in_shared(const Fiber& fiber, std::uintptr_t address) {
  return address - reinterpret_cast<std::uintptr_t>(fiber.block->shared.base.get()) < kArenaBytes;
}

std::string name_memory(const Fiber& fiber, std::uintptr_t address) {
  for (const SharedVariable& variable : fiber.block->shared.variables)
    if (const std::size_t offset = address - reinterpret_cast<std::uintptr_t>(variable.start); offset < variable.bytes)
      return variable.declaration == nullptr ? fmt::format("dynamic shared memory + {}", offset)
                                             : fmt::format("shared '{}' + {}", variable.declaration->name, offset);
  return fmt::format("global memory 0x{:x}", address);
}

void Detector::begin_launch(const LaunchInfo& info) {
  info_ = info;
  device_ = device_memory_ranges();
  last_range_ = {1, 0};
  pages_.clear();
  cached_.fill({});
  variables_.clear();
  threads_.clear();
  blocks_.clear();
  seen_.clear();
  lines_.clear();
  reports_.clear();
}

std::string Detector::end_launch() {
  if (reports_.empty())
    return {};
  constexpr std::size_t kMostShown = 8;
  std::string text = fmt::format("simt: {} bad accesses in kernel '{}' launched at {}", reports_.size(),
                                 kernel_name(info_.kernel), info_.where);
  for (std::size_t i = 0; i < std::min(reports_.size(), kMostShown); ++i)
    text += reports_[i];
  if (reports_.size() > kMostShown)
    text += fmt::format("\n  and {} more", reports_.size() - kMostShown);
  return text;
}

bool Detector::is_device_memory(std::uintptr_t address, std::size_t bytes) {
  const auto holds = [&](const MemoryRange& range) { return address >= range.begin && address + bytes <= range.end; };
  if (holds(last_range_))
    return true;
  auto range = std::upper_bound(device_.begin(), device_.end(), address,
                                [](std::uintptr_t a, const MemoryRange& r) { return a < r.begin; });
  if (range == device_.begin() || !holds(*--range))
    return false;
  last_range_ = *range;
  return true;
}

Cell& Detector::cell(std::uintptr_t index) {
  const std::uintptr_t number = index * 4 / kPageBytes;
  CachedPage& cached = cached_[number % cached_.size()];
  if (cached.number != number) {
    std::unique_ptr<Page>& page = pages_[number];
    if (page == nullptr)
      page = std::make_unique<Page>();
    cached = {number, page.get()};
  }
  return (*cached.page)[index % (kPageBytes / 4)];
}

bool Detector::is_ordered(const Record& record, const Fiber& fiber) const {
  const Block& block = *fiber.block;
  if (record.block == block.linear) {
    if (record.thread == fiber.index || record.epoch < block.epoch)
      return true;
    if (record.thread / 32 == fiber.index / 32 && record.clock <= fiber.clock[record.thread % 32])
      return true;
  }
  if (variables_.empty())
    return false;
  const auto thread = threads_.find(thread_key(block.linear, fiber.index));
  if (thread != threads_.end() && thread->second.covers(record))
    return true;
  const auto of_block = blocks_.find(static_cast<std::uint32_t>(block.linear));
  return of_block != blocks_.end() && of_block->second.covers(record);
}

void Detector::access(Fiber& fiber, const void* address, std::size_t bytes, Access access, const void* caller) {
  const auto begin = reinterpret_cast<std::uintptr_t>(address), end = begin + bytes;
  Touch touch{.address = begin, .bytes = bytes, .access = access, .record = {}};
  touch.record = {.block = static_cast<std::uint32_t>(fiber.block->linear),
                  .epoch = fiber.block->epoch,
                  .clock = fiber.clock[fiber.lane],
                  .caller = pack(caller),
                  .thread = fiber.index,
                  .kind = access == Access::atomic ? Record::Kind::atomic : Record::Kind::plain};
  const bool shared = in_shared(fiber, begin);
  if (!shared && !is_device_memory(begin, bytes)) {
    if (seen_.insert({1, touch.record.caller}).second)
      add_report(line_of(touch.record.caller),
                 describe(touch) + "\n    of host memory, or of nothing that the device has");
    return;
  }
  for (std::uintptr_t index = begin / 4; index <= (end - 1) / 4; ++index) {
    const std::uintptr_t first = std::max(begin, index * 4) - index * 4,
                         last = std::min(end, index * 4 + 4) - index * 4;
    touch.record.bytes = static_cast<std::uint8_t>((1u << last) - (1u << first));
    touch.address = index * 4 + first;
    touch_cell(fiber, cell(index), touch, shared);
  }
  if (access == Access::atomic)
    synchronise(fiber, address);
}

void Detector::touch_cell(Fiber& fiber, Cell& cell, const Touch& touch, bool shared) {
  const Record& now = touch.record;
  if (shared && cell.owner != now.block) {
    cell = Cell{};
    cell.owner = now.block;
  }
  const auto conflicts = [&](const Record& old) {
    return old.kind != Record::Kind::none && (old.bytes & now.bytes) != 0 &&
           !(old.kind == Record::Kind::atomic && now.kind == Record::Kind::atomic) && !is_ordered(old, fiber);
  };
  if (conflicts(cell.write))
    report_conflict(fiber, touch, cell.write, true);
  const bool reads = touch.access == Access::read || touch.access == Access::atomic;
  if (shared && reads && (cell.written & now.bytes) != now.bytes)
    report_unwritten(fiber, touch);
  if (touch.is_write()) {
    if (conflicts(cell.read))
      report_conflict(fiber, touch, cell.read, false);
    else if (conflicts(cell.other_read))
      report_conflict(fiber, touch, cell.other_read, false);
    cell.write = now;
    if (touch.access == Access::write_under_way)
      cell.written &= ~static_cast<unsigned>(now.bytes);
    else
      cell.written |= now.bytes;
    return;
  }
  const bool replaces = cell.read.kind == Record::Kind::none ||
                        (cell.read.thread == now.thread && cell.read.block == now.block) ||
                        is_ordered(cell.read, fiber);
  (replaces ? cell.read : cell.other_read) = now;
}

/// An atomic takes over what its variable knows; after a fence it adds what its thread and its block have done.
void Detector::synchronise(const Fiber& fiber, const void* variable) {
  Knowledge& known = variables_[variable];
  const auto block = static_cast<std::uint32_t>(fiber.block->linear);
  const std::uint64_t thread = thread_key(block, fiber.index);
  if (!known.threads.empty())
    threads_[thread].merge(known);
  if (!fiber.fenced)
    return;
  if (const auto own = threads_.find(thread); own != threads_.end())
    known.merge(own->second);
  if (const auto own = blocks_.find(block); own != blocks_.end())
    known.merge(own->second);
  std::uint32_t &clock = known.threads[thread], &epoch = known.blocks[block];
  clock = std::max(clock, fiber.fence_clock);
  epoch = std::max(epoch, fiber.fence_epoch);
}

void Detector::fence(Fiber& fiber) {
  fiber.fenced = true;
  fiber.fence_clock = ++fiber.clock[fiber.lane];
  fiber.fence_epoch = fiber.block->epoch;
}

void Detector::warp_barrier(Warp& warp, unsigned lanes) {
  std::array<std::uint32_t, 32> joined{};
  for (unsigned lane = 0; lane < 32; ++lane)
    if ((lanes >> lane & 1u) != 0)
      for (unsigned i = 0; i < 32; ++i)
        joined[i] = std::max(joined[i], warp.first[lane].clock[i]);
  for (unsigned lane = 0; lane < 32; ++lane)
    if ((lanes >> lane & 1u) != 0) {
      std::copy(joined.begin(), joined.end(), warp.first[lane].clock);
      ++warp.first[lane].clock[lane];
    }
}

/// What one thread knows, all of its block know from now on.
void Detector::block_barrier(Block& block) {
  if (threads_.empty())
    return;
  for (unsigned i = 0; i < block.threads; ++i)
    if (const auto known = threads_.find(thread_key(block.linear, i)); known != threads_.end()) {
      blocks_[static_cast<std::uint32_t>(block.linear)].merge(known->second);
      threads_.erase(known);
    }
}

void Detector::grid_barrier() {
  for (const auto& [number, page] : pages_)
    for (Cell& cell : *page)
      cell.write = cell.read = cell.other_read = Record{};
}

void Detector::add_report(const std::string& where, std::string text) {
  if (lines_.insert(where).second)
    reports_.push_back(std::move(text));
}

const char* verb(bool write, bool atomic) {
  return atomic ? "atomic access" : write ? "write" : "read";
}

std::string Detector::describe(const Touch& touch) const {
  const Record& record = touch.record;
  return fmt::format("\n  {} of {} bytes at {} by {}", verb(touch.is_write(), record.kind == Record::Kind::atomic),
                     touch.bytes, line_of(record.caller),
                     thread_name(info_.grid, info_.block, record.block, record.thread));
}

void Detector::report_conflict(const Fiber& fiber, const Touch& touch, const Record& old, bool old_write) {
  const Record& now = touch.record;
  if (!seen_.insert({old.caller, now.caller}).second)
    return;
  const char* const missing = old.block != now.block               ? "different blocks"
                              : old.thread / 32 == now.thread / 32 ? "no __syncwarp or __syncthreads between them"
                                                                   : "no __syncthreads between them";
  add_report(line_of(old.caller) + line_of(now.caller),
             describe(touch) + fmt::format("\n    and {} at {} by {}\n    of {}, {}",
                                           verb(old_write, old.kind == Record::Kind::atomic), line_of(old.caller),
                                           thread_name(info_.grid, info_.block, old.block, old.thread),
                                           name_memory(fiber, touch.address), missing));
}

void Detector::report_unwritten(const Fiber& fiber, const Touch& touch) {
  if (!seen_.insert({0, touch.record.caller}).second)
    return;
  add_report(
      line_of(touch.record.caller),
      describe(touch) + fmt::format("\n    of {}, which nobody has written (or a cp.async into it was not committed "
                                    "or not waited for)",
                                    name_memory(fiber, touch.address)));
}

}  // namespace

std::unique_ptr<RaceDetector> make_race_detector() {
  return std::make_unique<Detector>();
}

}  // namespace segue::simt::detail
