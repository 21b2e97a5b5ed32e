// The files that files/make_files.py had other programs write, against what it put into them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/data/parquet/parquet_reader.hpp"
#include "segue/core/parallel.hpp"

namespace segue::data {
namespace {

namespace fs = std::filesystem;
using Row = std::vector<std::optional<std::string>>;

struct Table {
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

fs::path folder() {
  return fs::path(SEGUE_TEST_DATA) / "parquet" / "files";
}

Table expected_of(const std::string& name) {
  std::ifstream file(folder() / (name + ".json"));
  const nlohmann::json json = nlohmann::json::parse(file);
  Table table;
  table.columns = json["columns"].get<std::vector<std::string>>();
  for (const nlohmann::json& row : json["rows"]) {
    Row& fields = table.rows.emplace_back();
    for (const nlohmann::json& field : row)
      fields.push_back(field.is_null() ? std::nullopt : std::optional(field.get<std::string>()));
  }
  return table;
}

Row row_of(const Record& record) {
  Row row;
  for (const std::string_view field : record.fields)
    row.push_back(is_missing(field) ? std::nullopt : std::optional<std::string>(field));
  return row;
}

// All blocks are filled first and decoded after, last block first: pages are shared, and begun anywhere.
std::vector<Row> read_backwards(ParquetReader& reader) {
  std::vector<std::unique_ptr<RecordBlock>> blocks;
  for (auto block = reader.make_block(); reader.next(*block); block = reader.make_block())
    blocks.push_back(std::move(block));
  std::vector<Row> rows;
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    std::vector<Row> some;
    (*block)->for_each([&](const Record& record) { some.push_back(row_of(record)); }, {});
    rows.insert(rows.begin(), some.begin(), some.end());
  }
  return rows;
}

std::vector<Row> read(ParquetReader& reader) {
  std::vector<Row> rows;
  const auto block = reader.make_block();
  while (reader.next(*block))
    block->for_each(
        [&](const Record& record) {
          rows.push_back(row_of(record));
          EXPECT_EQ(record.line, static_cast<std::int64_t>(rows.size()));
          EXPECT_TRUE(record.text.empty());
        },
        [](const DamagedRecord&) { FAIL() << "a damaged record"; });
  return rows;
}

class Golden : public testing::TestWithParam<std::string> {
 protected:
  fs::path path() const { return folder() / (GetParam() + ".parquet"); }
  ParquetReader open(const std::vector<std::string>& columns, std::int64_t block_records) const {
    return ParquetReader(path(), columns, {.block_records = block_records});
  }
  const Table expected_ = expected_of(GetParam());
};

TEST_P(Golden, NamesTheColumnsThatCanBeRead) {
  EXPECT_THAT(parquet_columns(path()), testing::UnorderedElementsAreArray(expected_.columns));
}

TEST_P(Golden, GivesTheSameRecordsWhateverTheBlocks) {
  for (const std::int64_t block_records : {1, 2, 7, 64, 1000, 8192}) {
    SCOPED_TRACE(block_records);
    ParquetReader reader = open(expected_.columns, block_records);
    EXPECT_EQ(reader.columns(), expected_.columns);
    EXPECT_EQ(read(reader), expected_.rows);
  }
}

TEST_P(Golden, DecodesBlocksInAnyOrder) {
  for (const std::int64_t block_records : {3, 500}) {
    ParquetReader reader = open(expected_.columns, block_records);
    EXPECT_EQ(read_backwards(reader), expected_.rows);
  }
}

TEST_P(Golden, DecodesBlocksOnAllThreads) {
  set_thread_count(4);
  ParquetReader reader = open(expected_.columns, 5);
  std::vector<std::unique_ptr<RecordBlock>> blocks;
  for (auto block = reader.make_block(); reader.next(*block); block = reader.make_block())
    blocks.push_back(std::move(block));
  std::vector<std::vector<Row>> parts(blocks.size());
  parallel_tasks(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    blocks[at]->for_each([&](const Record& record) { parts[at].push_back(row_of(record)); }, {});
  });
  set_thread_count(0);
  std::vector<Row> rows;
  for (const std::vector<Row>& part : parts)
    rows.insert(rows.end(), part.begin(), part.end());
  EXPECT_EQ(rows, expected_.rows);
}

TEST_P(Golden, ReadsEachColumnAlone) {
  for (std::size_t column = 0; column < expected_.columns.size(); ++column) {
    ParquetReader reader = open({expected_.columns[column]}, 100);
    std::vector<Row> rows;
    for (const Row& row : expected_.rows)
      rows.push_back({row[column]});
    EXPECT_EQ(read(reader), rows) << expected_.columns[column];
  }
}

// Every one that has its content beside it.
std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder()))
    if (entry.path().extension() == ".json")
      names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Files, Golden, testing::ValuesIn(names()), [](const auto& test) { return test.param; });

}  // namespace
}  // namespace segue::data
