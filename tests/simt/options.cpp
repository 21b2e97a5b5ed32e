#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "simt/engine.hpp"

namespace segue::simt {
namespace {

template <class T>
void read(const char* name, T& option) {
  const char* const text = std::getenv(name);
  if (text == nullptr)
    return;
  const std::string_view view = text;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), option);
  if (error != std::errc() || end != view.data() + view.size())
    throw Error(fmt::format("simt: {}={}: a number is expected", name, view));
}

Schedule read_schedule() {
  const char* const text = std::getenv("SEGUE_SIMT_SCHEDULE");
  const std::string_view view = text != nullptr ? text : "forward";
  if (view == "forward")
    return Schedule::forward;
  if (view == "reverse")
    return Schedule::reverse;
  if (view == "random")
    return Schedule::random;
  throw Error(fmt::format("simt: SEGUE_SIMT_SCHEDULE={}: forward, reverse or random is expected", view));
}

Options read_environment() {
  Options options;
  options.schedule = read_schedule();
  read("SEGUE_SIMT_SEED", options.seed);
  read("SEGUE_SIMT_PREEMPT", options.preempt);
  int strict_exit = 0;
  read("SEGUE_SIMT_STRICT_EXIT", strict_exit);
  options.strict_exit = strict_exit != 0;
  std::size_t shared_kib = options.shared_bytes >> 10;
  read("SEGUE_SIMT_SHARED_KIB", shared_kib);
  options.shared_bytes = shared_kib << 10;
  constexpr std::size_t kMostKib = 256;  // what the interpreter has room for
  if (shared_kib > kMostKib)
    throw Error(fmt::format("simt: SEGUE_SIMT_SHARED_KIB={}: at most {} is expected", shared_kib, kMostKib));
  read("SEGUE_SIMT_MAX_SWITCHES", options.max_switches);
  return options;
}

}  // namespace

Options& options() {
  static Options options = read_environment();
  return options;
}

}  // namespace segue::simt
