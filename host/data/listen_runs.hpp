#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "host/data/spill_file.hpp"
#include "segue/core/aligned.hpp"
#include "segue/data/listens.hpp"

namespace segue::data {

/// One listen as it is sorted and spilled: 24 bytes.
struct Listen {
  std::int64_t timestamp;
  std::int32_t user;
  std::int32_t song;
  std::int32_t ms_played;
  std::int32_t count;
};

/// A log cut into runs, each sorted by user: in memory as long as they fit, on disk from then on. So the whole log is
/// held once, in no other copy than one run's.
class ListenRuns {
 public:
  /// @param memory_bytes  for the runs; when they are more, all go to a file in `spill_folder`
  ListenRuns(std::int64_t memory_bytes, std::filesystem::path spill_folder);

  void add(const ListenLog& batch);
  /// After the last add().
  void finish();

  std::int64_t size() const { return size_; }
  std::int64_t users() const { return users_; }  ///< 1 + the highest row
  bool spilled() const { return spill_.has_value(); }

  /// Rows of users [first, end) that together have at most `most` listens, or as few as can be had. Ranges begin where
  /// the last one ended.
  std::int64_t end_of_range(std::int64_t first, std::int64_t most) const;
  /// The listens of such a range, in pieces, each sorted by user. `scratch` holds what had to be read.
  std::vector<std::span<const Listen>> range(std::int64_t first, std::int64_t end,
                                             AlignedVector<Listen>& scratch) const;
  void clear();

 private:
  static constexpr int kUsersPerMarkShift = 6;  // a run keeps where every 64th user begins

  struct Run {
    std::vector<std::int64_t> marks;  // listens before user 64·i; the last is the run's size
    AlignedVector<Listen> listens;    // empty when spilled
    std::int64_t position = 0;        // in the spill file, bytes
  };
  static std::int64_t mark(const Run& run, std::int64_t user);
  void end_run();
  void sort_by_user(Run& run);
  void spill(Run& run);

  std::int64_t memory_bytes_;
  std::size_t run_listens_;
  std::filesystem::path spill_folder_;
  std::optional<SpillFile> spill_;
  std::vector<Run> runs_;
  AlignedVector<Listen> filling_;
  std::int64_t size_ = 0;
  std::int64_t users_ = 0;
};

}  // namespace segue::data
