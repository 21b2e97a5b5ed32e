#pragma once

#include <cstdint>
#include <vector>

#include "segue/core/matrix.hpp"

namespace segue::evaluate {

struct ResamplingOptions {
  int resamples = 2000;      ///< 1–10⁶
  double confidence = 0.95;  ///< above 0, below 1
  std::uint64_t seed = 1;
};

struct Interval {
  double mean = 0;
  double low = 0;
  double high = 0;
};

/// Percentile bootstrap of the mean over users (Efron 1979; Efron & Tibshirani 1993, ch. 13), for each column.
/// @param values  [users × metrics], finite; the resamples are of whole rows
/// @throws InvalidArgument  no users, a value that is not finite, an option out of range
std::vector<Interval> bootstrap_means(MatrixView<const double> values, const ResamplingOptions& options);

/// Model a minus model b over the same users.
struct PairedDifference {
  Interval difference;  ///< percentile bootstrap of the mean of the users' differences
  double p = 1;         ///< two-sided, that the models do not differ: sign-flip randomisation (Smucker, Allan &
                        ///< Carterette 2007), (1 + as extreme)/(1 + resamples)
};

/// @param a, b  [users × metrics], finite
/// @throws InvalidArgument  also shapes that differ
std::vector<PairedDifference> paired_differences(MatrixView<const double> a, MatrixView<const double> b,
                                                 const ResamplingOptions& options);

}  // namespace segue::evaluate
