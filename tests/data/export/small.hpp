#pragma once

#include <algorithm>
#include <initializer_list>

#include "segue/data/export.hpp"
#include "tests/data/test_files.hpp"

namespace segue::data::test_export {

inline IdTable ids_of(std::initializer_list<const char*> names) {
  IdTable ids;
  for (const char* name : names)
    ids.add(name);
  return ids;
}

/// Rows (1, −2.5), (0, 0), (0, 0.1), as "a b", "never trained", "c".
inline FactorTable small_factors() {
  FactorTable table;
  table.vectors = Matrix<float>(3, 2);
  std::ranges::copy(std::initializer_list<float>{1, -2.5f, 0, 0, 0, 0.1f}, table.vectors.data());
  table.ids = ids_of({"a b", "never trained", "c"});
  return table;
}

/// Listeners × songs: (0, 0) = 1, (0, 3) = −0.1, (2, 1) = 3.
inline Csr small_matrix() {
  return {.rows = 3, .columns = 4, .offsets = {0, 2, 2, 3}, .indices = {0, 3, 1}, .values = {1, -0.1f, 3}};
}

}  // namespace segue::data::test_export
