#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace segue::data {

/// The keys that are wanted of an object.
struct JsonKey {
  std::string name;
  std::uint64_t head = 0, mask = 0;  ///< the name's first bytes with its closing quote, and which of them count
  std::vector<std::size_t> columns;  ///< that its value goes to
  std::vector<JsonKey> children;     ///< of the object that is its value
  std::string wrong_value;           ///< the reason to give for an array, or an object
};

/// @returns  the root, whose children are those of a record
JsonKey make_json_key_tree(const std::vector<std::string>& paths);

/// Bytes of the longest name in the tree.
std::size_t longest_json_name(const JsonKey& key);

}  // namespace segue::data
