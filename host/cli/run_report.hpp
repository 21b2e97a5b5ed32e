#pragma once

#include "host/cli/session.hpp"
#include "segue/pipeline/nightly.hpp"

namespace segue::cli {

/// What a night or a training did: lines for people, or the document for machines.
void report_run(const pipeline::NightlyResult& result, const Session& session);

/// A list, as its JSON line has it, for people: a line for its head, two a song, the second with the reason.
/// @param most  songs shown
void say_list(const Json& list, const Session& session, std::size_t most = SIZE_MAX);

/// --date: YYYY-MM-DD or empty.  @throws InvalidArgument
std::optional<Date> parse_date_argument(const std::string& text);

}  // namespace segue::cli
