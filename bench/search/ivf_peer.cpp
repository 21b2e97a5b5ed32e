// Times one IVF index against the exact one for bench/peers/ivf_peers.py, which runs it in turn with faiss on the same
// files.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "segue/core/npy.hpp"
#include "segue/core/parallel.hpp"
#include "segue/search/ivf.hpp"

namespace {

using namespace segue;

struct Arguments {
  std::filesystem::path vectors;
  std::filesystem::path queries;
  std::filesystem::path exact_ids;
  search::Metric metric = search::Metric::inner_product;
  int k = 100;
  std::int64_t lists = 0;
  std::vector<std::int64_t> probes;
  std::int64_t training_rows = 64;
  int threads = 0;
  int repeats = 1;
};

double seconds_of(auto&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The best of the repeats.
double search_seconds(const search::Index& index, MatrixView<const float> queries, Matrix<search::Hit>& hits,
                      const Arguments& arguments, std::int64_t probes) {
  double best = 1e300;
  for (int repeat = 0; repeat <= arguments.repeats; ++repeat) {
    const double seconds =
        seconds_of([&] { index.search(queries, hits.view(), {.k = arguments.k, .probes = probes}); });
    if (repeat > 0)
      best = std::min(best, seconds);
  }
  return best;
}

double recall(const Matrix<search::Hit>& exact, const Matrix<search::Hit>& found) {
  std::int64_t hits = 0, common = 0;
  for (std::int64_t q = 0; q < exact.rows(); ++q)
    for (const search::Hit& hit : exact.row(q)) {
      if (hit == search::Hit::none())
        break;
      ++hits;
      common += std::ranges::count(found.row(q), hit);
    }
  return hits == 0 ? 1 : static_cast<double>(common) / static_cast<double>(hits);
}

nlohmann::json run(const Arguments& arguments) {
  set_thread_count(arguments.threads);
  const Matrix<float> vectors = read_npy_matrix(arguments.vectors);
  const Matrix<float> queries = read_npy_matrix(arguments.queries);
  nlohmann::json report{{"threads", thread_count()}};
  Matrix<search::Hit> exact(queries.rows(), arguments.k), found(queries.rows(), arguments.k);
  report["exact_seconds"] = search_seconds(*search::make_index(Device::cpu(), vectors.view(), arguments.metric),
                                           queries.view(), exact, arguments, 0);
  std::vector<std::int32_t> rows;
  for (std::int64_t q = 0; q < exact.rows(); ++q)
    for (const search::Hit& hit : exact.row(q))
      rows.push_back(hit.row);
  if (!arguments.exact_ids.empty())
    write_npy(arguments.exact_ids, std::span<const std::int32_t>(rows));

  std::unique_ptr<search::IvfIndex> index;
  report["build_seconds"] = seconds_of([&] {
    index = search::make_ivf_index(Device::cpu(), vectors.view(), arguments.metric,
                                   {.lists = arguments.lists, .training_rows = arguments.training_rows}, no_progress());
  });
  report["lists"] = index->lists();
  for (const std::int64_t probes : arguments.probes) {
    if (probes > index->lists())
      break;
    const double seconds = search_seconds(*index, queries.view(), found, arguments, probes);
    report["probes"].push_back({{"probes", probes}, {"seconds", seconds}, {"recall", recall(exact, found)}});
  }
  return report;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::map<std::string, search::Metric> metrics{
      {"inner-product", search::Metric::inner_product}, {"cosine", search::Metric::cosine}, {"l2", search::Metric::l2}};
  Arguments arguments;
  CLI::App app{"Times an IVF index and its recall; prints JSON"};
  app.add_option("--vectors", arguments.vectors, ".npy, float32 [rows × rank]")->required();
  app.add_option("--queries", arguments.queries, ".npy, float32 [queries × rank]")->required();
  app.add_option("--exact-ids", arguments.exact_ids, "write the rows of the exact search, int32 [queries · k]");
  app.add_option("--metric", arguments.metric)->transform(CLI::CheckedTransformer(metrics));
  app.add_option("--k", arguments.k, "hits a query");
  app.add_option("--lists", arguments.lists, "0: by the rows");
  app.add_option("--probes", arguments.probes, "lists looked into, several, ascending")->required()->delimiter(',');
  app.add_option("--training-rows", arguments.training_rows, "a list");
  app.add_option("--threads", arguments.threads, "0: all cores");
  app.add_option("--repeats", arguments.repeats, "searches to time, after one that is not");
  CLI11_PARSE(app, argc, argv);
  std::puts(run(arguments).dump().c_str());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "ivf_peer: %s\n", error.what());
  return 1;
}
