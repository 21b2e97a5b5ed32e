#pragma once

#include <filesystem>
#include <memory>

#include "host/search/ivf_cpu.hpp"

namespace segue::search {

/// docs/formats.md, "IVF index".  @throws IoError
void write_ivf_index(const std::filesystem::path& path, const IvfParts& parts);

/// @throws IoError, BadInput
std::unique_ptr<CpuIvfIndex> read_ivf_index(const std::filesystem::path& path);

}  // namespace segue::search
