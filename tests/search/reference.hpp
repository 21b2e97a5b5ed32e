#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "segue/core/matrix.hpp"
#include "segue/core/random.hpp"
#include "segue/data/csr.hpp"
#include "segue/search/index.hpp"

namespace segue::search {

inline const Hit kPoison{std::numeric_limits<float>::quiet_NaN(), -77};

inline std::string name_of(Metric metric) {
  return metric == Metric::l2 ? "L2" : metric == Metric::cosine ? "Cosine" : "InnerProduct";
}

inline Matrix<float> gaussian(std::int64_t rows, std::int64_t rank, std::uint64_t seed) {
  Matrix<float> matrix(rows, rank);
  for (std::int64_t row = 0; row < rows; ++row) {
    Random random(seed, static_cast<std::uint64_t>(row));
    const double scale = std::exp(0.3 * random.normal());
    for (float& x : matrix.row(row))
      x = static_cast<float>(scale * random.normal());
  }
  return matrix;
}

inline Matrix<Hit> search(const Index& index, const Matrix<float>& queries, const SearchOptions& options) {
  Matrix<Hit> hits(queries.rows(), options.k, kPoison);
  index.search(queries.view(), hits.view(), options);
  return hits;
}

inline bool same_hits(const Matrix<Hit>& a, const Matrix<Hit>& b) {
  return a.rows() == b.rows() && a.columns() == b.columns() &&
         std::equal(a.data(), a.data() + a.rows() * a.columns(), b.data());
}

namespace reference {

struct Score {
  double value = 0;
  double error = 0;  ///< what float32 may be off by
};

/// From the definitions in index.hpp, in double. n products summed in any order in float32 are off by at most
/// n·2⁻²⁴·Σ|terms|; a factor of two for targets that round product and sum, and six roundings for unit lengths.
inline Score score(Metric metric, std::span<const float> q, std::span<const float> x) {
  double dot = 0, terms = 0, qq = 0, xx = 0, distance = 0;
  for (std::size_t d = 0; d < q.size(); ++d) {
    const double a = q[d], b = x[d];
    dot += a * b;
    terms += std::abs(a * b);
    qq += a * a;
    xx += b * b;
    distance += (a - b) * (a - b);
  }
  const double rounding = 2 * (static_cast<double>(q.size()) + 6) * 0x1p-24;
  if (metric == Metric::l2)
    return {-distance, distance * 0x1p-23};
  if (metric == Metric::inner_product)
    return {dot, rounding * terms};
  const double length = std::sqrt(qq) * std::sqrt(xx);
  return length == 0 ? Score{} : Score{dot / length, rounding * terms / length};
}

inline bool is_allowed(const SearchOptions& options, std::int64_t query, std::int64_t row) {
  if (!options.allow.empty() && !has_bit(options.allow, row))
    return false;
  if (options.exclude.rows == 0)
    return true;
  const auto excluded = options.exclude.row_indices(query);
  return std::find(excluded.begin(), excluded.end(), row) == excluded.end();
}

/// Order, shape and scores are right, and nothing is missing that is better than the last hit by more than rounding.
inline void expect_top_k(Metric metric, const Matrix<float>& vectors, const Matrix<float>& queries,
                         const SearchOptions& options, const Matrix<Hit>& hits) {
  for (std::int64_t q = 0; q < queries.rows(); ++q) {
    std::vector<Score> scores(static_cast<std::size_t>(vectors.rows()));
    std::int64_t allowed = 0;
    for (std::int64_t row = 0; row < vectors.rows(); ++row) {
      scores[static_cast<std::size_t>(row)] = score(metric, queries.row(q), vectors.row(row));
      allowed += is_allowed(options, q, row) ? 1 : 0;
    }
    const std::int64_t count = std::min<std::int64_t>(options.k, allowed);
    std::set<std::int32_t> found;
    for (std::int64_t i = 0; i < count; ++i) {
      const Hit& hit = hits(q, i);
      ASSERT_TRUE(hit.row >= 0 && hit.row < vectors.rows()) << "query " << q << " hit " << i << " row " << hit.row;
      ASSERT_TRUE(is_allowed(options, q, hit.row)) << "query " << q << " row " << hit.row;
      ASSERT_TRUE(found.insert(hit.row).second) << "query " << q << ": row " << hit.row << " twice";
      const Score& want = scores[static_cast<std::size_t>(hit.row)];
      ASSERT_TRUE(std::abs(hit.score - want.value) <= want.error) << hit.score << " for " << want.value;
      if (i > 0) {
        const Hit& before = hits(q, i - 1);
        ASSERT_TRUE(before.score > hit.score || (before.score == hit.score && before.row < hit.row));
      }
    }
    for (std::int64_t i = count; i < options.k; ++i)
      ASSERT_EQ(hits(q, i), Hit::none());
    if (count == 0)
      continue;
    const double last = hits(q, count - 1).score;
    for (std::int64_t row = 0; row < vectors.rows(); ++row) {
      const Score& other = scores[static_cast<std::size_t>(row)];
      if (is_allowed(options, q, row) && !found.contains(static_cast<std::int32_t>(row))) {
        ASSERT_TRUE(other.value - other.error <= last) << "query " << q << " misses row " << row;
      }
    }
  }
}

}  // namespace reference
}  // namespace segue::search
