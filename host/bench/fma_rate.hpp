#pragma once

#include <cstdint>
#include <string>

namespace segue::bench {

/// Fused multiply-adds of floats from registers to registers, on the calling thread: what no product can exceed.
/// @returns a number that depends on all of them; FLOPs done are fma_flops(rounds)
float run_fma(std::int64_t rounds);
double fma_flops(std::int64_t rounds);
/// "AVX3": the instruction set that run_fma() uses.
std::string fma_target();

}  // namespace segue::bench
