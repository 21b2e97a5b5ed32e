#include "segue/core/device.hpp"

#include <fmt/format.h>

#include <charconv>

#include "cuda/core/device_query.hpp"
#include "segue/core/error.hpp"

namespace segue {
namespace {

// Empty where there is such a GPU.
std::string missing_for_cuda(int index) {
  const cuda::DeviceQuery query = cuda::query_devices();
  if (query.count == 0)
    return query.problem;
  if (index >= query.count)
    return fmt::format("there is no cuda:{}: this machine has {} GPU(s)", index, query.count);
  return "";
}

}  // namespace

Device Device::parse(std::string_view text) {
  if (text == "auto")
    return {};
  if (text == "cpu")
    return cpu();
  if (text == "cuda")
    return {Kind::cuda, 0};
  constexpr std::string_view kPrefix = "cuda:";
  if (text.starts_with(kPrefix)) {
    int index = -1;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + kPrefix.size(), end, index);
    if (error == std::errc{} && stop == end && index >= 0)
      return {Kind::cuda, index};
  }
  throw InvalidArgument(fmt::format("device \"{}\": auto, cpu, cuda or cuda:N expected", text));
}

std::string Device::to_string() const {
  switch (kind) {
    case Kind::automatic:
      return "auto";
    case Kind::cpu:
      return "cpu";
    default:
      return fmt::format("cuda:{}", index);
  }
}

ResolvedDevice resolve(Device requested) {
  if (requested.kind == Device::Kind::cpu)
    return {requested, ""};
  const std::string missing = missing_for_cuda(requested.index);
  if (missing.empty())
    return {{Device::Kind::cuda, requested.index}, ""};
  if (requested.kind == Device::Kind::cuda)
    throw DeviceUnavailable(fmt::format("device {}: {}; use --device cpu", requested.to_string(), missing));
  return {Device::cpu(), fmt::format("device auto: using the CPU ({})", missing)};
}

}  // namespace segue
