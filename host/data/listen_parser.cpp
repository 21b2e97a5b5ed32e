#include "host/data/listen_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "host/data/table_rows.hpp"
#include "segue/core/date.hpp"
#include "segue/core/error.hpp"

namespace segue::data {
namespace {

constexpr std::int32_t kLongestMs = 24 * 60 * 60 * 1000;
constexpr std::int32_t kLargestCount = 1'000'000'000;
constexpr std::int64_t kEarliestTimestamp = 631152000;  // 1990-01-01

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

// A whole number; "3.0", as tools write columns that they keep as floats, is one.
std::optional<std::int32_t> parse_within(std::string_view text, std::int32_t least, std::int32_t most) {
  std::optional<std::int32_t> value = parse_number<std::int32_t>(text);
  if (!value && text.find('.') != std::string_view::npos) {
    const std::optional<double> real = parse_number<double>(text);
    if (real && *real >= least && *real <= most && std::floor(*real) == *real)
      value = static_cast<std::int32_t>(*real);
  }
  return value && *value >= least && *value <= most ? value : std::nullopt;
}

// Reads the fields of a record. The first that is not what it should be is the fault's column.
class RowParser {
 public:
  RowParser(const ListenSchema& schema, std::deque<std::string>& composed) : schema_(schema), composed_(composed) {}

  enum class Outcome { listen, not_music, low_rating, reject };

  Outcome parse(const Record& record) {
    fault_ = -1;
    if (record.fields.size() != schema_.names.size())
      return Outcome::reject;
    if (!schema_.music || is_not_music(record))
      return Outcome::not_music;
    user = schema_.user >= 0 ? field(record, schema_.user) : std::string_view();
    if (user.empty())
      user = schema_.user_name;
    const bool good = valid(schema_.user, is_id(user)) && parse_song(record) && parse_timestamp(record) &&
                      parse_ms_played(record) && parse_count(record) && parse_rating(record);
    if (!good)
      return Outcome::reject;
    return rating < schema_.min_rating ? Outcome::low_rating : Outcome::listen;
  }

  Reject reject(const Record& record) const {
    Reject reject;
    reject.file = schema_.file;
    reject.line = record.line;
    if (fault_ < 0) {
      reject.value = record.text;
      reject.reason = wrong_field_count(schema_.names.size(), record.fields.size());
      return reject;
    }
    reject.column = schema_.names[static_cast<std::size_t>(fault_)];
    reject.value = field(record, fault_);
    reject.reason = expected();
    return reject;
  }

  std::string_view user, song;
  std::int64_t timestamp = ListenLog::kUnknownTime;
  std::int32_t ms_played = ListenLog::kUnknownDuration;
  std::int32_t count = 1;
  double rating = std::numeric_limits<double>::infinity();

 private:
  static std::string_view field(const Record& record, int column) {
    return record.fields[static_cast<std::size_t>(column)];
  }

  bool valid(int column, bool good) {
    fault_ = good ? -1 : column;
    return good;
  }

  // An export names what was played by one of several columns; a row with none of them (a file of the listener's own)
  // has no song to learn from.
  bool is_not_music(const Record& record) const {
    const auto filled = [&](int column) { return !field(record, column).empty(); };
    if (schema_.not_music.empty())
      return false;
    return std::ranges::any_of(schema_.not_music, filled) ||
           std::ranges::none_of(schema_.song,
                                [&](const std::vector<int>& columns) { return std::ranges::any_of(columns, filled); });
  }

  bool parse_song(const Record& record) {
    for (const std::vector<int>& columns : schema_.song) {
      if (std::ranges::any_of(columns, [&](int column) { return field(record, column).empty(); }))
        continue;
      song = columns.size() == 1 ? field(record, columns[0]) : compose(record, columns);
      return valid(columns[0], is_id(song));
    }
    return valid(schema_.song[0][0], false);
  }

  std::string_view compose(const Record& record, const std::vector<int>& columns) {
    std::string& id = composed_.emplace_back(field(record, columns[0]));
    for (std::size_t i = 1; i < columns.size(); ++i)
      id.append(" - ").append(field(record, columns[i]));
    return id;
  }

  bool parse_timestamp(const Record& record) {
    if (schema_.timestamp < 0)
      return true;
    const auto parsed = segue::parse_timestamp(field(record, schema_.timestamp));
    timestamp = parsed.value_or(ListenLog::kUnknownTime);
    return valid(schema_.timestamp, timestamp >= kEarliestTimestamp && timestamp <= schema_.latest_timestamp);
  }

  bool parse_ms_played(const Record& record) {
    if (schema_.ms_played < 0)
      return true;
    const auto parsed = parse_within(field(record, schema_.ms_played), 0, kLongestMs);
    ms_played = parsed.value_or(ListenLog::kUnknownDuration);
    return valid(schema_.ms_played, parsed.has_value());
  }

  bool parse_count(const Record& record) {
    if (schema_.count < 0)
      return true;
    const auto parsed = parse_within(field(record, schema_.count), 1, kLargestCount);
    count = parsed.value_or(1);
    return valid(schema_.count, parsed.has_value());
  }

  bool parse_rating(const Record& record) {
    if (schema_.rating < 0)
      return true;
    const auto parsed = parse_number<double>(field(record, schema_.rating));
    rating = parsed.value_or(0);
    return valid(schema_.rating, parsed.has_value() && std::isfinite(rating));
  }

  std::string expected() const {
    if (fault_ == schema_.timestamp)
      return fmt::format("expected a time such as 2011-01-04T06:42:34Z or seconds since 1970, from 1990-01-01 to {}",
                         schema_.latest);
    if (fault_ == schema_.ms_played)
      return fmt::format("expected whole milliseconds from 0 to {} (24 hours)", kLongestMs);
    if (fault_ == schema_.count)
      return fmt::format("expected a whole number of plays from 1 to {}", kLargestCount);
    if (fault_ == schema_.rating)
      return "expected a rating: a number (where these are no ratings, set input.columns.rating to \"\")";
    return std::string(kExpectedId);
  }

  const ListenSchema& schema_;
  std::deque<std::string>& composed_;
  int fault_ = -1;  // column, −1: the number of fields
};

std::string_view optional_field(const Record& record, int column) {
  return column < 0 ? std::string_view{} : record.fields[static_cast<std::size_t>(column)];
}

}  // namespace

void IdColumn::clear() {
  ids_.clear();
  first_of_new_.clear();
  new_ = IdTable();
}

void IdColumn::resolve(const IdTable& table) {
  rows_.resize(ids_.size());
  table.find(ids_, rows_);
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    if (rows_[i] != IdTable::kNone)
      continue;
    const std::int32_t row = new_.add(ids_[i]);
    if (static_cast<std::size_t>(row) == first_of_new_.size())
      first_of_new_.push_back(i);
    rows_[i] = -2 - row;
  }
}

void IdColumn::copy_rows(std::int32_t* out) const {
  for (const std::int32_t row : rows_)
    *out++ = row >= 0 ? row : new_rows_[static_cast<std::size_t>(-2 - row)];
}

void ListenBlock::parse() {
  user.clear();
  song.clear();
  for (auto* column : {&ms_played, &count})
    column->clear();
  for (auto* column : {&title, &artist_id, &artist})
    column->clear();
  timestamp.clear();
  rejects.clear();
  composed_.clear();
  not_music = low_ratings = 0;
  RowParser row(*schema, composed_);
  const bool has_names = schema->has_names();
  records->for_each(
      [&](const Record& record) {
        switch (row.parse(record)) {
          case RowParser::Outcome::reject:
            rejects.push_back(row.reject(record));
            return;
          case RowParser::Outcome::not_music:
            ++not_music;
            return;
          case RowParser::Outcome::low_rating:
            ++low_ratings;
            return;
          case RowParser::Outcome::listen:
            break;
        }
        user.push_back(row.user);
        song.push_back(row.song);
        timestamp.push_back(row.timestamp);
        ms_played.push_back(row.ms_played);
        if (schema->count >= 0)
          count.push_back(row.count);
        if (has_names) {
          title.push_back(optional_field(record, schema->title));
          artist_id.push_back(optional_field(record, schema->artist_id));
          artist.push_back(optional_field(record, schema->artist));
        }
      },
      [&](const DamagedRecord& record) {
        if (record.truncated)
          throw BadInput(fmt::format("{}, line {}: {}", schema->file, record.line, record.reason));
        rejects.push_back({schema->file, record.line, "", std::string(record.text), std::string(record.reason)});
      });
}

}  // namespace segue::data
