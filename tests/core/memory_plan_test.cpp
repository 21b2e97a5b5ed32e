#include "segue/core/memory_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segue/core/error.hpp"

namespace segue {
namespace {

TEST(MemoryPlan, RefusesWithTheNumbers) {
  MemoryPlan plan("train als");
  plan.add("factors", 3'000'000'000);
  plan.add("scratch", 500'000'000);
  EXPECT_EQ(plan.total_bytes(), 3'500'000'000);
  plan.require(3'500'000'000, "lower als.rank");
  try {
    plan.require(3'499'999'999, "lower als.rank");
    FAIL();
  } catch (const OutOfMemory& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("needs 3.5 GB (factors 3 GB, scratch 500 MB)"),
                                             testing::HasSubstr("lower als.rank")));
    EXPECT_EQ(error.exit_code(), ExitCode::unavailable);
  }
}

TEST(AvailableMemory, IsSomeOfThisMachine) {
  EXPECT_GT(available_memory_bytes(), std::int64_t{1} << 20);
  EXPECT_LT(available_memory_bytes(), std::int64_t{1} << 50);
}

TEST(CheckedProduct, RefusesOverflow) {
  EXPECT_EQ(checked_product({1 << 20, 1 << 20, 1 << 20}), std::int64_t{1} << 60);
  EXPECT_THROW(checked_product({1 << 30, 1 << 30, 1 << 30}), InvalidArgument);
}

TEST(FormatBytes, UsesDecimalUnits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1'234'000'000), "1.23 GB");
  EXPECT_EQ(format_bytes(999'999), "1 MB");
}

}  // namespace
}  // namespace segue
