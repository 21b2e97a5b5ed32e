// Times one exact search for bench/peers/search_peers.py, which runs it in turn with faiss on the same files.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/search/sgemm_rate.hpp"
#include "segue/core/npy.hpp"
#include "segue/core/parallel.hpp"
#include "segue/search/index.hpp"

namespace {

using namespace segue;

struct Arguments {
  std::filesystem::path vectors;
  std::filesystem::path queries;
  std::filesystem::path ids;
  int k = 100;
  int threads = 0;
  int repeats = 1;
  bool sgemm = false;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

nlohmann::json run(const Arguments& arguments) {
  set_thread_count(arguments.threads);
  const Matrix<float> queries = read_npy_matrix(arguments.queries);
  std::unique_ptr<search::Index> index;
  nlohmann::json report;
  {
    const Matrix<float> vectors = read_npy_matrix(arguments.vectors);
    const auto start = std::chrono::steady_clock::now();
    index = search::make_index(Device::cpu(), vectors.view(), search::Metric::inner_product);
    report["build_seconds"] = seconds_since(start);
  }
  Matrix<search::Hit> hits(queries.rows(), arguments.k);
  index->search(queries.view(), hits.view(), {.k = arguments.k});
  for (int repeat = 0; repeat < arguments.repeats; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    index->search(queries.view(), hits.view(), {.k = arguments.k});
    report["search_seconds"].push_back(seconds_since(start));
    if (arguments.sgemm)
      report["sgemm_gflops"].push_back(bench::sgemm_flops(thread_count(), 2) / 1e9);
  }
  report["threads"] = thread_count();
  if (!arguments.ids.empty()) {
    std::vector<std::int32_t> rows;
    for (std::int64_t q = 0; q < hits.rows(); ++q)
      for (const search::Hit& hit : hits.row(q))
        rows.push_back(hit.row);
    write_npy(arguments.ids, std::span<const std::int32_t>(rows));
  }
  return report;
}

}  // namespace

int main(int argc, char** argv) try {
  Arguments arguments;
  CLI::App app{"Times an exact inner-product search; prints JSON"};
  app.add_option("--vectors", arguments.vectors, ".npy, float32 [rows × rank]")->required();
  app.add_option("--queries", arguments.queries, ".npy, float32 [queries × rank]")->required();
  app.add_option("--ids", arguments.ids, "write the rows found to this .npy, int32 [queries · k]");
  app.add_option("--k", arguments.k, "hits a query");
  app.add_option("--threads", arguments.threads, "0: all cores");
  app.add_option("--repeats", arguments.repeats, "searches to time, after one that is not");
  app.add_flag("--sgemm", arguments.sgemm, "time OpenBLAS after each search");
  CLI11_PARSE(app, argc, argv);
  std::puts(run(arguments).dump().c_str());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "search_peer: %s\n", error.what());
  return 1;
}
