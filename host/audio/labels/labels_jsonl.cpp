#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "host/audio/labels/label_files.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/text.hpp"

namespace segue::audio {
namespace {

using Json = nlohmann::json;

// The fields of one line; a field that is missing or null leaves what is there.
class Line {
 public:
  Line(const std::filesystem::path& path, std::int64_t number, std::string_view text)
      : place_(fmt::format("{}:{}", path.string(), number)), json_(Json::parse(text, nullptr, false)) {
    if (!json_.is_object())
      throw BadInput(fmt::format("{}: {} is no label: one JSON object expected", place_, quote_for_message(text)));
  }

  void text(const char* name, std::string& value) const {
    if (const Json* field = find(name)) {
      require(field->is_string(), name, *field, "a text");
      value = field->get<std::string>();
    }
  }

  void integer(const char* name, int low, int high, int& value) const {
    if (const Json* field = find(name)) {
      const std::string expected = fmt::format("an integer from {} to {}", low, high);
      require(field->is_number_integer(), name, *field, expected);
      const auto number = field->get<double>();  // whatever the integer's type, it does not wrap around
      require(number >= low && number <= high, name, *field, expected);
      value = static_cast<int>(number);
    }
  }

  void number(const char* name, double low, double high, double& value) const {
    if (const Json* field = find(name)) {
      const std::string expected = fmt::format("a number from {} to {}", low, high);
      require(field->is_number(), name, *field, expected);
      value = field->get<double>();
      require(value >= low && value <= high, name, *field, expected);
    }
  }

  void flag(const char* name, bool& value) const {
    if (const Json* field = find(name)) {
      require(field->is_boolean(), name, *field, "true or false");
      value = field->get<bool>();
    }
  }

  void times(const char* name, std::vector<float>& value) const {
    const Json* field = find(name);
    if (field == nullptr)
      return;
    constexpr std::string_view kExpected = "seconds in ascending order";
    require(field->is_array(), name, *field, kExpected);
    for (const Json& element : *field) {
      require(element.is_number(), name, element, kExpected);
      const auto time = element.get<float>();
      require(std::isfinite(time) && time >= 0 && (value.empty() || time > value.back()), name, element, kExpected);
      value.push_back(time);
    }
  }

  void metre(std::optional<Metre>& value) const {
    if (const Json* field = find("metre")) {
      value = field->is_string() ? parse_metre(field->get<std::string>()) : std::nullopt;
      require(value.has_value(), "metre", *field, "3/4, 4/4, 5/4, 6/8 or 7/8");
    }
  }

  void split(Split& value) const {
    const Json* field = find("split");
    if (field == nullptr)
      return;
    for (const Split known : {Split::train, Split::validation, Split::test})
      if (*field == split_name(known)) {
        value = known;
        return;
      }
    require(false, "split", *field, "train, validation or test");
  }

  void require(bool fulfilled, std::string_view name, const Json& value, std::string_view expected) const {
    if (fulfilled)
      return;
    constexpr std::size_t kLongest = 60;
    const std::string shown =
        value.is_string() ? quote_for_message(value.get<std::string>(), kLongest) : value.dump().substr(0, kLongest);
    throw BadInput(fmt::format("{}: {} is {}: {} expected", place_, name, shown, expected));
  }

 private:
  const Json* find(const char* name) const {
    const auto field = json_.find(name);
    return field == json_.end() || field->is_null() ? nullptr : &*field;
  }

  std::string place_;
  Json json_;
};

Labels parse(const Line& line) {
  Labels labels;
  line.text("path", labels.path);
  line.require(!labels.path.empty(), "path", labels.path, "the path of an audio file");
  line.integer("key", -1, 11, labels.key);
  line.integer("mode", -1, 1, labels.mode);
  line.flag("keyless", labels.keyless);
  line.number("tempo", 0, kFastestTempo, labels.tempo);
  line.metre(labels.metre);
  line.times("beats", labels.beats);
  line.times("downbeats", labels.downbeats);
  line.split(labels.split);
  line.text("tune", labels.tune);
  line.text("source", labels.source);
  line.text("style", labels.style);
  line.text("soundfont", labels.soundfont);
  line.number("detuning_cents", -1200, 1200, labels.detuning_cents);
  return labels;
}

void append_text(std::string& line, std::string_view name, std::string_view value) {
  if (!value.empty())
    line += fmt::format(",\"{}\":{}", name, Json(value).dump());
}

void append_times(std::string& line, std::string_view name, const std::vector<float>& times) {
  if (!times.empty())
    line += fmt::format(",\"{}\":[{}]", name, fmt::join(times, ","));
}

}  // namespace

std::vector<Labels> read_labels_jsonl(const std::filesystem::path& path) {
  const MappedFile file(path);
  std::vector<Labels> all;
  std::string_view rest = file.text();
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    if (text.find_first_not_of(" \t\r") != std::string_view::npos)
      all.push_back(parse(Line(path, number, text)));
  }
  return all;
}

std::string format_labels(const Labels& labels) {
  if (!is_valid_utf8(labels.path))
    throw InvalidArgument(fmt::format("labels of {}: the path is no UTF-8", quote_for_message(labels.path)));
  std::string line = fmt::format("{{\"path\":{}", Json(labels.path).dump());
  if (labels.key >= 0)
    line += fmt::format(",\"key\":{}", labels.key);
  if (labels.mode >= 0)
    line += fmt::format(",\"mode\":{}", labels.mode);
  if (labels.keyless)
    line += ",\"keyless\":true";
  if (labels.tempo > 0)
    line += fmt::format(",\"tempo\":{}", labels.tempo);
  if (labels.metre)
    line += fmt::format(",\"metre\":\"{}\"", metre_name(*labels.metre));
  append_times(line, "beats", labels.beats);
  append_times(line, "downbeats", labels.downbeats);
  append_text(line, "split", split_name(labels.split));
  append_text(line, "tune", labels.tune);
  append_text(line, "source", labels.source);
  append_text(line, "style", labels.style);
  append_text(line, "soundfont", labels.soundfont);
  if (labels.detuning_cents != 0)
    line += fmt::format(",\"detuning_cents\":{}", labels.detuning_cents);
  return line += '}';
}

}  // namespace segue::audio
