#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "segue/core/file.hpp"
#include "segue/core/matrix.hpp"

namespace segue {

/// The header of a .npy file (NumPy enhancement proposal 1, versions 1.0 to 3.0).
struct NpyHeader {
  std::string dtype;                ///< such as "<f4"
  std::vector<std::int64_t> shape;  ///< one or two extents; C order
  std::size_t data_offset = 0;      ///< bytes from the start of the file
};

/// @param name  of the file, for messages
/// @throws BadInput  not .npy, Fortran order, more than two dimensions, or a shape whose bytes are not all there
NpyHeader parse_npy_header(std::string_view file, const std::string& name);

/// What stands before the data of a .npy file, version 1.0.
/// @param dtype  such as "<f4"
/// @param shape  as Python writes a tuple: "(3, 4)", "(3,)", "()"
std::string npy_header(std::string_view dtype, std::string_view shape);

/// Written under a temporary name and renamed.  @throws IoError
void write_npy(const std::filesystem::path& path, MatrixView<const float> matrix);
template <class T>  // float, double, std::int32_t or std::int64_t
void write_npy(const std::filesystem::path& path, std::span<const T> values);

/// A vector written piece by piece, under a temporary name until commit().
template <class T>  // as write_npy()
class NpyVectorWriter {
 public:
  /// @throws IoError
  NpyVectorWriter(const std::filesystem::path& path, std::int64_t count);
  void write(std::span<const T> values);
  /// @throws IoError;  Error  other than `count` values have been written
  void commit();

 private:
  AtomicFile file_;
  std::int64_t missing_;
};

/// @throws IoError, BadInput  (also when the type or the number of dimensions is another)
Matrix<float> read_npy_matrix(const std::filesystem::path& path);
template <class T>  // float, double, std::int32_t or std::int64_t
std::vector<T> read_npy_vector(const std::filesystem::path& path);

}  // namespace segue
