#pragma once

#include <string>

#include "host/cli/session.hpp"
#include "segue/data/id_table.hpp"
#include "segue/data/listens.hpp"

namespace segue::cli {

/// A whole log with its ids, for commands that split it.
struct LogInMemory {
  data::IdTable users;
  data::IdTable songs;  ///< the catalogue's first
  data::ListenLog listens;
};

/// @param data  as find_input() takes it
/// @throws BadInput  also where there is not one listen
LogInMemory read_log(const std::string& data, Session& session);

/// Of all that a split and a training depend on.
std::string hash_of(const LogInMemory& log);

}  // namespace segue::cli
