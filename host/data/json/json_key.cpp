#include "host/data/json/json_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "segue/core/text.hpp"

namespace segue::data {
namespace {

constexpr std::size_t kNone = std::string::npos;

void set_head(JsonKey& key) {
  if (key.name.find_first_of("\"\\") != kNone) {
    key.head = key.mask = ~std::uint64_t{0};  // never so in JSON: it would have to be escaped
    return;
  }
  const std::string quoted = key.name + '"';
  const std::size_t size = std::min(quoted.size(), sizeof key.head);
  key.head = key.mask = 0;
  std::memcpy(&key.head, quoted.data(), size);
  std::memset(&key.mask, 0xff, size);
}

}  // namespace

JsonKey make_json_key_tree(const std::vector<std::string>& paths) {
  JsonKey root;
  for (std::size_t column = 0; column < paths.size(); ++column) {
    JsonKey* key = &root;
    for (std::size_t begin = 0, dot = 0; dot != kNone; begin = dot + 1) {
      dot = paths[column].find('.', begin);
      const std::string name = paths[column].substr(begin, dot - begin);
      std::vector<JsonKey>& children = key->children;
      const auto found =
          std::find_if(children.begin(), children.end(), [&](const JsonKey& k) { return k.name == name; });
      key = found != children.end() ? &*found : &children.emplace_back();
      key->name = name;
      set_head(*key);
    }
    key->columns.push_back(column);
    key->wrong_value = fmt::format("expected text or a number for the key {}", quote_for_message(paths[column]));
  }
  return root;
}

std::size_t longest_json_name(const JsonKey& key) {
  std::size_t longest = key.name.size();
  for (const JsonKey& child : key.children)
    longest = std::max(longest, longest_json_name(child));
  return longest;
}

}  // namespace segue::data
