#include <gtest/gtest.h>

#include <limits>

#include "segue/als/solver.hpp"
#include "segue/core/error.hpp"

namespace segue::als {
namespace {

std::string refusal(const Options& options) {
  try {
    check_options(options);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Options, DefaultsAndEndsOfRangesAreAccepted) {
  EXPECT_EQ(refusal({}), "accepted");
  EXPECT_EQ(refusal({.rank = 1, .iterations = 1, .regularization = 0, .cg_steps = 1}), "accepted");
  EXPECT_EQ(refusal({.rank = 1024, .iterations = 10000, .regularization_exponent = 1, .cg_steps = 100}), "accepted");
}

TEST(Options, RefusalsNameOptionValueAndRange) {
  EXPECT_EQ(refusal({.rank = 1025}), "als: rank is 1025, expected 1 to 1024");
  EXPECT_EQ(refusal({.rank = 0}), "als: rank is 0, expected 1 to 1024");
  EXPECT_EQ(refusal({.iterations = 0}), "als: iterations is 0, expected 1 to 10000");
  EXPECT_EQ(refusal({.alpha = 0}), "als: alpha is 0, expected 1e-06 to 1000000");
  EXPECT_EQ(refusal({.alpha = std::numeric_limits<double>::quiet_NaN()}),
            "als: alpha is nan, expected 1e-06 to 1000000");
  EXPECT_EQ(refusal({.regularization = -1}), "als: regularization is -1, expected 0 to 1000000000");
  EXPECT_EQ(refusal({.regularization_exponent = 1.5}), "als: regularization_exponent is 1.5, expected 0 to 1");
  EXPECT_EQ(refusal({.cg_steps = 101}), "als: cg_steps is 101, expected 1 to 100");
  EXPECT_EQ(refusal({.init_scale = 0}), "als: init_scale is 0, expected 1e-06 to 1000");
}

TEST(Options, GramPreconditionerNeedsOneRegularization) {
  EXPECT_EQ(refusal({.regularization_exponent = 0.5, .preconditioner = Preconditioner::gram}),
            "als: regularization_exponent is 0.5, but the gram preconditioner needs the same regularization for all "
            "rows: set regularization_exponent to 0 or the preconditioner to none");
}

}  // namespace
}  // namespace segue::als
