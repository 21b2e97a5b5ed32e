#pragma once

#include "host/cli/session.hpp"
#include "segue/pipeline/nightly.hpp"
#include "segue/playlist/playlist.hpp"

namespace segue::cli {

/// What a night or a training did: lines for people, or the document for machines.
void report_run(const pipeline::NightlyResult& result, const Session& session);

/// The songs of a list as rows for say_table(): position, title, artist, source, reason.
Json list_rows(const playlist::Playlist& list, const playlist::Inputs& inputs);

/// A line for a list's head: "Discover Weekly for u1, Monday 2011-06-06".
std::string list_title(std::string_view name, std::string_view user, Date date, bool cold_start);

/// --date: YYYY-MM-DD or empty.  @throws InvalidArgument
std::optional<Date> parse_date_argument(const std::string& text);

}  // namespace segue::cli
