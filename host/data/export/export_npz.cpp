// scipy.sparse.save_npz()'s layout: a zip of five .npy files.
#include <fmt/format.h>

#include <array>

#include "host/data/export/companions.hpp"
#include "host/data/export/stored_zip.hpp"
#include "segue/core/file.hpp"
#include "segue/core/npy.hpp"

namespace segue::data {
namespace {

template <class T>
void add_vector(StoredZip& zip, std::string_view name, std::string_view dtype, std::span<const T> values) {
  zip.add(name, npy_header(dtype, fmt::format("({},)", values.size())), std::as_bytes(values));
}

}  // namespace

ExportResult export_npz(const std::filesystem::path& path, const LabelledMatrix& interactions, Progress& progress) {
  const CsrView& matrix = interactions.matrix;
  std::vector<std::filesystem::path> files = write_ids_beside(path, interactions);
  AtomicFile file(path);
  ProgressTask task(progress, "export", matrix.rows, "rows");
  StoredZip zip(file);
  add_vector(zip, "indices.npy", "<i4", matrix.indices);
  add_vector(zip, "indptr.npy", "<i8", matrix.offsets);
  zip.add("format.npy", npy_header("|S3", "()"), std::as_bytes(std::span("csr", 3)));
  const std::array<std::int64_t, 2> shape{matrix.rows, matrix.columns};
  add_vector(zip, "shape.npy", "<i8", std::span<const std::int64_t>(shape));
  const std::vector<float> ones(matrix.values.empty() ? matrix.indices.size() : 0, 1.0f);
  add_vector(zip, "data.npy", "<f4", matrix.values.empty() ? std::span<const float>(ones) : matrix.values);
  zip.finish();
  task.advance(matrix.rows);
  file.commit();
  files.insert(files.begin(), path);
  return {std::move(files), matrix.rows};
}

}  // namespace segue::data
