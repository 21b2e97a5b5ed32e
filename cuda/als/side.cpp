#include "cuda/als/side.hpp"

#include <algorithm>
#include <cstring>

#include "cuda/als/gram.hpp"
#include "cuda/core/check.hpp"
#include "segue/core/parallel.hpp"

namespace segue::cuda {
namespace {

constexpr std::int64_t kAlignment = 256;
constexpr std::int64_t kCopyBytes = 1 << 20;
constexpr std::int64_t kRowsPerTask = 1024;

std::int64_t align(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// memcpy on all threads
template <class T>
void copy_all(std::span<const T> from, std::byte* to) {
  const auto* const source = reinterpret_cast<const std::byte*>(from.data());
  parallel_for(static_cast<std::int64_t>(from.size_bytes()), kCopyBytes, [&](std::int64_t begin, std::int64_t end) {
    std::memcpy(to + begin, source + begin, static_cast<std::size_t>(end - begin));
  });
}

std::span<const float> floats(const Matrix<float>& vectors, std::int64_t begin, std::int64_t end) {
  return {vectors.data() + begin * vectors.columns(), static_cast<std::size_t>((end - begin) * vectors.columns())};
}

}  // namespace

std::vector<std::pair<std::int64_t, std::int64_t>> cut_rows(const data::CsrView& interactions, std::int64_t padded_rank,
                                                            std::int64_t slot_bytes) {
  std::vector<std::pair<std::int64_t, std::int64_t>> pieces;
  const auto fits = [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t size =
        interactions.offsets[static_cast<std::size_t>(end)] - interactions.offsets[static_cast<std::size_t>(begin)];
    return BlockLayout(end - begin, size, interactions.values.empty(), padded_rank).bytes <= slot_bytes;
  };
  for (std::int64_t begin = 0, end = 0; begin < interactions.rows; begin = end) {
    end = begin + 1;
    while (end < interactions.rows && fits(begin, end + 1))
      ++end;
    pieces.emplace_back(begin, end);
  }
  return pieces;
}

data::CsrView rows_between(const data::CsrView& matrix, std::int64_t begin, std::int64_t end) {
  data::CsrView part;
  part.rows = end - begin;
  part.columns = matrix.columns;
  part.offsets = matrix.offsets.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin + 1));
  const auto first = static_cast<std::size_t>(part.offsets.front());
  const auto count = static_cast<std::size_t>(part.offsets.back()) - first;
  part.indices = matrix.indices.subspan(first, count);
  if (!matrix.values.empty())
    part.values = matrix.values.subspan(first, count);
  return part;
}

void copy_vectors(const CudaContext& context, const float* vectors, std::int64_t padded_rank, MatrixView<float> out) {
  if (out.rows() == 0)
    return;
  SEGUE_CUDA_CHECK(cudaMemcpy2DAsync(out.data(), static_cast<std::size_t>(4 * out.stride()), vectors,
                                     static_cast<std::size_t>(4 * padded_rank),
                                     static_cast<std::size_t>(4 * out.columns()), static_cast<std::size_t>(out.rows()),
                                     cudaMemcpyDeviceToHost, context.stream()));
  context.synchronize();
}

BlockLayout::BlockLayout(std::int64_t rows, std::int64_t interactions, bool pattern, std::int64_t padded_rank)
    : indices(align(8 * (rows + 1))),
      values(indices + align(4 * interactions)),
      vectors(values + (pattern ? 0 : align(4 * interactions))),
      bytes(vectors + 4 * rows * padded_rank) {}

std::int64_t least_slot_bytes(const data::CsrView& interactions, std::int64_t padded_rank) {
  std::int64_t longest = 0;
  for (std::int64_t row = 0; row < interactions.rows; ++row)
    longest = std::max(longest, interactions.row_size(row));
  return std::max(BlockLayout(1, longest, interactions.values.empty(), padded_rank).bytes,
                  4 * GramSum::kChunkRows * padded_rank);
}

Side::Side(const CudaContext& context, als::SideName name, const data::CsrView& interactions,
           const als::Options& options, DeviceCsr on_device)
    : context_(context),
      name_(name),
      interactions_(interactions),
      options_(options),
      padded_rank_(padded_rank(options.rank)),
      on_device_(std::move(on_device)),
      vectors_(interactions.rows * padded_rank_, context.stream()) {
  if (rows() > 0)
    add_rows(0, rows());
}

Side::Side(const CudaContext& context, als::SideName name, const data::CsrView& interactions,
           const als::Options& options, BlockStream& stream)
    : context_(context),
      name_(name),
      interactions_(interactions),
      options_(options),
      padded_rank_(padded_rank(options.rank)),
      stream_(&stream),
      host_vectors_(interactions.rows, padded_rank_) {
  for (const auto& [begin, end] : cut_rows(interactions, padded_rank_, stream.slot_bytes()))
    add_rows(begin, end);
}

void Side::add_rows(std::int64_t begin, std::int64_t end) {
  Rows& added = blocks_.emplace_back(Rows{begin, end, {}});
  if (options_.method == als::Method::cholesky)
    return;
  const data::CsrView rows = rows_between(interactions_, begin, end);
  added.bins.emplace(context_, rows.offsets, rows.values, options_);
}

std::int64_t Side::most_workspace_bytes() const {
  std::int64_t most = 0;
  for (const Rows& rows : blocks_)
    if (rows.bins)
      most = std::max(most, rows.bins->workspace_bytes());
  return most;
}

void Side::set(const std::function<void(std::int64_t row, std::span<float> to)>& vector_of) {
  const auto fill = [&](std::int64_t first, MatrixView<float> to) {
    parallel_for(to.rows(), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        std::ranges::fill(to.row(row), 0.0f);
        if (interactions_.row_size(first + row) > 0)
          vector_of(first + row, to.row(row).first(static_cast<std::size_t>(options_.rank)));
      }
    });
  };
  if (stream_ != nullptr) {
    fill(0, host_vectors_.view());
    return;
  }
  const std::int64_t step =
      std::clamp<std::int64_t>(kStagingBytes / (4 * padded_rank_), 1, std::max<std::int64_t>(1, rows()));
  Matrix<float> some(step, padded_rank_);
  for (std::int64_t first = 0; first < rows(); first += step) {
    const std::int64_t count = std::min(step, rows() - first);
    fill(first, some.view().row_range(0, count));
    SEGUE_CUDA_CHECK(cudaMemcpyAsync(vectors_.data() + first * padded_rank_, some.data(),
                                     static_cast<std::size_t>(4 * count * padded_rank_), cudaMemcpyHostToDevice,
                                     context_.stream()));
    context_.synchronize();
  }
}

void Side::copy_to(MatrixView<float> out) const {
  if (stream_ == nullptr) {
    copy_vectors(context_, vectors_.data(), padded_rank_, out);
  } else {
    parallel_for(out.rows(), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row)
        std::copy_n(host_vectors_.row(row).data(), options_.rank, out.row(row).data());
    });
  }
}

void Side::for_each_piece(
    const std::function<void(const float* vectors, std::int64_t first, std::int64_t rows)>& queue) const {
  if (stream_ == nullptr) {
    if (rows() > 0)
      queue(vectors_.data(), 0, rows());
    return;
  }
  const std::int64_t step = stream_->slot_bytes() / (4 * padded_rank_) / GramSum::kChunkRows * GramSum::kChunkRows;
  const auto end_of = [&](std::int64_t piece) { return std::min(rows(), (piece + 1) * step); };
  BlockStream::Work work;
  work.fill = [&](std::int64_t piece, std::byte* staging) {
    const std::span<const float> values = floats(host_vectors_, piece * step, end_of(piece));
    copy_all(values, staging);
    return static_cast<std::int64_t>(values.size_bytes());
  };
  work.queue = [&](std::int64_t piece, std::byte* device) {
    queue(reinterpret_cast<const float*>(device), piece * step, end_of(piece) - piece * step);
  };
  stream_->run((rows() + step - 1) / step, work);
}

void Side::for_each_block(Vectors vectors, const std::function<void(const RowBlock&)>& queue) {
  if (stream_ == nullptr) {
    if (rows() > 0)
      queue(resident_block());
    return;
  }
  const auto rows_of = [this](std::int64_t b) -> const Rows& { return blocks_[static_cast<std::size_t>(b)]; };
  BlockStream::Work work;
  work.fill = [&](std::int64_t b, std::byte* staging) { return fill(rows_of(b), staging); };
  work.queue = [&](std::int64_t b, std::byte* device) { queue(block_in_slot(rows_of(b), device)); };
  if (vectors == Vectors::changed) {
    work.returned = [&](std::int64_t b) {
      const BlockLayout layout = layout_of(rows_of(b));
      return BlockStream::Bytes{layout.vectors, layout.bytes - layout.vectors};
    };
    work.drain = [&](std::int64_t b, const std::byte* staging) {
      const BlockLayout layout = layout_of(rows_of(b));
      copy_all(std::span(staging + layout.vectors, static_cast<std::size_t>(layout.bytes - layout.vectors)),
               reinterpret_cast<std::byte*>(host_vectors_.row(rows_of(b).begin).data()));
    };
  }
  stream_->run(static_cast<std::int64_t>(blocks_.size()), work);
}

RowBlock Side::block_in_slot(const Rows& rows, std::byte* device) const {
  const BlockLayout layout = layout_of(rows);
  return {.begin = rows.begin,
          .end = rows.end,
          .offsets = reinterpret_cast<const std::int64_t*>(device),
          .indices = reinterpret_cast<const std::int32_t*>(device + layout.indices),
          .values = interactions_.values.empty() ? nullptr : reinterpret_cast<const float*>(device + layout.values),
          .vectors = reinterpret_cast<float*>(device + layout.vectors),
          .bins = rows.bins ? &*rows.bins : nullptr};
}

RowBlock Side::resident_block() {
  const Rows& all = blocks_.front();
  return {.begin = 0,
          .end = rows(),
          .offsets = on_device_.offsets.data(),
          .indices = on_device_.indices.data(),
          .values = interactions_.values.empty() ? nullptr : on_device_.values.data(),
          .vectors = vectors_.data(),
          .bins = all.bins ? &*all.bins : nullptr};
}

BlockLayout Side::layout_of(const Rows& rows) const {
  const std::int64_t size = interactions_.offsets[static_cast<std::size_t>(rows.end)] -
                            interactions_.offsets[static_cast<std::size_t>(rows.begin)];
  return BlockLayout(rows.end - rows.begin, size, interactions_.values.empty(), padded_rank_);
}

std::int64_t Side::fill(const Rows& rows, std::byte* staging) const {
  const BlockLayout layout = layout_of(rows);
  const data::CsrView part = rows_between(interactions_, rows.begin, rows.end);
  copy_all(part.offsets, staging);
  copy_all(part.indices, staging + layout.indices);
  copy_all(part.values, staging + layout.values);
  copy_all(floats(host_vectors_, rows.begin, rows.end), staging + layout.vectors);
  return layout.bytes;
}

}  // namespace segue::cuda
