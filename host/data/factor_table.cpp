#include "segue/data/factor_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "segue/core/error.hpp"
#include "segue/core/npy.hpp"

namespace segue::data {
namespace {

std::filesystem::path vectors_file(const std::filesystem::path& directory, const std::string& stem) {
  return directory / (stem + ".npy");
}

std::filesystem::path ids_file(const std::filesystem::path& directory, const std::string& stem) {
  return directory / (stem + ".ids.tsv");
}

}  // namespace

void write_factor_table(const std::filesystem::path& directory, const std::string& stem,
                        MatrixView<const float> vectors, const IdTable& ids) {
  if (ids.size() < vectors.rows())
    throw InvalidArgument(fmt::format("{}: {} ids for {} vectors", stem, ids.size(), vectors.rows()));
  write_npy(vectors_file(directory, stem), vectors);
  write_ids(ids_file(directory, stem), ids, vectors.rows());
}

FactorTable read_factor_table(const std::filesystem::path& directory, const std::string& stem) {
  const std::filesystem::path path = vectors_file(directory, stem);
  FactorTable table;
  table.vectors = read_npy_matrix(path);
  table.ids = read_ids(ids_file(directory, stem));
  if (table.ids.size() != table.vectors.rows())
    throw BadInput(fmt::format("{}: {} rows, but {} has {} ids; the two files do not belong together", path.string(),
                               table.vectors.rows(), ids_file(directory, stem).string(), table.ids.size()));
  for (std::int64_t row = 0; row < table.vectors.rows(); ++row) {
    const std::span<const float> vector = std::as_const(table.vectors).row(row);
    if (!std::all_of(vector.begin(), vector.end(), [](float value) { return std::isfinite(value); }))
      throw BadInput(fmt::format("{}: row {} has a value that is not finite", path.string(), row));
  }
  return table;
}

}  // namespace segue::data
