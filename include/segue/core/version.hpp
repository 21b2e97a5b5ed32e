#pragma once

#include <string>

namespace segue {

/// "0.1.0", as CMake's project() and CHANGELOG.md have it.
std::string version();

}  // namespace segue
