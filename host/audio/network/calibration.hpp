#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace segue::audio {

/// One answer of a head: its log-probabilities, and the classes [right_begin, right_end) that would have been right.
struct Judged {
  std::span<const float> log_probabilities;
  std::int64_t right_begin = 0, right_end = 0;
};

/// log softmax(log_probabilities/temperature).
std::vector<float> tempered(std::span<const float> log_probabilities, double temperature);

/// Mean of −log(what the tempered distribution gives to the right classes); 0 of none.
double negative_log_likelihood(std::span<const Judged> answers, double temperature);

/// The temperature that makes it least, 1/8 to 8 (Guo et al. 2017); 1 where there is nothing to go by.
double fit_temperature(std::span<const Judged> answers);

}  // namespace segue::audio
