#include "segue/core/error.hpp"

#include <fmt/format.h>

#include <system_error>

namespace segue {

IoError::IoError(const std::string& action, const std::filesystem::path& path, int error_number)
    : Error(fmt::format("cannot {} {}: {}", action, path.string(), std::generic_category().message(error_number))) {}

}  // namespace segue
