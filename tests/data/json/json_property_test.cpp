// Any objects, however they are written down, are read as nlohmann::json reads them.
#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "segue/core/random.hpp"
#include "tests/data/json/json_content.hpp"

namespace segue::data {
namespace {

using test::Fields;
using test::JsonContent;
using test::JsonRow;

constexpr std::string_view kNames[] = {"a", "b", "c", "d", "caf\u00e9", "q\"", ""};
const std::vector<std::string> kKeys{"a", "b.c", "a.b", "d.d.d", "caf\u00e9", "q\"", "b.", "d.q\"", "c"};

// Writes JSON, with white space and escapes as they come.
class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed), spread_(random_.below(3)) {}

  std::string object(int depth) {
    std::string text = "{";
    const std::uint32_t fields = random_.below(6);
    for (std::uint32_t i = 0; i < fields; ++i)
      text += std::string(i > 0 ? "," : "") + white() + quoted(kNames[random_.below(std::size(kNames))]) + white() +
              ":" + white() + value(depth) + white();
    return text + (fields == 0 ? white() : "") + "}";
  }

  std::string white() {
    constexpr const char* kWhite[] = {" ", "\n", "\r\n", "\t", "  ", "\n    "};
    return random_.below(4) < spread_ ? kWhite[random_.below(std::size(kWhite))] : "";
  }

  std::uint32_t below(std::uint32_t bound) { return random_.below(bound); }

 private:
  std::string value(int depth) {
    constexpr const char* kBare[] = {"0", "-17", "true", "false", "null", "9007199254740993"};
    switch (random_.below(depth > 0 ? 6 : 4)) {
      case 0:
      case 1:
        return kBare[random_.below(std::size(kBare))];
      case 2:
      case 3:
        return quoted(text());
      case 4:
        return object(depth - 1);
      default:
        return array(depth - 1);
    }
  }

  std::string array(int depth) {
    std::string text = std::string("[").append(white());
    for (std::uint32_t i = 0, count = random_.below(4); i < count; ++i)
      text.append(i > 0 ? "," : "").append(white()).append(value(depth)).append(white());
    return text + "]";
  }

  std::string text() {
    constexpr std::string_view kPieces[] = {"song",       "\"", "\\", "},{",  "]",        "\u00e9",
                                            "\U0001f3b5", "\n", " ",  "\x01", "{\"a\":1}"};
    std::string text;
    for (std::uint32_t i = random_.below(4); i > 0; --i)
      text += kPieces[random_.below(std::size(kPieces))];
    return text;
  }

  std::string quoted(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', /*ensure_ascii=*/random_.below(2) == 0);
  }

  Random random_;
  std::uint32_t spread_;
};

const nlohmann::json* find(const nlohmann::json& object, const std::string& path) {
  const nlohmann::json* value = &object;
  for (std::size_t begin = 0, dot = 0; dot != std::string::npos; begin = dot + 1) {
    dot = path.find('.', begin);
    const std::string name = path.substr(begin, dot - begin);
    if (!value->is_object() || !value->contains(name))
      return nullptr;
    value = &(*value)[name];
  }
  return value->is_null() ? nullptr : value;
}

// What is read of an object without keys that stand twice; none: it is damaged.
std::optional<Fields> expected(const nlohmann::json& object) {
  Fields fields;
  for (const std::string& key : kKeys) {
    const nlohmann::json* value = find(object, key);
    if (value != nullptr && value->is_structured())
      return std::nullopt;
    fields.emplace_back();
    if (value != nullptr)
      fields.back() = value->is_string() ? value->get<std::string>() : value->dump();
  }
  return fields;
}

std::int64_t line_at(std::string_view text, std::size_t position) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n');
}

// As JSON, without keys that stand twice (there the first value counts here, the last one there).
nlohmann::json parse(const std::string& text, bool& unique) {
  std::vector<std::vector<std::string>> names;
  unique = true;
  return nlohmann::json::parse(text, [&](int depth, nlohmann::json::parse_event_t event, const nlohmann::json& value) {
    names.resize(std::max(names.size(), static_cast<std::size_t>(depth) + 2));
    if (event == nlohmann::json::parse_event_t::object_start)
      names[static_cast<std::size_t>(depth) + 1].clear();
    if (event == nlohmann::json::parse_event_t::key) {
      std::vector<std::string>& seen = names[static_cast<std::size_t>(depth)];
      unique = unique && std::find(seen.begin(), seen.end(), value.get<std::string>()) == seen.end();
      seen.push_back(value.get<std::string>());
    }
    return true;
  });
}

class JsonDocuments : public testing::TestWithParam<int> {};

TEST_P(JsonDocuments, AreReadAsNlohmannReadsThem) {
  Writer writer(static_cast<std::uint64_t>(GetParam()));
  enum Form { lines, apart, array };
  const Form form = static_cast<Form>(writer.below(3));
  std::string text = form == array ? std::string("[").append(writer.white()) : writer.white();
  std::vector<JsonRow> rows;
  std::vector<std::int64_t> damaged;
  const std::string line_end = writer.below(2) == 0 ? "\n" : "\r\n";
  for (std::uint32_t i = 0, count = writer.below(30); i < count;) {
    std::string record = writer.object(3);
    bool unique = true;
    const nlohmann::json object = parse(record, unique);
    if (!unique)
      continue;
    if (form == lines)
      record.erase(std::remove_if(record.begin(), record.end(), [](char c) { return c == '\r' || c == '\n'; }),
                   record.end());
    if (form == array && i > 0)
      text.append(",").append(writer.white());
    const std::int64_t line = line_at(text, text.size());
    if (const std::optional<Fields> fields = expected(object))
      rows.push_back({line, record, *fields});
    else
      damaged.push_back(line);
    text += record + (form == lines ? line_end : writer.white());
    ++i;
  }
  text += form == array ? "]" : "";
  for (const std::int64_t block_bytes : test::kBlockBytes) {
    const JsonContent content = test::read_json(text, kKeys, {.block_bytes = block_bytes});
    ASSERT_EQ(content.rows, rows) << text << " block_bytes " << block_bytes;
    ASSERT_EQ(content.damaged.size(), damaged.size()) << text;
    for (std::size_t i = 0; i < damaged.size(); ++i)
      EXPECT_EQ(content.damaged[i].line, damaged[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, JsonDocuments, testing::Range(0, 150));

}  // namespace
}  // namespace segue::data
