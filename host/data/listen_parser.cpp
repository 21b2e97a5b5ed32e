#include "host/data/listen_parser.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "host/data/table_rows.hpp"
#include "segue/core/date.hpp"

namespace segue::data {
namespace {

constexpr std::int32_t kLongestMs = 24 * 60 * 60 * 1000;
constexpr std::int32_t kLargestCount = 1'000'000'000;
constexpr std::int64_t kEarliestTimestamp = 631152000;  // 1990-01-01

std::optional<std::int32_t> parse_within(std::string_view text, std::int32_t least, std::int32_t most) {
  std::int32_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    return std::nullopt;
  return value;
}

// Reads the fields of a record. The first that is not what it should be is column() with reason().
class RowParser {
 public:
  explicit RowParser(const ListenSchema& schema) : schema_(schema) {}

  bool parse(const Record& record) {
    fault_ = -1;
    if (record.fields.size() != schema_.fields)
      return false;
    user = record.fields[static_cast<std::size_t>(schema_.user)];
    song = record.fields[static_cast<std::size_t>(schema_.song)];
    return valid(schema_.user, is_id(user)) && valid(schema_.song, is_id(song)) && parse_timestamp(record) &&
           parse_ms_played(record) && parse_count(record);
  }

  Reject reject(const Record& record) const {
    Reject reject;
    reject.file = schema_.file;
    reject.line = record.line;
    if (fault_ < 0) {
      reject.value = record.text;
      reject.reason = wrong_field_count(schema_.fields, record.fields.size());
      return reject;
    }
    reject.column = schema_.names[static_cast<std::size_t>(fault_)];
    reject.value = record.fields[static_cast<std::size_t>(fault_)];
    reject.reason = expected();
    return reject;
  }

  std::string_view user, song;
  std::int64_t timestamp = ListenLog::kUnknownTime;
  std::int32_t ms_played = ListenLog::kUnknownDuration;
  std::int32_t count = 1;

 private:
  bool valid(int column, bool good) {
    fault_ = good ? -1 : column;
    return good;
  }

  bool parse_timestamp(const Record& record) {
    if (schema_.timestamp < 0)
      return true;
    const auto parsed = segue::parse_timestamp(record.fields[static_cast<std::size_t>(schema_.timestamp)]);
    timestamp = parsed.value_or(ListenLog::kUnknownTime);
    return valid(schema_.timestamp, timestamp >= kEarliestTimestamp && timestamp <= schema_.latest_timestamp);
  }

  bool parse_ms_played(const Record& record) {
    if (schema_.ms_played < 0)
      return true;
    const auto parsed = parse_within(record.fields[static_cast<std::size_t>(schema_.ms_played)], 0, kLongestMs);
    ms_played = parsed.value_or(ListenLog::kUnknownDuration);
    return valid(schema_.ms_played, parsed.has_value());
  }

  bool parse_count(const Record& record) {
    if (schema_.count < 0)
      return true;
    const auto parsed = parse_within(record.fields[static_cast<std::size_t>(schema_.count)], 1, kLargestCount);
    count = parsed.value_or(1);
    return valid(schema_.count, parsed.has_value());
  }

  std::string expected() const {
    if (fault_ == schema_.timestamp)
      return fmt::format("expected a time such as 2011-01-04T06:42:34Z or seconds since 1970, from 1990-01-01 to {}",
                         schema_.latest);
    if (fault_ == schema_.ms_played)
      return fmt::format("expected whole milliseconds from 0 to {} (24 hours)", kLongestMs);
    if (fault_ == schema_.count)
      return fmt::format("expected a whole number of plays from 1 to {}", kLargestCount);
    return std::string(kExpectedId);
  }

  const ListenSchema& schema_;
  int fault_ = -1;  // column, −1: the number of fields
};

}  // namespace

void IdColumn::clear() {
  ids_.clear();
  new_ = IdTable();
}

void IdColumn::resolve(const IdTable& table) {
  rows_.resize(ids_.size());
  table.find(ids_, rows_);
  for (std::size_t i = 0; i < ids_.size(); ++i)
    if (rows_[i] == IdTable::kNone)
      rows_[i] = -2 - new_.add(ids_[i]);
}

void IdColumn::add_new(IdTable& table) {
  new_rows_.resize(static_cast<std::size_t>(new_.size()));
  for (std::size_t i = 0; i < new_rows_.size(); ++i)
    new_rows_[i] = table.add(new_.id(static_cast<std::int32_t>(i)));
}

void IdColumn::copy_rows(std::int32_t* out) const {
  for (const std::int32_t row : rows_)
    *out++ = row >= 0 ? row : new_rows_[static_cast<std::size_t>(-2 - row)];
}

void ListenBlock::parse(const ListenSchema& schema) {
  user.clear();
  song.clear();
  timestamp.clear();
  ms_played.clear();
  count.clear();
  rejects.clear();
  RowParser row(schema);
  records.for_each(
      [&](const Record& record) {
        if (!row.parse(record)) {
          rejects.push_back(row.reject(record));
          return;
        }
        user.push_back(row.user);
        song.push_back(row.song);
        timestamp.push_back(row.timestamp);
        ms_played.push_back(row.ms_played);
        if (schema.count >= 0)
          count.push_back(row.count);
      },
      [&](const DamagedRecord& record) {
        rejects.push_back({schema.file, record.line, "", std::string(record.text), std::string(record.reason)});
      });
}

}  // namespace segue::data
