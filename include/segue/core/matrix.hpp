#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "segue/core/aligned.hpp"

namespace segue {

/// Borrowed row-major matrix in host memory: rows × columns, `stride` elements from one row to the next.
template <class T>
class MatrixView {
 public:
  MatrixView() = default;
  MatrixView(T* data, std::int64_t rows, std::int64_t columns, std::int64_t stride)
      : data_(data), rows_(rows), columns_(columns), stride_(stride) {
    assert(rows >= 0 && columns >= 0 && stride >= columns);
  }
  MatrixView(T* data, std::int64_t rows, std::int64_t columns) : MatrixView(data, rows, columns, columns) {}

  operator MatrixView<const T>() const requires(!std::is_const_v<T>) { return {data_, rows_, columns_, stride_}; }

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  std::int64_t stride() const { return stride_; }
  T* data() const { return data_; }

  std::span<T> row(std::int64_t row) const {
    assert(row >= 0 && row < rows_);
    return {data_ + row * stride_, static_cast<std::size_t>(columns_)};
  }
  T& operator()(std::int64_t row, std::int64_t column) const {
    assert(row >= 0 && row < rows_ && column >= 0 && column < columns_);
    return data_[row * stride_ + column];
  }
  MatrixView row_range(std::int64_t begin, std::int64_t end) const {
    assert(0 <= begin && begin <= end && end <= rows_);
    return {data_ + begin * stride_, end - begin, columns_, stride_};
  }

 private:
  T* data_ = nullptr;
  std::int64_t rows_ = 0;
  std::int64_t columns_ = 0;
  std::int64_t stride_ = 0;
};

/// Owned row-major matrix, densely packed (stride = columns), data 64-byte aligned.
template <class T>
class Matrix {
 public:
  Matrix() = default;
  /// Elements are uninitialised.
  Matrix(std::int64_t rows, std::int64_t columns) : rows_(rows), columns_(columns) {
    data_.resize(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  }
  Matrix(std::int64_t rows, std::int64_t columns, T value) : Matrix(rows, columns) {
    std::fill(data_.begin(), data_.end(), value);
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  T* data() { return data_.data(); }
  const T* data() const { return data_.data(); }
  std::span<T> row(std::int64_t row) { return view().row(row); }
  std::span<const T> row(std::int64_t row) const { return view().row(row); }
  T& operator()(std::int64_t row, std::int64_t column) { return view()(row, column); }
  const T& operator()(std::int64_t row, std::int64_t column) const { return view()(row, column); }

  MatrixView<T> view() { return {data_.data(), rows_, columns_}; }
  MatrixView<const T> view() const { return {data_.data(), rows_, columns_}; }

 private:
  std::int64_t rows_ = 0;
  std::int64_t columns_ = 0;
  AlignedVector<T> data_;
};

}  // namespace segue
