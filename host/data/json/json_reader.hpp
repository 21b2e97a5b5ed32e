#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/byte_source.hpp"
#include "host/data/json/json_scanner.hpp"
#include "segue/data/record_reader.hpp"

namespace segue::data {

struct JsonKey;

struct JsonFormat {
  std::int64_t block_bytes = 512 << 10;         ///< decompressed bytes parsed at a time by one thread, ≥ 1
  std::int64_t longest_record_bytes = 1 << 20;  ///< a longer one is damaged; ≥ 1
};

/// Streams JSON: each object at the top level, or in an array there, is a record. They may stand on lines of their own
/// (JSON Lines), with any white space or commas between, in one array or several; a BOM is skipped.
///
/// Columns are keys; a dot leads into an object, so that a key which has a dot itself cannot be read, nor one in an
/// array. Text is unescaped; numbers, true and false come as they stand; a key left out, null, or looked for in what is
/// no object, is missing. Where a key stands twice, the first value other than null counts.
///
/// Damaged is what is no object; an object that holds an array or another object where a value is wanted, invalid
/// UTF-8, a lone surrogate, a control character within text, or another breach of JSON outside of the values that are
/// not wanted: these are only skipped; an object longer than the longest record; and one whose end cannot be told: a
/// quote is open at the end of a line, brackets do not match, a line begins with another object where none can stand,
/// or the content ends. Reading goes on where JsonResync says, so that a broken line of JSON Lines costs that line and
/// no more. The end of the content in an open array is reported as a damaged record.
class JsonReader final : public RecordReader {
 public:
  /// @param path  for messages
  /// @throws InvalidArgument  an option out of range;  BadInput  UTF-16
  JsonReader(std::filesystem::path path, std::unique_ptr<ByteSource> source, std::vector<std::string> keys,
             const JsonFormat& format = {});
  ~JsonReader() override;

  const std::filesystem::path& path() const override { return path_; }
  const std::vector<std::string>& columns() const override { return keys_; }
  std::int64_t file_bytes() const override { return source_->file_bytes(); }
  std::unique_ptr<RecordBlock> make_block() const override;
  bool next(RecordBlock& block) override;

 private:
  struct Cut;
  void skip_bom();
  void fill(std::size_t size);
  void discard();
  Cut find_cut() const;
  Cut scan_for_cut() const;

  std::filesystem::path path_;
  std::unique_ptr<ByteSource> source_;
  std::vector<std::string> keys_;
  std::shared_ptr<const JsonKey> key_tree_;
  std::size_t block_bytes_;
  std::size_t longest_record_;

  std::string pending_;  // decompressed, not yet in a block
  JsonPlace place_;      // of what is pending
  bool in_array_ = false;
  bool ended_ = false;                // the source has no more
  bool finished_ = false;             // the last block has been given
  std::optional<JsonResync> resync_;  // what is pending goes on with something damaged
};

/// The keys of the first object in `text`, as columns of a JsonReader, in their order: those whose values are no
/// objects. `text` may be a piece of the content, cut anywhere; none if that does not begin with an object or an array
/// of objects.
std::vector<std::string> first_json_keys(std::string_view text);

}  // namespace segue::data
