#include "host/data/listen_runs.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "host/data/partition.hpp"
#include "segue/core/log.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/parallel.hpp"

namespace segue::data {
namespace {

constexpr std::int64_t kChunk = 1 << 14;
constexpr std::int64_t kListenBytes = sizeof(Listen);

}  // namespace

ListenRuns::ListenRuns(std::int64_t memory_bytes, std::filesystem::path spill_folder)
    : memory_bytes_(memory_bytes),
      run_listens_(
          static_cast<std::size_t>(std::clamp<std::int64_t>(memory_bytes / (8 * kListenBytes), 1 << 10, 1 << 22))),
      spill_folder_(std::move(spill_folder)) {}

void ListenRuns::add(const ListenLog& batch) {
  for (std::int64_t done = 0; done < batch.size();) {
    const std::size_t old = filling_.size();
    const auto room = static_cast<std::int64_t>(run_listens_ - old);
    const std::int64_t count = std::min(room, batch.size() - done);
    filling_.resize(old + static_cast<std::size_t>(count));
    parallel_for(count, kChunk, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto row = static_cast<std::size_t>(done + i);
        filling_[old + static_cast<std::size_t>(i)] = {batch.timestamp[row], batch.user[row], batch.song[row],
                                                       batch.ms_played[row],
                                                       batch.count.empty() ? 1 : batch.count[row]};
      }
    });
    done += count;
    if (filling_.size() == run_listens_)
      end_run();
  }
}

void ListenRuns::finish() {
  if (!filling_.empty())
    end_run();
  AlignedVector<Listen>().swap(filling_);
}

void ListenRuns::end_run() {
  Run& run = runs_.emplace_back();
  run.listens.swap(filling_);
  size_ += static_cast<std::int64_t>(run.listens.size());
  sort_by_user(run);
  if (!spill_ && size_ * kListenBytes > memory_bytes_) {
    log::info("the log does not fit {}: spilling to {}", format_bytes(memory_bytes_), spill_folder_.string());
    spill_.emplace(spill_folder_);
    for (Run& earlier : runs_)
      spill(earlier);
  } else if (spill_) {
    spill(run);
  }
  filling_.reserve(run_listens_);
}

// Two passes of a radix sort: into ranges of users, then each range by its users, back to where the run was.
void ListenRuns::sort_by_user(Run& run) {
  const std::int64_t count = static_cast<std::int64_t>(run.listens.size());
  const std::int64_t users =
      1 + std::ranges::max_element(run.listens, {}, &Listen::user)->user;  // runs are never empty
  users_ = std::max(users_, users);
  const Partition<Listen> ranges =
      partition<Listen>(count, users, [&](std::int64_t begin, std::int64_t end, auto&& sink) {
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
          sink(run.listens[i].user, run.listens[i]);
      });
  std::vector<std::int64_t> begins(static_cast<std::size_t>(users));
  parallel_tasks(ranges.parts(), [&](std::int64_t part) {
    const std::span next =
        std::span(begins).subspan(static_cast<std::size_t>(ranges.first_key(part)),
                                  static_cast<std::size_t>(ranges.end_key(part) - ranges.first_key(part)));
    const std::span entries(ranges.entries.data() + ranges.begin(part), ranges.entries.data() + ranges.end(part));
    for (const Listen& listen : entries)
      ++next[static_cast<std::size_t>(listen.user - ranges.first_key(part))];
    std::exclusive_scan(next.begin(), next.end(), next.begin(), ranges.begin(part));
    for (const Listen& listen : entries)
      run.listens[static_cast<std::size_t>(next[static_cast<std::size_t>(listen.user - ranges.first_key(part))]++)] =
          listen;
  });
  // begins[u] has moved to where user u ends.
  const std::int64_t marks = ((users - 1) >> kUsersPerMarkShift) + 2;
  run.marks.assign(static_cast<std::size_t>(marks), count);
  run.marks[0] = 0;
  for (std::int64_t i = 1; i + 1 < marks; ++i)
    run.marks[static_cast<std::size_t>(i)] = begins[static_cast<std::size_t>((i << kUsersPerMarkShift) - 1)];
}

void ListenRuns::spill(Run& run) {
  run.position = spill_->bytes();
  spill_->append(std::as_bytes(std::span(run.listens)));
  AlignedVector<Listen>().swap(run.listens);  // "= {}" would keep the memory
}

std::int64_t ListenRuns::mark(const Run& run, std::int64_t user) {
  const auto last = static_cast<std::int64_t>(run.marks.size()) - 1;
  const std::int64_t i = (user + (1 << kUsersPerMarkShift) - 1) >> kUsersPerMarkShift;
  return run.marks[static_cast<std::size_t>(std::min(i, last))];
}

std::int64_t ListenRuns::end_of_range(std::int64_t first, std::int64_t most) const {
  constexpr std::int64_t kStep = 1 << kUsersPerMarkShift;
  std::int64_t end = first;
  for (std::int64_t listens = 0; end < users_;) {
    for (const Run& run : runs_)
      listens += mark(run, end + kStep) - mark(run, end);
    if (listens > most && end > first)
      break;
    end = std::min(users_, end + kStep);
  }
  return end;
}

std::vector<std::span<const Listen>> ListenRuns::range(std::int64_t first, std::int64_t end,
                                                       AlignedVector<Listen>& scratch) const {
  std::int64_t total = 0;
  for (const Run& run : runs_)
    total += mark(run, end) - mark(run, first);
  scratch.clear();
  scratch.resize(spill_ ? static_cast<std::size_t>(total) : 0);
  std::vector<std::span<const Listen>> pieces;
  std::size_t at = 0;
  for (const Run& run : runs_) {
    const std::int64_t begin = mark(run, first);
    const auto count = static_cast<std::size_t>(mark(run, end) - begin);
    if (count == 0)
      continue;
    if (!spill_) {
      pieces.push_back(std::span(run.listens).subspan(static_cast<std::size_t>(begin), count));
      continue;
    }
    const std::span piece = std::span(scratch).subspan(at, count);
    spill_->read(run.position + begin * kListenBytes, std::as_writable_bytes(piece));
    pieces.push_back(piece);
    at += count;
  }
  return pieces;
}

void ListenRuns::clear() {
  runs_.clear();
  spill_.reset();
}

}  // namespace segue::data
