#include <filesystem>
#include <memory>

#include "host/cli/commands.hpp"
#include "host/cli/run_arguments.hpp"
#include "host/cli/run_report.hpp"
#include "segue/pipeline/nightly.hpp"

namespace segue::cli {
namespace {

struct PlaylistArguments {
  std::string run;
  std::vector<std::string> users;
  std::string date;
  std::string out;
};

using Sink = std::function<void(const playlist::Playlist&)>;

void make_lists(std::string_view name, const pipeline::Run& run, const pipeline::PlaylistDates& dates,
                std::span<const std::int32_t> users, const Sink& sink, Session& session) {
  const pipeline::Config& config = run.config();
  if (name == "discover-weekly") {
    // Only a night's run stands among others that gave songs before.
    const std::filesystem::path runs = run.dates() ? run.directory().parent_path() : std::filesystem::path();
    const data::Csr given = pipeline::given_before(runs, dates.monday, run.listening(), nullptr);
    playlist::DiscoverWeeklyOptions options = config.discover_weekly;
    options.monday = dates.monday;
    playlist::make_discover_weekly(run.inputs(), session.device(), options, given.view(), users, sink,
                                   session.progress());
    return;
  }
  playlist::ReleaseRadarOptions options = config.release_radar;
  options.friday = dates.friday;
  playlist::make_release_radar(run.inputs(), session.device(), options, users, sink, session.progress());
}

void print_lists(std::string_view name, const pipeline::Run& run, const pipeline::PlaylistDates& dates,
                 const std::vector<std::string>& ids, Session& session) {
  std::vector<std::int32_t> users;
  for (const std::string& id : ids)
    users.push_back(find_user(run, id));
  const Date date = name == "discover-weekly" ? dates.monday : dates.friday;
  Json document = Json::array();
  const Sink sink = [&](const playlist::Playlist& list) {
    document.push_back(Json::parse(playlist::to_json(list, name, date, run.inputs())));
    say_list(document.back(), session);
  };
  make_lists(name, run, dates, users, sink, session);
  session.answer(document);
}

void write_lists(std::string_view name, const pipeline::Run& run, const pipeline::PlaylistDates& dates,
                 const std::string& out, Session& session) {
  std::filesystem::create_directories(out);
  const Date date = name == "discover-weekly" ? dates.monday : dates.friday;
  playlist::PlaylistWriter writer(out, std::string(name), date, run.inputs(), run.config().output);
  std::int64_t lists = 0;
  make_lists(
      name, run, dates, {},
      [&](const playlist::Playlist& list) {
        writer.write(list);
        ++lists;
      },
      session);
  writer.commit();
  session.say(fmt::format("{}: {} lists of {}", out, lists, format_date(date)));
  session.answer({{"out", out}, {"lists", lists}, {"date", format_date(date)}});
}

ExitCode playlists(std::string_view name, const PlaylistArguments& arguments, Session& session) {
  if (arguments.users.empty() == arguments.out.empty())
    throw InvalidArgument(
        fmt::format("playlists {}: name users to see theirs, or write everybody's with --out DIR", name));
  const pipeline::Run run(arguments.run);
  const std::optional<Date> date = parse_date_argument(arguments.date);
  const pipeline::PlaylistDates dates =
      !date && run.dates() ? *run.dates() : pipeline::playlist_dates(date, run.listening().summary);
  if (arguments.users.empty())
    write_lists(name, run, dates, arguments.out, session);
  else
    print_lists(name, run, dates, arguments.users, session);
  return ExitCode::ok;
}

}  // namespace

void add_playlists(CLI::App& app, Command& chosen) {
  CLI::App* parent = app.add_subcommand("playlists", "Discover Weekly and Release Radar from a run");
  parent->require_subcommand(1);
  parent->fallthrough();
  parent->footer(
      "Examples:\n  segue playlists discover-weekly u000001\n"
      "  segue playlists release-radar --run model --date 2026-06-05 --out lists");
  static constexpr std::pair<const char*, const char*> kPlaylists[] = {
      {"discover-weekly", "Songs never heard, to one's taste, for a Monday"},
      {"release-radar", "New releases of followed artists and those like them, for a Friday"}};
  for (const auto& [name, help] : kPlaylists) {
    auto arguments = std::make_shared<PlaylistArguments>();
    CLI::App* command = parent->add_subcommand(name, help);
    command->add_option("users", arguments->users, "Whose lists to print")->type_name("USER");
    command
        ->add_option("--date", arguments->date,
                     "First such weekday on or after it; default: the run's own, or after the last listen")
        ->type_name("YYYY-MM-DD");
    command->add_option("--out", arguments->out, "Write everybody's lists here instead")->type_name("DIR");
    add_run_option(*command, arguments->run);
    command->callback([arguments, name = std::string(name), &chosen] {
      chosen = [arguments, name](Session& session) { return playlists(name, *arguments, session); };
    });
  }
}

}  // namespace segue::cli
