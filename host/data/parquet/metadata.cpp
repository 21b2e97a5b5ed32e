#include "host/data/parquet/metadata.hpp"

#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "host/data/parquet/damage.hpp"
#include "host/data/parquet/thrift.hpp"

namespace segue::data::parquet {
namespace {

using Field = ThriftReader::Field;

void read_decimal(ThriftReader& reader, Field field, SchemaElement& element) {
  reader.read_struct(field, [&](Field part) {
    if (part.id != 1)
      return false;
    element.scale = reader.integer32(part);
    return true;
  });
}

void read_timestamp(ThriftReader& reader, Field field, SchemaElement& element) {
  reader.read_struct(field, [&](Field part) {
    if (part.id != 2)
      return false;
    reader.read_struct(part, [&](Field unit) {
      element.units_per_second = unit.id == 1 ? 1'000 : unit.id == 2 ? 1'000'000 : unit.id == 3 ? 1'000'000'000 : 0;
      return false;
    });
    return true;
  });
}

void read_integer(ThriftReader& reader, Field field, SchemaElement& element) {
  reader.read_struct(field, [&](Field part) {
    if (part.id != 2)
      return false;
    element.is_signed = reader.boolean(part);
    return true;
  });
}

void read_logical(ThriftReader& reader, Field field, SchemaElement& element) {
  reader.read_struct(field, [&](Field kind) {
    element.logical = static_cast<Logical>(kind.id);
    if (element.logical == Logical::decimal)
      read_decimal(reader, kind, element);
    else if (element.logical == Logical::timestamp)
      read_timestamp(reader, kind, element);
    else if (element.logical == Logical::integer)
      read_integer(reader, kind, element);
    else
      return false;
    return true;
  });
}

SchemaElement read_schema_element(ThriftReader& reader) {
  SchemaElement element;
  reader.read_struct([&](Field field) {
    switch (field.id) {
      case 1:
        element.physical = static_cast<Physical>(reader.integer32(field));
        return true;
      case 2:
        element.type_length = reader.integer32(field);
        return true;
      case 3:
        element.repetition = static_cast<Repetition>(reader.integer32(field));
        return true;
      case 4:
        element.name = reader.text(field);
        return true;
      case 5:
        element.children = reader.integer32(field);
        return true;
      case 6:
        element.converted = static_cast<Converted>(reader.integer32(field));
        return true;
      case 7:
        element.scale = reader.integer32(field);
        return true;
      case 10:
        read_logical(reader, field, element);
        return true;
      default:
        return false;
    }
  });
  return element;
}

void read_column_metadata(ThriftReader& reader, Field field, ColumnChunk& chunk) {
  reader.read_struct(field, [&](Field part) {
    switch (part.id) {
      case 1:
        chunk.physical = static_cast<Physical>(reader.integer32(part));
        return true;
      case 4:
        chunk.codec = static_cast<Codec>(reader.integer32(part));
        return true;
      case 9:
        chunk.data_page_offset = reader.integer(part);
        return true;
      case 11:
        chunk.dictionary_page_offset = reader.integer(part);
        return true;
      default:
        return false;
    }
  });
}

ColumnChunk read_column_chunk(ThriftReader& reader) {
  ColumnChunk chunk;
  reader.read_struct([&](Field field) {
    if (field.id == 1)
      chunk.in_another_file = !reader.text(field).empty();
    else if (field.id == 3)
      read_column_metadata(reader, field, chunk);
    else if (field.id == 8)
      chunk.encrypted = true;
    return field.id == 1 || field.id == 3;
  });
  return chunk;
}

RowGroup read_row_group(ThriftReader& reader) {
  RowGroup group;
  reader.read_struct([&](Field field) {
    if (field.id == 1)
      reader.read_structs(field, [&] { group.columns.push_back(read_column_chunk(reader)); });
    else if (field.id == 3)
      group.rows = reader.integer(field);
    return field.id == 1 || field.id == 3;
  });
  return group;
}

FileMetadata read_file_metadata(std::string_view bytes) {
  ThriftReader reader(bytes);
  FileMetadata metadata;
  reader.read_struct([&](Field field) {
    if (field.id == 2)
      reader.read_structs(field, [&] { metadata.schema.push_back(read_schema_element(reader)); });
    else if (field.id == 4)
      reader.read_structs(field, [&] { metadata.groups.push_back(read_row_group(reader)); });
    return field.id == 2 || field.id == 4;
  });
  return metadata;
}

void check(const FileMetadata& metadata) {
  std::int64_t rows = 0;
  for (const RowGroup& group : metadata.groups)
    if (group.rows < 0 || __builtin_add_overflow(rows, group.rows, &rows))
      throw Damage(fmt::format("it has a row group of {} rows", group.rows));
}

// Fields that data, dictionary and v2 pages have in common come first; v2 has its own numbers for the rest.
void read_page_kind(ThriftReader& reader, Field field, PageHeader& header) {
  const bool v2 = header.type == PageType::data_v2;
  reader.read_struct(field, [&](Field part) {
    if (part.id == 1)
      header.values = reader.integer32(part);
    else if (part.id == (v2 ? 4 : 2))
      header.encoding = static_cast<Encoding>(reader.integer32(part));
    else if (part.id == 3 && header.type == PageType::data)
      header.level_encoding = static_cast<Encoding>(reader.integer32(part));
    else if (part.id == 5 && v2)
      header.definition_bytes = reader.integer32(part);
    else if (part.id == 6 && v2)
      header.repetition_bytes = reader.integer32(part);
    else if (part.id == 7 && v2)
      header.compressed = reader.boolean(part);
    else
      return false;
    return true;
  });
}

bool describes(int field, PageType type) {
  return (field == 5 && type == PageType::data) || (field == 7 && type == PageType::dictionary) ||
         (field == 8 && type == PageType::data_v2);
}

}  // namespace

Footer read_footer(std::string_view file) {
  constexpr std::string_view kMagic = "PAR1", kEncryptedMagic = "PARE";
  constexpr std::size_t kTail = 8;  // the footer's length, and the magic again
  if (file.starts_with(kEncryptedMagic))
    throw Damage("its footer is encrypted; decrypt it first, for Segue has no keys");
  if (!file.starts_with(kMagic))
    throw Damage("it is not a Parquet file, which begins with PAR1");
  if (file.size() < kMagic.size() + kTail || !file.ends_with(kMagic))
    throw Damage("it does not end with PAR1: it was cut short or is still being written; copy it again");
  std::uint32_t length = 0;
  std::memcpy(&length, file.data() + file.size() - kTail, sizeof length);
  if (length > file.size() - kMagic.size() - kTail)
    throw Damage(fmt::format("its footer would have {} bytes, the file has {}; copy it again", length, file.size()));
  Footer footer;
  footer.begin = file.size() - kTail - length;
  try {
    footer.metadata = read_file_metadata(file.substr(footer.begin, length));
    check(footer.metadata);
  } catch (const Damage& damage) {
    throw Damage(fmt::format("its footer is damaged: {}; copy or write it again", damage.what()));
  }
  return footer;
}

PageHeader read_page_header(std::string_view bytes) {
  ThriftReader reader(bytes);
  PageHeader header;
  bool described = false;
  reader.read_struct([&](Field field) {
    if (field.id == 1)
      header.type = static_cast<PageType>(reader.integer32(field));
    else if (field.id == 2)
      header.uncompressed_bytes = reader.integer32(field);
    else if (field.id == 3)
      header.bytes = reader.integer32(field);
    else if (field.id == 4)
      header.crc = static_cast<std::uint32_t>(reader.integer32(field));
    else if (describes(field.id, header.type))
      read_page_kind(reader, field, header), described = true;
    else
      return false;
    return true;
  });
  header.header_bytes = static_cast<std::int64_t>(reader.position());
  if (header.bytes < 0 || header.uncompressed_bytes < 0 || header.values < 0 || header.definition_bytes < 0 ||
      header.repetition_bytes < 0)
    throw Damage("its header has a negative size");
  if (!described && header.type != PageType::index)
    throw Damage(fmt::format("its header does not say what a page of type {} holds", static_cast<int>(header.type)));
  return header;
}

}  // namespace segue::data::parquet
