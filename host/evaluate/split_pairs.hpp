#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "segue/data/csr.hpp"
#include "segue/evaluate/split.hpp"

namespace segue::evaluate {

/// Appends rows to a matrix; a row without values makes a pattern.
class RowBuilder {
 public:
  explicit RowBuilder(std::int64_t columns) { matrix_.columns = columns; }

  void add(std::span<const std::int32_t> indices, std::span<const float> values = {}) {
    matrix_.indices.insert(matrix_.indices.end(), indices.begin(), indices.end());
    matrix_.values.insert(matrix_.values.end(), values.begin(), values.end());
    matrix_.offsets.push_back(static_cast<std::int64_t>(matrix_.indices.size()));
    ++matrix_.rows;
  }
  data::Csr take() { return std::move(matrix_); }

 private:
  data::Csr matrix_;
};

/// Users with a stream (value > 0), for each song.
std::vector<std::int32_t> count_listeners(const data::CsrView& plays);

/// leave_k_out or strong; of the counts, only users_with_few_songs is set.
Split split_pairs(const data::Interactions& all, const data::InteractionOptions& interactions,
                  const SplitOptions& options);

}  // namespace segue::evaluate
