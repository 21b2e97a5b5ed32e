#pragma once

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <utility>

#include "segue/core/random.hpp"

/// Choices of a composer. Two draws never stand in one expression, braces apart: C++ leaves their order open, and the
/// same seed has to give the same music everywhere.
namespace segue::music {

inline bool chance(Random& random, double probability) {
  return random.uniform() < probability;
}

inline double between(Random& random, double low, double high) {
  return low + (high - low) * random.uniform();
}

/// Both ends included.
inline int integer_between(Random& random, int low, int high) {
  return low + static_cast<int>(random.below(static_cast<std::uint32_t>(high - low + 1)));
}

inline double log_uniform(Random& random, double low, double high) {
  return low * std::pow(high / low, random.uniform());
}

template <class Range>
const auto& choose(Random& random, const Range& range) {
  return range[random.below(static_cast<std::uint32_t>(std::size(range)))];
}

template <class T>
T choose(Random& random, std::initializer_list<T> list) {
  return list.begin()[random.below(static_cast<std::uint32_t>(list.size()))];
}

/// An index, with probability proportional to its weight.
inline std::size_t choose_weighted(Random& random, std::span<const double> weights) {
  double total = 0;
  for (const double weight : weights)
    total += weight;
  double rest = total * random.uniform();
  std::size_t i = 0;
  while (i + 1 < weights.size() && (rest -= weights[i]) >= 0)
    ++i;
  return i;
}

/// a mod n, never negative.
constexpr int modulo(int a, int n) {
  return (a % n + n) % n;
}

}  // namespace segue::music
