#include <memory>

#include "host/cli/commands.hpp"
#include "host/cli/run_arguments.hpp"
#include "segue/als/explain.hpp"
#include "segue/core/file.hpp"
#include "segue/search/index.hpp"

namespace segue::cli {
namespace {

constexpr std::int64_t kBlockUsers = 2048;

struct RecommendArguments {
  std::string run;
  std::vector<std::string> users;
  int count = 20;
  bool explain = false;
  bool all = false;
  std::string out;
};

/// Exact top-k of songs a listener has not played, for consecutive listeners.
class Recommender {
 public:
  Recommender(const pipeline::Run& run, Device device, int count)
      : run_(run),
        count_(count),
        allow_(recommendable_songs(run)),
        index_(search::make_index(device, run.songs().vectors.view(), search::Metric::inner_product)) {}

  /// Listeners [begin, end); unused places hold Hit::none().
  Matrix<search::Hit> recommend(std::int64_t begin, std::int64_t end) const {
    const data::CsrView plays = run_.listening().interactions.plays.view();
    const data::CsrView heard{
        .rows = end - begin,
        .columns = plays.columns,
        .offsets = plays.offsets.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin) + 1),
        .indices = plays.indices};
    Matrix<search::Hit> hits(end - begin, count_);
    index_->search(run_.users().vectors.view().row_range(begin, end), hits.view(),
                   {.k = count_, .exclude = heard, .allow = allow_});
    return hits;
  }

 private:
  const pipeline::Run& run_;
  int count_;
  std::vector<std::uint64_t> allow_;
  std::unique_ptr<search::Index> index_;
};

Json song_row(const pipeline::Run& run, const search::Hit& hit, std::size_t position) {
  return {{"position", position},
          {"song", run.songs().ids.id(hit.row)},
          {"title", song_title(run, hit.row)},
          {"artist", song_artist(run, hit.row)},
          {"score", hit.score}};
}

Json rows_of(const pipeline::Run& run, std::span<const search::Hit> hits) {
  Json rows = Json::array();
  for (const search::Hit& hit : hits)
    if (hit.row >= 0)
      rows.push_back(song_row(run, hit, rows.size() + 1));
  return rows;
}

/// Adds to each row the listens that made it, as shares of its score.
void explain(const pipeline::Run& run, std::int32_t user, std::span<const search::Hit> hits, Json& rows) {
  std::vector<std::int32_t> songs;
  for (const search::Hit& hit : hits)
    if (hit.row >= 0)
      songs.push_back(hit.row);
  const data::CsrView strength = run.listening().interactions.strength.view();
  const als::Explainer explainer(run.songs().vectors.view(), run.config().als.als);
  const auto reasons = explainer.explain(strength.row_indices(user), strength.row_values(user), songs, 3);
  for (std::size_t i = 0; i < songs.size(); ++i) {
    std::string because;
    for (const als::Contribution& contribution : reasons[i])
      because += fmt::format("{}{} ({:.3f})", because.empty() ? "" : ", ", song_title(run, contribution.song),
                             contribution.weight);
    rows[i]["because"] = because;
  }
}

ExitCode recommend_named(const RecommendArguments& arguments, const pipeline::Run& run, Session& session) {
  const Recommender recommender(run, session.device(), arguments.count);
  Json document = Json::array();
  for (const std::string& id : arguments.users) {
    const std::int32_t user = find_user(run, id);
    if (user >= run.users().vectors.rows())
      throw BadInput(
          fmt::format("{} only follows and never listened; `segue playlists release-radar {}` has its list", id, id));
    const Matrix<search::Hit> hits = recommender.recommend(user, user + 1);
    Json rows = rows_of(run, hits.row(0));
    if (arguments.explain)
      explain(run, user, hits.row(0), rows);
    session.say(fmt::format("For {}", id));
    session.say_table(rows);
    document.push_back({{"user", id}, {"songs", rows}});
  }
  session.answer(document);
  return ExitCode::ok;
}

/// JSON Lines, a line a listener, block by block: memory does not grow with the number of listeners.
ExitCode recommend_all(const RecommendArguments& arguments, const pipeline::Run& run, Session& session) {
  const Recommender recommender(run, session.device(), arguments.count);
  const std::int64_t users = run.users().vectors.rows();
  AtomicFile file(arguments.out);
  ProgressTask task(session.progress(), "recommend", users, "users");
  for (std::int64_t begin = 0; begin < users; begin += kBlockUsers) {
    const std::int64_t end = std::min(users, begin + kBlockUsers);
    const Matrix<search::Hit> hits = recommender.recommend(begin, end);
    for (std::int64_t user = begin; user < end; ++user) {
      const Json line{{"user", run.users().ids.id(static_cast<std::int32_t>(user))},
                      {"songs", rows_of(run, hits.row(user - begin))}};
      file.write(line.dump() + "\n");
    }
    task.advance(end - begin);
  }
  file.commit();
  session.say(fmt::format("{}: {} songs for each of {} users", arguments.out, arguments.count, users));
  session.answer({{"out", arguments.out}, {"users", users}, {"count", arguments.count}});
  return ExitCode::ok;
}

ExitCode recommend(const RecommendArguments& arguments, Session& session) {
  if (arguments.all != arguments.users.empty())
    throw InvalidArgument("recommend: name users, or say --all");
  if (arguments.all && arguments.out.empty())
    throw InvalidArgument("recommend --all: say where with --out FILE");
  const pipeline::Run run(arguments.run);
  return arguments.all ? recommend_all(arguments, run, session) : recommend_named(arguments, run, session);
}

}  // namespace

void add_recommend(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("recommend", "Unheard songs for some listeners, or for all, by vectors alone");
  command->footer(
      "Examples:\n  segue recommend u000001 --explain\n  segue recommend --all --count 50 --out recommendations.jsonl");
  auto arguments = std::make_shared<RecommendArguments>();
  command->add_option("users", arguments->users, "Listeners")->type_name("USER");
  command->add_option("--count", arguments->count, "Songs each")->check(CLI::Range(1, 2048))->capture_default_str();
  command->add_flag("--explain", arguments->explain, "Say which listens made each recommendation");
  CLI::Option* all = command->add_flag("--all", arguments->all, "Everybody, as JSON Lines");
  command->add_option("--out", arguments->out, "File for --all")->needs(all)->type_name("FILE");
  add_run_option(*command, arguments->run);
  command->callback(
      [arguments, &chosen] { chosen = [arguments](Session& session) { return recommend(*arguments, session); }; });
}

}  // namespace segue::cli
