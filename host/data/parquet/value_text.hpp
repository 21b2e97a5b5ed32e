#pragma once

#include <span>
#include <string_view>

#include "host/data/parquet/columns.hpp"
#include "host/data/parquet/text_arena.hpp"

namespace segue::data::parquet {

/// Replaces values of a column as they are stored, each of column.width bytes where that is not 0, by their text in
/// `arena`. Timestamps are cut to seconds, and those and dates outside the years 0 to 9999 become what no date parser
/// takes ("253402300800 s from 1970"). Whole numbers in floating point are written as such, up to 10¹⁵: pandas makes
/// floating point of integers with nulls.
/// @throws Damage  a decimal that 64 bits do not hold
void to_text(const Column& column, std::span<std::string_view> values, TextArena& arena);

}  // namespace segue::data::parquet
