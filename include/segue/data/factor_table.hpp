#pragma once

#include <filesystem>
#include <string>

#include "segue/core/matrix.hpp"
#include "segue/data/id_table.hpp"

namespace segue::data {

/// Vectors with their ids: <stem>.npy [rows × rank] float32 and <stem>.ids.tsv.
struct FactorTable {
  Matrix<float> vectors;
  IdTable ids;
};

/// @param ids  the first vectors.rows() of them are written.  @throws IoError
void write_factor_table(const std::filesystem::path& directory, const std::string& stem,
                        MatrixView<const float> vectors, const IdTable& ids);
/// @throws IoError, BadInput  (also when rows and ids differ in number, or a value is not finite)
FactorTable read_factor_table(const std::filesystem::path& directory, const std::string& stem);

}  // namespace segue::data
