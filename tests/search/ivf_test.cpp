#include "segue/search/ivf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <tuple>

#include "host/search/ivf_lists.hpp"
#include "host/search/scan_kernel.hpp"
#include "segue/core/error.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/parallel.hpp"
#include "tests/search/reference.hpp"

namespace segue::search {
namespace {

using testing::HasSubstr;

constexpr Metric kMetrics[] = {Metric::inner_product, Metric::cosine, Metric::l2};
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::unique_ptr<IvfIndex> make_ivf(const Matrix<float>& vectors, Metric metric, const IvfOptions& options) {
  return make_ivf_index(Device::cpu(), vectors.view(), metric, options, no_progress());
}

/// Rows round `centres` points, of which some have many more than others.
Matrix<float> clustered(std::int64_t rows, std::int64_t rank, std::int64_t centres, std::uint64_t seed) {
  const Matrix<float> middle = gaussian(centres, rank, 77);
  Matrix<float> matrix(rows, rank);
  for (std::int64_t row = 0; row < rows; ++row) {
    Random random(seed, static_cast<std::uint64_t>(row));
    const auto centre = static_cast<std::int64_t>(static_cast<double>(centres) * std::pow(random.uniform(), 2.0));
    for (std::int64_t d = 0; d < rank; ++d)
      matrix(row, d) = middle(centre, d) + static_cast<float>(0.3 * random.normal());
  }
  return matrix;
}

/// What a search with these probes must give, bit for bit: for each query, the exact index with the rows of its
/// nearest lists allowed.
Matrix<Hit> expected(const IvfIndex& ivf, const Matrix<float>& vectors, const Matrix<float>& queries,
                     const SearchOptions& options) {
  const auto exact = make_index(Device::cpu(), vectors.view(), ivf.metric());
  const std::vector<std::int32_t> lists = ivf.list_of_rows();
  Matrix<Hit> nearest(queries.rows(), options.probes);
  ivf.nearest_lists(queries.view(), nearest.view());
  Matrix<Hit> hits(queries.rows(), options.k, kPoison);
  for (std::int64_t q = 0; q < queries.rows(); ++q) {
    std::vector<std::uint64_t> allow = make_mask(vectors.rows());
    for (std::int64_t row = 0; row < vectors.rows(); ++row) {
      const auto is_list = [&](const Hit& hit) { return hit.row == lists[static_cast<std::size_t>(row)]; };
      if (std::ranges::any_of(nearest.row(q), is_list) && reference::is_allowed(options, q, row))
        set_bit(allow, row);
    }
    exact->search(queries.view().row_range(q, q + 1), hits.view().row_range(q, q + 1),
                  {.k = options.k, .allow = allow});
  }
  return hits;
}

class Ivf : public testing::TestWithParam<Metric> {
 protected:
  void TearDown() override { set_thread_count(0); }
};

TEST_P(Ivf, WithAllListsIsTheExactIndex) {
  for (const std::int64_t rank : {1, 7, 64, 130})
    for (const std::int64_t rows : {0, 1, 31, 32, 33, 200})
      for (const std::int64_t lists : {1, 5, 40}) {
        SCOPED_TRACE(testing::Message() << rows << " rows of rank " << rank << " in " << lists << " lists");
        const Matrix<float> vectors = gaussian(rows, rank, 1);
        const auto exact = make_index(Device::cpu(), vectors.view(), GetParam());
        const auto ivf = make_ivf(vectors, GetParam(), {.lists = lists});
        EXPECT_EQ(ivf->rows(), rows);
        EXPECT_EQ(ivf->rank(), rank);
        EXPECT_EQ(ivf->metric(), GetParam());
        EXPECT_EQ(ivf->lists(), std::clamp<std::int64_t>(lists, 1, std::max<std::int64_t>(rows, 1)));
        for (const std::int64_t count : {0, 1, 13, 50}) {
          const Matrix<float> queries = gaussian(count, rank, 2);
          EXPECT_TRUE(
              same_hits(search(*exact, queries, {.k = 20}), search(*ivf, queries, {.k = 20, .probes = ivf->lists()})));
        }
      }
}

TEST_P(Ivf, FindsTheBestOfTheListsThatItLooksInto) {
  const Matrix<float> vectors = clustered(1500, 24, 30, 1);
  const Matrix<float> queries = clustered(70, 24, 30, 2);
  const auto ivf = make_ivf(vectors, GetParam(), {.lists = 37});
  for (const int k : {1, 10, 300, 2048})
    for (const std::int64_t probes : {1, 2, 9, 36}) {
      const SearchOptions options{.k = k, .probes = probes};
      EXPECT_TRUE(same_hits(search(*ivf, queries, options), expected(*ivf, vectors, queries, options)))
          << "k = " << k << ", " << probes << " probes";
    }
}

TEST_P(Ivf, FindsOnlyWhatIsAllowed) {
  const Matrix<float> vectors = clustered(900, 10, 12, 1);
  const Matrix<float> queries = clustered(300, 10, 12, 2);
  const auto ivf = make_ivf(vectors, GetParam(), {.lists = 20});
  std::vector<std::uint64_t> allow = make_mask(900);
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> excluded;
  for (std::int64_t row = 0; row < 900; row += 1 + row % 3)
    set_bit(allow, row);
  for (std::int32_t q = 0; q < 300; ++q) {
    for (std::int32_t row = q % 7; row < 900; row += 1 + q % 5)
      excluded.push_back(row);
    offsets.push_back(static_cast<std::int64_t>(excluded.size()));
  }
  const data::CsrView exclude{.rows = 300, .columns = 900, .offsets = offsets, .indices = excluded};
  for (const SearchOptions& options :
       {SearchOptions{.k = 15, .allow = allow, .probes = 4}, SearchOptions{.k = 15, .exclude = exclude, .probes = 4},
        SearchOptions{.k = 15, .exclude = exclude, .allow = allow, .probes = 19}})
    EXPECT_TRUE(same_hits(search(*ivf, queries, options), expected(*ivf, vectors, queries, options)));
}

TEST_P(Ivf, SearchesManyQueriesInBatches) {  // 4 Mi lists of queries at once: here 2048 queries
  const Matrix<float> vectors = gaussian(2100, 2, 1);
  const Matrix<float> queries = gaussian(2100, 2, 2);
  const auto ivf = make_ivf(vectors, GetParam(), {.lists = 2100, .iterations = 1});
  ASSERT_EQ(ivf->lists(), 2100);
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> excluded;
  for (std::int32_t q = 0; q <= 2100; ++q) {
    offsets.push_back(q);
    excluded.push_back(q);
  }
  excluded.pop_back();
  const data::CsrView exclude{.rows = 2100, .columns = 2100, .offsets = offsets, .indices = excluded};
  const SearchOptions options{.k = 3, .exclude = exclude, .probes = 2048};
  const Matrix<Hit> hits = search(*ivf, queries, options);
  for (const std::int64_t q : {0, 1, 2046, 2047, 2048, 2099}) {
    Matrix<float> query(1, 2);
    std::ranges::copy(queries.row(q), query.row(0).begin());
    const data::CsrView own{.rows = 1,
                            .columns = 2100,
                            .offsets = std::span(offsets).subspan(static_cast<std::size_t>(q), 2),
                            .indices = excluded};
    const Matrix<Hit> want = expected(*ivf, vectors, query, {.k = 3, .exclude = own, .probes = 2048});
    EXPECT_TRUE(std::ranges::equal(hits.row(q), want.row(0))) << "query " << q;
  }
}

TEST_P(Ivf, IsTheSameOnAnyNumberOfThreads) {
  const Matrix<float> vectors = clustered(3000, 20, 40, 1);
  const Matrix<float> queries = clustered(700, 20, 40, 2);
  set_thread_count(1);
  const auto one = make_ivf(vectors, GetParam(), {.lists = 60, .training_rows = 20});
  const Matrix<Hit> want = search(*one, queries, {.k = 33, .probes = 5});
  for (const int threads : {2, 3, 7}) {
    set_thread_count(threads);
    const auto ivf = make_ivf(vectors, GetParam(), {.lists = 60, .training_rows = 20});
    EXPECT_EQ(ivf->list_of_rows(), one->list_of_rows());
    EXPECT_TRUE(same_hits(search(*ivf, queries, {.k = 33, .probes = 5}), want)) << threads << " threads";
    for (const std::int64_t q : {0, 350, 699}) {  // alone, the lists of a query are shared out
      Matrix<Hit> alone(1, 33, kPoison);
      ivf->search(queries.view().row_range(q, q + 1), alone.view(), {.k = 33, .probes = 5});
      EXPECT_TRUE(std::ranges::equal(alone.row(0), want.row(q))) << "query " << q << ", " << threads << " threads";
    }
  }
}

TEST_P(Ivf, TiesGoToTheSmallestRowsInWhateverList) {
  Matrix<float> vectors = gaussian(600, 4, 5);
  for (std::int64_t row = 0; row < 600; ++row)  // each vector six times, far apart
    std::ranges::copy(vectors.row(row % 100), vectors.row(row).begin());
  const Matrix<float> queries = gaussian(20, 4, 6);
  const auto exact = make_index(Device::cpu(), vectors.view(), GetParam());
  const auto ivf = make_ivf(vectors, GetParam(), {.lists = 9});
  for (const int k : {1, 5, 33})
    EXPECT_TRUE(same_hits(search(*exact, queries, {.k = k}), search(*ivf, queries, {.k = k, .probes = 9})));

  const Matrix<float> zeros(20, 4, 0.0f);  // inner product and cosine: everything has the same score
  for (const int k : {1, 33, 599})
    EXPECT_TRUE(same_hits(search(*exact, zeros, {.k = k}), search(*ivf, zeros, {.k = k, .probes = 9})));
}

TEST_P(Ivf, TakesVectorsThatAreNotFinite) {
  Matrix<float> vectors = gaussian(300, 5, 1);
  for (const std::int64_t row : {3, 40, 41, 200})
    vectors(row, row % 5) = row == 41 ? kInfinity : row == 200 ? -kInfinity : kNaN;
  std::ranges::fill(vectors.row(7), 0.0f);
  vectors(9, 0) = 1e30f;
  const Matrix<float> queries = gaussian(30, 5, 2);
  const auto exact = make_index(Device::cpu(), vectors.view(), GetParam());
  const auto ivf = make_ivf(vectors, GetParam(), {.lists = 12});
  EXPECT_TRUE(
      same_hits(search(*exact, queries, {.k = 299}), search(*ivf, queries, {.k = 299, .probes = ivf->lists()})));
  Matrix<float> bad = gaussian(3, 5, 3);
  bad(1, 2) = kNaN;
  const Matrix<Hit> hits = search(*ivf, bad, {.k = 4, .probes = 2});
  EXPECT_TRUE(std::ranges::all_of(hits.row(1), [](const Hit& hit) { return hit == Hit::none(); }));
  EXPECT_NE(hits(0, 0), Hit::none());

  const Matrix<float> nothing(5, 3, kNaN);
  EXPECT_EQ(make_ivf(nothing, GetParam(), {.lists = 2})->lists(), 1);
}

TEST_P(Ivf, RecallByProbesIsWhatSearchesReach) {
  const Matrix<float> vectors = clustered(2000, 16, 50, 1);
  const Matrix<float> queries = clustered(100, 16, 50, 2);
  const auto ivf = make_ivf(vectors, GetParam(), {.lists = 40});
  const Matrix<Hit> exact = search(*make_index(Device::cpu(), vectors.view(), GetParam()), queries, {.k = 10});
  const std::vector<double> recall = recall_by_probes(*ivf, queries.view(), 10);
  ASSERT_EQ(recall.size(), 40u);
  for (const std::int64_t probes : {1, 2, 5, 20, 39, 40}) {
    const Matrix<Hit> found = search(*ivf, queries, {.k = 10, .probes = probes});
    double common = 0;
    for (std::int64_t q = 0; q < 100; ++q)
      for (const Hit& hit : exact.row(q))
        common += std::ranges::count(found.row(q), hit) > 0 ? 1 : 0;
    EXPECT_EQ(recall[static_cast<std::size_t>(probes - 1)], common / 1000) << probes << " probes";
  }
  EXPECT_GT(recall[7], 0.85) << "a fifth of the lists of clustered vectors";
  const std::int64_t probes = probes_for_recall(*ivf, queries.view(), 10, 0.9);
  EXPECT_GE(recall[static_cast<std::size_t>(probes - 1)], 0.9);
  EXPECT_LT(probes == 1 ? 0 : recall[static_cast<std::size_t>(probes - 2)], 0.9);
  EXPECT_EQ(probes_for_recall(*ivf, queries.view(), 10, 0), 1);
}

TEST_P(Ivf, RecallCountsOnlyTheHitsThereAre) {
  const Matrix<float> vectors = clustered(300, 8, 6, 1);
  Matrix<float> queries = clustered(20, 8, 6, 2);
  queries(4, 1) = kNaN;  // finds nothing anywhere
  const auto ivf = make_ivf(vectors, GetParam(), {.lists = 5});
  const std::vector<double> recall = recall_by_probes(*ivf, queries.view(), 2048);
  ASSERT_EQ(recall.size(), 5u);
  for (const std::int64_t probes : {1, 3, 5}) {
    const Matrix<Hit> found = search(*ivf, queries, {.k = 2048, .probes = probes});
    double rows = 0;
    for (std::int64_t q = 0; q < 20; ++q)
      rows += static_cast<double>(std::ranges::count_if(found.row(q), [](const Hit& hit) { return hit.row >= 0; }));
    EXPECT_EQ(recall[static_cast<std::size_t>(probes - 1)], rows / (19 * 300)) << probes << " probes";
  }
  EXPECT_EQ(recall[4], 1);
  EXPECT_EQ(recall_by_probes(*ivf, queries.view().row_range(4, 5), 10), std::vector<double>(5, 1.0));
}

// Once no row moves, and with all rows in the sample, centroids are the means of their lists; to nearest_lists(), a row
// is nearest to the centroid of its list.
TEST_P(Ivf, ListsAreThoseOfKMeans) {
  const Matrix<float> vectors = clustered(400, 6, 8, 1);
  const IvfOptions options{.lists = 8, .training_rows = 1000, .iterations = 1000};
  const IvfLists lists = make_ivf_lists(Device::cpu(), vectors.view(), GetParam(), options, no_progress());
  ASSERT_EQ(lists.centroids.rows(), 8);
  std::int64_t rows = 0;
  for (std::int64_t list = 0; list < 8; ++list) {
    std::vector<double> sum(6);
    double count = 0;
    std::int32_t before = -1;
    for (std::int64_t place = lists.panel_starts[static_cast<std::size_t>(list)] * kPanelRows;
         place < lists.panel_starts[static_cast<std::size_t>(list) + 1] * kPanelRows; ++place) {
      const std::int32_t row = lists.row_at[static_cast<std::size_t>(place)];
      if (row < 0)
        continue;
      EXPECT_GT(row, before);
      before = row;
      double square = 0;
      for (const float x : vectors.row(row))
        square += static_cast<double>(x) * x;
      for (std::size_t d = 0; d < 6; ++d)
        sum[d] += vectors.row(row)[d] / (GetParam() == Metric::cosine ? std::sqrt(square) : 1);
      ++count;
    }
    double length = count;
    if (GetParam() == Metric::cosine)
      length = std::sqrt(std::inner_product(sum.begin(), sum.end(), sum.begin(), 0.0));
    for (std::size_t d = 0; d < 6; ++d)
      EXPECT_NEAR(lists.centroids.row(list)[d], sum[d] / length, 1e-5) << "list " << list;
    rows += static_cast<std::int64_t>(count);
  }
  EXPECT_EQ(rows, 400);

  const auto ivf = make_ivf(vectors, GetParam(), options);
  const std::vector<std::int32_t> list_of_rows = ivf->list_of_rows();
  Matrix<Hit> nearest(400, 8);
  ivf->nearest_lists(vectors.view(), nearest.view());
  for (std::int64_t row = 0; row < 400; ++row) {
    const Metric by = GetParam() == Metric::cosine ? Metric::cosine : Metric::l2;
    const auto score = [&](std::int64_t list) {
      return reference::score(by, vectors.row(row), lists.centroids.row(list)).value;
    };
    for (std::int64_t list = 0; list < 8; ++list)
      EXPECT_LE(score(list), score(list_of_rows[static_cast<std::size_t>(row)]) + 1e-5);
    for (std::int64_t i = 0; i < 8; ++i) {
      const Hit& hit = nearest(row, i);
      const auto want = reference::score(GetParam(), vectors.row(row), lists.centroids.row(hit.row));
      EXPECT_NEAR(hit.score, want.value, want.error);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Metrics, Ivf, testing::ValuesIn(kMetrics),
                         [](const auto& test) { return name_of(test.param); });

TEST(IvfOptions, DefaultsFollowTheRows) {
  for (const auto& [rows, lists, probes] :
       {std::tuple{100, 1, 1}, std::tuple{1000, 7, 1}, std::tuple{12'800, 100, 6}, std::tuple{40'000, 312, 19}}) {
    const auto ivf = make_ivf(gaussian(rows, 2, 1), Metric::l2, {.training_rows = 4, .iterations = 1});
    EXPECT_EQ(ivf->lists(), lists) << rows;
    EXPECT_EQ(ivf->probes(), probes) << rows;
  }
  EXPECT_EQ(list_count({}, 1'000'000), 4000);
}

TEST(IvfOptions, ProbesOfTheIndexAreUsedUnlessTheSearchNamesSome) {
  const Matrix<float> vectors = gaussian(500, 8, 1);
  const Matrix<float> queries = gaussian(10, 8, 2);
  const auto ivf = make_ivf(vectors, Metric::cosine, {.lists = 20, .probes = 3});
  EXPECT_EQ(ivf->probes(), 3);
  EXPECT_TRUE(same_hits(search(*ivf, queries, {}), search(*ivf, queries, {.probes = 3})));
  ivf->set_probes(6);
  EXPECT_TRUE(same_hits(search(*ivf, queries, {}), search(*ivf, queries, {.probes = 6})));
  EXPECT_FALSE(same_hits(search(*ivf, queries, {}), search(*ivf, queries, {.probes = 3})));
}

TEST(IvfOptions, AnotherSeedGivesOtherLists) {
  const Matrix<float> vectors = gaussian(500, 8, 1);
  EXPECT_NE(make_ivf(vectors, Metric::l2, {.lists = 20, .seed = 1})->list_of_rows(),
            make_ivf(vectors, Metric::l2, {.lists = 20, .seed = 2})->list_of_rows());
}

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "no error";
}

TEST(IvfOptions, SayWhatIsOutOfRange) {
  const Matrix<float> vectors = gaussian(60, 2, 1);
  const auto make = [&](const IvfOptions& options) {
    return message_of([&] { make_ivf(vectors, Metric::l2, options); });
  };
  EXPECT_EQ(make({.lists = -1}), "ivf index: lists = -1 is negative (0: by the number of rows)");
  EXPECT_EQ(make({.training_rows = 0}), "ivf index: training_rows = 0 is not 1 or more");
  EXPECT_EQ(make({.iterations = 0}), "ivf index: iterations = 0 is not 1 or more");
  EXPECT_EQ(make({.lists = 4, .probes = 5}), "ivf index: probes = 5 is not in 1–4, the number of lists");
  EXPECT_EQ(make({.lists = 4, .probes = -1}), "ivf index: probes = -1 is not in 1–4, the number of lists");
  const auto ivf = make_ivf(vectors, Metric::l2, {.lists = 4});
  EXPECT_EQ(message_of([&] { ivf->set_probes(0); }), "ivf index: probes = 0 is not in 1–4, the number of lists");
  EXPECT_EQ(message_of([&] { search(*ivf, gaussian(1, 2, 1), {.probes = 9}); }),
            "ivf index: probes = 9 is not in 1–4, the number of lists");
  EXPECT_EQ(message_of([&] { search(*ivf, gaussian(1, 3, 1), {}); }),
            "search: the queries have rank 3, the index has rank 2");
  EXPECT_EQ(message_of([&] { probes_for_recall(*ivf, vectors.view(), 1, 1.5); }),
            "ivf index: recall = 1.5 is not in 0–1");
  EXPECT_EQ(message_of([&] { make_ivf(Matrix<float>(3, 4097, 0.0f), Metric::l2, {}); }),
            "search index: rank 4097 is not in 1–4096");
}

TEST(IvfOptions, ManyListsHaveAGapBetweenTheMostProbesAndAll) {
  const Matrix<float> vectors = gaussian(2200, 1, 1);
  const auto ivf = make_ivf(vectors, Metric::l2, {.lists = 2200, .iterations = 1});
  EXPECT_EQ(message_of([&] { ivf->set_probes(2049); }),
            "ivf index: probes = 2049 is not in 1–2048, nor 2200, which is all lists");
  ivf->set_probes(2048);
  ivf->set_probes(2200);
}

TEST(IvfOptions, SaysTheMemoryThatIsMissing) {
  const Matrix<float> vectors = gaussian(1000, 64, 1);
  set_memory_limit(1);
  std::string message = "no error";
  try {
    make_ivf(vectors, Metric::l2, {});
  } catch (const OutOfMemory& error) {
    message = error.what();
  }
  set_memory_limit(0);
  EXPECT_THAT(message, HasSubstr("ivf index of 1000 rows in 7 lists"));
  EXPECT_THAT(message, HasSubstr("index fewer rows, or vectors of a lower rank"));
}

}  // namespace
}  // namespace segue::search
