#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace segue {

/// xoshiro256++ (Blackman & Vigna 2021), seeded by SplitMix64 from (seed, stream): as many independent streams as there
/// are users or rows, so that results do not depend on which thread drew them. The distributions are our own because
/// the standard ones differ between libraries.
class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed, std::uint64_t stream = 0) {
    std::uint64_t x = mix(seed) ^ mix(~stream);
    for (std::uint64_t& word : state_)
      word = mix(x += 0x9e3779b97f4a7c15u);
  }

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }

  result_type operator()() {
    const std::uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// In [0, 1), 53 bits.
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }
  /// In [0, bound), without bias worth measuring (Lemire's multiplication, bound < 2³²).
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((*this)() >> 32) * static_cast<std::uint64_t>(bound) >> 32);
  }
  /// Standard normal (Box & Muller 1958, one of the pair).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }
  /// Mean 1.
  double exponential() { return -std::log(1.0 - uniform()); }

 private:
  static std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t state_[4];
};

}  // namespace segue
