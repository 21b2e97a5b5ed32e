#include "host/cli/run_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "segue/core/date.hpp"

namespace segue::cli {
namespace {

constexpr int kIndent = 5;
constexpr int kAnyWidth = 100000;  // a file or a pipe gets lines whole

std::string span_of(const pipeline::LogSummary& summary) {
  if (summary.last_timestamp == 0)
    return "no times";
  return fmt::format("{} to {}", format_date(date_of(summary.first_timestamp)),
                     format_date(date_of(summary.last_timestamp)));
}

Json stage_rows(const pipeline::NightlyResult& result) {
  Json rows = Json::array();
  for (const pipeline::Stage& stage : result.stages)
    rows.push_back({{"stage", stage.name},
                    {"seconds", stage.cached ? Json("cached") : Json(fmt::format("{:.2f}", stage.seconds))},
                    {"files", stage.files.size()}});
  return rows;
}

/// "0 rows rejected", and what else was left out, where anything was.
std::string left_out(const pipeline::LogSummary& summary) {
  std::string text = fmt::format("{} rows rejected", summary.rejects);
  const auto add = [&](std::int64_t count, std::string_view what) {
    if (count > 0)
      text += fmt::format(", {} {}", count, what);
  };
  add(summary.duplicates, "duplicates");
  add(summary.not_music, "podcasts, books or videos");
  add(summary.low_ratings, "low ratings");
  return text;
}

}  // namespace

void report_run(const pipeline::NightlyResult& result, const Session& session) {
  const pipeline::LogSummary& summary = result.summary;
  session.say(fmt::format("Read     {} listens ({} streams, {} skips; {}) of {} users and {} songs, {}", summary.rows,
                          summary.streams, summary.skips, left_out(summary), summary.listeners, summary.songs_heard,
                          span_of(summary)));
  session.say(fmt::format("Trained  rank {}, {} iterations, loss {:.6g}", session.config().als.als.rank,
                          result.loss.size(), result.loss.empty() ? 0.0 : result.loss.back()));
  if (result.discover_weekly_lists > 0)
    session.say(fmt::format("Lists    {} Discover Weekly for Monday {} ({} cold start), {} Release Radar for Friday {}",
                            result.discover_weekly_lists, format_date(result.monday), result.cold_start_lists,
                            result.release_radar_lists, format_date(result.friday)));
  session.say_table(stage_rows(result));
  session.say(fmt::format("Run      {}{} ({:.1f} s)", result.run.string(), result.up_to_date ? ", up to date" : "",
                          result.seconds));
  Json document{{"run", result.run.string()},
                {"up_to_date", result.up_to_date},
                {"listens", summary.rows},
                {"rejects", summary.rejects},
                {"duplicates", summary.duplicates},
                {"not_music", summary.not_music},
                {"low_ratings", summary.low_ratings},
                {"listeners", summary.listeners},
                {"streams", summary.streams},
                {"skips", summary.skips},
                {"loss", result.loss},
                {"seconds", result.seconds}};
  if (result.discover_weekly_lists > 0)
    document.update({{"monday", format_date(result.monday)},
                     {"friday", format_date(result.friday)},
                     {"discover_weekly_lists", result.discover_weekly_lists},
                     {"cold_start_lists", result.cold_start_lists},
                     {"release_radar_lists", result.release_radar_lists}});
  document["stages"] = stage_rows(result);
  session.answer(document);
}

void say_list(const Json& list, const Session& session, std::size_t most) {
  const bool cold_start = list["cold_start"];
  session.say(fmt::format("{} for {}, {}{}",
                          list["playlist"] == "discover-weekly" ? "Discover Weekly" : "Release Radar",
                          list["user"].get<std::string>(), list["date"].get<std::string>(),
                          cold_start ? " (cold start: nothing is known of this listener's taste)" : ""));
  const Json& songs = list["songs"];
  const int width = is_terminal(stdout) ? terminal_width(stdout) : kAnyWidth;
  for (std::size_t i = 0; i < std::min(songs.size(), most); ++i) {
    const std::string artist = songs[i]["artist"];
    const std::string song = songs[i]["title"].get<std::string>() + (artist.empty() ? "" : " — " + artist);
    session.say(fmt::format("{:3}  {}", i + 1, fit_to_width(song, width - kIndent)));
    session.say(fmt::format("     {}", fit_to_width(songs[i]["reason"].get<std::string>(), width - kIndent)));
  }
  if (songs.empty())
    session.say("     No songs: the catalogue has nothing left that keeps the list's promises.");
}

std::optional<Date> parse_date_argument(const std::string& text) {
  if (text.empty())
    return std::nullopt;
  const std::optional<Date> date = parse_date(text);
  if (!date)
    throw InvalidArgument(fmt::format("--date {}: a day as YYYY-MM-DD expected", text));
  return date;
}

}  // namespace segue::cli
