#include "host/data/parquet/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "host/data/parquet/damage.hpp"

namespace segue::data::parquet {
namespace {

constexpr std::size_t kDeepest = 64;
constexpr int kMostScale = 18;  // decimal digits of 64 bits

std::size_t width_of(const SchemaElement& element) {
  switch (*element.physical) {
    case Physical::int32:
    case Physical::float32:
      return 4;
    case Physical::int64:
    case Physical::float64:
      return 8;
    case Physical::int96:
      return 12;
    case Physical::fixed_byte_array:
      return element.type_length > 0 ? static_cast<std::size_t>(element.type_length) : 0;
    default:
      return 0;
  }
}

// Older writers have only the converted type.
Logical logical_of(const SchemaElement& element) {
  if (element.logical != Logical::none || !element.converted)
    return element.logical;
  switch (*element.converted) {
    case Converted::utf8:
      return Logical::string;
    case Converted::enumeration:
      return Logical::enumeration;
    case Converted::json:
      return Logical::json;
    case Converted::decimal:
      return Logical::decimal;
    case Converted::date:
      return Logical::date;
    case Converted::timestamp_millis:
    case Converted::timestamp_micros:
      return Logical::timestamp;
    case Converted::uint8:
    case Converted::uint16:
    case Converted::uint32:
    case Converted::uint64:
    case Converted::int8:
    case Converted::int16:
    case Converted::int32:
    case Converted::int64:
      return Logical::integer;
    case Converted::time_millis:
    case Converted::time_micros:
      return Logical::time;
    case Converted::bson:
      return Logical::bson;
    default:
      return static_cast<Logical>(-1);
  }
}

bool is_unsigned(const SchemaElement& element) {
  if (element.logical == Logical::integer)
    return !element.is_signed;
  return element.converted >= Converted::uint8 && element.converted <= Converted::uint64;
}

std::int64_t units_per_second(const SchemaElement& element) {
  if (element.logical == Logical::timestamp)
    return element.units_per_second;
  return element.converted == Converted::timestamp_millis ? 1'000 : 1'000'000;
}

std::optional<Kind> plain_kind(Physical physical) {
  switch (physical) {
    case Physical::boolean:
    case Physical::byte_array:
    case Physical::fixed_byte_array:
      return Kind::text;
    case Physical::int32:
      return Kind::int32;
    case Physical::int64:
      return Kind::int64;
    case Physical::int96:
      return Kind::timestamp96;
    case Physical::float32:
      return Kind::float32;
    case Physical::float64:
      return Kind::float64;
  }
  return std::nullopt;
}

// None: a combination that is not read.
std::optional<Kind> kind_of(const SchemaElement& element) {
  const Physical physical = *element.physical;
  const bool is_bytes = physical == Physical::byte_array || physical == Physical::fixed_byte_array;
  const bool is_integer = physical == Physical::int32 || physical == Physical::int64;
  switch (logical_of(element)) {
    case Logical::none:
    case Logical::unknown:  // nothing but nulls
      return plain_kind(physical);
    case Logical::string:
    case Logical::enumeration:
    case Logical::json:
      return is_bytes ? std::optional(Kind::text) : std::nullopt;
    case Logical::integer:
      if (!is_integer)
        return std::nullopt;
      if (is_unsigned(element))
        return physical == Physical::int32 ? Kind::uint32 : Kind::uint64;
      return plain_kind(physical);
    case Logical::date:
      return physical == Physical::int32 ? std::optional(Kind::date) : std::nullopt;
    case Logical::timestamp:
      return physical == Physical::int64 && units_per_second(element) > 0 ? std::optional(Kind::timestamp)
                                                                          : std::nullopt;
    case Logical::decimal:
      return (is_integer || is_bytes) && element.scale >= 0 && element.scale <= kMostScale
                 ? std::optional(Kind::decimal)
                 : std::nullopt;
    case Logical::uuid:
      return physical == Physical::fixed_byte_array && element.type_length == 16 ? std::optional(Kind::uuid)
                                                                                 : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::string why_unread(const SchemaElement& element, bool repeated) {
  if (repeated)
    return "it is a list or a map, or lies in one; only flat columns are read: unnest it first";
  const bool fixed = element.physical == Physical::fixed_byte_array;
  if (kind_of(element) && (!fixed || element.type_length > 0))
    return "";
  const int converted = element.converted ? static_cast<int>(*element.converted) : -1;
  return fmt::format(
      "its type (physical {}, logical {}, converted {}, in the numbers of parquet.thrift) is not read; cast it to "
      "text, "
      "an integer or a timestamp first",
      static_cast<int>(*element.physical), static_cast<int>(element.logical), converted);
}

// A group that the walk is inside of.
struct Group {
  std::int32_t children_left = 0;
  std::string prefix;
  std::uint32_t level = 0;
  bool repeated = false;
};

Column leaf_of(const SchemaElement& element, const Group& within) {
  Column column;
  column.name = within.prefix + element.name;
  column.unread = why_unread(element, within.repeated);
  column.physical = *element.physical;
  column.width = width_of(element);
  column.kind = kind_of(element).value_or(Kind::text);
  column.scale = element.scale;
  column.units_per_second = units_per_second(element);
  column.max_level = within.level;
  return column;
}

}  // namespace

std::vector<Column> leaf_columns(std::span<const SchemaElement> schema) {
  if (schema.empty() || schema[0].physical || schema[0].children < 0)
    throw Damage("its schema has no root");
  std::vector<Column> columns;
  std::vector<Group> groups{{schema[0].children, "", 0, false}};
  for (const SchemaElement& element : schema.subspan(1)) {
    while (!groups.empty() && groups.back().children_left == 0)
      groups.pop_back();
    if (groups.empty() || groups.size() > kDeepest || element.children < 0)
      throw Damage("its schema is no tree, or too deep");
    --groups.back().children_left;
    Group inside = groups.back();
    inside.level += element.repetition == Repetition::required ? 0 : 1;
    inside.repeated |= element.repetition == Repetition::repeated;
    if (element.physical) {
      columns.push_back(leaf_of(element, inside));
      columns.back().leaf = columns.size() - 1;
      continue;
    }
    inside.children_left = element.children;
    inside.prefix += element.name + '.';
    groups.push_back(std::move(inside));
  }
  if (std::any_of(groups.begin(), groups.end(), [](const Group& group) { return group.children_left > 0; }))
    throw Damage("its schema ends too early");
  return columns;
}

}  // namespace segue::data::parquet
