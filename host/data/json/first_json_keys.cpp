#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "host/data/json/json_reader.hpp"

namespace segue::data {
namespace {

using Event = nlohmann::json::parse_event_t;

// Follows the parser through the first object.
class FirstKeys {
 public:
  void note(Event event, const nlohmann::json& value) {
    if (done_)
      return;
    switch (event) {
      case Event::key:
        key(value.get_ref<const std::string&>());
        break;
      case Event::object_start:
      case Event::array_start:
        enter(event == Event::object_start);
        break;
      case Event::object_end:
      case Event::array_end:
        leave();
        break;
      case Event::value:
        done_ = prefixes_.empty();  // no object comes first
    }
  }

  std::vector<std::string> take() { return std::move(keys_); }

 private:
  static constexpr std::size_t kDeepest = 16;

  void key(const std::string& name) {
    key_can_be_read_ = ignored_ == 0 && name.find('.') == std::string::npos;
    if (key_can_be_read_)
      keys_.push_back(prefixes_.back() + name);
  }

  void enter(bool is_object) {
    if (prefixes_.empty()) {
      enter_content(is_object);
    } else if (is_object && ignored_ == 0 && key_can_be_read_ && prefixes_.size() < kDeepest) {
      prefixes_.push_back(keys_.back() + '.');
      keys_.pop_back();
    } else {
      ++ignored_;
    }
  }

  void enter_content(bool is_object) {
    if (is_object)
      prefixes_.emplace_back();
    done_ = !is_object && std::exchange(in_array_, true);
  }

  void leave() {
    if (ignored_ > 0)
      --ignored_;
    else if (!prefixes_.empty())
      prefixes_.pop_back();
    done_ = prefixes_.empty();
  }

  std::vector<std::string> keys_;
  std::vector<std::string> prefixes_;  // of the keys in each of the open objects
  std::size_t ignored_ = 0;            // open objects and arrays whose keys cannot be read
  bool key_can_be_read_ = false;       // the last one
  bool in_array_ = false;
  bool done_ = false;
};

}  // namespace

std::vector<std::string> first_json_keys(std::string_view text) {
  FirstKeys keys;
  const auto note = [&](int /*depth*/, Event event, const nlohmann::json& value) {
    keys.note(event, value);
    return true;
  };
  // A piece is mostly no document: only what is noted on the way counts.
  const nlohmann::json ignored = nlohmann::json::parse(text, note, /*allow_exceptions=*/false);
  return keys.take();
}

}  // namespace segue::data
