#include <fmt/format.h>

#include "host/data/export/companions.hpp"
#include "host/data/export/write_vectors.hpp"

namespace segue::data {

ExportResult export_npy(const std::filesystem::path& path, const FactorTable& table, Storage storage,
                        Progress& progress) {
  const MatrixView<const float> vectors = table.vectors.view();
  const std::filesystem::path ids = write_ids_beside(path, table.ids, vectors.rows());
  AtomicFile file(path);
  file.write(npy_header(storage == Storage::float16 ? "<f2" : "<f4",
                        fmt::format("({}, {})", vectors.rows(), vectors.columns())));
  write_vectors(file, vectors, storage, progress);
  file.commit();
  return {{path, ids}, vectors.rows()};
}

}  // namespace segue::data
