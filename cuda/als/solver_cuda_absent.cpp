#include <fmt/format.h>

#include "cuda/als/solver_cuda.hpp"
#include "cuda/core/device_query.hpp"
#include "segue/core/error.hpp"

namespace segue::cuda {
namespace {

[[noreturn]] void refuse(int device) {
  throw DeviceUnavailable(fmt::format("als: device cuda:{}: {}; use --device cpu", device, query_devices().problem));
}

}  // namespace

std::unique_ptr<als::Solver> make_als_solver(int device, const data::CsrView&, const data::CsrView&,
                                             const als::Options&, std::int64_t) {
  refuse(device);
}

MemoryPlan als_host_memory_plan(int device, const data::CsrView&, const als::Options&) {
  refuse(device);
}

}  // namespace segue::cuda
