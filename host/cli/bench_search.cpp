#include "host/cli/bench_search.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>

#include "host/cli/bench_report.hpp"
#include "host/search/ivf_lists.hpp"
#include "segue/bench/synthetic.hpp"
#include "segue/core/file.hpp"
#include "segue/core/log.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/npy.hpp"
#include "segue/search/ivf.hpp"

namespace segue::cli {
namespace {

namespace fs = std::filesystem;
using HitMatrix = Matrix<search::Hit>;

search::Metric parse_metric(const std::string& name) {
  if (name == "inner-product")
    return search::Metric::inner_product;
  if (name == "cosine")
    return search::Metric::cosine;
  if (name == "l2")
    return search::Metric::l2;
  throw InvalidArgument(fmt::format("--metric {}: inner-product, cosine or l2 expected", name));
}

HitMatrix hits_of(const search::Index& index, const Matrix<float>& queries, int k, std::int64_t probes = 0) {
  HitMatrix hits(queries.rows(), k);
  index.search(queries.view(), hits.view(), search::SearchOptions{.k = k, .probes = probes});
  return hits;
}

// Share of the hits, row and score, that stand at the same place.
double equal_share(const HitMatrix& hits, const HitMatrix& expected) {
  std::int64_t equal = 0;
  const std::int64_t count = hits.rows() * hits.columns();
  for (std::int64_t i = 0; i < count; ++i)
    equal += hits.data()[i] == expected.data()[i];
  return static_cast<double>(equal) / static_cast<double>(count);
}

// Share of the expected hits that were found, as recall_by_probes() counts it; a hit has the same score in both kinds
// of index. Where k is more than the rows, the places after them hold no hit.
double recall(const HitMatrix& hits, const HitMatrix& expected) {
  std::int64_t found = 0, wanted = 0;
  for (std::int64_t query = 0; query < hits.rows(); ++query)
    for (const search::Hit& hit : expected.row(query)) {
      if (hit.row < 0)
        break;
      ++wanted;
      found += std::ranges::find(hits.row(query), hit) != hits.row(query).end();
    }
  return wanted > 0 ? static_cast<double>(found) / static_cast<double>(wanted) : 1;
}

void export_rows(const fs::path& folder, const HitMatrix& hits) {
  AtomicFile file(folder / "rows.npy");
  file.write(npy_header("<i4", fmt::format("({}, {})", hits.rows(), hits.columns())));
  std::vector<std::int32_t> rows(static_cast<std::size_t>(hits.columns()));
  for (std::int64_t query = 0; query < hits.rows(); ++query) {
    std::ranges::transform(hits.row(query), rows.begin(), &search::Hit::row);
    file.write(std::as_bytes(std::span(rows)));
  }
  file.commit();
}

struct Indexes {
  std::unique_ptr<search::Index> index;  ///< the one timed
  search::IvfIndex* ivf = nullptr;       ///< the same, where it is one
  std::unique_ptr<search::Index> exact;  ///< for recall, on the same device
  std::unique_ptr<search::Index> on_cpu;
  double build_seconds = 0;
};

// What an IVF search multiplies: the queries with the centroids, and with the rows of the lists it looks into.
bench::Cost ivf_cost(const search::IvfIndex& index, const Matrix<float>& queries, int k, std::int64_t probes,
                     std::int64_t value_bytes) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(index.lists()));
  for (const std::int32_t list : index.list_of_rows())
    ++sizes[static_cast<std::size_t>(list)];
  HitMatrix nearest(queries.rows(), probes);
  index.nearest_lists(queries.view(), nearest.view());
  std::int64_t pairs = 0, rows = 0;
  std::vector<bool> read(sizes.size());
  for (std::int64_t i = 0; i < nearest.rows() * nearest.columns(); ++i) {
    const auto list = static_cast<std::size_t>(nearest.data()[i].row);
    pairs += sizes[list];
    rows += read[list] ? 0 : sizes[list];
    read[list] = true;
  }
  const bench::Cost centroids = bench::search_cost(
      {.rows = index.lists(), .queries = queries.rows(), .rank = index.rank(), .k = probes}, value_bytes);
  bench::Cost lists =
      bench::search_cost({.rows = rows, .queries = queries.rows(), .rank = index.rank(), .k = k}, value_bytes);
  lists.flops = 2 * static_cast<double>(pairs) * static_cast<double>(index.rank());
  return {.bytes = centroids.bytes + lists.bytes, .flops = centroids.flops + lists.flops};
}

class BenchSearch {
 public:
  BenchSearch(const BenchSearchArguments& arguments, Session& session)
      : arguments_(arguments), session_(session), seed_(session.config().als.als.seed) {
    if (arguments.index != "ivf" && !arguments.probes.empty())
      throw InvalidArgument("--probes are of --index ivf");
    check_probes();
    check_export(arguments.export_folder, arguments.rows.size() * arguments.ranks.size() * arguments.metrics.size() *
                                              arguments.queries.size() * arguments.ks.size() * probes().size());
    for (const std::string& metric : arguments.metrics)
      parse_metric(metric);
  }

  ExitCode run() {
    require_memory();
    BenchReport report(session_);
    for (const std::int64_t rows : arguments_.rows)
      for (const std::int64_t rank : arguments_.ranks)
        for (const std::string& metric : arguments_.metrics)
          time_index(report, rows, rank, metric);
    report.answer({{"rows", "rows"}, {"queries", "queries"}, {"rank", "rank"}, {"k", "k"}, {"metric", "metric"}},
                  {{"queries_per_second", "queries/s"},
                   {"build_seconds", "build, s"},
                   {"lists", "lists"},
                   {"probes", "probes"},
                   {"recall", "recall"},
                   {"equal_to_cpu", "equal to CPU"}});
    return ExitCode::ok;
  }

 private:
  bool is_ivf() const { return arguments_.index == "ivf"; }
  std::vector<std::int64_t> probes() const {
    return arguments_.probes.empty() ? std::vector<std::int64_t>{0} : arguments_.probes;
  }

  void check_probes() const {
    for (const std::int64_t rows : arguments_.rows)
      for (const std::int64_t wanted : arguments_.probes)
        if (const std::int64_t lists = search::list_count({}, rows); wanted > lists)
          throw InvalidArgument(fmt::format("--probes {}: --rows {} are in {} lists; lower --probes or raise --rows",
                                            wanted, rows, lists));
  }

  void require_memory() const {
    const std::int64_t rows = std::ranges::max(arguments_.rows);
    const std::int64_t rank = std::ranges::max(arguments_.ranks);
    const std::int64_t queries = std::ranges::max(arguments_.queries);
    const bool on_cpu = session_.device().kind == Device::Kind::cpu;
    MemoryPlan plan("bench search");
    plan.add("vectors", checked_product({rows, rank, sizeof(float)}));
    plan.add("index",
             checked_product({rows, rank, sizeof(float), on_cpu + (on_cpu && is_ivf()) + arguments_.compare_cpu}));
    if (is_ivf())
      plan.add("building it", search::ivf_plan(rows, rank, search::Metric::inner_product, {}).total_bytes());
    plan.add("queries", checked_product({queries, rank, sizeof(float)}));
    plan.add("hits", checked_product({queries, std::ranges::max(arguments_.ks), sizeof(search::Hit), 2}));
    log::info("{}; {} available", plan.to_string(), format_bytes(available_memory_bytes()));
    plan.require(available_memory_bytes(), "lower --rows or --queries");
  }

  std::unique_ptr<search::Index> make_index(Device device, const Matrix<float>& vectors, search::Metric metric) const {
    if (is_ivf())
      return search::make_ivf_index(device, vectors.view(), metric, {.seed = seed_}, session_.progress());
    return search::make_index(device, vectors.view(), metric);
  }

  Indexes make_indexes(std::int64_t rows, std::int64_t rank, search::Metric metric) const {
    const Matrix<float> vectors = bench::factor_like_vectors(rows, rank, seed_);
    Indexes made;
    const auto start = std::chrono::steady_clock::now();
    made.index = make_index(session_.device(), vectors, metric);
    bench::wait_for(session_.device());
    made.build_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    made.ivf = dynamic_cast<search::IvfIndex*>(made.index.get());
    if (is_ivf())
      made.exact = search::make_index(session_.device(), vectors.view(), metric);
    if (arguments_.compare_cpu)
      made.on_cpu = make_index(Device::cpu(), vectors, metric);
    if (!arguments_.export_folder.empty()) {
      fs::create_directories(arguments_.export_folder);
      write_npy(fs::path(arguments_.export_folder) / "vectors.npy", vectors.view());
    }
    return made;
  }

  void time_index(BenchReport& report, std::int64_t rows, std::int64_t rank, const std::string& metric) const {
    const Indexes indexes = make_indexes(rows, rank, parse_metric(metric));
    for (const std::int64_t count : arguments_.queries) {
      const Matrix<float> queries = bench::factor_like_vectors(count, rank, seed_ + 1);
      if (!arguments_.export_folder.empty())
        write_npy(fs::path(arguments_.export_folder) / "queries.npy", queries.view());
      for (const int k : arguments_.ks)
        for (const std::int64_t probe_count : probes())
          time_search(report, indexes, queries, {k, probe_count}, metric);
    }
  }

  struct Asked {
    int k;
    std::int64_t probes;  ///< 0: the index's own
  };

  void time_search(BenchReport& report, const Indexes& indexes, const Matrix<float>& queries, Asked asked,
                   const std::string& metric) const {
    const search::Index& index = *indexes.index;
    const bench::SearchShape shape{.rows = index.rows(), .queries = queries.rows(), .rank = index.rank(), .k = asked.k};
    HitMatrix hits(queries.rows(), asked.k);
    const search::SearchOptions options{.k = asked.k, .probes = asked.probes};
    const std::string task = fmt::format("{} queries, {} × {}, k {}", shape.queries, shape.rows, shape.rank, asked.k);
    const bench::Spread seconds =
        report.time(task, arguments_.repeats, [&] { index.search(queries.view(), hits.view(), options); });
    const std::int64_t value_bytes = session_.device().kind == Device::Kind::cuda ? 2 : 4;
    bench::Cost cost = bench::search_cost(shape, value_bytes);
    Json results{{"queries_per_second", static_cast<double>(shape.queries) / seconds.median},
                 {"build_seconds", indexes.build_seconds}};
    if (indexes.ivf != nullptr) {
      const std::int64_t looked_into = asked.probes == 0 ? indexes.ivf->probes() : asked.probes;
      cost = ivf_cost(*indexes.ivf, queries, asked.k, looked_into, value_bytes);
      results["lists"] = indexes.ivf->lists();
      results["probes"] = looked_into;
      results["recall"] = recall(hits, hits_of(*indexes.exact, queries, asked.k));
    }
    if (indexes.on_cpu)
      results["equal_to_cpu"] = equal_share(hits, hits_of(*indexes.on_cpu, queries, asked.k, asked.probes));
    if (!arguments_.export_folder.empty())
      export_rows(arguments_.export_folder, hits);
    report.add({{"index", arguments_.index},
                {"rows", shape.rows},
                {"queries", shape.queries},
                {"rank", shape.rank},
                {"k", asked.k},
                {"metric", metric},
                {"seed", seed_}},
               seconds, cost, results);
  }

  const BenchSearchArguments& arguments_;
  Session& session_;
  std::uint64_t seed_;
};

}  // namespace

ExitCode bench_search(const BenchSearchArguments& arguments, Session& session) {
  return BenchSearch(arguments, session).run();
}

}  // namespace segue::cli
