#include "host/bench/fma_rate.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/bench/fma_rate.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace segue::bench::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;

constexpr std::int64_t kChains = 12;  // latency · throughput of any core so far

std::int64_t FmaFlopsOfRound() {
  return 2 * kChains * static_cast<std::int64_t>(hn::Lanes(Floats()));
}

float RunFma(std::int64_t rounds) {
  const Floats tag;
  const auto factor = hn::Set(tag, 0.5f), term = hn::Set(tag, 1.0f);
  auto s0 = hn::Iota(tag, 0.0f), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0;
  auto s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0, s11 = s0;
  for (std::int64_t round = 0; round < rounds; ++round) {
    s0 = hn::MulAdd(s0, factor, term);
    s1 = hn::MulAdd(s1, factor, term);
    s2 = hn::MulAdd(s2, factor, term);
    s3 = hn::MulAdd(s3, factor, term);
    s4 = hn::MulAdd(s4, factor, term);
    s5 = hn::MulAdd(s5, factor, term);
    s6 = hn::MulAdd(s6, factor, term);
    s7 = hn::MulAdd(s7, factor, term);
    s8 = hn::MulAdd(s8, factor, term);
    s9 = hn::MulAdd(s9, factor, term);
    s10 = hn::MulAdd(s10, factor, term);
    s11 = hn::MulAdd(s11, factor, term);
  }
  const auto sum =
      hn::Add(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)),
              hn::Add(hn::Add(hn::Add(s4, s5), hn::Add(s6, s7)), hn::Add(hn::Add(s8, s9), hn::Add(s10, s11))));
  return hn::GetLane(hn::SumOfLanes(tag, sum));
}

const char* FmaTarget() {
  return hwy::TargetName(HWY_TARGET);
}

}  // namespace segue::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace segue::bench {

HWY_EXPORT(RunFma);
HWY_EXPORT(FmaFlopsOfRound);
HWY_EXPORT(FmaTarget);

float run_fma(std::int64_t rounds) {
  return HWY_DYNAMIC_DISPATCH(RunFma)(rounds);
}
double fma_flops(std::int64_t rounds) {
  return static_cast<double>(rounds) * static_cast<double>(HWY_DYNAMIC_DISPATCH(FmaFlopsOfRound)());
}
std::string fma_target() {
  return HWY_DYNAMIC_DISPATCH(FmaTarget)();
}

}  // namespace segue::bench
#endif
