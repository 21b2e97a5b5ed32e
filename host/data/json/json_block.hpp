#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "host/data/json/json_scanner.hpp"
#include "segue/data/record_reader.hpp"

namespace segue::data {

struct JsonKey;

/// A piece of the content that begins outside of any record, and those records that begin in its first part.
class JsonBlock final : public RecordBlock {
 public:
  JsonBlock(std::shared_ptr<const JsonKey> keys, std::size_t column_count, std::size_t longest_record);
  ~JsonBlock() override;

  void for_each(const std::function<void(const Record&)>& visit,
                const std::function<void(const DamagedRecord&)>& damaged) override;

  /// Takes over `text`, with the records that begin in its first `size` bytes, and leaves the rest there.
  void take(std::string& text, std::size_t size);

  JsonPlace place;
  bool in_array = false;
  bool at_end = false;  ///< the content ends with it

 private:
  class Parser;
  std::string_view whole_line(std::size_t position) const;
  void read_scanned(std::size_t begin, JsonScanner& scanner, const JsonPlace& at,
                    const std::function<void(const Record&)>& visit,
                    const std::function<void(const DamagedRecord&)>& damaged);

  std::unique_ptr<Parser> parser_;
  std::size_t longest_record_;
  std::string buffer_;         // the text, and behind it what simdjson may read too
  std::string_view text_;      // decompressed
  std::size_t own_bytes_ = 0;  // of the text: where its own records begin
};

}  // namespace segue::data
