#include "segue/data/rejects.hpp"

#include <fmt/format.h>

#include "segue/core/error.hpp"
#include "segue/core/text.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::data {
namespace {

constexpr std::size_t kLongestValue = 200;

// At most `limit` bytes, not ending within a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit)
    return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80)
    --limit;
  return text.substr(0, limit);
}

std::string describe(const Reject& reject) {
  const std::string column = reject.column.empty() ? "" : fmt::format("column {}, ", reject.column);
  return fmt::format("line {}, {}value {}: {}", reject.line, column, quote_for_message(reject.value), reject.reason);
}

}  // namespace

RejectLog::RejectLog(const std::filesystem::path& path) : file_(std::make_unique<AtomicFile>(path)) {
  file_->write("file,line,column,value,reason\n");
}

void RejectLog::add(const Reject& reject) {
  if (count_++ == 0)
    first_ = reject;
  if (first_of_file_.file != reject.file)
    first_of_file_ = reject;
  if (!file_)
    return;
  std::string line;
  append_csv_field(line, reject.file);
  fmt::format_to(std::back_inserter(line), ",{},", reject.line);
  append_csv_field(line, reject.column);
  line += ',';
  append_csv_field(line, cut(reject.value, kLongestValue));
  line += ',';
  append_csv_field(line, reject.reason);
  line += '\n';
  file_->write(line);
}

void RejectLog::commit() {
  if (file_)
    file_->commit();
}

void RejectLog::check_limit(const std::string& file, std::int64_t rejected, std::int64_t rows, double limit) const {
  if (static_cast<double>(rejected) <= limit * static_cast<double>(rows))
    return;
  throw BadInput(fmt::format(
      "{}: {} of {} rows cannot be used ({:.3g}%, the limit is {:.3g}%); the first: {}; correct the file, map its "
      "columns in [input.columns], or raise input.reject_limit",
      file, rejected, rows, 100.0 * static_cast<double>(rejected) / static_cast<double>(rows), 100 * limit,
      describe(first_of_file_)));
}

}  // namespace segue::data
