#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "host/search/index_cpu.hpp"

namespace segue::search {

/// docs/formats.md, "Search index".  @throws IoError
void write_index(const std::filesystem::path& path, const IndexShape& shape, std::span<const float> panels);

/// @throws IoError, BadInput
std::unique_ptr<CpuIndex> read_index(const std::filesystem::path& path);

}  // namespace segue::search
