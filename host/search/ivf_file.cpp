#include "host/search/ivf_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "host/search/checksum.hpp"
#include "host/search/file_header.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"

namespace segue::search {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is little-endian and mapped as it is");

constexpr char kMagic[8] = {'S', 'E', 'G', 'U', 'E', 'I', 'V', 'F'};
constexpr std::uint32_t kVersion = 1;
constexpr std::int64_t kAlignment = 64;
constexpr std::int64_t kMaxPanels = std::int64_t{1} << 32;

enum Section { kCentroids, kPanelStarts, kRowAt, kPanels, kSections };
constexpr const char* kSectionNames[kSections] = {"centroids", "lists", "rows", "vectors"};

struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t metric;
  std::int64_t rows;
  std::int64_t rank;
  std::int64_t panel_rows;
  std::int64_t lists;
  std::int64_t probes;
  std::int64_t panels;
  std::uint32_t crcs[kSections];
  std::uint32_t reserved[11];
  std::uint32_t header_crc;  // of the bytes before it
};
static_assert(sizeof(Header) == 128 && offsetof(Header, header_crc) == 124);

using Bytes = std::span<const std::byte>;

/// Where the sections lie: each begins at a multiple of kAlignment, with zeros after the one before.
struct Layout {
  /// All within their bounds: under 2⁵⁴ bytes.
  Layout(const IndexShape& shape, std::int64_t lists, std::int64_t panels)
      : sizes{lists * shape.rank * 4, (lists + 1) * 8, panels * kPanelRows * 4, panels * shape.panel_floats() * 4} {
    std::int64_t end = sizeof(Header);
    for (int section = 0; section < kSections; ++section) {
      begins[section] = end;
      end += (sizes[section] + kAlignment - 1) / kAlignment * kAlignment;
    }
    file_bytes = end;
  }

  /// With the zeros after it.
  Bytes section(Bytes file, int section) const {
    const std::int64_t end = section + 1 < kSections ? begins[section + 1] : file_bytes;
    return file.subspan(static_cast<std::size_t>(begins[section]), static_cast<std::size_t>(end - begins[section]));
  }
  template <class T>
  std::span<const T> values(Bytes file, int section) const {
    return {reinterpret_cast<const T*>(file.data() + begins[section]),
            static_cast<std::size_t>(sizes[section]) / sizeof(T)};
  }

  std::int64_t sizes[kSections];
  std::int64_t begins[kSections];
  std::int64_t file_bytes;
};

// The checksums are no proof of good will: a file made on purpose can have any content.
void check_header(const Header& header, const std::string& name) {
  const auto require = [&](bool good, const char* what, std::int64_t value) {
    if (!good)
      throw BadInput(fmt::format("{}: an IVF index with {} {}; make the index again", name, what, value));
  };
  const auto within = [](std::int64_t value, std::int64_t least, std::int64_t most) {
    return least <= value && value <= most;
  };
  require(header.metric <= static_cast<std::uint32_t>(Metric::l2), "metric", header.metric);
  require(within(header.rank, 1, kMaxRank), "rank", header.rank);
  require(within(header.rows, 0, kMaxRows), "rows", header.rows);
  require(header.panel_rows == kPanelRows, "rows a panel of", header.panel_rows);
  require(within(header.lists, 1, kMaxRows), "lists", header.lists);
  require(within(header.panels, 0, kMaxPanels), "panels", header.panels);
  require(within(header.probes, 1, std::min<std::int64_t>(header.lists, kMaxHits)) || header.probes == header.lists,
          "probes", header.probes);
}

bool are_starts(std::span<const std::int64_t> starts, std::int64_t panels) {
  return starts.front() == 0 && starts.back() == panels && std::ranges::is_sorted(starts);
}

/// Each row once; ascending in a list, and nothing after them.
bool are_lists(const IvfParts& parts) {
  std::vector<bool> seen(static_cast<std::size_t>(parts.shape.rows));
  std::int64_t count = 0;
  for (std::int64_t list = 0; list < parts.lists(); ++list) {
    const auto places = parts.list_rows(list);
    const auto end = std::ranges::find(places, -1);
    for (auto place = places.begin(); place != end; ++place) {
      if (*place < 0 || *place >= parts.shape.rows || seen[static_cast<std::size_t>(*place)] ||
          (place != places.begin() && *place < place[-1]))
        return false;
      seen[static_cast<std::size_t>(*place)] = true;
      ++count;
    }
    if (std::any_of(end, places.end(), [](std::int32_t row) { return row != -1; }))
      return false;
  }
  return count == parts.shape.rows;
}

}  // namespace

void write_ivf_index(const std::filesystem::path& path, const IvfParts& parts) {
  const Layout layout(parts.shape, parts.lists(), parts.panel_starts.back());
  const Bytes sections[kSections] = {
      std::as_bytes(std::span(parts.centroids.data(), static_cast<std::size_t>(layout.sizes[kCentroids]) / 4)),
      std::as_bytes(parts.panel_starts), std::as_bytes(parts.row_at), std::as_bytes(parts.panels)};
  constexpr std::array<std::byte, kAlignment> kZeros{};
  const auto padding = [&](int section) {
    return Bytes(kZeros).first(static_cast<std::size_t>(-layout.sizes[section] & (kAlignment - 1)));
  };

  Header header{.magic = {},
                .version = kVersion,
                .metric = static_cast<std::uint32_t>(parts.shape.metric),
                .rows = parts.shape.rows,
                .rank = parts.shape.rank,
                .panel_rows = kPanelRows,
                .lists = parts.lists(),
                .probes = parts.probes,
                .panels = parts.panel_starts.back(),
                .crcs = {},
                .reserved = {},
                .header_crc = 0};
  std::ranges::copy(kMagic, header.magic);
  for (int section = 0; section < kSections; ++section)
    header.crcs[section] = crc_with(parallel_crc(sections[section]), padding(section));
  header.header_crc = crc_of(std::as_bytes(std::span(&header, 1)).first(offsetof(Header, header_crc)));

  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&header, 1)));
  for (int section = 0; section < kSections; ++section) {
    file.write(sections[section]);
    file.write(padding(section));
  }
  file.commit();
}

std::unique_ptr<CpuIvfIndex> read_ivf_index(const std::filesystem::path& path) {
  MappedFile file(path);
  const std::string name = path.string();
  const Bytes bytes = file.bytes();
  const Header header = parse_header<Header>(bytes, name, "an IVF index", kMagic, kVersion);
  check_header(header, name);
  const IndexShape shape{static_cast<Metric>(header.metric), header.rows, header.rank};
  const Layout layout(shape, header.lists, header.panels);
  if (static_cast<std::int64_t>(bytes.size()) != layout.file_bytes)
    throw BadInput(fmt::format(
        "{}: {} bytes; {} lists and {} panels of rank {} have {}: the file is cut or damaged; make the index again",
        name, bytes.size(), header.lists, header.panels, shape.rank, layout.file_bytes));
  for (int section = 0; section < kSections; ++section)
    if (parallel_crc(layout.section(bytes, section)) != header.crcs[section])
      throw BadInput(
          fmt::format("{}: the {} are damaged (checksum); make the index again", name, kSectionNames[section]));

  const IvfParts parts{
      .shape = shape,
      .probes = header.probes,
      .centroids = {layout.values<float>(bytes, kCentroids).data(), header.lists, shape.rank},
      .panel_starts = layout.values<std::int64_t>(bytes, kPanelStarts),
      .row_at = layout.values<std::int32_t>(bytes, kRowAt),
      .panels = layout.values<float>(bytes, kPanels),
  };
  if (!are_starts(parts.panel_starts, header.panels))
    throw BadInput(fmt::format("{}: lists that overlap or leave panels out; make the index again", name));
  if (!are_lists(parts))
    throw BadInput(fmt::format("{}: lists that do not hold each of {} rows once, ascending; make the index again", name,
                               header.rows));
  return std::make_unique<CpuIvfIndex>(parts, std::move(file));
}

}  // namespace segue::search
