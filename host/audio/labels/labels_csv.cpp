#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "host/audio/labels/label_files.hpp"
#include "segue/core/error.hpp"
#include "segue/core/text.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::audio {
namespace {

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = fault == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
  return whole ? std::optional(value) : std::nullopt;
}

// C, F#, Bb, or a pitch class.
std::optional<int> parse_key(std::string_view text) {
  if (const std::optional<double> number = parse_number(text))
    return *number >= -1 && *number <= 11 && *number == std::floor(*number) ? std::optional(static_cast<int>(*number))
                                                                            : std::nullopt;
  constexpr std::string_view kLetters = "CxDxEFxGxAxB";
  const std::size_t letter = text.empty() || text[0] == 'x' ? std::string_view::npos : kLetters.find(text[0]);
  const std::string_view accidental = text.substr(std::min<std::size_t>(1, text.size()));
  if (letter == std::string_view::npos || !(accidental.empty() || accidental == "#" || accidental == "b"))
    return std::nullopt;
  const int shift = accidental.empty() ? 0 : accidental == "#" ? 1 : 11;
  return (static_cast<int>(letter) + shift) % 12;
}

std::optional<int> parse_mode(std::string_view text) {
  if (text == "major" || text == "maj" || text == "1")
    return 1;
  if (text == "minor" || text == "min" || text == "0")
    return 0;
  return text == "-1" ? std::optional(-1) : std::nullopt;
}

// The columns that there are; of several for one thing, the first.
class Columns {
 public:
  explicit Columns(const data::TableReader& table)
      : table_(table),
        path_(first({"path", "file"})),
        key_(first({"key"})),
        mode_(first({"mode"})),
        tempo_(first({"tempo_bpm_window", "tempo", "tempo_bpm"})),
        metre_(first({"metre"})),
        beats_(first({"time_signature", "beats_per_bar"})) {
    if (path_ < 0)
      table.require_column("path", "rename the one that names the audio files");
  }

  Labels parse(const data::Record& record) const {
    Labels labels;
    labels.path = text(record, path_);
    require(!labels.path.empty() && is_valid_utf8(labels.path), record, path_, "the path of an audio file, in UTF-8");
    if (!text(record, key_).empty())
      labels.key = known(parse_key(text(record, key_)), record, key_, "C, C#, Db … B, or 0–11");
    if (!text(record, mode_).empty())
      labels.mode = known(parse_mode(text(record, mode_)), record, mode_, "major or minor");
    if (!text(record, tempo_).empty()) {
      labels.tempo = known(parse_number(text(record, tempo_)), record, tempo_, "beats a minute");
      require(labels.tempo >= 0 && labels.tempo <= kFastestTempo, record, tempo_,
              fmt::format("0 to {} beats a minute", kFastestTempo));
    }
    labels.metre = metre(record);
    labels.split = Split::test;
    return labels;
  }

 private:
  int first(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names)
      if (const int column = table_.column(name); column >= 0)
        return column;
    return -1;
  }

  static std::string_view text(const data::Record& record, int column) {
    return column < 0 ? std::string_view{} : record.fields[static_cast<std::size_t>(column)];
  }

  // Metres that the network does not tell apart, such as 2/4, are not known.
  std::optional<Metre> metre(const data::Record& record) const {
    if (const std::string_view name = text(record, metre_); !name.empty()) {
      const std::size_t slash = name.find('/');
      require(slash != std::string_view::npos && parse_number(name.substr(0, slash)) &&
                  parse_number(name.substr(slash + 1)),
              record, metre_, "a metre such as 3/4");
      return parse_metre(name);
    }
    if (text(record, beats_).empty())
      return std::nullopt;
    const double beats = known(parse_number(text(record, beats_)), record, beats_, "beats in a bar");
    for (const Metre candidate : kAllMetres)
      if (beats == time_signature(candidate))
        return candidate;
    return std::nullopt;
  }

  template <class T>
  T known(std::optional<T> value, const data::Record& record, int column, std::string_view expected) const {
    require(value.has_value(), record, column, expected);
    return *value;
  }

  void require(bool fulfilled, const data::Record& record, int column, std::string_view expected) const {
    if (!fulfilled)
      throw BadInput(fmt::format("{}:{}: {} is {}: {} expected", table_.path().string(), record.line,
                                 table_.columns()[static_cast<std::size_t>(column)],
                                 quote_for_message(text(record, column)), expected));
  }

  const data::TableReader& table_;
  int path_, key_, mode_, tempo_, metre_, beats_;
};

}  // namespace

std::vector<Labels> read_labels_csv(const std::filesystem::path& path) {
  data::TableReader table(path);
  const Columns columns(table);
  std::vector<Labels> all;
  for (data::TableBlock block; table.next(block);)
    block.for_each(
        [&](const data::Record& record) {
          if (record.fields.size() != table.columns().size())
            throw BadInput(fmt::format("{}:{}: {} fields: {} expected, as in the header", path.string(), record.line,
                                       record.fields.size(), table.columns().size()));
          all.push_back(columns.parse(record));
        },
        [&](const data::DamagedRecord& damaged) {
          throw BadInput(fmt::format("{}:{}: {}: {}", path.string(), damaged.line, quote_for_message(damaged.text),
                                     damaged.reason));
        });
  return all;
}

}  // namespace segue::audio
