#include "host/search/index_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "host/search/checksum.hpp"
#include "host/search/file_header.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"

namespace segue::search {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is little-endian and mapped as it is");

constexpr char kMagic[8] = {'S', 'E', 'G', 'U', 'E', 'I', 'D', 'X'};
constexpr std::uint32_t kVersion = 1;

struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t metric;
  std::int64_t rows;
  std::int64_t rank;
  std::int64_t panel_rows;
  std::int64_t panel_bytes;  // of all panels, which follow the header
  std::uint32_t panel_crc;
  std::uint32_t reserved[2];
  std::uint32_t header_crc;  // of the bytes before it
};
static_assert(sizeof(Header) == 64 && offsetof(Header, header_crc) == 60);

using Bytes = std::span<const std::byte>;

// The checksum is no proof of good will: a file made on purpose can have any header.
IndexShape check_shape(const Header& header, const std::string& name) {
  const auto refuse = [&](const char* what, std::int64_t value) {
    throw BadInput(fmt::format("{}: a search index with {} {}; make the index again", name, what, value));
  };
  if (header.metric > static_cast<std::uint32_t>(Metric::l2))
    refuse("metric", header.metric);
  if (header.rank < 1 || header.rank > kMaxRank)
    refuse("rank", header.rank);
  if (header.rows < 0 || header.rows > kMaxRows)
    refuse("rows", header.rows);
  if (header.panel_rows != kPanelRows)
    refuse("rows a panel of", header.panel_rows);
  return {static_cast<Metric>(header.metric), header.rows, header.rank};
}

std::int64_t panel_bytes(const IndexShape& shape) {
  return shape.panels() * shape.panel_floats() * static_cast<std::int64_t>(sizeof(float));  // under 2⁴⁶
}

}  // namespace

void write_index(const std::filesystem::path& path, const IndexShape& shape, std::span<const float> panels) {
  Header header{.magic = {},
                .version = kVersion,
                .metric = static_cast<std::uint32_t>(shape.metric),
                .rows = shape.rows,
                .rank = shape.rank,
                .panel_rows = kPanelRows,
                .panel_bytes = panel_bytes(shape),
                .panel_crc = parallel_crc(std::as_bytes(panels)),
                .reserved = {},
                .header_crc = 0};
  std::copy(std::begin(kMagic), std::end(kMagic), header.magic);
  header.header_crc = crc_of(std::as_bytes(std::span(&header, 1)).first(offsetof(Header, header_crc)));
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&header, 1)));
  file.write(std::as_bytes(panels));
  file.commit();
}

std::unique_ptr<CpuIndex> read_index(const std::filesystem::path& path) {
  MappedFile file(path);
  const std::string name = path.string();
  const Header header = parse_header<Header>(file.bytes(), name, "a search index", kMagic, kVersion);
  const IndexShape shape = check_shape(header, name);
  const auto have = static_cast<std::int64_t>(file.bytes().size() - sizeof(Header));
  if (header.panel_bytes != panel_bytes(shape) || have != header.panel_bytes)
    throw BadInput(
        fmt::format("{}: {} bytes of vectors; {} rows of rank {} have {}: the file is cut or damaged; make "
                    "the index again",
                    name, have, shape.rows, shape.rank, panel_bytes(shape)));
  if (parallel_crc(file.bytes().subspan(sizeof(Header))) != header.panel_crc)
    throw BadInput(fmt::format("{}: the vectors are damaged (checksum); make the index again", name));
  return std::make_unique<CpuIndex>(shape, std::move(file), sizeof(Header));
}

}  // namespace segue::search
