#include "host/cli/log_in_memory.hpp"

#include "segue/core/memory_plan.hpp"
#include "segue/core/sha256.hpp"
#include "segue/data/catalogue.hpp"

namespace segue::cli {
namespace {

template <class T>
void update(Sha256& hash, const std::vector<T>& values) {
  hash.update({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
}

}  // namespace

LogInMemory read_log(const std::string& data, Session& session) {
  LogInMemory log;
  const data::DataPaths paths = data::find_input(data);
  data::RejectLog rejects;
  data::read_catalogue(paths, {.reject_limit = session.config().input.reject_limit}, log.songs, rejects,
                       session.progress());
  data::ListenLog& all = log.listens;
  data::ListenOptions options = session.config().input;
  options.format.block_bytes = data::block_bytes_for(available_memory_bytes() / 8);
  data::read_listens(paths.listens, options, log.users, log.songs, nullptr, rejects, session.progress(),
                     [&](const data::ListenLog& batch) {
                       MemoryPlan plan(fmt::format("{} listens and counting, held in memory", all.size()));
                       plan.add("a larger log", (all.size() + batch.size()) * 20);
                       plan.require(available_memory_bytes(), "raise --memory, or take a part of the log");
                       data::append_listens(batch, all);
                     });
  if (all.size() == 0)
    throw BadInput(fmt::format("{}: no listens; `segue validate --data {}` says why", data, data));
  return log;
}

std::string hash_of(const LogInMemory& log) {
  Sha256 hash;
  hash.update(fmt::format("{} {} {}\n", log.users.size(), log.songs.size(), log.listens.size()));
  update(hash, log.listens.user);
  update(hash, log.listens.song);
  update(hash, log.listens.timestamp);
  update(hash, log.listens.ms_played);
  update(hash, log.listens.count);
  return hash.hex().substr(0, 16);
}

}  // namespace segue::cli
