#include "messages.hpp"

#include <backtrace.h>
#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace segue::simt::detail {
namespace {

void ignore_error(void*, const char*, int) {}

backtrace_state* symbols() {
  static backtrace_state* const state = backtrace_create_state(nullptr, 1, ignore_error, nullptr);
  return state;
}

std::string demangle(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(symbol, nullptr, nullptr, &status),
                                                         std::free);
  return status == 0 ? name.get() : symbol;
}

/// Frames inlined from the interpreter's own headers and from the wrappers around it are not where the user looks.
bool is_wrapper(std::string_view file) {
  return file.find("tests/simt/include/") != file.npos || file.find("tests/simt/shims/") != file.npos ||
         file.find("cuda/core/") != file.npos;
}

std::string what_it_does(const Fiber& fiber) {
  switch (fiber.state) {
    case FiberState::done:
      return "returned";
    case FiberState::at_barrier:
      return fmt::format("wait at __syncthreads, {}", fiber.where);
    case FiberState::at_grid:
      return fmt::format("wait at the grid barrier, {}", fiber.where);
    case FiberState::in_collective:
      return fmt::format("wait in {} with mask 0x{:08x}, {}", name_of(fiber.call.operation), fiber.call.mask,
                         fiber.where);
    case FiberState::ready:
    case FiberState::running:
      break;
  }
  return "can go on";
}

/// "(0,0,0)..(4,0,0), (9,0,0), …": at most six runs of the threads of `which`.
std::string list_threads(const Block& block, const std::vector<unsigned>& which) {
  const auto name = [&](unsigned i) { return fmt::format("({})", fmt::join(block.fibers[i].thread, ",")); };
  std::string text;
  constexpr int kMostRuns = 6;
  int runs = 0;
  for (std::size_t begin = 0; begin < which.size(); ++runs) {
    if (runs == kMostRuns)
      return text + ", …";
    std::size_t end = begin + 1;
    while (end < which.size() && which[end] == which[end - 1] + 1)
      ++end;
    text += (runs == 0 ? "" : ", ") + name(which[begin]) + (end - begin > 1 ? ".." + name(which[end - 1]) : "");
    begin = end;
  }
  return text;
}

std::string describe_block(const Block& block) {
  std::vector<std::pair<std::string, std::vector<unsigned>>> groups;
  for (unsigned i = 0; i < block.threads; ++i) {
    const std::string what = what_it_does(block.fibers[i]);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == what; });
    if (group == groups.end())
      group = groups.insert(groups.end(), {what, {}});
    group->second.push_back(i);
  }
  std::string text = fmt::format("\n  block ({}):", fmt::join(block.index, ","));
  for (const auto& [what, which] : groups)
    text += fmt::format("\n    {} thread{} {} {}", which.size(), which.size() == 1 ? "" : "s",
                        list_threads(block, which), what);
  return text;
}

}  // namespace

const char* name_of(WarpOperation operation) {
  switch (operation) {
    case WarpOperation::sync:
      return "__syncwarp";
    case WarpOperation::shuffle:
      return "__shfl_sync";
    case WarpOperation::shuffle_up:
      return "__shfl_up_sync";
    case WarpOperation::shuffle_down:
      return "__shfl_down_sync";
    case WarpOperation::shuffle_xor:
      return "__shfl_xor_sync";
    case WarpOperation::ballot:
      return "__ballot_sync";
    case WarpOperation::any:
      return "__any_sync";
    case WarpOperation::all:
      return "__all_sync";
    case WarpOperation::match_any:
      return "__match_any_sync";
    case WarpOperation::match_all:
      return "__match_all_sync";
    case WarpOperation::custom:
      return "a warp-wide operation";
    default:
      return "__reduce_*_sync";
  }
}

std::string kernel_name(const void* kernel) {
  std::string name;
  if (symbols() != nullptr)
    backtrace_syminfo(
        symbols(), reinterpret_cast<std::uintptr_t>(kernel),
        [](void* out, std::uintptr_t, const char* symbol, std::uintptr_t, std::uintptr_t) {
          if (symbol != nullptr)
            *static_cast<std::string*>(out) = demangle(symbol);
        },
        ignore_error, &name);
  if (name.empty())
    return fmt::format("kernel@{}", kernel);
  constexpr std::string_view kAnonymous = "(anonymous namespace)::";
  for (std::size_t at = 0; (at = name.find(kAnonymous, at)) != name.npos;)
    name.erase(at, kAnonymous.size());
  // "void outer::kernel<(Kind)2>(int, float*)": the parameters begin at the first parenthesis outside of <>, and a
  // template's return type ends at the last blank before it.
  int depth = 0;
  std::size_t begin = 0, end = 0;
  for (; end < name.size() && (name[end] != '(' || depth > 0); ++end) {
    depth += name[end] == '<' ? 1 : name[end] == '>' ? -1 : 0;
    if (name[end] == ' ' && depth == 0)
      begin = end + 1;
  }
  return name.substr(begin, end - begin);
}

std::string source_line(const void* caller) {
  std::string line;
  if (symbols() != nullptr)
    backtrace_pcinfo(
        symbols(), reinterpret_cast<std::uintptr_t>(caller) - 1,
        [](void* out, std::uintptr_t, const char* file, int number, const char*) {  // innermost frame first
          if (file == nullptr)
            return 0;
          *static_cast<std::string*>(out) = fmt::format("{}", Site{file, number});
          return is_wrapper(file) ? 0 : 1;
        },
        ignore_error, &line);
  return line.empty() ? fmt::format("{}", caller) : line;
}

std::string thread_name(const Dims& grid, const Dims& block, std::uint64_t linear_block, unsigned thread) {
  return fmt::format("thread ({},{},{}) of block ({},{},{})", thread % block.x, thread / block.x % block.y,
                     thread / block.x / block.y, linear_block % grid.x, linear_block / grid.x % grid.y,
                     linear_block / grid.x / grid.y);
}

std::string describe_waiting(const Engine& e) {
  constexpr std::size_t kLongest = 6000;
  std::string text;
  for (const Block& block : e.blocks) {
    if (!block.active)
      continue;
    if (text.size() > kLongest)
      return text + "\n  …";
    text += describe_block(block);
  }
  return text;
}

}  // namespace segue::simt::detail
