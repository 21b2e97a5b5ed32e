#include "segue/audio/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/float16.hpp"
#include "segue/core/text.hpp"

// safetensors: u64 length of the header, little-endian; the header, a JSON object of name → {dtype, shape,
// data_offsets} and "__metadata__" → {name: text}; then the tensors' bytes, which the offsets must cover once and
// whole.
namespace segue::audio {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;  // as the reference implementation
constexpr int kDeepest = 8;
constexpr char kMetadata[] = "__metadata__";

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw BadInput(fmt::format("{}: not a usable safetensors file: {}", name, what));
}

/// A parser's callback that refuses what a plain parse lets pass: a name twice in one object, and bottomless nesting.
class StrictKeys {
 public:
  explicit StrictKeys(const std::string& name) : name_(name) {}

  bool operator()(int depth, Json::parse_event_t event, Json& value) {
    if (depth > kDeepest)
      refuse(name_, fmt::format("its header is nested deeper than {}", kDeepest));
    if (event == Json::parse_event_t::object_start)
      keys_[static_cast<std::size_t>(depth)].clear();
    if (event == Json::parse_event_t::key &&
        !keys_[static_cast<std::size_t>(depth - 1)].insert(value.get<std::string>()).second)
      refuse(name_, fmt::format("{} stands twice in its header", quote_for_message(value.get<std::string>())));
    return true;
  }

 private:
  const std::string& name_;
  std::array<std::set<std::string>, kDeepest + 1> keys_;
};

Json parse_header(std::string_view text, const std::string& name) {
  if (!is_valid_utf8(text))
    refuse(name, "its header is not UTF-8");
  try {
    Json header = Json::parse(text, StrictKeys(name));
    if (!header.is_object())
      refuse(name, "its header is not a JSON object");
    return header;
  } catch (const Json::exception& error) {
    refuse(name, fmt::format("its header is not JSON: {}", error.what()));
  }
}

struct Entry {
  std::string name;
  bool half = false;
  Shape shape;
  std::uint64_t begin = 0, end = 0;
};

std::uint64_t unsigned_of(const Json& value, const std::string& file, const std::string& tensor) {
  if (!value.is_number_unsigned())
    refuse(file,
           fmt::format("tensor {}: {} is not a size", quote_for_message(tensor), quote_for_message(value.dump())));
  return value.get<std::uint64_t>();
}

// Fewer than four dimensions are those of the right: [c, h] is [1, 1, c, h].
Shape shape_of(const Json& extents, const std::string& file, const std::string& tensor) {
  if (!extents.is_array() || extents.size() > 4)
    refuse(file, fmt::format("tensor {}: a shape of up to four extents expected", quote_for_message(tensor)));
  std::array<std::int64_t, 4> all = {1, 1, 1, 1};
  std::uint64_t count = 1;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const std::uint64_t extent = unsigned_of(extents[i], file, tensor);
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max() / 4;
    if (extent > kMost || (extent != 0 && count > kMost / extent))
      refuse(file, fmt::format("tensor {}: its shape {} overflows", quote_for_message(tensor), extents.dump()));
    count *= extent;
    all[4 - extents.size() + i] = static_cast<std::int64_t>(extent);
  }
  return {all[0], all[1], all[2], all[3]};
}

Entry entry_of(const std::string& tensor, const Json& json, std::uint64_t data_bytes, const std::string& file) {
  const std::string quoted = quote_for_message(tensor);
  if (!json.is_object() || !json.contains("dtype") || !json.contains("shape") || !json.contains("data_offsets"))
    refuse(file, fmt::format("tensor {}: dtype, shape and data_offsets expected", quoted));
  const Json& dtype = json["dtype"];
  if (dtype != "F32" && dtype != "F16")
    refuse(file, fmt::format("tensor {}: type {}, F32 or F16 expected", quoted,
                             dtype.is_string() ? quote_for_message(dtype.get<std::string>()) : dtype.type_name()));
  const Json& offsets = json["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2)
    refuse(file, fmt::format("tensor {}: two data_offsets expected", quoted));

  Entry entry;
  entry.name = tensor;
  entry.half = dtype == "F16";
  entry.shape = shape_of(json["shape"], file, tensor);
  entry.begin = unsigned_of(offsets[0], file, tensor);
  entry.end = unsigned_of(offsets[1], file, tensor);
  const std::uint64_t bytes = static_cast<std::uint64_t>(entry.shape.size()) * (entry.half ? 2 : 4);
  if (entry.begin > entry.end || entry.end > data_bytes)
    refuse(file, fmt::format("tensor {}: bytes {} to {} of {}: outside the file", quoted, entry.begin, entry.end,
                             data_bytes));
  if (entry.end - entry.begin != bytes)
    refuse(file, fmt::format("tensor {}: {} bytes for a shape that needs {}", quoted, entry.end - entry.begin, bytes));
  return entry;
}

void read_metadata(const Json& json, const std::string& file, std::map<std::string, std::string>& metadata) {
  if (!json.is_object())
    refuse(file, "__metadata__ is not an object");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string())
      refuse(file, fmt::format("__metadata__ {}: a text expected", quote_for_message(key)));
    metadata[key] = value.get<std::string>();
  }
}

// The format lets no byte be unused or used twice.
void check_cover(std::vector<Entry> entries, std::uint64_t data_bytes, const std::string& file) {
  std::ranges::sort(
      entries, [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::uint64_t at = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != at)
      refuse(file, fmt::format("tensor {}: begins at byte {}, expected {}: tensors overlap or leave a hole",
                               quote_for_message(entry.name), entry.begin, at));
    at = entry.end;
  }
  if (at != data_bytes)
    refuse(file, fmt::format("{} bytes of data, of which tensors take {}", data_bytes, at));
}

std::vector<float> values_of(const Entry& entry, const std::uint8_t* data) {
  std::vector<float> values(static_cast<std::size_t>(entry.shape.size()));
  if (values.empty())
    return values;
  if (!entry.half) {
    std::memcpy(values.data(), data + entry.begin, values.size() * sizeof(float));
    return values;
  }
  std::vector<std::uint16_t> halves(values.size());
  std::memcpy(halves.data(), data + entry.begin, halves.size() * sizeof(std::uint16_t));
  std::ranges::transform(halves, values.begin(), from_float16);
  return values;
}

}  // namespace

Weights parse_weights(std::span<const std::uint8_t> bytes, const std::string& name) {
  std::uint64_t header_bytes = 0;
  if (bytes.size() < kLengthBytes)
    refuse(name, fmt::format("{} bytes", bytes.size()));
  std::memcpy(&header_bytes, bytes.data(), kLengthBytes);
  const std::uint64_t rest = bytes.size() - kLengthBytes;
  if (header_bytes > std::min(rest, kLongestHeader))
    refuse(name, fmt::format("a header of {} bytes in a file of {}", header_bytes, bytes.size()));
  const Json header = parse_header({reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, header_bytes}, name);

  Weights weights;
  std::vector<Entry> entries;
  for (const auto& [key, value] : header.items()) {
    if (key == kMetadata)
      read_metadata(value, name, weights.metadata);
    else
      entries.push_back(entry_of(key, value, rest - header_bytes, name));
  }
  check_cover(entries, rest - header_bytes, name);
  for (const Entry& entry : entries)
    weights.tensors[entry.name] = {entry.shape, values_of(entry, bytes.data() + kLengthBytes + header_bytes)};
  return weights;
}

Weights read_weights(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_weights({reinterpret_cast<const std::uint8_t*>(file.bytes().data()), file.bytes().size()},
                       path.string());
}

void write_weights(const std::filesystem::path& path, const Weights& weights) {
  Json header = Json::object();
  if (!weights.metadata.empty())
    header[kMetadata] = weights.metadata;
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : weights.tensors) {
    const std::uint64_t end = at + tensor.values.size() * sizeof(float);
    const Shape& shape = tensor.shape;
    header[name] = {{"dtype", "F32"}, {"shape", {shape.n, shape.c, shape.h, shape.w}}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data is aligned

  const std::uint64_t length = text.size();
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for (const auto& [name, tensor] : weights.tensors)
    file.write(std::as_bytes(std::span(tensor.values)));
  file.commit();
}

}  // namespace segue::audio
