#include "host/cli/bench_report.hpp"

#include <chrono>
#include <filesystem>
#include <system_error>

#include "segue/core/parallel.hpp"
#include "segue/core/version.hpp"

namespace segue::cli {
namespace {

constexpr int kWarmUps = 2;

Json spread_json(const bench::Spread& spread) {
  return {{"median", spread.median}, {"least", spread.least}, {"most", spread.most}};
}

Json ceilings_json(const bench::Ceilings& ceilings) {
  Json copy = spread_json(ceilings.copy), product = spread_json(ceilings.product);
  copy["what"] = ceilings.copy_name;
  product["what"] = ceilings.product_name;
  return {{"copy_bytes_per_second", copy}, {"product_flops", product}};
}

}  // namespace

BenchReport::BenchReport(Session& session)
    : session_(session), ceilings_(bench::measure_ceilings(session.device(), session.progress())) {
  session.say(fmt::format("{}\nceilings: copy {:.4g} GB/s ±{:.0f}% ({}), product {:.4g} TFLOP/s ±{:.0f}% ({})",
                          ceilings_.device_name, ceilings_.copy.median / 1e9, 50 * ceilings_.copy.relative(),
                          ceilings_.copy_name, ceilings_.product.median / 1e12, 50 * ceilings_.product.relative(),
                          ceilings_.product_name));
}

bench::Spread BenchReport::time(const std::string& task, int repeats, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  ProgressTask progress(session_.progress(), task, kWarmUps + repeats, "runs");
  std::vector<double> seconds;
  for (int run = 0; run < kWarmUps + repeats; ++run) {
    const Clock::time_point start = Clock::now();
    work();
    bench::wait_for(session_.device());
    if (run >= kWarmUps)
      seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    progress.advance(1);
  }
  return bench::spread_of(seconds);
}

void BenchReport::add(Json shape, const bench::Spread& seconds, const bench::Cost& cost, const Json& results) {
  const bench::Floor floor = bench::floor_of(cost, ceilings_);
  shape["seconds"] = spread_json(seconds);
  shape["bytes"] = cost.bytes;
  shape["flop"] = cost.flops;
  shape["bytes_per_second"] = cost.bytes / seconds.median;
  shape["flops"] = cost.flops / seconds.median;
  shape["floor_seconds"] = floor.seconds;
  shape["floor_by"] = floor.by_memory ? "copy" : "product";
  shape["share_of_floor"] = floor.seconds / seconds.median;
  shape.update(results);
  rows_.push_back(std::move(shape));
}

void BenchReport::answer(const std::vector<Column>& shape_columns, const std::vector<Column>& result_columns) const {
  Json table = Json::array();
  for (const Json& row : rows_) {
    const bench::Spread seconds{row["seconds"]["median"], row["seconds"]["least"], row["seconds"]["most"]};
    Json line;
    for (const Column& column : shape_columns)
      line[column.header] = row[column.key];
    line["seconds"] = seconds.median;
    line["±%"] = 50 * seconds.relative();
    line["GB/s"] = row["bytes_per_second"].get<double>() / 1e9;
    line["TFLOP/s"] = row["flops"].get<double>() / 1e12;
    line["floor, s"] = row["floor_seconds"];
    line["bound"] = row["floor_by"];
    line["% of floor"] = 100 * row["share_of_floor"].get<double>();
    for (const Column& column : result_columns)
      if (row.contains(column.key))
        line[column.header] = row[column.key];
    table.push_back(std::move(line));
  }
  session_.say_table(table);
  session_.answer({{"segue", version()},
                   {"device", session_.device().to_string()},
                   {"device_name", ceilings_.device_name},
                   {"threads", thread_count()},
                   {"ceilings", ceilings_json(ceilings_)},
                   {"rows", rows_}});
}

void check_export(const std::string& folder, std::size_t configurations) {
  if (!folder.empty() && configurations != 1)
    throw InvalidArgument(
        fmt::format("--export {}: one configuration can be exported, the lists make {}", folder, configurations));
  std::error_code error;
  if (!folder.empty() && !std::filesystem::create_directories(folder, error) && error)
    throw IoError("create the folder", folder, error.value());
}

}  // namespace segue::cli
