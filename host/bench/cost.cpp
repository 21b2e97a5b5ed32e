#include "segue/bench/cost.hpp"

#include "segue/search/index.hpp"

namespace segue::bench {
namespace {

Cost half_iteration_cost(const data::CsrView& rows_of, const als::Options& options) {
  const auto interactions = static_cast<double>(rows_of.nonzeros());
  double rows = 0;
  for (std::int64_t row = 0; row < rows_of.rows; ++row)
    rows += rows_of.row_size(row) > 0 ? 1 : 0;
  const double f = options.rank;
  const double steps = options.cg_steps;
  const double stored_bytes = options.gather_storage == als::Storage::float32 ? 4 : 2;
  return {.bytes = interactions * (f * stored_bytes + 8) + 8 * rows * f,
          .flops = interactions * f * (4 + 4 * (steps - 1) + 2) + 2 * (steps + 1) * rows * f * f};
}

}  // namespace

Cost als_iteration_cost(const data::CsrView& by_user, const data::CsrView& by_song, const als::Options& options) {
  const Cost users = half_iteration_cost(by_user, options);
  const Cost songs = half_iteration_cost(by_song, options);
  return {.bytes = users.bytes + songs.bytes, .flops = users.flops + songs.flops};
}

Cost search_cost(const SearchShape& shape, std::int64_t value_bytes) {
  const auto rows = static_cast<double>(shape.rows);
  const auto queries = static_cast<double>(shape.queries);
  const auto rank = static_cast<double>(shape.rank);
  const double hits = queries * static_cast<double>(shape.k) * sizeof(search::Hit);
  return {.bytes = rows * rank * static_cast<double>(value_bytes) + queries * rank * sizeof(float) + hits,
          .flops = 2 * queries * rows * rank};
}

Floor floor_of(const Cost& cost, const Ceilings& ceilings) {
  const double memory_seconds = cost.bytes / ceilings.copy.median;
  const double arithmetic_seconds = cost.flops / ceilings.product.median;
  return {.seconds = memory_seconds > arithmetic_seconds ? memory_seconds : arithmetic_seconds,
          .by_memory = memory_seconds > arithmetic_seconds};
}

}  // namespace segue::bench
