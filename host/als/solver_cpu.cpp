#include "host/als/solver_cpu.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/als/exact_row.hpp"
#include "host/als/gram.hpp"
#include "host/als/whitening.hpp"
#include "segue/als/engine.hpp"
#include "segue/core/parallel.hpp"

namespace segue::als {
namespace {

template <class Body>
void for_each_chunk(const data::CsrView& interactions, const Body& body) {
  parallel_for(interactions.rows, kChunkRows, [&](std::int64_t begin, std::int64_t end) {
    if (has_interactions(interactions.offsets, begin, end))
      body(begin, end);
  });
}

float largest_diagonal(const Matrix<double>& gram) {
  double largest = 0;
  for (std::int64_t k = 0; k < gram.rows(); ++k)
    largest = std::max(largest, gram(k, k));
  return static_cast<float>(largest);
}

}  // namespace

CpuSolver::CpuSolver(const data::CsrView& by_user, const data::CsrView& by_song, const Options& options)
    : options_(options), users_(make_side("users", by_user)), songs_(make_side("songs", by_song)) {
  initialise(users_, SideName::users);
  initialise(songs_, SideName::songs);
  const auto elements =
      static_cast<std::size_t>(std::max(users_.vectors.rows(), songs_.vectors.rows()) * padded_rank(options_.rank));
  if (options_.method == Method::conjugate_gradient) {
    if (options_.gather_storage != Storage::float32)
      halves_.resize(elements);
    else if (options_.preconditioner == Preconditioner::gram)
      whitened_.resize(elements);
  }
  total_confidence_ = total_confidence(by_user, options_.alpha);
}

CpuSolver::Side CpuSolver::make_side(const char* name, const data::CsrView& interactions) const {
  return {name, interactions, row_tasks(interactions), Matrix<float>(interactions.rows, padded_rank(options_.rank))};
}

void CpuSolver::initialise(Side& side, SideName name) {
  for_each_chunk(side.interactions, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::span<float> vector = side.vectors.row(row);
      std::fill(vector.begin(), vector.end(), 0.0f);
      if (side.interactions.row_size(row) == 0)
        continue;
      draw_vector(options_, name, row, vector.first(static_cast<std::size_t>(options_.rank)));
    }
  });
}

void CpuSolver::iterate() {
  solve(users_, songs_);
  solve(songs_, users_);
}

void CpuSolver::solve(Side& target, const Side& source) {
  if (options_.method == Method::cholesky)
    solve_exactly(target, source);
  else if (options_.preconditioner == Preconditioner::gram)
    solve_whitened(target, source);
  else
    solve_cg(target, source);
}

void CpuSolver::solve_exactly(Side& target, const Side& source) const {
  const MatrixView<const float> vectors = source.without_padding(options_.rank);
  const Matrix<double> gram = gram_matrix(vectors, Products::float64, source.interactions.offsets);
  const ExactRow exact(vectors, gram, options_);
  const data::CsrView& interactions = target.interactions;
  PerThread<ExactScratch> scratch;
  parallel_tasks(static_cast<std::int64_t>(target.tasks.size()), [&](std::int64_t task) {
    const RowRange rows = target.tasks[static_cast<std::size_t>(task)];
    for (std::int64_t row = rows.begin; row < rows.end; ++row)
      exact.solve(interactions.row_indices(row), strengths_of(interactions, row),
                  target.vectors.row(row).first(static_cast<std::size_t>(options_.rank)), scratch.local());
  });
}

void CpuSolver::solve_cg(Side& target, const Side& source) {
  const Matrix<double> gram = gram_matrix(source.vectors.view(), Products::float32, source.interactions.offsets);
  Matrix<float> shared(gram.rows(), gram.columns());
  std::transform(gram.data(), gram.data() + gram.rows() * gram.columns(), shared.data(),
                 [](double value) { return static_cast<float>(value); });
  run_cg({.interactions = target.interactions,
          .target = target.vectors.view(),
          .source = round_source(source),
          .gram = shared.data(),
          .gram_norm = largest_diagonal(gram),
          .options = options_},
         target.tasks);
}

GatherSource CpuSolver::round_source(const Side& source) {
  const data::CsrView& interactions = source.interactions;
  if (options_.gather_storage == Storage::float32)
    return {.storage = Storage::float32, .vectors = source.vectors.data()};
  const int exponent = options_.gather_storage == Storage::float16 ? float16_exponent(max_abs_of(source)) : 0;
  for_each_chunk(interactions, [&](std::int64_t begin, std::int64_t end) {
    round(source.rows(begin, end), exponent, begin * source.vectors.columns());
  });
  return rounded(exponent);
}

float CpuSolver::max_abs_of(const Side& side) const {
  std::vector<float> largest(static_cast<std::size_t>(side.interactions.rows / kChunkRows + 1), 0.0f);
  for_each_chunk(side.interactions, [&](std::int64_t begin, std::int64_t end) {
    largest[static_cast<std::size_t>(begin / kChunkRows)] = max_abs(side.rows(begin, end));
  });
  return *std::max_element(largest.begin(), largest.end());
}

// Into halves_, from element `first` on.
void CpuSolver::round(std::span<const float> values, int exponent, std::int64_t first) {
  const auto to = options_.gather_storage == Storage::float16 ? to_float16 : to_bfloat16;
  to(values, std::ldexp(1.0f, -exponent), {halves_.data() + first, values.size()});
}

GatherSource CpuSolver::rounded(int exponent) const {
  return {.storage = options_.gather_storage, .vectors = halves_.data(), .scale = std::ldexp(1.0f, exponent)};
}

void CpuSolver::solve_whitened(Side& target, const Side& source) {
  const Whitening whitening(gram_matrix(source.vectors.view(), Products::float64, source.interactions.offsets),
                            options_.regularization);
  const std::int64_t columns = source.vectors.columns();
  const int exponent = options_.gather_storage == Storage::float16 ? kWhitenedExponent : 0;
  PerThread<AlignedVector<float>> buffers;
  for_each_chunk(source.interactions, [&](std::int64_t begin, std::int64_t end) {
    const std::span<const float> values = source.rows(begin, end);
    float* white = whitened_.data() + begin * columns;
    if (whitened_.empty()) {
      buffers.local().resize(values.size());
      white = buffers.local().data();
    }
    std::copy(values.begin(), values.end(), white);
    whitening.whiten_source({white, end - begin, columns});
    if (whitened_.empty())
      round({white, values.size()}, exponent, begin * columns);
  });
  for_each_chunk(target.interactions, [&](std::int64_t begin, std::int64_t end) {
    whitening.whiten_target(target.vectors.view().row_range(begin, end));
  });
  const GatherSource white =
      whitened_.empty() ? rounded(exponent) : GatherSource{.storage = Storage::float32, .vectors = whitened_.data()};
  run_cg({.interactions = target.interactions, .target = target.vectors.view(), .source = white, .options = options_},
         target.tasks);
  for_each_chunk(target.interactions, [&](std::int64_t begin, std::int64_t end) {
    whitening.restore_target(target.vectors.view().row_range(begin, end));
  });
}

void CpuSolver::run_cg(const HalfIteration& half, const std::vector<RowRange>& tasks) {
  PerThread<CgScratch> scratch;
  parallel_tasks(static_cast<std::int64_t>(tasks.size()), [&](std::int64_t task) {
    CgScratch& local = scratch.local();
    if (local.stage.empty())
      local.reserve(half.interactions, half.target.columns());
    solve_rows_cg(half, tasks[static_cast<std::size_t>(task)], local);
  });
}

double CpuSolver::loss() const {
  const Matrix<double> users = gram_matrix(users_.vectors.view(), Products::float32, users_.interactions.offsets);
  const Matrix<double> songs = gram_matrix(songs_.vectors.view(), Products::float32, songs_.interactions.offsets);
  // Σ over all pairs (xᵤ·yᵢ)² = ⟨XᵀX, YᵀY⟩
  const double squares =
      std::inner_product(users.data(), users.data() + users.rows() * users.columns(), songs.data(), 0.0);
  const double interactions =
      parallel_sum(static_cast<std::int64_t>(users_.tasks.size()), 1, [&](std::int64_t task, std::int64_t) {
        return interaction_loss(users_.interactions, users_.vectors.view(), songs_.vectors.view(), options_.alpha,
                                users_.tasks[static_cast<std::size_t>(task)]);
      });
  const double total = interactions + squares + penalty(users_, users) + penalty(songs_, songs);
  return total_confidence_ > 0 ? total / total_confidence_ : 0;  // no users or no songs: nothing to get wrong
}

// Σ λᵤ‖xᵤ‖²
double CpuSolver::penalty(const Side& side, const Matrix<double>& gram) const {
  if (options_.regularization_exponent == 0) {
    double trace = 0;
    for (std::int64_t k = 0; k < gram.rows(); ++k)
      trace += gram(k, k);
    return options_.regularization * trace;
  }
  const data::CsrView& interactions = side.interactions;
  return parallel_sum(interactions.rows, kChunkRows, [&](std::int64_t begin, std::int64_t end) {
    double sum = 0;
    for (std::int64_t row = begin; row < end; ++row) {
      if (interactions.row_size(row) == 0)
        continue;
      const std::span<const float> x = side.vectors.row(row);
      const double lambda = row_lambda(options_, interactions.row_size(row), interactions.columns);
      sum += lambda * std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
    }
    return sum;
  });
}

void CpuSolver::copy_users(MatrixView<float> out) const {
  copy(users_, out);
}

void CpuSolver::copy_songs(MatrixView<float> out) const {
  copy(songs_, out);
}

void CpuSolver::copy(const Side& side, MatrixView<float> out) const {
  check_shape(side.name, out.rows(), out.columns(), side.vectors.rows(), options_.rank);
  parallel_for(out.rows(), kChunkRows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      if (side.interactions.row_size(row) == 0)
        std::ranges::fill(out.row(row), 0.0f);
      else
        std::copy_n(side.vectors.row(row).data(), options_.rank, out.row(row).data());
  });
}

void CpuSolver::set_factors(MatrixView<const float> users, MatrixView<const float> songs) {
  check_shape("users", users.rows(), users.columns(), users_.vectors.rows(), options_.rank);
  check_shape("songs", songs.rows(), songs.columns(), songs_.vectors.rows(), options_.rank);
  set(users_, users);
  set(songs_, songs);
}

void CpuSolver::set(Side& side, MatrixView<const float> vectors) const {
  for_each_chunk(side.interactions, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      if (side.interactions.row_size(row) > 0)
        std::ranges::copy(vectors.row(row), side.vectors.row(row).begin());
  });
}

void CpuSolver::fold_in_users(const data::CsrView& interactions, MatrixView<float> out) const {
  fold_in(songs_, interactions, out);
}

void CpuSolver::fold_in_songs(const data::CsrView& interactions, MatrixView<float> out) const {
  fold_in(users_, interactions, out);
}

void CpuSolver::fold_in(const Side& others, const data::CsrView& interactions, MatrixView<float> out) const {
  check_fold_in(interactions, others.vectors.rows(), out, options_.rank);
  const MatrixView<const float> vectors = others.without_padding(options_.rank);
  const Matrix<double> gram = gram_matrix(vectors, Products::float64, others.interactions.offsets);
  const ExactRow exact(vectors, gram, options_);
  PerThread<ExactScratch> scratch;
  parallel_tasks(interactions.rows, [&](std::int64_t row) {
    exact.solve(interactions.row_indices(row), strengths_of(interactions, row), out.row(row), scratch.local());
  });
}

MatrixView<const float> CpuSolver::Side::without_padding(int rank) const {
  return {vectors.data(), vectors.rows(), rank, vectors.columns()};
}

std::span<const float> CpuSolver::Side::rows(std::int64_t begin, std::int64_t end) const {
  return {vectors.data() + begin * vectors.columns(), static_cast<std::size_t>((end - begin) * vectors.columns())};
}

}  // namespace segue::als
