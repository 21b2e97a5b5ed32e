#pragma once

#include <string>

#include "host/cli/session.hpp"

namespace segue::cli {

/// Songs of a profile store that sound like one of them, named by its id, its path or its file's name.
/// @throws IoError  no such store;  UnknownId;  InvalidArgument  several are called so;  BadInput  it is silent
ExitCode similar_by_sound(const std::string& store, const std::string& id, int count, const Session& session);

}  // namespace segue::cli
