#include "segue/als/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "host/als/cholesky.hpp"
#include "host/als/exact_row.hpp"
#include "host/als/gram.hpp"
#include "segue/core/error.hpp"

namespace segue::als {

Explainer::Explainer(MatrixView<const float> songs, const Options& options)
    : songs_(songs), options_(options), gram_(gram_matrix(songs, Products::float64)) {
  if (songs.columns() != options.rank)
    throw InvalidArgument(
        fmt::format("explain: the song vectors have rank {}, the options {}", songs.columns(), options.rank));
}

std::vector<std::vector<Contribution>> Explainer::explain(std::span<const std::int32_t> listened,
                                                          std::span<const float> strength,
                                                          std::span<const std::int32_t> recommended, int count) const {
  if (!strength.empty() && strength.size() != listened.size())
    throw InvalidArgument(
        fmt::format("explain: {} songs listened to but {} strengths", listened.size(), strength.size()));
  if (count < 1)
    throw InvalidArgument(fmt::format("explain: {} contributions wanted, expected 1 or more", count));
  std::vector<std::vector<Contribution>> explanations(recommended.size());
  if (listened.empty())
    return explanations;
  ExactScratch scratch;
  ExactRow(songs_, gram_, options_).factor(listened, strength, scratch);
  for (std::size_t i = 0; i < recommended.size(); ++i) {
    const std::span<const float> wanted = songs_.row(recommended[i]);
    scratch.vector.assign(wanted.begin(), wanted.end());
    cholesky_solve(std::as_const(scratch.factor).view(), scratch.vector);
    std::vector<Contribution>& found = explanations[i];
    for (std::size_t j = 0; j < listened.size(); ++j) {
      const double r = strength.empty() ? 1.0 : static_cast<double>(strength[j]);
      const std::span<const float> song = songs_.row(listened[j]);
      const double similarity = std::inner_product(song.begin(), song.end(), scratch.vector.begin(), 0.0);
      const double weight = r > 0 ? similarity * (1 + options_.alpha * r) : 0.0;
      if (weight > 0)
        found.push_back({listened[j], static_cast<float>(weight)});
    }
    std::ranges::sort(found, [](const Contribution& a, const Contribution& b) {
      return a.weight != b.weight ? a.weight > b.weight : a.song < b.song;
    });
    if (found.size() > static_cast<std::size_t>(count))
      found.resize(static_cast<std::size_t>(count));
  }
  return explanations;
}

}  // namespace segue::als
