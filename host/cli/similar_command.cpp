#include <memory>

#include "host/cli/commands.hpp"
#include "host/cli/run_arguments.hpp"
#include "host/cli/similar_by_sound.hpp"
#include "segue/playlist/artist_vectors.hpp"
#include "segue/search/index.hpp"

namespace segue::cli {
namespace {

struct SimilarArguments {
  std::string run;
  std::string id;
  int count = 20;
  int min_listeners = 3;
  std::string by = "listeners";
  std::string store;
};

/// Rows of `table` closest to `row` by cosine. Itself, rows without a vector and those with fewer than `min_listeners`
/// are left out: a vector made of one person's listens says little.
/// @param listeners  of each row; empty: not asked
std::vector<search::Hit> neighbours(const data::FactorTable& table, std::int32_t row, int count, const Session& session,
                                    std::span<const std::int32_t> listeners = {}, int min_listeners = 0) {
  const MatrixView<const float> vectors = table.vectors.view();
  std::vector<std::uint64_t> allow = nonzero_rows(vectors);
  if (row >= vectors.rows() || !search::has_bit(allow, row))
    throw BadInput(fmt::format(
        "{} has no vector: nobody who was trained on listened, or it is silent, so nothing is known to be similar",
        table.ids.id(row)));
  search::clear_bit(allow, row);
  for (std::size_t i = 0; i < listeners.size(); ++i)
    if (listeners[i] < min_listeners)
      search::clear_bit(allow, static_cast<std::int64_t>(i));
  const auto index = search::make_index(session.device(), vectors, search::Metric::cosine);
  Matrix<search::Hit> hits(1, count);
  index->search(vectors.row_range(row, row + 1), hits.view(), {.k = count, .allow = allow});
  std::vector<search::Hit> found(hits.row(0).begin(), hits.row(0).end());
  std::erase_if(found, [](const search::Hit& hit) { return hit.row < 0; });
  return found;
}

void answer(const Session& session, const std::string& head, Json query, const Json& rows) {
  session.say(head);
  session.say_table(rows);
  if (rows.empty())
    session.say("Nothing: no other has a vector and listeners enough (--min-listeners).");
  query["similar"] = rows;
  session.answer(query);
}

std::vector<std::int32_t> song_listeners(const data::CsrView& plays) {
  std::vector<std::int32_t> listeners(static_cast<std::size_t>(plays.columns));
  for (std::size_t i = 0; i < plays.indices.size(); ++i)
    if (plays.values[i] > 0)
      ++listeners[static_cast<std::size_t>(plays.indices[i])];
  return listeners;
}

/// By the embeddings of the run's audio.
ExitCode similar_by_sound(const pipeline::Run& run, std::int32_t song, int count, Session& session) {
  const data::FactorTable& sound = run.sound();
  const std::string_view id = run.songs().ids.id(song);
  const std::int32_t row = sound.ids.find(id);
  if (row == data::IdTable::kNone)
    throw BadInput(
        fmt::format("{}: the run has no audio of {}; give the catalogue a path column, or name a store of "
                    "`segue analyze` with --store",
                    run.directory().string(), id));
  Json rows = Json::array();
  for (const search::Hit& hit : neighbours(sound, row, count, session)) {
    const std::int32_t other = run.songs().ids.find(sound.ids.id(hit.row));
    rows.push_back({{"position", rows.size() + 1},
                    {"song", sound.ids.id(hit.row)},
                    {"title", song_title(run, other)},
                    {"artist", song_artist(run, other)},
                    {"cosine", hit.score}});
  }
  answer(session, fmt::format("Sounds like {} by {}", song_title(run, song), song_artist(run, song)), {{"song", id}},
         rows);
  return ExitCode::ok;
}

ExitCode similar_songs(const SimilarArguments& arguments, Session& session) {
  if (arguments.by == "sound" && !arguments.store.empty())
    return similar_by_sound(arguments.store, arguments.id, arguments.count, session);
  const pipeline::Run run(arguments.run);
  const std::int32_t song = find_song(run, arguments.id);
  if (arguments.by == "sound")
    return similar_by_sound(run, song, arguments.count, session);
  Json rows = Json::array();
  const std::vector<std::int32_t> listeners = song_listeners(run.listening().interactions.plays.view());
  for (const search::Hit& hit :
       neighbours(run.songs(), song, arguments.count, session, listeners, arguments.min_listeners))
    rows.push_back({{"position", rows.size() + 1},
                    {"song", run.songs().ids.id(hit.row)},
                    {"title", song_title(run, hit.row)},
                    {"artist", song_artist(run, hit.row)},
                    {"listeners", listeners[static_cast<std::size_t>(hit.row)]},
                    {"cosine", hit.score}});
  answer(session, fmt::format("Similar to {} by {}", song_title(run, song), song_artist(run, song)),
         {{"song", run.songs().ids.id(song)}}, rows);
  return ExitCode::ok;
}

ExitCode similar_artists(const SimilarArguments& arguments, Session& session) {
  const pipeline::Run run(arguments.run);
  const std::int32_t artist = find_artist(run, arguments.id);
  Json rows = Json::array();
  const std::vector<std::int32_t> listeners =
      playlist::artist_listeners(run.listening().catalogue, run.listening().interactions.plays.view());
  for (const search::Hit& hit :
       neighbours(run.artists(), artist, arguments.count, session, listeners, arguments.min_listeners))
    rows.push_back({{"position", rows.size() + 1},
                    {"artist_id", run.artists().ids.id(hit.row)},
                    {"artist", artist_name(run, hit.row)},
                    {"listeners", listeners[static_cast<std::size_t>(hit.row)]},
                    {"cosine", hit.score}});
  answer(session, fmt::format("Similar to {}", artist_name(run, artist)), {{"artist_id", run.artists().ids.id(artist)}},
         rows);
  return ExitCode::ok;
}

ExitCode similar_users(const SimilarArguments& arguments, Session& session) {
  const pipeline::Run run(arguments.run);
  const std::int32_t user = find_user(run, arguments.id);
  Json rows = Json::array();
  if (user >= run.users().vectors.rows())
    throw BadInput(fmt::format("{} only follows and never listened: no vector", arguments.id));
  for (const search::Hit& hit : neighbours(run.users(), user, arguments.count, session))
    rows.push_back({{"position", rows.size() + 1}, {"user", run.users().ids.id(hit.row)}, {"cosine", hit.score}});
  answer(session, fmt::format("Listeners similar to {}", arguments.id), {{"user", arguments.id}}, rows);
  return ExitCode::ok;
}

}  // namespace

void add_similar(CLI::App& app, Command& chosen) {
  CLI::App* parent = app.add_subcommand("similar", "What is close to a song, an artist or a listener");
  parent->require_subcommand(1);
  parent->fallthrough();
  parent->footer("Examples:\n  segue similar song \"Poker Face\"\n  segue similar artist 89 --count 10 --json");
  struct Entity {
    const char* name;
    const char* help;
    ExitCode (*run)(const SimilarArguments&, Session&);
  };
  static constexpr Entity kEntities[] = {{"song", "Songs close to a song, named by id or title", similar_songs},
                                         {"artist", "Artists close to an artist, named by id or name", similar_artists},
                                         {"user", "Listeners close to a listener", similar_users}};
  for (const Entity& entity : kEntities) {
    auto arguments = std::make_shared<SimilarArguments>();
    CLI::App* command = parent->add_subcommand(entity.name, entity.help);
    command->add_option("id", arguments->id, entity.help)->required()->type_name("ID");
    command->add_option("--count", arguments->count, "How many")->check(CLI::Range(1, 2048))->capture_default_str();
    if (entity.run != similar_users)
      command->add_option("--min-listeners", arguments->min_listeners, "Leave out what fewer streamed")
          ->check(CLI::Range(1, 1000000000))
          ->capture_default_str();
    if (entity.run == similar_songs) {
      command->add_option("--by", arguments->by, "listeners (who streams one streams the other) or sound")
          ->check(CLI::IsMember({"listeners", "sound"}))
          ->capture_default_str();
      command->add_option("--store", arguments->store, "For sound: what `segue analyze --store` wrote")
          ->type_name("FILE");
    }
    add_run_option(*command, arguments->run);
    command->callback([arguments, run = entity.run, &chosen] {
      chosen = [arguments, run](Session& session) { return run(*arguments, session); };
    });
  }
}

}  // namespace segue::cli
