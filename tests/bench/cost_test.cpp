#include "segue/bench/cost.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "segue/core/error.hpp"

namespace segue::bench {
namespace {

/// `interactions` spread evenly over the first `used` of the rows.
struct Side {
  Side(std::int64_t rows_in, std::int64_t used, std::int64_t interactions) : rows(rows_in) {
    for (std::int64_t row = 0; row <= rows; ++row)
      offsets.push_back(std::min(row, used) * interactions / used);
  }
  data::CsrView view() const { return {.rows = rows, .offsets = offsets, .indices = {}, .values = {}}; }

  std::int64_t rows;
  std::vector<std::int64_t> offsets;
};

// host/als/cg_kernel.cpp gives this example: 20 M interactions of 300 k users and 60 k songs, rank 128, 3 steps take
// 11 GB and 118 GFLOP.
TEST(AlsCost, IsThatOfTheKernelsExample) {
  const Side users(300'000, 300'000, 20'000'000), songs(60'000, 60'000, 20'000'000);
  const Cost cost = als_iteration_cost(users.view(), songs.view(), {.rank = 128, .cg_steps = 3});
  EXPECT_NEAR(cost.bytes, 11e9, 0.5e9);
  EXPECT_NEAR(cost.flops, 118e9, 1.5e9);
}

TEST(AlsCost, CountsEachTermOnceAndNoEmptyRow) {
  const Side users(9, 5, 7), songs(6, 4, 7);
  const als::Options options{.rank = 3, .cg_steps = 2, .gather_storage = als::Storage::float32};
  const Cost cost = als_iteration_cost(users.view(), songs.view(), options);
  EXPECT_EQ(cost.bytes, 2 * 7 * (3 * 4 + 8) + 8 * (5 + 4) * 3);
  EXPECT_EQ(cost.flops, 2 * 7 * 3 * (4 + 4 + 2) + 2 * 3 * (5 + 4) * 3 * 3);
}

TEST(SearchCost, IsAProductAndOneReading) {
  const Cost cost = search_cost({.rows = 1000, .queries = 10, .rank = 8, .k = 5}, 2);
  EXPECT_EQ(cost.flops, 2.0 * 10 * 1000 * 8);
  EXPECT_EQ(cost.bytes, 1000 * 8 * 2 + 10 * 8 * 4 + 10 * 5 * 8);
}

TEST(FloorOf, IsTheLongerOfBothTimes) {
  Ceilings ceilings;
  ceilings.copy.median = 100;
  ceilings.product.median = 1000;
  const Floor by_copy = floor_of({.bytes = 500, .flops = 1000}, ceilings);
  EXPECT_TRUE(by_copy.by_memory);
  EXPECT_EQ(by_copy.seconds, 5);
  const Floor by_product = floor_of({.bytes = 50, .flops = 1000}, ceilings);
  EXPECT_FALSE(by_product.by_memory);
  EXPECT_EQ(by_product.seconds, 1);
}

TEST(SpreadOf, HasMedianAndExtremes) {
  const Spread odd = spread_of({3, 1, 2});
  EXPECT_EQ(odd.median, 2);
  EXPECT_EQ(odd.least, 1);
  EXPECT_EQ(odd.most, 3);
  EXPECT_EQ(odd.relative(), 1);
  EXPECT_EQ(spread_of({4, 1, 2, 3}).median, 2.5);
  EXPECT_EQ(spread_of({5}).relative(), 0);
}

TEST(Ceilings, OfTheCpuAreMeasured) {
  const Ceilings ceilings = measure_ceilings(Device::cpu(), no_progress());
  EXPECT_GT(ceilings.copy.least, 1e8);
  EXPECT_GT(ceilings.product.least, 1e8);
  EXPECT_GE(ceilings.copy.most, ceilings.copy.median);
  EXPECT_NE(ceilings.device_name, "");
  EXPECT_NE(ceilings.copy_name, "");
  EXPECT_NE(ceilings.product_name, "");
}

}  // namespace
}  // namespace segue::bench
