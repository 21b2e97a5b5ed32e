// The interpreter as far as it needs no header of CUDA: options, launches, device memory, and what builtins.hpp is made
// of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace segue::simt {

struct Dims {
  unsigned x = 1, y = 1, z = 1;
  constexpr std::uint64_t count() const { return std::uint64_t{x} * y * z; }
};

/// A place in the source, taken with __builtin_FILE() and __builtin_LINE() as default arguments.
struct Site {
  const char* file = "";
  int line = 0;
};

/// In which order blocks start, and which of the threads that can go on goes next.
enum class Schedule : std::uint8_t { forward, reverse, random };

struct Options {
  Schedule schedule = Schedule::forward;  ///< SEGUE_SIMT_SCHEDULE
  std::uint64_t seed = 1;                 ///< SEGUE_SIMT_SEED: of the random schedule
  /// SEGUE_SIMT_PREEMPT, 0–1: the random schedule's chance to let another thread go first at an atomic and, in the race
  /// variant, at any access.
  double preempt = 0;
  /// SEGUE_SIMT_STRICT_EXIT: a thread that returned before a block barrier that others wait at is an error. CUDA allows
  /// it since sm_70.
  bool strict_exit = false;
  /// SEGUE_SIMT_SHARED_KIB: shared memory of a block in all; 227 on sm_90, 163 on sm_80, 99 on sm_120.
  std::size_t shared_bytes = std::size_t{227} << 10;
  std::uint64_t max_switches = 1'000'000'000;  ///< SEGUE_SIMT_MAX_SWITCHES: a launch that needs more is a livelock
};

/// Of all launches to come; from the environment at first. @throws Error  a value in the environment that is none
Options& options();

struct Stats {
  std::uint64_t switches = 0;  ///< thread-steps: a thread that runs from one rendezvous to the next
  double seconds = 0;          ///< of the processor, for the host's thread
};
/// Of the calling thread's latest launch.
const Stats& last_launch();

/// A fault of a kernel or of its launch.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct LaunchInfo {
  const void* kernel = nullptr;  ///< its address, for its name
  Dims grid, block;
  std::size_t shared_bytes = 0;
  bool cooperative = false;  ///< all blocks are resident at once: they can wait for each other
  Site where;
};

/// Runs `invoke(context)`, which calls the kernel, once in each thread of the grid. @throws Error
void run(const LaunchInfo& info, void (*invoke)(void*), void* context);

/// What cudaMalloc's stand-in has in all; to test what happens when it runs out.
void set_device_memory(std::size_t bytes);
std::size_t device_memory_in_use();

enum class Barrier : std::uint8_t { plain, count, all, any };

enum class WarpOperation : std::uint8_t {
  sync,
  shuffle,
  shuffle_up,
  shuffle_down,
  shuffle_xor,
  ballot,
  any,
  all,
  match_any,
  match_all,
  add,
  min_unsigned,
  max_unsigned,
  min_signed,
  max_signed,
  bit_and,
  bit_or,
  bit_xor,
  custom
};

/// A warp-wide operation of a wrapper's own: called once, by the lane that comes last; lanes outside the mask are null.
using WarpWide = void (*)(void* const* data_of_lanes, unsigned mask);

/// One static __shared__ declaration.
struct SharedDeclaration {
  const char* name;
  std::size_t bytes;
  std::size_t alignment;
};

namespace detail {

struct Fiber;

/// What a thread reads of itself; plain data, so that it can be a __thread without an initialiser.
struct ThreadVariables {
  unsigned thread[3], block[3], block_dim[3], grid_dim[3];
  unsigned lane;
  Fiber* self;  ///< null outside kernels
};
// local-exec: of other models' code ld turns an add into a lea, and UBSan's null check reads the flags of the add.
extern __thread ThreadVariables vars __attribute__((tls_model("local-exec")));

struct WarpCall {
  WarpOperation operation = WarpOperation::sync;
  unsigned mask = 0;
  std::uint64_t value = 0;
  int argument = 0;  ///< of a shuffle: source lane, distance or mask
  int width = 32;    ///< of a shuffle
  WarpWide complete = nullptr;
  void* data = nullptr;
};

int sync_threads(Barrier barrier, int predicate, Site where);
void sync_grid(Site where);
/// Waits for the living lanes of the mask; all must make the same call with the same mask.
std::uint64_t collective(const WarpCall& call, Site where);
inline void warp_wide(WarpWide complete, unsigned mask, void* data, Site where) {
  collective({.operation = WarpOperation::custom, .mask = mask, .complete = complete, .data = data}, where);
}

void* static_shared(const SharedDeclaration* declaration);
void* dynamic_shared();
/// Makes AddressSanitizer report accesses to it until the block ends.
void poison_gap(void* start, std::size_t bytes);

/// cp.async of `bytes`, then zeros: the target is garbage until async_wait.
void async_copy(void* to, const void* from, std::size_t bytes, std::size_t zeros);
void async_commit();
/// Lands all but the newest `keep` groups of this thread.
void async_wait(unsigned keep);

void fence();
/// Comes before each atomic.
void atomic_access(const void* address, std::size_t bytes);
/// Lets all other threads that can go on go first.
void yield();
[[noreturn]] void fail(const char* what, Site where);

/// What kernels may touch beside shared memory and the program's own variables; under AddressSanitizer the host may
/// touch it only while it is open: copies, launches, stand-ins of libraries.
void register_device_memory(void* start, std::size_t bytes);
void forget_device_memory(void* start);
void open_device_memory();
void close_device_memory();

}  // namespace detail
}  // namespace segue::simt
