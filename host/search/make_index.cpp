#include <memory>

#include "host/search/index_cpu.hpp"
#include "host/search/index_file.hpp"
#include "segue/core/error.hpp"
#include "segue/search/index.hpp"

namespace segue::search {
namespace {

void require_cpu(Device device) {
  if (device.kind == Device::Kind::cuda)
    throw DeviceUnavailable(device.to_string() +
                            ": this version has no CUDA engine for search yet; use --device cpu or auto");
}

}  // namespace

std::unique_ptr<Index> make_index(Device device, MatrixView<const float> vectors, Metric metric) {
  require_cpu(device);
  return std::make_unique<CpuIndex>(vectors, metric);
}

std::unique_ptr<Index> load_index(Device device, const std::filesystem::path& path) {
  require_cpu(device);
  return read_index(path);
}

std::vector<std::uint64_t> make_mask(std::int64_t rows) {
  return std::vector<std::uint64_t>(static_cast<std::size_t>((rows + 63) / 64));
}

}  // namespace segue::search
