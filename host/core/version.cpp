#include "segue/core/version.hpp"

namespace segue {

std::string version() {
  return SEGUE_VERSION;
}

}  // namespace segue
