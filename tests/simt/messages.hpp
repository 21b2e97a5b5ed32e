// How places, threads and kernels are named in messages.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "state.hpp"

namespace segue::simt::detail {

const char* name_of(WarpOperation operation);
/// Without what it returns and takes, and without anonymous namespaces.
std::string kernel_name(const void* kernel);
/// "file:line" of a return address, or the address.
std::string source_line(const void* caller);
/// "thread (1,0,0) of block (0,0,0)"
std::string thread_name(const Dims& grid, const Dims& block, std::uint64_t linear_block, unsigned thread);
/// What each group of threads does, block by block: for deadlocks.
std::string describe_waiting(const Engine& e);

}  // namespace segue::simt::detail

/// "file.cu:12"
template <>
struct fmt::formatter<segue::simt::Site> {
  constexpr auto parse(format_parse_context& context) { return context.begin(); }
  auto format(const segue::simt::Site& site, format_context& context) const {
    const std::string_view file = site.file;
    return fmt::format_to(context.out(), "{}:{}", file.substr(file.rfind('/') + 1), site.line);
  }
};
