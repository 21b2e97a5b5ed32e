#include "host/cli/similar_by_sound.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "host/cli/analyze_songs.hpp"
#include "host/cli/run_arguments.hpp"
#include "segue/audio/profile_store.hpp"
#include "segue/core/text.hpp"
#include "segue/search/index.hpp"

namespace segue::cli {
namespace {

namespace fs = std::filesystem;
using audio::StoredProfile;

std::int64_t find(const std::vector<StoredProfile>& songs, const std::string& wanted, const std::string& store) {
  std::vector<std::int64_t> called;
  std::vector<std::string_view> ids;
  for (std::size_t i = 0; i < songs.size(); ++i) {
    const fs::path path(songs[i].path);
    if (songs[i].id == wanted)
      return static_cast<std::int64_t>(i);
    if (path == wanted || path.filename() == wanted || path.stem() == wanted)
      called.push_back(static_cast<std::int64_t>(i));
    ids.push_back(songs[i].id);
  }
  if (called.size() == 1)
    return called[0];
  if (called.size() > 1)
    throw InvalidArgument(fmt::format("{} songs of {} are called {}: name one by its id, such as {}", called.size(),
                                      store, quote_for_message(wanted), songs[static_cast<std::size_t>(called[0])].id));
  const std::vector<std::string> near = nearest_words(wanted, ids, 3);
  throw UnknownId(fmt::format("{}: no song {}{}", store, quote_for_message(wanted),
                              near.empty() ? "" : "; did you mean " + quote_list(near) + "?"));
}

/// Only those that the same model made: others lie in another space.
Matrix<float> embeddings_of(const std::vector<StoredProfile>& songs, const StoredProfile& song) {
  const std::size_t dimension = song.profile.embedding.size();
  Matrix<float> matrix(static_cast<std::int64_t>(songs.size()), static_cast<std::int64_t>(dimension), 0.0f);
  for (std::size_t i = 0; i < songs.size(); ++i)
    if (songs[i].model == song.model && songs[i].profile.embedding.size() == dimension)
      std::ranges::copy(songs[i].profile.embedding, matrix.row(static_cast<std::int64_t>(i)).begin());
  return matrix;
}

}  // namespace

ExitCode similar_by_sound(const std::string& store, const std::string& id, int count, const Session& session) {
  if (!fs::exists(store))
    throw IoError("open", store, ENOENT);
  const std::vector<StoredProfile> songs = audio::ProfileStore::open(store).all();
  const std::int64_t row = find(songs, id, store);
  const StoredProfile& song = songs[static_cast<std::size_t>(row)];
  const Matrix<float> embeddings = embeddings_of(songs, song);
  std::vector<std::uint64_t> allow = nonzero_rows(embeddings.view());
  if (embeddings.columns() == 0 || !search::has_bit(allow, row))
    throw BadInput(fmt::format("{}: {} is silent, and sounds like nothing", store, song.id));
  search::clear_bit(allow, row);
  const auto index = search::make_index(session.device(), embeddings.view(), search::Metric::cosine);
  Matrix<search::Hit> hits(1, count);
  index->search(embeddings.view().row_range(row, row + 1), hits.view(), {.k = count, .allow = allow});

  Json rows = Json::array();
  for (const search::Hit& hit : hits.row(0)) {
    if (hit.row < 0)
      break;
    const StoredProfile& near = songs[static_cast<std::size_t>(hit.row)];
    rows.push_back({{"position", rows.size() + 1},
                    {"song", near.id},
                    {"BPM", near.profile.tempo},
                    {"key", audio::key_name(near.profile.key, near.profile.mode)},
                    {"metre", metre_text(near.profile.time_signature)},
                    {"cosine", hit.score}});
  }
  session.say(fmt::format("Sounds like {} ({:.0f} BPM, {}, {})", song.id, song.profile.tempo,
                          audio::key_name(song.profile.key, song.profile.mode),
                          metre_text(song.profile.time_signature)));
  session.say_table(rows);
  if (rows.empty())
    session.say("Nothing: the store has no other song with an embedding by the same model.");
  session.answer({{"song", song.id}, {"similar", rows}});
  return ExitCode::ok;
}

}  // namespace segue::cli
