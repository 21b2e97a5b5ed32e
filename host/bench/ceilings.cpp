#include "segue/bench/ceilings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>

#include "cuda/bench/ceilings.hpp"
#include "host/bench/fma_rate.hpp"
#include "segue/core/aligned.hpp"
#include "segue/core/log.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/parallel.hpp"

namespace segue::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kCopyChunk = 4 << 20;
constexpr std::int64_t kCopyChunks = 128;  // 512 MiB: far beyond any cache
constexpr std::int64_t kRounds = 2 << 20;
constexpr int kCopies = 9;
constexpr int kProducts = 5;

template <class Work>
std::vector<double> rates(int repeats, double amount, Progress& progress, const Work& work) {
  std::vector<double> result;
  work();  // touches the pages, wakes the threads
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const Clock::time_point start = Clock::now();
    work();
    result.push_back(amount / std::chrono::duration<double>(Clock::now() - start).count());
    progress.advance(1);
  }
  return result;
}

std::vector<double> copy_rates(Progress& progress) {
  constexpr std::int64_t kBytes = kCopyChunk * kCopyChunks;
  const AlignedVector<char> from(static_cast<std::size_t>(kBytes), 1);
  AlignedVector<char> to(static_cast<std::size_t>(kBytes), 2);
  return rates(kCopies, 2.0 * kBytes, progress, [&] {
    parallel_tasks(kCopyChunks, [&](std::int64_t chunk) {
      std::memcpy(to.data() + chunk * kCopyChunk, from.data() + chunk * kCopyChunk, kCopyChunk);
    });
  });
}

std::vector<double> product_rates(Progress& progress) {
  const std::int64_t pieces = 8 * thread_count();
  std::vector<float> results(static_cast<std::size_t>(pieces));
  return rates(kProducts, static_cast<double>(pieces) * fma_flops(kRounds), progress, [&] {
    parallel_tasks(pieces, [&](std::int64_t piece) { results[static_cast<std::size_t>(piece)] = run_fma(kRounds); });
  });
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      return line.substr(line.find(':') + 2);
  return "CPU";
}

Ceilings cpu_ceilings(Progress& progress) {
  MemoryPlan plan("measuring the ceilings");
  plan.add("arrays to copy", 2 * kCopyChunk * kCopyChunks);
  log::info("{}; {} available", plan.to_string(), format_bytes(available_memory_bytes()));
  plan.require(available_memory_bytes(), "free memory, or raise --memory");
  Ceilings ceilings;
  ceilings.copy = spread_of(copy_rates(progress));
  ceilings.product = spread_of(product_rates(progress));
  ceilings.copy_name = fmt::format("memcpy of {}", format_bytes(kCopyChunk * kCopyChunks));
  ceilings.product_name = fmt::format("float32 multiply-adds in registers, {}", fma_target());
  ceilings.device_name = fmt::format("{}, {} threads", processor_name(), thread_count());
  return ceilings;
}

Ceilings cuda_ceilings(int device) {
  const cuda::CeilingSamples samples = cuda::sample_ceilings(device);
  Ceilings ceilings;
  ceilings.copy = spread_of(samples.copy_bytes_per_second);
  ceilings.product = spread_of(samples.product_flops);
  ceilings.copy_name = fmt::format("copy of {} on the device", format_bytes(samples.copied_bytes));
  ceilings.product_name = fmt::format("cuBLAS float16 product, float32 sums, {}³", samples.product_size);
  ceilings.device_name = samples.device_name;
  return ceilings;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {.median = median, .least = values.front(), .most = values.back()};
}

Ceilings measure_ceilings(Device device, Progress& progress) {
  const bool on_gpu = device.kind == Device::Kind::cuda;
  const ProgressTask task(progress, "ceilings of " + device.to_string(), on_gpu ? 0 : kCopies + kProducts, "runs");
  return on_gpu ? cuda_ceilings(device.index) : cpu_ceilings(progress);
}

void wait_for(Device device) {
  if (device.kind == Device::Kind::cuda)
    cuda::wait_for(device.index);
}

}  // namespace segue::bench
