// The part of the SIMT emulator that does not depend on any CUDA header: options, errors, launch, and the
// functions the built-ins of builtins.hpp call.  Implemented in src/engine.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace segue::simt {

struct dims {
  unsigned x = 1, y = 1, z = 1;
  constexpr std::uint64_t count() const { return std::uint64_t(x) * y * z; }
};

// A place in the source, taken with __builtin_FILE()/__builtin_LINE() as default arguments.
struct site {
  const char* file = "";
  int line = 0;
};

enum class order : unsigned char { forward, reverse, random };

struct options {
  order schedule = order::forward;   // SEGUE_SIMT_SCHEDULE = forward | reverse | random
  std::uint64_t seed = 1;            // SEGUE_SIMT_SEED, for random
  double preempt = 0;                // SEGUE_SIMT_PREEMPT: chance that an atomic (and, in a race build, any access)
                                     // lets another thread run first; only with random
  bool strict_exit = false;          // a thread that has returned while others wait at a block barrier is an error
  bool strict_sites = true;          // the threads of a block must meet at the same __syncthreads() call
  bool fill_shared = true;           // shared memory holds 0xff.. (NaN) at the start of every block
  bool race = true;                  // in a race build: check (SEGUE_SIMT_RACE=0 turns it off)
  bool uninitialised = true;         // in a race build: report reads of shared memory nobody wrote
  std::size_t shared_limit = 227 * 1024;       // sm_90; 163 KiB on sm_80
  std::size_t static_shared_limit = 48 * 1024;
  std::uint64_t max_switches = 0;    // 0: none; else a launch that switches more often fails (livelock)
};

options& defaults();  // read from the environment at first use; tests may change it

struct stats {
  std::uint64_t blocks = 0, threads = 0, switches = 0, block_barriers = 0, warp_collectives = 0;
  double seconds = 0;
};
const stats& last_launch();

class error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct launch_info {
  const void* entry = nullptr;  // address of the kernel, for its name
  dims grid, block;
  std::size_t dynamic_smem = 0;
  bool cooperative = false;  // all blocks are resident at once, so grid barriers and spinning on another block work
  site where;
};
using invoke_fn = void (*)(void*);
void run(const launch_info&, invoke_fn, void* context);

// What cudaMalloc's stand-in can give in all, and has given.
void set_device_memory(std::size_t bytes);
std::size_t device_memory_in_use();

enum class op : unsigned char {
  sync, shfl_idx, shfl_up, shfl_down, shfl_xor, ballot, any, all, match_any, match_all,
  add_u, min_u, max_u, min_s, max_s, and_, or_, xor_, user
};
// Called once, by the lane that completes the rendezvous; lane_data[i] is null for lanes outside the mask.
using user_fn = void (*)(void* const* lane_data, unsigned mask);

enum class barrier : unsigned char { plain, count, and_, or_ };

// Identifies one static __shared__ declaration.
struct shared_decl {
  const char* name;
  std::size_t bytes, align;
};

namespace detail {

struct fiber;

// What a thread reads of itself; plain data so that it can be a __thread without an init function.
struct thread_vars {
  unsigned thread[3], block[3], block_dim[3], grid_dim[3];
  unsigned lane;
  fiber* self;  // null outside kernels
};
extern __thread thread_vars vars;

int sync_threads(barrier, int predicate, site);
std::uint64_t collective(op, unsigned mask, std::uint64_t value, int arg, int width, site, std::uint64_t* second = nullptr,
                         user_fn = nullptr, void* lane_data = nullptr);
void sync_grid(site);
void* static_shared(const shared_decl*);
void* dynamic_shared();
std::size_t dynamic_shared_bytes();
void yield();
[[noreturn]] void fail(const char* what, site);
void fence();                                     // __threadfence and kin
void atomic_access(const void*, std::size_t);     // before each atomic
void async_copy(void* dst, const void* src, std::size_t bytes, std::size_t zero_bytes);
void async_commit();
void async_wait(unsigned keep);  // all but the newest `keep` groups are done
void poison_gap(void*, std::size_t);
// Device memory, as far as cudaMalloc's stand-in knows it.  Kernels of a race build may touch no other heap or stack
// memory; under AddressSanitizer the host may touch it only between open and close (a copy, a launch).
void register_device_memory(void*, std::size_t);
void forget_device_memory(void*);
void open_device_memory();
void close_device_memory();
std::uint64_t cycles();

}  // namespace detail
}  // namespace segue::simt
