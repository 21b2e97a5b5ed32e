// SIMT emulator: every CUDA thread of a resident block is a fiber; one OS thread runs them all.
#include "internal.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <exception>
#include <link.h>
#include <map>
#include <mutex>
#include <sys/mman.h>

#if defined(SEGUE_SIMT_UCONTEXT)
#include <ucontext.h>
#else
#include <boost/context/detail/fcontext.hpp>
#endif

// libbacktrace comes with gcc (libgcc-12-dev), its header in a place only gcc looks in.
#if __has_include(<backtrace.h>)
#include <backtrace.h>
#else
extern "C" {
struct backtrace_state;
using backtrace_error_callback = void (*)(void*, const char*, int);
using backtrace_full_callback = int (*)(void*, std::uintptr_t, const char*, int, const char*);
using backtrace_syminfo_callback = void (*)(void*, std::uintptr_t, const char*, std::uintptr_t, std::uintptr_t);
backtrace_state* backtrace_create_state(const char*, int, backtrace_error_callback, void*);
int backtrace_pcinfo(backtrace_state*, std::uintptr_t, backtrace_full_callback, backtrace_error_callback, void*);
int backtrace_syminfo(backtrace_state*, std::uintptr_t, backtrace_syminfo_callback, backtrace_error_callback, void*);
}
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SEGUE_SIMT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEGUE_SIMT_ASAN 1
#endif
#endif
#if defined(SEGUE_SIMT_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define POISON(p, n) __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
constexpr std::size_t default_stack = 256 * 1024;
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
constexpr std::size_t default_stack = 64 * 1024;
#endif

namespace segue::simt {

namespace detail {

__thread thread_vars vars;
__thread engine* the_engine;
const race_hooks* hooks = nullptr;

namespace {

backtrace_state* bt_state() {
  static backtrace_state* s = backtrace_create_state(nullptr, 1, [](void*, const char*, int) {}, nullptr);
  return s;
}

std::string demangle(const char* m) {
  int status = 0;
  char* d = abi::__cxa_demangle(m, nullptr, nullptr, &status);
  std::string s = status == 0 && d ? d : m;
  std::free(d);
  return s;
}

std::string where_text(site s) {
  std::string f = s.file ? s.file : "?";
  const auto slash = f.rfind('/');
  if (slash != std::string::npos) f = f.substr(slash + 1);
  return f + ":" + std::to_string(s.line);
}

const char* op_name(op k) {
  switch (k) {
    case op::sync: return "__syncwarp";
    case op::shfl_idx: return "__shfl_sync";
    case op::shfl_up: return "__shfl_up_sync";
    case op::shfl_down: return "__shfl_down_sync";
    case op::shfl_xor: return "__shfl_xor_sync";
    case op::ballot: return "__ballot_sync";
    case op::any: return "__any_sync";
    case op::all: return "__all_sync";
    case op::match_any: return "__match_any_sync";
    case op::match_all: return "__match_all_sync";
    case op::user: return "a warp-wide operation";
    default: return "__reduce_*_sync";
  }
}

bool same_site(const site& a, const site& b) {
  return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

}  // namespace

std::string kernel_name(const void* entry) {
  std::string name;
  if (bt_state())
    backtrace_syminfo(
        bt_state(), reinterpret_cast<std::uintptr_t>(entry),
        [](void* out, std::uintptr_t, const char* sym, std::uintptr_t, std::uintptr_t) {
          if (sym) *static_cast<std::string*>(out) = demangle(sym);
        },
        [](void*, const char*, int) {}, &name);
  if (name.empty()) {
    char buf[32];
    std::snprintf(buf, sizeof buf, "kernel@%p", entry);
    return buf;
  }
  // drop the return type and the parameters of a demangled name
  int depth = 0;
  std::size_t end = name.size(), begin = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '<') ++depth;
    else if (c == '>') --depth;
    else if (c == '(' && depth == 0 && name.compare(i, 21, "(anonymous namespace)") != 0) {
      end = i;
      break;
    } else if (c == ' ' && depth == 0 && i < name.size()) begin = i + 1;
  }
  return name.substr(begin, end - begin);
}

std::string source_line(const void* pc) {
  std::string out;
  if (bt_state())
    backtrace_pcinfo(
        bt_state(), reinterpret_cast<std::uintptr_t>(pc) - 1,
        [](void* o, std::uintptr_t, const char* file, int line, const char*) {
          auto& s = *static_cast<std::string*>(o);
          if (!file) return 0;
          s = where_text({file, line});
          // innermost frame first; go on out of the emulator's own inlined headers
          const std::string f = file;
          return int(f.find("/segue/simt/") == std::string::npos && f.find("/cuda/core/kernel.hpp") == std::string::npos &&
                     f.find("/shims/") == std::string::npos);
        },
        [](void*, const char*, int) {}, &out);
  if (out.empty()) {
    char buf[32];
    std::snprintf(buf, sizeof buf, "%p", pc);
    out = buf;
  }
  return out;
}

std::string thread_name(const fiber& f) {
  char buf[96];
  std::snprintf(buf, sizeof buf, "thread (%u,%u,%u) of block (%u,%u,%u)", f.tid[0], f.tid[1], f.tid[2], f.blk->idx[0],
                f.blk->idx[1], f.blk->idx[2]);
  return buf;
}

// ---------------------------------------------------------------------------------------------- switching

namespace {

void fiber_main();

#if defined(SEGUE_SIMT_UCONTEXT)
void make_context(fiber& f, char* top) {
  if (!f.ctx) f.ctx = new ucontext_t;  // kept for the life of the fiber slot
  auto* u = static_cast<ucontext_t*>(f.ctx);
  getcontext(u);
  u->uc_stack.ss_sp = f.stack_low;
  u->uc_stack.ss_size = std::size_t(top - f.stack_low);
  u->uc_link = nullptr;
  makecontext(u, fiber_main, 0);
}
#else
void fiber_entry(boost::context::detail::transfer_t t) {
  static_cast<fiber*>(t.data)->ctx = t.fctx;
  fiber_main();
}
void make_context(fiber& f, char* top) {
  f.ctx = boost::context::detail::make_fcontext(top, std::size_t(top - f.stack_low), fiber_entry);
}
#endif

void after_switch(engine& e) {
#if defined(SEGUE_SIMT_ASAN)
  const void* low = nullptr;
  std::size_t size = 0;
  __sanitizer_finish_switch_fiber(e.current->fake_stack, &low, &size);
  if (!e.root.stack_low && e.current != &e.root) {
    e.root.stack_low = const_cast<char*>(static_cast<const char*>(low));
    e.root.stack_size = size;
  }
#else
  (void)e;
#endif
}

void fiber_main() {
  engine& e = *the_engine;
  after_switch(e);
  try {
    e.invoke(e.context);
  } catch (const std::exception& x) {
    e.failure = "exception in kernel '" + kernel_name(e.info.entry) + "', " + thread_name(*e.current) + ": " + x.what();
    e.failed = true;
  } catch (...) {
    e.failure = "exception in kernel '" + kernel_name(e.info.entry) + "', " + thread_name(*e.current);
    e.failed = true;
  }
  e.finish_fiber();
  std::abort();
}

}  // namespace

void engine::switch_to(fiber* to) {
  fiber* const from = current;
  current = to;
  ++st.switches;
  streak = 0;
  if (to != &root) {
    std::memcpy(vars.thread, to->tid, sizeof vars.thread);
    std::memcpy(vars.block, to->blk->idx, sizeof vars.block);
    vars.lane = to->lane;
    vars.self = to;
    to->st = state::running;
    to->wrp->ready &= ~(1u << to->lane);
    if (!to->wrp->ready) to->blk->ready_warps &= ~(1u << to->wrp->index);
  } else {
    vars.self = nullptr;
  }
#if defined(SEGUE_SIMT_ASAN)
  __sanitizer_start_switch_fiber(from->st == state::done && from != &root ? nullptr : &from->fake_stack, to->stack_low,
                                 to->stack_size);
#endif
#if defined(SEGUE_SIMT_UCONTEXT)
  if (!from->ctx) from->ctx = new ucontext_t;
  swapcontext(static_cast<ucontext_t*>(from->ctx), static_cast<ucontext_t*>(to->ctx));
#else
  const auto t = boost::context::detail::jump_fcontext(to->ctx, from);
  static_cast<fiber*>(t.data)->ctx = t.fctx;
#endif
  after_switch(*this);
}

namespace {
unsigned nth_bit(unsigned m, unsigned n) {
  while (n--) m &= m - 1;
  return unsigned(std::countr_zero(m));
}
// The next set bit after `at` in a direction, or 32.
unsigned next_up(unsigned m, unsigned at) {
  const unsigned hi = at >= 31 ? 0 : m & ~((2u << at) - 1);
  return hi ? unsigned(std::countr_zero(hi)) : 32;
}
unsigned next_down(unsigned m, unsigned at) {
  const unsigned lo = m & ((1u << at) - 1);
  return lo ? 31u - unsigned(std::countl_zero(lo)) : 32;
}
}  // namespace

fiber* engine::pick(bool yielding) {
  const std::size_t n = blocks.size();
  block* b = nullptr;
  if (opt.schedule == order::random) {
    if (n == 1) {
      b = blocks[0].ready_warps ? &blocks[0] : nullptr;
    } else {
      const std::size_t s = random() % n;
      for (std::size_t i = 0; i < n && !b; ++i)
        if (blocks[(s + i) % n].ready_warps) b = &blocks[(s + i) % n];
    }
    if (!b) return nullptr;
    const std::uint64_t r = random();
    warp& w = b->warps[nth_bit(b->ready_warps, unsigned(r % unsigned(std::popcount(b->ready_warps))))];
    return w.first + nth_bit(w.ready, unsigned((r >> 32) % unsigned(std::popcount(w.ready))));
  }
  const bool up = opt.schedule == order::forward;
  if (current != &root && current->blk->ready_warps) {
    b = current->blk;
    const unsigned wi = current->wrp->index, lane = current->lane;
    warp& w = *current->wrp;
    unsigned l = up ? next_up(w.ready, lane) : next_down(w.ready, lane);
    if (l < 32) return w.first + l;
    if (!yielding && w.ready) return w.first + (up ? std::countr_zero(w.ready) : 31 - std::countl_zero(w.ready));
    unsigned k = up ? next_up(b->ready_warps, wi) : next_down(b->ready_warps, wi);
    if (k < 32) {
      warp& v = b->warps[k];
      return v.first + (up ? std::countr_zero(v.ready) : 31 - std::countl_zero(v.ready));
    }
    if (yielding && n > 1) {  // let other resident blocks run before coming round
      const std::size_t at = std::size_t(b - blocks.data());
      for (std::size_t i = 1; i < n; ++i)
        if (blocks[(at + i) % n].ready_warps) {
          b = &blocks[(at + i) % n];
          break;
        }
    }
  } else {
    const std::size_t at = current != &root ? std::size_t(current->blk - blocks.data()) : 0;
    for (std::size_t i = 0; i < n && !b; ++i)
      if (blocks[(at + i) % n].ready_warps) b = &blocks[(at + i) % n];
  }
  if (!b || !b->ready_warps) return nullptr;
  warp& v = b->warps[up ? std::countr_zero(b->ready_warps) : 31 - std::countl_zero(b->ready_warps)];
  return v.first + (up ? std::countr_zero(v.ready) : 31 - std::countl_zero(v.ready));
}

void engine::suspend() {
  if (failed) switch_to(&root);
  if (opt.max_switches && st.switches > opt.max_switches)
    fail_now("more than " + std::to_string(opt.max_switches) + " switches: livelock?");
  fiber* const f = pick(false);
  if (f == current) {  // became ready again and was chosen
    f->st = state::running;
    f->wrp->ready &= ~(1u << f->lane);
    if (!f->wrp->ready) f->blk->ready_warps &= ~(1u << f->wrp->index);
    return;
  }
  switch_to(f ? f : &root);
}

void engine::resume_warp_lanes(warp& w, unsigned lanes) {
  if (!lanes) return;
  w.ready |= lanes;
  w.first->blk->ready_warps |= 1u << w.index;
  for (unsigned m = lanes; m; m &= m - 1) w.first[std::countr_zero(m)].st = state::ready;
}

// ---------------------------------------------------------------------------------------------- failures

std::string engine::describe_waiting() {
  std::string out;
  for (block& b : blocks) {
    if (!b.active) continue;
    char head[160];
    std::snprintf(head, sizeof head, "\n  block (%u,%u,%u):", b.idx[0], b.idx[1], b.idx[2]);
    out += head;
    std::vector<std::pair<std::string, std::vector<unsigned>>> groups;
    for (unsigned i = 0; i < b.nthreads; ++i) {
      const fiber& f = b.fibers[i];
      std::string what;
      char buf[64];
      switch (f.st) {
        case state::done: what = "returned"; break;
        case state::at_barrier: what = "wait at __syncthreads, " + where_text(f.where); break;
        case state::at_grid: what = "wait at the grid barrier, " + where_text(f.where); break;
        case state::in_collective:
          std::snprintf(buf, sizeof buf, " with mask 0x%08x, ", f.mask);
          what = std::string("wait in ") + op_name(f.kind) + buf + where_text(f.where);
          break;
        default: what = "can run";
      }
      auto it = std::find_if(groups.begin(), groups.end(), [&](auto& g) { return g.first == what; });
      if (it == groups.end()) it = groups.insert(groups.end(), {what, {}});
      it->second.push_back(i);
    }
    for (auto& [what, who] : groups) {
      out += "\n    " + std::to_string(who.size()) + " thread" + (who.size() == 1 ? "" : "s") + " ";
      unsigned shown = 0;
      for (std::size_t i = 0; i < who.size() && shown < 6; ++shown) {
        std::size_t j = i;
        while (j + 1 < who.size() && who[j + 1] == who[j] + 1) ++j;
        const fiber &a = b.fibers[who[i]], &z = b.fibers[who[j]];
        char buf[96];
        if (i == j)
          std::snprintf(buf, sizeof buf, "%s(%u,%u,%u)", shown ? ", " : "", a.tid[0], a.tid[1], a.tid[2]);
        else
          std::snprintf(buf, sizeof buf, "%s(%u,%u,%u)..(%u,%u,%u)", shown ? ", " : "", a.tid[0], a.tid[1], a.tid[2],
                        z.tid[0], z.tid[1], z.tid[2]);
        out += buf;
        i = j + 1;
        if (shown == 5 && i < who.size()) out += ", ...";
      }
      out += " " + what;
    }
    if (out.size() > 6000) {
      out += "\n  ...";
      break;
    }
  }
  return out;
}

void engine::fail_now(std::string what) {
  if (!failed) {
    failure = std::move(what) + "\n  kernel '" + kernel_name(info.entry) + "' launched at " + where_text(info.where);
    if (current != &root) failure += ", " + thread_name(*current);
    failed = true;
  }
  switch_to(&root);
  std::abort();
}

// ---------------------------------------------------------------------------------------------- barriers

void engine::release_block(block& b) {
  if (b.mismatch) {
    std::string text = "divergent barrier: the threads of a block met at different __syncthreads() calls";
    text += describe_waiting();
    fail_now(text);
  }
  b.result = b.kind == barrier::plain ? 0 : b.acc;
  b.arrived = 0;
  if (hooks && opt.race) hooks->block_barrier(b);
  ++b.epoch;
  ++st.block_barriers;
  for (unsigned i = 0; i < b.nwarps; ++i) {
    warp& w = b.warps[i];
    const unsigned m = w.at_barrier;
    w.at_barrier = 0;
    resume_warp_lanes(w, m);
  }
}

int sync_threads(barrier kind, int predicate, site where) {
  engine& e = *the_engine;
  fiber& f = *e.current;
  block& b = *f.blk;
  if (!vars.self) throw error("__syncthreads outside a kernel");
  f.where = where;
  if (b.arrived == 0) {
    b.kind = kind;
    b.where = where;
    b.mismatch = false;
    b.acc = kind == barrier::and_ ? 1 : 0;
  } else if (b.kind != kind || (e.opt.strict_sites && !same_site(b.where, where))) {
    b.mismatch = true;
  }
  switch (kind) {
    case barrier::count: b.acc += predicate != 0; break;
    case barrier::and_: b.acc = b.acc && predicate; break;
    case barrier::or_: b.acc = b.acc || predicate; break;
    case barrier::plain: break;
  }
  ++b.arrived;
  f.st = state::at_barrier;
  f.wrp->at_barrier |= 1u << f.lane;
  if (b.arrived == b.alive) {
    if (e.opt.strict_exit && b.alive != b.nthreads)
      e.fail_now("threads returned before a __syncthreads() that the others reached" + e.describe_waiting());
    e.release_block(b);
  }
  e.suspend();
  return b.result;
}

void sync_grid(site where) {
  engine& e = *the_engine;
  fiber& f = *e.current;
  if (!e.info.cooperative) e.fail_now("grid barrier in a kernel that was not launched cooperatively");
  f.where = where;
  f.st = state::at_grid;
  f.wrp->at_grid |= 1u << f.lane;
  ++f.blk->at_grid;
  ++e.grid_arrived;
  std::uint64_t alive = 0;
  for (const block& b : e.blocks) alive += b.active ? b.alive : 0;
  if (e.grid_arrived == alive) {
    e.grid_arrived = 0;
    for (block& b : e.blocks) {
      b.at_grid = 0;
      ++b.epoch;
      for (unsigned i = 0; i < b.nwarps; ++i) {
        const unsigned m = b.warps[i].at_grid;
        b.warps[i].at_grid = 0;
        e.resume_warp_lanes(b.warps[i], m);
      }
    }
    if (hooks && e.opt.race) hooks->grid_sync();
  }
  e.suspend();
}

// ---------------------------------------------------------------------------------------------- warp collectives

// Completes the collective (mask, kind) of warp w if every living lane named in mask has arrived.
bool engine::try_collective(warp& w, unsigned mask, op kind) {
  const unsigned need = mask & w.alive;
  if (!need || (w.in_collective & need) != need) return false;
  fiber* const L = w.first;
  for (unsigned m = need; m; m &= m - 1) {
    const fiber& f = L[std::countr_zero(m)];
    if (f.mask != mask || f.kind != kind) return false;
  }
  ++st.warp_collectives;
  const auto each = [&](auto&& fn) {
    for (unsigned m = need; m; m &= m - 1) fn(L[std::countr_zero(m)]);
  };
  constexpr std::uint64_t undefined = 0x7fbadbad7fbadbadull;  // what a lane outside the mask would give
  const auto from = [&](fiber& f, int lane) { f.result = need >> lane & 1 ? L[lane].value : undefined; };
  const auto reduce = [&](std::uint64_t start, auto&& fn) {
    std::uint64_t acc = start;
    each([&](fiber& f) { acc = fn(acc, f.value); });
    each([&](fiber& f) { f.result = acc; });
  };
  switch (kind) {
    case op::sync:
      if (hooks && opt.race) {  // __syncwarp orders memory; the others do not
        std::uint32_t join[32] = {};
        each([&](fiber& f) {
          for (int i = 0; i < 32; ++i) join[i] = std::max(join[i], f.clock[i]);
        });
        each([&](fiber& f) {
          std::memcpy(f.clock, join, sizeof join);
          ++f.clock[f.lane];
        });
      }
      break;
    case op::shfl_idx:
      each([&](fiber& f) { from(f, (f.lane & ~(f.width - 1)) | (f.arg & (f.width - 1))); });
      break;
    case op::shfl_up:
      each([&](fiber& f) {
        const int s = int(f.lane) - f.arg;
        from(f, s < int(f.lane & ~(f.width - 1)) ? f.lane : s);
      });
      break;
    case op::shfl_down:
      each([&](fiber& f) {
        const int s = int(f.lane) + f.arg;
        from(f, s > int(f.lane | (f.width - 1)) ? f.lane : s);
      });
      break;
    case op::shfl_xor:
      each([&](fiber& f) {
        const int s = int(f.lane) ^ f.arg;
        from(f, s > int(f.lane | (f.width - 1)) ? f.lane : s);
      });
      break;
    case op::ballot: {
      std::uint64_t v = 0;
      each([&](fiber& f) { v |= f.value ? 1ull << f.lane : 0; });
      each([&](fiber& f) { f.result = v; });
      break;
    }
    case op::any: reduce(0, [](auto a, auto b) { return std::uint64_t(a || b); }); break;
    case op::all: reduce(1, [](auto a, auto b) { return std::uint64_t(a && b); }); break;
    case op::match_any:
      each([&](fiber& f) {
        std::uint64_t v = 0;
        each([&](fiber& g) { v |= g.value == f.value ? 1ull << g.lane : 0; });
        f.result = v;
      });
      break;
    case op::match_all: {
      const std::uint64_t v = L[std::countr_zero(need)].value;
      bool same = true;
      each([&](fiber& f) { same = same && f.value == v; });
      each([&](fiber& f) {
        f.result = same ? mask : 0;
        f.second = same;
      });
      break;
    }
    case op::add_u: reduce(0, [](auto a, auto b) { return std::uint64_t(std::uint32_t(a + b)); }); break;
    case op::min_u: reduce(~0u, [](auto a, auto b) { return std::min(a, b); }); break;
    case op::max_u: reduce(0, [](auto a, auto b) { return std::max(a, b); }); break;
    case op::min_s:
      reduce(0x7fffffffu, [](auto a, auto b) {
        return std::uint64_t(std::uint32_t(std::min(std::int32_t(a), std::int32_t(b))));
      });
      break;
    case op::max_s:
      reduce(0x80000000u, [](auto a, auto b) {
        return std::uint64_t(std::uint32_t(std::max(std::int32_t(a), std::int32_t(b))));
      });
      break;
    case op::and_: reduce(~0u, [](auto a, auto b) { return a & b; }); break;
    case op::or_: reduce(0, [](auto a, auto b) { return a | b; }); break;
    case op::xor_: reduce(0, [](auto a, auto b) { return a ^ b; }); break;
    case op::user: {
      void* data[32] = {};
      each([&](fiber& f) { data[f.lane] = f.data; });
      L[std::countr_zero(need)].fn(data, need);
      break;
    }
  }
  w.in_collective &= ~need;
  resume_warp_lanes(w, need);
  return true;
}

std::uint64_t collective(op kind, unsigned mask, std::uint64_t value, int arg, int width, site where,
                         std::uint64_t* second, user_fn fn, void* data) {
  if (!vars.self) throw error("a warp operation outside a kernel");
  engine& e = *the_engine;
  fiber& f = *e.current;
  warp& w = *f.wrp;
  f.where = where;
  f.kind = kind;
  f.mask = mask;
  f.value = value;
  f.arg = arg;
  f.width = std::uint8_t(width);
  f.fn = fn;
  f.data = data;
  if (!(mask >> f.lane & 1)) {
    char buf[160];
    std::snprintf(buf, sizeof buf, "%s at %s: the calling lane %u is not in its own mask 0x%08x", op_name(kind),
                  where_text(where).c_str(), f.lane, mask);
    e.fail_now(buf);
  }
  if (kind <= op::shfl_xor && kind >= op::shfl_idx && (width < 1 || width > 32 || (width & (width - 1))))
    e.fail_now(std::string(op_name(kind)) + " at " + where_text(where) + ": width " + std::to_string(width) +
               " is not a power of two up to 32");
  f.st = state::in_collective;
  w.in_collective |= 1u << f.lane;
  e.try_collective(w, mask, kind);
  // The lane that completes goes on at once in the fixed orders, and competes in the random one.
  if (e.opt.schedule != order::random && f.st == state::ready) {
    f.st = state::running;
    w.ready &= ~(1u << f.lane);
    if (!w.ready) f.blk->ready_warps &= ~(1u << w.index);
  } else {
    e.suspend();
  }
  if (second) *second = f.second;
  return f.result;
}

void engine::finish_fiber() {
  fiber& f = *current;
  block& b = *f.blk;
  warp& w = *f.wrp;
  if (!failed) {
    while (!f.copies.empty()) async_wait(0);
    f.st = state::done;
    w.alive &= ~(1u << f.lane);
    --b.alive;
    for (unsigned left = w.in_collective; left;) {  // its absence may complete others
      const fiber& g = w.first[std::countr_zero(left)];
      left &= ~(1u << g.lane);
      if (g.mask >> f.lane & 1 && try_collective(w, g.mask, g.kind)) left &= w.in_collective;
    }
    if (b.alive && b.arrived == b.alive) {
      if (opt.strict_exit)
        fail_now("threads returned before a __syncthreads() that the others reached" + describe_waiting());
      release_block(b);
    }
    if (!b.alive) {
      b.active = false;
      any_done = true;
      switch_to(&root);
    }
  }
  suspend();
}

// ---------------------------------------------------------------------------------------------- shared memory

namespace {

constexpr std::size_t redzone = 128;

char* place(engine& e, block& b, const shared_decl* d, std::size_t bytes, std::size_t align) {
  arena& a = b.shared;
  // No better aligned than asked for, so that UBSan's alignment check sees a float4 access to a float array.
  const std::size_t al = std::max<std::size_t>(align, 8);
  std::size_t at = a.top + redzone;
  at = (at + 2 * al - 1) / (2 * al) * (2 * al) + al;
  if (at + bytes + redzone > a.capacity) e.fail_now("shared memory exhausted");
  a.top = at + (bytes + 7) / 8 * 8;
  char* const p = a.base + at;
  UNPOISON(p, bytes);
  if (e.opt.fill_shared) std::memset(p, 0xff, bytes);
  a.vars.push_back({d, p, bytes});
  return p;
}

}  // namespace

void* static_shared(const shared_decl* d) {
  engine& e = *the_engine;
  if (!vars.self) throw error("shared memory outside a kernel");
  block& b = *e.current->blk;
  for (const shared_var& v : b.shared.vars)
    if (v.decl == d) return v.at;
  b.shared.static_bytes += d->bytes;
  if (b.shared.static_bytes > e.opt.static_shared_limit)
    e.fail_now("static shared memory over " + std::to_string(e.opt.static_shared_limit) + " bytes at '" + d->name + "'");
  if (b.shared.static_bytes + e.info.dynamic_smem > e.opt.shared_limit)
    e.fail_now("static and dynamic shared memory over " + std::to_string(e.opt.shared_limit) + " bytes");
  return place(e, b, d, d->bytes, d->align);
}

void* dynamic_shared() {
  engine& e = *the_engine;
  if (!vars.self) throw error("shared memory outside a kernel");
  return e.current->blk->shared.vars.front().at;
}
std::size_t dynamic_shared_bytes() { return the_engine->info.dynamic_smem; }

void poison_gap(void* p, std::size_t n) { POISON(p, n); }

namespace {
std::mutex device_mutex;
std::map<std::uintptr_t, std::size_t> device_memory;  // by address
unsigned device_open = 0;
struct image {
  std::uintptr_t lo, hi;
};
const std::vector<image>& images() {  // the writable and constant data of the program and its libraries
  static const std::vector<image> all = [] {
    std::vector<image> v;
    dl_iterate_phdr(
        [](dl_phdr_info* i, std::size_t, void* out) {
          for (int k = 0; k < i->dlpi_phnum; ++k)
            if (i->dlpi_phdr[k].p_type == PT_LOAD)
              static_cast<std::vector<image>*>(out)->push_back(
                  {i->dlpi_addr + i->dlpi_phdr[k].p_vaddr, i->dlpi_addr + i->dlpi_phdr[k].p_vaddr + i->dlpi_phdr[k].p_memsz});
          return 0;
        },
        &v);
    return v;
  }();
  return all;
}
}  // namespace

void register_device_memory(void* p, std::size_t n) {
  const std::lock_guard lock(device_mutex);
  device_memory[reinterpret_cast<std::uintptr_t>(p)] = n;
  if (!device_open) POISON(p, n);
}
void forget_device_memory(void* p) {
  const std::lock_guard lock(device_mutex);
  const auto it = device_memory.find(reinterpret_cast<std::uintptr_t>(p));
  if (it == device_memory.end()) return;
  UNPOISON(p, it->second);
  device_memory.erase(it);
}
void open_device_memory() {
  const std::lock_guard lock(device_mutex);
  if (device_open++ == 0)
    for (const auto& [p, n] : device_memory) UNPOISON(reinterpret_cast<void*>(p), n);
}
void close_device_memory() {
  const std::lock_guard lock(device_mutex);
  if (--device_open == 0)
    for (const auto& [p, n] : device_memory) POISON(reinterpret_cast<void*>(p), n);
}
bool is_device_memory(std::uintptr_t at, std::size_t n) {
  static thread_local std::uintptr_t lo = 1, hi = 0;
  if (at >= lo && at + n <= hi) return true;
  const std::lock_guard lock(device_mutex);
  auto it = device_memory.upper_bound(at);
  if (it != device_memory.begin() && at + n <= (--it)->first + it->second) {
    lo = it->first;
    hi = lo + it->second;
    return true;
  }
  for (const image& i : images())
    if (at >= i.lo && at + n <= i.hi) return true;
  return false;
}

// ---------------------------------------------------------------------------------------------- smaller services

void yield() {
  engine& e = *the_engine;
  if (!vars.self) return;
  fiber& f = *e.current;
  if (e.opt.max_switches && e.st.switches > e.opt.max_switches)
    e.fail_now("more than " + std::to_string(e.opt.max_switches) + " switches: livelock?");
  e.resume_warp_lanes(*f.wrp, 1u << f.lane);
  fiber* const to = e.pick(true);
  if (to == &f) {
    f.st = state::running;
    f.wrp->ready &= ~(1u << f.lane);
    if (!f.wrp->ready) f.blk->ready_warps &= ~(1u << f.wrp->index);
    ++e.st.switches;
    return;
  }
  e.switch_to(to);
}

void fail(const char* what, site where) {
  if (!vars.self) throw error(what);
  the_engine->fail_now(std::string(what) + " at " + where_text(where));
}

void fence() {
  if (!vars.self || !hooks) return;
  fiber& f = *vars.self;
  f.fenced = true;
  f.fence_clock = ++f.clock[f.lane];
  f.fence_epoch = f.blk->epoch;
}

void atomic_access(const void* p, std::size_t n) {
  if (!vars.self) return;
  engine& e = *the_engine;
  // The switch comes first: what the hook notes must be of the moment the atomic takes place.
  if (e.opt.schedule == order::random && e.opt.preempt > 0 && double(e.random() >> 11) * 0x1p-53 < e.opt.preempt)
    yield();
  else if (++e.streak > 1000)  // a spin lock must let its holder run
    yield();
  if (hooks && e.opt.race) hooks->atomic(*e.current, p, n, __builtin_return_address(0));
}

void async_copy(void* dst, const void* src, std::size_t bytes, std::size_t zero) {
  fiber& f = *the_engine->current;
  f.copies.push_back({dst, src, std::uint32_t(bytes), std::uint32_t(zero), f.group, __builtin_return_address(0)});
  std::memset(dst, 0xff, bytes + zero);  // nothing may rely on it before the wait
  if (hooks && the_engine->opt.race) {
    hooks->range(f, src, bytes, false, true, __builtin_return_address(0));
    hooks->range(f, dst, bytes + zero, true, false, __builtin_return_address(0));  // it may land from now on
  }
}
void async_commit() { ++the_engine->current->group; }
void async_wait(unsigned keep) {
  fiber& f = *the_engine->current;
  std::size_t n = 0;
  for (; n < f.copies.size() && (keep == 0 || f.copies[n].group + keep < f.group); ++n) {
    const async_op& c = f.copies[n];
    std::memcpy(c.dst, c.src, c.bytes);
    std::memset(static_cast<char*>(c.dst) + c.bytes, 0, c.zero);
    if (hooks && the_engine->opt.race) hooks->range(f, c.dst, c.bytes + c.zero, true, true, c.pc);
  }
  f.copies.erase(f.copies.begin(), f.copies.begin() + long(n));
}

std::uint64_t cycles() {
  return std::uint64_t(std::chrono::steady_clock::now().time_since_epoch().count());
}

// ---------------------------------------------------------------------------------------------- launch

void engine::start_block(block& b, std::uint64_t linear) {
  const dims& g = info.grid;
  const dims& d = info.block;
  b.linear = linear;
  b.idx[0] = unsigned(linear % g.x);
  b.idx[1] = unsigned(linear / g.x % g.y);
  b.idx[2] = unsigned(linear / g.x / g.y);
  b.nthreads = b.alive = unsigned(d.count());
  b.nwarps = (b.nthreads + 31) / 32;
  b.arrived = b.at_grid = 0;
  b.mismatch = false;
  b.epoch = 1;
  b.active = true;
  b.ready_warps = b.nwarps == 32 ? ~0u : (1u << b.nwarps) - 1;
  for (unsigned i = 0; i < b.nwarps; ++i) {
    warp& w = b.warps[i];
    w = warp{};
    w.index = i;
    w.first = b.fibers + 32 * i;
    const unsigned n = std::min(32u, b.nthreads - 32 * i);
    w.exists = w.alive = w.ready = n == 32 ? ~0u : (1u << n) - 1;
  }
  for (unsigned i = 0; i < b.nthreads; ++i) {
    fiber& f = b.fibers[i];
    f.blk = &b;
    f.wrp = &b.warps[i / 32];
    f.linear = std::uint16_t(i);
    f.lane = std::uint8_t(i % 32);
    f.st = state::ready;
    f.fenced = false;
    f.tid[0] = i % d.x;
    f.tid[1] = i / d.x % d.y;
    f.tid[2] = i / d.x / d.y;
    f.copies.clear();
    f.group = 0;
    f.fake_stack = nullptr;
    if (hooks) {
      std::memset(f.clock, 0, sizeof f.clock);
      f.clock[f.lane] = 1;
    }
    UNPOISON(f.stack_low + f.stack_size - 16384, 16384);  // the outermost frames of its last user never returned
    // Stacks that start at the same offset in their pages would fight for the same cache sets.
    make_context(f, f.stack_low + f.stack_size - (i % 37) * 192 % 4096 / 16 * 16);
  }
  arena& a = b.shared;
  POISON(a.base, a.top + redzone);
  a.vars.clear();
  a.top = 0;
  a.static_bytes = 0;
  place(*this, b, nullptr, info.dynamic_smem, 16);
  if (hooks && opt.race) hooks->block_begin(b);
  ++st.blocks;
  st.threads += b.nthreads;
}

namespace {
char* map_pages(std::size_t n) {
  void* p = mmap(nullptr, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw error("simt: mmap failed");
  return static_cast<char*>(p);
}
}  // namespace

}  // namespace detail

using namespace detail;

options& defaults() {
  static options o = [] {
    options v;
    const auto env = [](const char* n) -> const char* { return std::getenv(n); };
    if (const char* s = env("SEGUE_SIMT_SCHEDULE"))
      v.schedule = std::string(s) == "random" ? order::random : std::string(s) == "reverse" ? order::reverse : order::forward;
    if (const char* s = env("SEGUE_SIMT_SEED")) v.seed = std::strtoull(s, nullptr, 0);
    if (const char* s = env("SEGUE_SIMT_PREEMPT")) v.preempt = std::strtod(s, nullptr);
    if (const char* s = env("SEGUE_SIMT_RACE")) v.race = std::atoi(s) != 0;
    return v;
  }();
  return o;
}

const stats& last_launch() {
  static const stats none;
  return the_engine ? the_engine->st : none;
}

void run(const launch_info& info, invoke_fn invoke, void* context) {
  if (vars.self) throw error("simt: a kernel cannot launch a kernel");
  static thread_local std::unique_ptr<engine> owner;
  if (!owner) {
    owner = std::make_unique<engine>();
    the_engine = owner.get();
  }
  engine& e = *the_engine;
  e.opt = defaults();
  e.info = info;
  const auto bad = [&](const std::string& what) {
    throw error("simt: invalid launch of '" + kernel_name(info.entry) + "' at " + where_text(info.where) + ": " + what);
  };
  const std::uint64_t threads = info.block.count(), nblocks = info.grid.count();
  if (threads == 0 || threads > 1024 || info.block.x > 1024 || info.block.y > 1024 || info.block.z > 64)
    bad("block of " + std::to_string(info.block.x) + "x" + std::to_string(info.block.y) + "x" + std::to_string(info.block.z));
  if (nblocks == 0 || info.grid.x > 0x7fffffffu || info.grid.y > 65535 || info.grid.z > 65535)
    bad("grid of " + std::to_string(info.grid.x) + "x" + std::to_string(info.grid.y) + "x" + std::to_string(info.grid.z));
  if (info.dynamic_smem > e.opt.shared_limit) bad("dynamic shared memory of " + std::to_string(info.dynamic_smem) + " bytes");
  if (info.cooperative && nblocks * threads > 65536) bad("cooperative grid too large to be resident");

  e.invoke = invoke;
  e.context = context;
  e.failed = false;
  e.failure.clear();
  e.st = stats{};
  e.rng = (e.opt.seed + 1) * 0x9E3779B97F4A7C15ull | 1;
  e.grid_arrived = 0;
  e.current = &e.root;
  e.root.st = state::running;

  const std::size_t resident = info.cooperative ? std::size_t(nblocks) : 1;
  const std::size_t per_block = (std::size_t(threads) + 31) / 32 * 32;
  if (e.blocks.size() != resident) {
    for (block& b : e.blocks)
      if (b.shared.base) {
        UNPOISON(b.shared.base, b.shared.capacity);
        munmap(b.shared.base, b.shared.capacity);
      }
    e.blocks = std::vector<block>(resident);
  }
  if (e.fibers.size() < resident * per_block) e.fibers.resize(resident * per_block);
  if (!e.stack_bytes) {
    const char* s = std::getenv("SEGUE_SIMT_STACK");
    e.stack_bytes = s ? std::strtoull(s, nullptr, 0) : default_stack;
  }
  while (e.stacks.size() < e.fibers.size()) {
    char* const p = map_pages((e.stack_bytes + stack_guard) * stack_batch);
    for (std::size_t i = 0; i < stack_batch; ++i) {
      char* const s = p + i * (e.stack_bytes + stack_guard);
      if (e.stacks.size() < 16384) mprotect(s, stack_guard, PROT_NONE);  // the kernel allows 65530 mappings
      e.stacks.push_back(s + stack_guard);
    }
  }
  for (std::size_t i = 0; i < e.fibers.size(); ++i) {
    e.fibers[i].stack_low = e.stacks[i];
    e.fibers[i].stack_size = e.stack_bytes;
  }
  for (std::size_t i = 0; i < resident; ++i) {
    block& b = e.blocks[i];
    b.active = false;
    b.ready_warps = 0;
    b.fibers = e.fibers.data() + i * per_block;
    const std::size_t need = 512 * 1024;
    if (!b.shared.base) {
      b.shared.capacity = need;
      b.shared.base = map_pages(need);
      POISON(b.shared.base, need);
    }
  }
  const unsigned bd[3] = {info.block.x, info.block.y, info.block.z}, gd[3] = {info.grid.x, info.grid.y, info.grid.z};
  std::memcpy(vars.block_dim, bd, sizeof bd);
  std::memcpy(vars.grid_dim, gd, sizeof gd);

  const auto t0 = std::chrono::steady_clock::now();
  if (hooks && e.opt.race) hooks->launch_begin(info);
  open_device_memory();
  // The order of blocks: an affine walk through the grid when random.
  std::uint64_t step = 1, first = 0;
  if (e.opt.schedule == order::random && nblocks > 1) {
    first = e.random() % nblocks;
    do step = e.random() % nblocks;
    while (std::__gcd(step, nblocks) != 1);
  }
  std::uint64_t started = 0, finished = 0;
  while (finished < nblocks) {
    for (block& b : e.blocks)
      if (!b.active && started < nblocks) {
        std::uint64_t at = started++;
        if (e.opt.schedule == order::reverse) at = nblocks - 1 - at;
        if (e.opt.schedule == order::random)
          at = std::uint64_t((static_cast<unsigned __int128>(at) * step + first) % nblocks);
        e.start_block(b, at);
      }
    e.any_done = false;
    fiber* const f = e.pick(false);
    if (f) e.switch_to(f);
    if (e.failed) break;
    if (e.any_done) {
      ++finished;
      continue;
    }
    e.failure = "deadlock in kernel '" + kernel_name(info.entry) + "' launched at " + where_text(info.where) +
                ": no thread can go on" + e.describe_waiting();
    e.failed = true;
    break;
  }
  e.current = &e.root;
  vars.self = nullptr;
  close_device_memory();
  std::string races;
  if (hooks && e.opt.race) races = hooks->launch_end();
  e.st.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count();
  if (e.failed) {
    for (std::size_t i = 0; i < e.fibers.size(); ++i) UNPOISON(e.fibers[i].stack_low, e.stack_bytes);  // abandoned frames
    throw error("simt: " + e.failure);
  }
  if (!races.empty()) throw error(races);
}

}  // namespace segue::simt
