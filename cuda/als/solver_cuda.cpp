#include "cuda/als/solver_cuda.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "cuda/als/blas.hpp"
#include "cuda/als/device_plan.hpp"
#include "cuda/als/exact.hpp"
#include "cuda/als/gather.hpp"
#include "cuda/als/gram.hpp"
#include "cuda/als/half_iteration.hpp"
#include "cuda/als/loss.hpp"
#include "cuda/als/side.hpp"
#include "segue/als/engine.hpp"
#include "segue/core/log.hpp"

namespace segue::cuda {
namespace {

using als::Options;
using als::SideName;

constexpr std::int64_t kFoldInBytes = 64 << 20;

/// The GPU engine. One of its half-iterations: YᵀY (gram.hpp), Y rounded or whitened into what is gathered
/// (gather.hpp), rows by CG (half_iteration.hpp) or exactly (exact.hpp), block after block where the rows pass through
/// (side.hpp).
class CudaSolver final : public als::Solver {
 public:
  CudaSolver(int device, const data::CsrView& by_user, const data::CsrView& by_song, const Options& options,
             std::int64_t most_bytes);

  void iterate() override;
  double loss() const override;
  void copy_users(MatrixView<float> out) const override { copy(*users_, out); }
  void copy_songs(MatrixView<float> out) const override { copy(*songs_, out); }
  void set_factors(MatrixView<const float> users, MatrixView<const float> songs) override;
  void fold_in_users(const data::CsrView& interactions, MatrixView<float> out) const override {
    fold_in(*songs_, interactions, out);
  }
  void fold_in_songs(const data::CsrView& interactions, MatrixView<float> out) const override {
    fold_in(*users_, interactions, out);
  }
  const Options& options() const override { return options_; }

 private:
  bool exact() const { return options_.method == als::Method::cholesky; }
  bool whitened() const { return als::is_whitened(options_); }

  void allocate(const data::CsrView& by_user, const data::CsrView& by_song);
  void make_sides(const data::CsrView& by_user, const data::CsrView& by_song);
  void solve(Side& target, const Side& source);
  void solve_block(const RowBlock& block, HalfIteration half);
  void sum_gram(const Side& side, bool with_largest = false) const;
  int exponent() const;
  void copy(const Side& side, MatrixView<float> out) const;
  double penalty(Side& side, const Matrix<double>& gram) const;
  void fold_in(const Side& others, const data::CsrView& interactions, MatrixView<float> out) const;
  void fold_in_rows(const data::CsrView& rows, const GatherSource& source, const double* gram, ExactSolver& solver,
                    MatrixView<float> out) const;

  Options options_;
  CudaContext context_;
  std::int64_t padded_rank_;
  double total_confidence_;
  DevicePlan plan_;
  // What follows is scratch, of which const members too make use, but for the two sides.
  std::unique_ptr<Blas> blas_;
  std::unique_ptr<GramSum> gram_;
  std::unique_ptr<Gather> gather_;
  std::unique_ptr<LossSum> loss_;
  std::unique_ptr<ExactSolver> exact_;
  std::unique_ptr<BlockStream> stream_;
  std::unique_ptr<Side> users_, songs_;
  DeviceBuffer<std::byte> workspace_;       ///< of solve_rows_cg()
  DeviceBuffer<float> upper_;               ///< [padded rank × padded rank] U, whitened
  mutable DeviceBuffer<unsigned> largest_;  ///< bits of the largest |value| of a side
};

CudaSolver::CudaSolver(int device, const data::CsrView& by_user, const data::CsrView& by_song, const Options& options,
                       std::int64_t most_bytes)
    : options_(options),
      context_(device),
      padded_rank_(padded_rank(options.rank)),
      total_confidence_(als::total_confidence(by_user, options.alpha)) {
  const std::int64_t free = context_.free_bytes();
  const std::int64_t available = most_bytes == 0 ? usable_bytes(free) : most_bytes;
  plan_ = resident_plan(context_, by_user, options);
  if (plan_.memory.total_bytes() > available)
    plan_ = streamed_plan(context_, by_user, by_song, options, available);
  log::info("{}; {} free; {}", plan_.memory.to_string(), format_bytes(free),
            plan_.resident ? "all of it stays on the device" : "rows pass through in blocks");
  plan_.memory.require(available, "lower als.rank, or use --device cpu");
  try {
    allocate(by_user, by_song);
  } catch (const OutOfMemory& error) {
    throw OutOfMemory(fmt::format("{}; {} was free, but {}: lower als.rank, or use --device cpu",
                                  plan_.memory.to_string(), format_bytes(free), error.what()));
  }
  for (Side* side : {users_.get(), songs_.get()})
    side->set([&](std::int64_t row, std::span<float> to) {
      als::draw_vector(options_, side == users_.get() ? SideName::users : SideName::songs, row, to);
    });
}

void CudaSolver::allocate(const data::CsrView& by_user, const data::CsrView& by_song) {
  make_sides(by_user, by_song);
  blas_ = std::make_unique<Blas>(context_);
  gram_ = std::make_unique<GramSum>(context_, *blas_, padded_rank_,
                                    als::factors_gram(options_) ? Products::float64 : Products::float32);
  gather_ = std::make_unique<Gather>(context_, *blas_, plan_.gather_bytes, padded_rank_, whitened());
  loss_ = std::make_unique<LossSum>(context_);
  if (exact())
    exact_ = std::make_unique<ExactSolver>(context_, options_.rank);
  workspace_ = DeviceBuffer<std::byte>(std::max(users_->most_workspace_bytes(), songs_->most_workspace_bytes()),
                                       context_.stream());
  if (whitened())
    upper_ = DeviceBuffer<float>(padded_rank_ * padded_rank_, context_.stream());
  largest_ = DeviceBuffer<unsigned>(1, context_.stream());
}

void CudaSolver::make_sides(const data::CsrView& by_user, const data::CsrView& by_song) {
  if (!plan_.resident) {
    stream_ = std::make_unique<BlockStream>(context_, plan_.slot_bytes);
    users_ = std::make_unique<Side>(context_, SideName::users, by_user, options_, *stream_);
    songs_ = std::make_unique<Side>(context_, SideName::songs, by_song, options_, *stream_);
    return;
  }
  DeviceCsr users = upload_csr(context_, by_user);
  // Transposed there rather than copied there, where there is room for that beside all that is planned.
  DeviceCsr songs =
      usable_bytes(context_.free_bytes()) > plan_.memory.total_bytes() + transpose_bytes(by_user.nonzeros())
          ? transpose_csr(context_, users)
          : upload_csr(context_, by_song);
  users_ = std::make_unique<Side>(context_, SideName::users, by_user, options_, std::move(users));
  songs_ = std::make_unique<Side>(context_, SideName::songs, by_song, options_, std::move(songs));
}

void CudaSolver::iterate() {
  context_.use();
  solve(*users_, *songs_);
  solve(*songs_, *users_);
  context_.synchronize();
}

void CudaSolver::solve(Side& target, const Side& source) {
  const bool scaled = !whitened() && als::gathered_storage(options_) == als::Storage::float16;
  sum_gram(source, scaled);
  HalfIteration half;
  half.columns = source.rows();
  half.options = options_;
  if (whitened()) {
    factor_for_whitening(context_, gram_->sums(), padded_rank_, options_.regularization, upper_.data());
  } else if (!exact()) {
    half.gram = gram_->rounded();
    half.gram_norm = static_cast<float>(gram_->largest_diagonal());
  }
  half.source =
      gather_->prepare(source, als::gathered_storage(options_), exponent(), whitened() ? upper_.data() : nullptr);
  target.for_each_block(Side::Vectors::changed, [&](const RowBlock& block) { solve_block(block, half); });
}

void CudaSolver::solve_block(const RowBlock& block, HalfIteration half) {
  half.rows = block.rows();
  half.indices = block.indices;
  half.values = block.values;
  half.target = block.vectors;
  const auto rank = static_cast<int>(padded_rank_);
  if (whitened())
    blas_->multiply_rows(upper_.data(), block.rows(), rank, block.vectors);
  if (exact())
    exact_->solve(half, block.offsets, gram_->sums());
  else
    solve_rows_cg(context_, context_.stream(), half, *block.bins, workspace_.span());
  if (whitened())
    blas_->solve_rows(upper_.data(), block.rows(), rank, block.vectors);
}

// YᵀY, and with it the largest |value|.
void CudaSolver::sum_gram(const Side& side, bool with_largest) const {
  gram_->clear();
  largest_.fill_bytes(0);
  side.for_each_piece([&](const float* vectors, std::int64_t, std::int64_t rows) {
    gram_->add(vectors, rows);
    if (with_largest)
      find_largest(context_, vectors, rows * padded_rank_, largest_.data());
  });
}

// Of a 16-bit copy, which holds 2^−exponent of the vectors' values.
int CudaSolver::exponent() const {
  if (als::gathered_storage(options_) != als::Storage::float16)
    return 0;
  if (whitened())
    return als::kWhitenedExponent;
  unsigned bits = 0;
  largest_.copy_to({&bits, 1});
  context_.synchronize();
  return als::float16_exponent(std::bit_cast<float>(bits));
}

double CudaSolver::loss() const {
  context_.use();
  sum_gram(*users_);
  const Matrix<double> users = gram_->matrix();
  sum_gram(*songs_);
  const Matrix<double> songs = gram_->matrix();
  // Σ over all pairs (xᵤ·yᵢ)² = ⟨XᵀX, YᵀY⟩
  const double squares =
      std::inner_product(users.data(), users.data() + users.rows() * users.columns(), songs.data(), 0.0);
  loss_->clear();
  Side& rows = songs_->rows() > users_->rows() ? *songs_ : *users_;
  const Side& others = &rows == users_.get() ? *songs_ : *users_;
  const GatherSource gathered = gather_->prepare(others, als::Storage::float32, 0, nullptr);
  rows.for_each_block(Side::Vectors::read, [&](const RowBlock& block) {
    loss_->add_interactions(block, static_cast<const float*>(gathered.vectors), options_);
  });
  const double interactions = loss_->total();
  const double total = interactions + squares + penalty(*users_, users) + penalty(*songs_, songs);
  return total_confidence_ > 0 ? total / total_confidence_ : 0;
}

// Σ λᵤ‖xᵤ‖²
double CudaSolver::penalty(Side& side, const Matrix<double>& gram) const {
  if (options_.regularization_exponent == 0) {
    double trace = 0;
    for (std::int64_t k = 0; k < gram.rows(); ++k)
      trace += gram(k, k);
    return options_.regularization * trace;
  }
  loss_->clear();
  side.for_each_block(Side::Vectors::read,
                      [&](const RowBlock& block) { loss_->add_penalty(block, side.interactions().columns, options_); });
  return loss_->total();
}

void CudaSolver::copy(const Side& side, MatrixView<float> out) const {
  als::check_shape(side.name(), out.rows(), out.columns(), side.rows(), options_.rank);
  context_.use();
  side.copy_to(out);
}

void CudaSolver::set_factors(MatrixView<const float> users, MatrixView<const float> songs) {
  als::check_shape("users", users.rows(), users.columns(), users_->rows(), options_.rank);
  als::check_shape("songs", songs.rows(), songs.columns(), songs_->rows(), options_.rank);
  context_.use();
  users_->set([&](std::int64_t row, std::span<float> to) { std::ranges::copy(users.row(row), to.begin()); });
  songs_->set([&](std::int64_t row, std::span<float> to) { std::ranges::copy(songs.row(row), to.begin()); });
}

void CudaSolver::fold_in(const Side& others, const data::CsrView& interactions, MatrixView<float> out) const {
  als::check_fold_in(interactions, others.rows(), out, options_.rank);
  context_.use();
  try {
    GramSum gram(context_, *blas_, padded_rank_, Products::float64);
    gram.clear();
    others.for_each_piece([&](const float* vectors, std::int64_t, std::int64_t rows) { gram.add(vectors, rows); });
    const GatherSource source = gather_->prepare(others, als::Storage::float32, 0, nullptr);
    ExactSolver solver(context_, options_.rank);
    const std::int64_t slot_bytes = std::max(kFoldInBytes, least_slot_bytes(interactions, padded_rank_));
    for (const auto& [begin, end] : cut_rows(interactions, padded_rank_, slot_bytes))
      fold_in_rows(rows_between(interactions, begin, end), source, gram.sums(), solver, out.row_range(begin, end));
  } catch (const OutOfMemory& error) {
    throw OutOfMemory(
        fmt::format("als on {}: fold-in needs {} of {} in floats, and scratch; {} is free, but {}: lower "
                    "als.rank, or use --device cpu",
                    context_.name(), format_bytes(4 * others.rows() * padded_rank_), others.name(),
                    format_bytes(context_.free_bytes()), error.what()));
  }
}

void CudaSolver::fold_in_rows(const data::CsrView& rows, const GatherSource& source, const double* gram,
                              ExactSolver& solver, MatrixView<float> out) const {
  const DeviceCsr block = upload_csr(context_, rows);
  DeviceBuffer<float> vectors(rows.rows * padded_rank_, context_.stream());
  vectors.fill_bytes(0);
  HalfIteration half;
  half.rows = rows.rows;
  half.columns = rows.columns;
  half.indices = block.indices.data();
  half.values = block.values.size() == 0 ? nullptr : block.values.data();
  half.target = vectors.data();
  half.source = source;
  half.options = options_;
  solver.solve(half, block.offsets.data(), gram);
  copy_vectors(context_, vectors.data(), padded_rank_, out);
}

}  // namespace

std::unique_ptr<als::Solver> make_als_solver(int device, const data::CsrView& by_user, const data::CsrView& by_song,
                                             const als::Options& options, std::int64_t most_bytes) {
  return std::make_unique<CudaSolver>(device, by_user, by_song, options, most_bytes);
}

MemoryPlan als_host_memory_plan(int device, const data::CsrView& by_user, const als::Options& options) {
  const CudaContext context(device);
  const std::int64_t rank = padded_rank(options.rank);
  MemoryPlan plan("als");
  if (resident_plan(context, by_user, options).memory.total_bytes() <= usable_bytes(context.free_bytes())) {
    plan.add("vectors on their way to the GPU", Side::kStagingBytes);
    return plan;
  }
  plan.add("user vectors", checked_product({by_user.rows, rank, 4}));
  plan.add("song vectors", checked_product({by_user.columns, rank, 4}));
  plan.add("blocks on their way to the GPU", 2 * kMostSlotBytes);
  return plan;
}

}  // namespace segue::cuda
