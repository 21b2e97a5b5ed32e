#include "segue/data/csr.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "host/data/partition.hpp"
#include "segue/core/error.hpp"
#include "segue/core/npy.hpp"
#include "segue/core/parallel.hpp"

namespace segue::data {
namespace {

constexpr std::int64_t kRowsPerTask = 4096;

struct Element {
  std::int32_t column;
  std::int32_t row;
  float value;
};

// What is wrong with row `row`, whose offsets are good; empty if nothing.
std::string fault_of_row(const CsrView& matrix, std::int64_t row) {
  std::int64_t least = 0;
  for (const std::int32_t index : matrix.row_indices(row)) {
    if (index < 0 || index >= matrix.columns)
      return fmt::format("row {} has column {}, there are {} columns", row, index, matrix.columns);
    if (index < least)
      return fmt::format("row {}: column {} follows column {}; they must ascend", row, index, least - 1);
    least = std::int64_t{index} + 1;
  }
  if (matrix.values.empty())
    return "";
  const std::span<const float> values = matrix.row_values(row);
  const auto bad = std::find_if_not(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  return bad == values.end() ? "" : fmt::format("row {} has the value {}", row, *bad);
}

std::string fault_of_shape(const CsrView& matrix) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (matrix.rows < 0 || matrix.columns < 0 || matrix.rows > kMost || matrix.columns > kMost)
    return fmt::format("{} × {} is not a shape of 0 to 2^31 - 1 rows and columns", matrix.rows, matrix.columns);
  if (matrix.offsets.size() != static_cast<std::size_t>(matrix.rows) + 1)
    return fmt::format("{} offsets for {} rows; expected one more than rows", matrix.offsets.size(), matrix.rows);
  if (matrix.offsets.front() != 0 || matrix.offsets.back() != static_cast<std::int64_t>(matrix.indices.size()))
    return fmt::format("offsets from {} to {} for {} indices; expected from 0 to their number", matrix.offsets.front(),
                       matrix.offsets.back(), matrix.indices.size());
  const auto descent = std::is_sorted_until(matrix.offsets.begin(), matrix.offsets.end());
  if (descent != matrix.offsets.end())
    return fmt::format("offset {} of row {} is below the one before", *descent, descent - matrix.offsets.begin());
  if (!matrix.values.empty() && matrix.values.size() != matrix.indices.size())
    return fmt::format("{} values for {} indices", matrix.values.size(), matrix.indices.size());
  return "";
}

// The first fault by row, whichever thread found one first.
std::string fault_of(const CsrView& matrix) {
  if (std::string fault = fault_of_shape(matrix); !fault.empty())
    return fault;
  std::vector<std::string> faults(static_cast<std::size_t>((matrix.rows + kRowsPerTask - 1) / kRowsPerTask));
  parallel_for(matrix.rows, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    std::string& fault = faults[static_cast<std::size_t>(begin / kRowsPerTask)];
    for (std::int64_t row = begin; row < end && fault.empty(); ++row)
      fault = fault_of_row(matrix, row);
  });
  const auto first =
      std::find_if_not(faults.begin(), faults.end(), [](const std::string& fault) { return fault.empty(); });
  return first == faults.end() ? "" : *first;
}

// Calls sink(column, element) for the nonzeros [begin, end) of the matrix in order.
template <class Sink>
void for_each_element(const CsrView& matrix, std::int64_t begin, std::int64_t end, Sink&& sink) {
  std::int64_t row = std::upper_bound(matrix.offsets.begin(), matrix.offsets.end(), begin) - matrix.offsets.begin() - 1;
  for (std::int64_t i = begin; i < end; ++i) {
    while (i >= matrix.offsets[static_cast<std::size_t>(row) + 1])
      ++row;
    const std::int32_t column = matrix.indices[static_cast<std::size_t>(i)];
    const float value = matrix.values.empty() ? 0.0f : matrix.values[static_cast<std::size_t>(i)];
    sink(column, Element{column, static_cast<std::int32_t>(row), value});
  }
}

std::filesystem::path file_of(const std::filesystem::path& directory, const std::string& stem, const char* what) {
  return directory / fmt::format("{}.{}.npy", stem, what);
}

}  // namespace

Csr transpose(const CsrView& matrix) {
  Csr result{.rows = matrix.columns, .columns = matrix.rows, .offsets = {}, .indices = {}, .values = {}};
  result.offsets.resize(static_cast<std::size_t>(result.rows) + 1);
  result.indices.resize(matrix.indices.size());
  result.values.resize(matrix.values.size());
  const Partition<Element> columns = partition<Element>(
      matrix.nonzeros(), matrix.columns,
      [&](std::int64_t begin, std::int64_t end, auto&& sink) { for_each_element(matrix, begin, end, sink); });
  parallel_tasks(columns.parts(), [&](std::int64_t part) {
    const std::int64_t first = columns.first_key(part);
    const std::span elements(columns.entries.data() + columns.begin(part), columns.entries.data() + columns.end(part));
    std::vector<std::int64_t> next(static_cast<std::size_t>(columns.end_key(part) - first));
    for (const Element& element : elements)
      ++next[static_cast<std::size_t>(element.column - first)];
    std::int64_t position = columns.begin(part);
    for (std::size_t i = 0; i < next.size(); ++i) {
      position += std::exchange(next[i], position);
      result.offsets[static_cast<std::size_t>(first) + i + 1] = position;
    }
    for (const Element& element : elements) {
      const auto at = static_cast<std::size_t>(next[static_cast<std::size_t>(element.column - first)]++);
      result.indices[at] = element.row;
      if (!result.values.empty())
        result.values[at] = element.value;
    }
  });
  return result;
}

void check_csr(const CsrView& matrix, const std::string& name) {
  if (const std::string fault = fault_of(matrix); !fault.empty())
    throw InvalidArgument(fmt::format("{}: {}", name, fault));
}

CsrWriter::CsrWriter(const std::filesystem::path& directory, const std::string& stem, std::int64_t columns,
                     std::span<const std::int64_t> offsets, bool has_values)
    : directory_(directory),
      stem_(stem),
      columns_(columns),
      offsets_(offsets),
      indices_(file_of(directory, stem, "indices"), offsets.back()) {
  if (has_values)
    values_.emplace(file_of(directory, stem, "values"), offsets.back());
}

void CsrWriter::write(std::span<const std::int32_t> indices, std::span<const float> values) {
  indices_.write(indices);
  if (values_)
    values_->write(values);
}

void CsrWriter::commit() {
  const std::array<std::int64_t, 2> shape{static_cast<std::int64_t>(offsets_.size()) - 1, columns_};
  write_npy<std::int64_t>(file_of(directory_, stem_, "shape"), shape);
  write_npy<std::int64_t>(file_of(directory_, stem_, "offsets"), offsets_);
  indices_.commit();
  if (values_)
    values_->commit();
  else
    std::filesystem::remove(file_of(directory_, stem_, "values"));
}

void write_csr(const std::filesystem::path& directory, const std::string& stem, const CsrView& matrix) {
  CsrWriter writer(directory, stem, matrix.columns, matrix.offsets, !matrix.values.empty());
  writer.write(matrix.indices, matrix.values);
  writer.commit();
}

Csr read_csr(const std::filesystem::path& directory, const std::string& stem) {
  const std::filesystem::path shape_file = file_of(directory, stem, "shape");
  const std::vector<std::int64_t> shape = read_npy_vector<std::int64_t>(shape_file);
  if (shape.size() != 2)
    throw BadInput(fmt::format("{}: {} numbers; expected rows and columns", shape_file.string(), shape.size()));
  Csr matrix{.rows = shape[0], .columns = shape[1], .offsets = {}, .indices = {}, .values = {}};
  matrix.offsets = read_npy_vector<std::int64_t>(file_of(directory, stem, "offsets"));
  matrix.indices = read_npy_vector<std::int32_t>(file_of(directory, stem, "indices"));
  const std::filesystem::path values_file = file_of(directory, stem, "values");
  if (std::filesystem::exists(values_file))
    matrix.values = read_npy_vector<float>(values_file);
  if (const std::string fault = fault_of(matrix.view()); !fault.empty())
    throw BadInput(fmt::format("{}: {}", (directory / stem).string(), fault));
  return matrix;
}

}  // namespace segue::data
