#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/text.hpp"
#include "segue/music/score.hpp"

namespace segue::music {
namespace {

using Json = nlohmann::json;

/// A line of a file and what is expected of it.
class Record {
 public:
  Record(const std::filesystem::path& path, std::int64_t line, std::string_view text) : path_(path), line_(line) {
    value_ = Json::parse(text, nullptr, false);
    if (!value_.is_object())
      throw BadInput(fmt::format("{}:{}: {} is not a JSON object, write the file anew with scripts/import-scores",
                                 path_.string(), line_, quote_for_message(text)));
  }

  const Json& field(const char* name) const {
    const auto found = value_.find(name);
    if (found == value_.end())
      throw BadInput(
          fmt::format("{}:{}: no \"{}\", write the file anew with scripts/import-scores", path_.string(), line_, name));
    return *found;
  }

  std::string text(const char* name) const {
    const Json& value = field(name);
    check(value.is_string() && !value.get_ref<const std::string&>().empty(), name, value, "a text");
    return value.get<std::string>();
  }

  /// Greater than 0.
  double positive(const char* name) const {
    const Json& value = field(name);
    check(value.is_number() && value.get<double>() > 0, name, value, "a number greater than 0");
    return value.get<double>();
  }

  int integer(const char* name, int low, int high) const { return integer(name, field(name), low, high); }

  int integer(const char* name, const Json& value, int low, int high) const {
    check(value.is_number_integer() && value.get<std::int64_t>() >= low && value.get<std::int64_t>() <= high, name,
          value, fmt::format("an integer from {} to {}", low, high));
    return value.get<int>();
  }

  double number(const char* name, const Json& value) const {
    check(value.is_number(), name, value, "a number");
    return value.get<double>();
  }

  /// Arrays of `length` elements within an array.
  const Json& rows(const char* name, std::size_t length) const {
    const Json& value = field(name);
    check(value.is_array(), name, value, "an array");
    for (const Json& row : value)
      check(row.is_array() && row.size() == length, name, row, fmt::format("an array of {}", length));
    return value;
  }

  void check(bool good, const char* name, const Json& value, std::string_view expected) const {
    if (good)
      return;
    const std::string shown = quote_for_message(value.is_string() ? value.get<std::string>() : value.dump());
    throw BadInput(fmt::format("{}:{}: {} in \"{}\" is not {}", path_.string(), line_, shown, name, expected));
  }

 private:
  const std::filesystem::path& path_;
  std::int64_t line_;
  Json value_;
};

std::vector<Note> read_notes(const Record& record, const char* name) {
  std::vector<Note> notes;
  for (const Json& row : record.rows(name, 4)) {
    Note note;
    note.on = record.number(name, row[0]);
    note.off = record.number(name, row[1]);
    note.pitch = record.integer(name, row[2], 0, 127);
    note.velocity = record.integer(name, row[3], 1, 127);
    record.check(note.off > note.on, name, row, "a note that ends after it begins");
    notes.push_back(note);
  }
  return notes;
}

std::vector<Chord> read_chords(const Record& record) {
  constexpr const char* kName = "chords";
  std::vector<Chord> chords;
  for (const Json& row : record.rows(kName, 5)) {
    Chord chord;
    chord.on = record.number(kName, row[0]);
    chord.off = record.number(kName, row[1]);
    chord.root = record.integer(kName, row[2], 0, 11);
    record.check(row[3].is_string(), kName, row[3], "a chord quality such as \"min7\"");
    const std::optional<ChordQuality> quality = parse_chord_quality(row[3].get_ref<const std::string&>());
    record.check(quality.has_value(), kName, row[3], "a chord quality such as \"min7\"");
    chord.quality = *quality;
    chord.bass = record.integer(kName, row[4], 0, 11);
    const bool in_order = chords.empty() || chord.on >= chords.back().on;
    record.check(chord.off > chord.on && in_order, kName, row, "a chord that ends after it begins, in order of time");
    chords.push_back(chord);
  }
  return chords;
}

Score read_score(const Record& record) {
  Score score;
  score.id = record.text("id");
  score.corpus = record.text("corpus");
  score.key = record.integer("key", -1, 11);
  score.mode = record.integer("mode", -1, 1);
  const std::optional<audio::Metre> metre = audio::parse_metre(record.text("metre"));
  record.check(metre.has_value(), "metre", record.field("metre"), "3/4, 4/4, 5/4, 6/8 or 7/8");
  score.metre = *metre;
  score.beats = record.positive("beats");
  score.melody = read_notes(record, "melody");
  score.accompaniment = read_notes(record, "accompaniment");
  score.chords = read_chords(record);
  return score;
}

Groove read_groove(const Record& record) {
  Groove groove;
  groove.id = record.text("id");
  groove.style = record.text("style");
  groove.bpm = record.positive("bpm");
  groove.beats = record.positive("beats");
  for (const Json& row : record.rows("hits", 3)) {
    DrumHit hit;
    hit.beat = record.number("hits", row[0]);
    hit.pitch = record.integer("hits", row[1], 0, 127);
    hit.velocity = record.integer("hits", row[2], 1, 127);
    groove.hits.push_back(hit);
  }
  return groove;
}

template <class Item>
std::vector<Item> read_lines(const std::filesystem::path& path, Item (*read)(const Record&)) {
  const MappedFile file(path);
  std::vector<Item> items;
  std::string_view rest = file.text();
  for (std::int64_t line = 1; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0)
      items.push_back(read(Record(path, line, rest.substr(0, end))));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return items;
}

}  // namespace

Corpus read_corpus(const std::filesystem::path& directory) {
  Corpus corpus;
  if (directory.empty())
    return corpus;
  corpus.scores = read_lines<Score>(directory / "scores.jsonl", read_score);
  const std::filesystem::path grooves = directory / "grooves.jsonl";
  if (std::filesystem::exists(grooves))
    corpus.grooves = read_lines<Groove>(grooves, read_groove);
  return corpus;
}

}  // namespace segue::music
