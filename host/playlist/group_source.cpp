#include <algorithm>
#include <cmath>

#include "host/playlist/candidates.hpp"
#include "host/playlist/inputs.hpp"
#include "host/playlist/tally.hpp"
#include "segue/core/parallel.hpp"

namespace segue::playlist {
namespace {

class GroupSource : public CandidateSource {
 public:
  GroupSource(const Inputs& inputs, const SongFacts& facts, std::span<const std::int32_t> users, int count)
      : inputs_(inputs), count_(count) {
    const std::vector<std::vector<std::int32_t>> members = members_of_groups();
    std::int64_t listeners = 0;
    for (const auto& group : members)
      listeners += static_cast<std::int64_t>(group.size());
    std::vector<bool> wanted(members.size());
    for (const std::int32_t user : users)
      if (const std::int32_t group = group_of(user); group >= 0)
        wanted[static_cast<std::size_t>(group)] = true;

    rankings_.resize(members.size());
    PerThread<Tally> tallies;
    parallel_tasks(static_cast<std::int64_t>(members.size()), [&](std::int64_t g) {
      const auto group = static_cast<std::size_t>(g);
      if (wanted[group])
        rankings_[group] = rank_group(members[group], facts, listeners, tallies.local());
    });
  }

  std::vector<Ranking> rank(const Block& block) const override {
    std::vector<Ranking> rankings(block.users.size());
    for (std::size_t i = 0; i < block.users.size(); ++i) {
      const std::int32_t group = group_of(block.users[i]);
      if (group < 0)
        continue;
      const std::span<const std::int32_t> unwanted = block.unwanted.row_indices(static_cast<std::int64_t>(i));
      for (const Candidate& candidate : rankings_[static_cast<std::size_t>(group)])
        if (rankings[i].size() < static_cast<std::size_t>(count_) &&
            !std::ranges::binary_search(unwanted, candidate.song))
          rankings[i].push_back(candidate);
    }
    return rankings;
  }

 private:
  std::int32_t group_of(std::int32_t user) const {
    return static_cast<std::size_t>(user) < inputs_.group_of_user.size() && has_taste(inputs_, user)
               ? inputs_.group_of_user[static_cast<std::size_t>(user)]
               : -1;
  }

  std::vector<std::vector<std::int32_t>> members_of_groups() const {
    std::vector<std::vector<std::int32_t>> members;
    const std::int64_t users = inputs_.interactions->plays.rows;
    for (std::int32_t user = 0; user < users; ++user) {
      const std::int32_t group = group_of(user);
      if (group < 0)
        continue;
      if (static_cast<std::size_t>(group) >= members.size())
        members.resize(static_cast<std::size_t>(group) + 1);
      members[static_cast<std::size_t>(group)].push_back(user);
    }
    return members;
  }

  // With n of the group's g members, and N of all L listeners, streaming a song: n·log((n/g)/(N/L)), where positive.
  Ranking rank_group(std::span<const std::int32_t> members, const SongFacts& facts, std::int64_t listeners,
                     Tally& tally) const {
    tally.reserve(inputs_.songs->size());
    const data::CsrView plays = inputs_.interactions->plays.view();
    for (const std::int32_t user : members) {
      const std::span<const std::int32_t> songs = plays.row_indices(user);
      const std::span<const float> streams = plays.row_values(user);
      for (std::size_t i = 0; i < songs.size(); ++i)
        if (streams[i] > 0 && facts.may_be_given(songs[i]))
          tally.add(songs[i], 1, user);
    }
    const double share_of_all = static_cast<double>(members.size()) / static_cast<double>(listeners);
    for (const std::int32_t song : tally.touched()) {
      Tally::Entry& entry = tally.at(song);
      const double expected = share_of_all * facts.listeners[static_cast<std::size_t>(song)];
      entry.score = static_cast<float>(entry.count * std::log(entry.count / expected));
    }
    Ranking ranking;
    for (const std::int32_t song : tally.best(kSpare * count_))
      if (tally.at(song).score > 0)
        ranking.push_back({song, tally.at(song).count});
    tally.clear();
    return ranking;
  }

  const Inputs& inputs_;
  int count_;
  std::vector<Ranking> rankings_;  // by group, of all members
};

}  // namespace

std::unique_ptr<CandidateSource> make_group_source(const Inputs& inputs, const SongFacts& facts,
                                                   std::span<const std::int32_t> users, int count) {
  return std::make_unique<GroupSource>(inputs, facts, users, count);
}

}  // namespace segue::playlist
