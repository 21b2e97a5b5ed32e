#include <memory>
#include <utility>

#include "cuda/search/flat_search.hpp"
#include "host/search/index_cpu.hpp"
#include "host/search/index_file.hpp"
#include "host/search/packing.hpp"
#include "segue/core/parallel.hpp"
#include "segue/search/index.hpp"

namespace segue::search {
namespace {

constexpr std::int64_t kRowsATask = 2048;

/// What CPU and GPU have in common lies here: what is refused, and the file.
class GpuIndex : public Index {
 public:
  GpuIndex(const IndexShape& shape, std::unique_ptr<cuda::FlatSearch> engine)
      : shape_(shape), engine_(std::move(engine)) {}

  void search(MatrixView<const float> queries, MatrixView<Hit> hits, const SearchOptions& options) const override {
    check_search(shape_, queries, hits, options);
    engine_->search(queries, hits, options);
  }

  std::int64_t rows() const override { return shape_.rows; }
  std::int64_t rank() const override { return shape_.rank; }
  Metric metric() const override { return shape_.metric; }

  void save(const std::filesystem::path& path) const override {
    Matrix<float> vectors(shape_.rows, shape_.rank);
    engine_->read(vectors.view());
    IndexShape as_they_are = shape_;
    if (shape_.metric == Metric::cosine)
      as_they_are.metric = Metric::inner_product;  // they have unit length
    write_index(path, shape_, pack_rows(as_they_are, vectors.view()));
  }

 private:
  IndexShape shape_;
  std::unique_ptr<cuda::FlatSearch> engine_;
};

Matrix<float> unpack(const IndexShape& shape, std::span<const float> panels) {
  Matrix<float> vectors(shape.rows, shape.rank);
  parallel_for(shape.rows, kRowsATask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float* from = panels.data() + row / kPanelRows * shape.panel_floats() + row % kPanelRows;
      for (std::int64_t d = 0; d < shape.rank; ++d)
        vectors(row, d) = from[d * kPanelRows];
    }
  });
  return vectors;
}

}  // namespace

std::unique_ptr<Index> make_index(Device device, MatrixView<const float> vectors, Metric metric) {
  const IndexShape shape{metric, vectors.rows(), vectors.columns()};
  check_index_shape(shape);
  const Device where = resolve(device).device;
  if (where.kind == Device::Kind::cpu)
    return std::make_unique<CpuIndex>(vectors, metric);
  return std::make_unique<GpuIndex>(shape, cuda::make_flat_search(where.index, vectors, metric, /*unit_length=*/false));
}

std::unique_ptr<Index> load_index(Device device, const std::filesystem::path& path) {
  const Device where = resolve(device).device;
  std::unique_ptr<CpuIndex> mapped = read_index(path);
  if (where.kind == Device::Kind::cpu)
    return mapped;
  const Matrix<float> vectors = unpack(mapped->shape(), mapped->panels());
  return std::make_unique<GpuIndex>(
      mapped->shape(), cuda::make_flat_search(where.index, vectors.view(), mapped->metric(), /*unit_length=*/true));
}

std::vector<std::uint64_t> make_mask(std::int64_t rows) {
  return std::vector<std::uint64_t>(static_cast<std::size_t>((rows + 63) / 64));
}

}  // namespace segue::search
