#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "segue/core/error.hpp"
#include "segue/core/matrix.hpp"
#include "segue/search/ivf.hpp"

namespace {

using namespace segue;

constexpr std::size_t kRank = 24, kLists = 40, kPanels = 56, kCrcs = 64, kHeaderCrc = 124, kHeaderBytes = 128;

void load_and_search(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
  try {
    const auto index = search::load_ivf_index(Device::cpu(), path);
    const Matrix<float> queries(3, index->rank(), 0.5f);
    Matrix<search::Hit> hits(3, 4);
    index->search(queries.view(), hits.view(), {.k = 4});
    index->search(queries.view(), hits.view(), {.k = 4, .probes = index->lists()});
  } catch (const BadInput&) {  // what a damaged file must give
  }
  std::filesystem::remove(path);
}

void set_crc(std::string& content, std::size_t offset, std::size_t begin, std::size_t end) {
  const auto* bytes = reinterpret_cast<const Bytef*>(content.data());
  const auto crc = static_cast<std::uint32_t>(::crc32_z(0, bytes + begin, end - begin));
  std::memcpy(content.data() + offset, &crc, sizeof crc);
}

std::size_t field(const std::string& content, std::size_t offset) {
  std::uint64_t value;
  std::memcpy(&value, content.data() + offset, sizeof value);
  return static_cast<std::size_t>(std::min<std::uint64_t>(value, 1 << 20));
}

/// As somebody who means harm would: the sections where the header has them, in the bytes that there are.
void set_all_crcs(std::string& content) {
  const std::size_t panels = field(content, kPanels);
  const std::size_t sizes[] = {field(content, kLists) * field(content, kRank) * 4, (field(content, kLists) + 1) * 8,
                               panels * 128, content.size()};
  std::size_t begin = kHeaderBytes;
  for (std::size_t section = 0; section < 4; ++section) {
    const std::size_t end = std::min(content.size(), begin + (sizes[section] + 63) / 64 * 64);
    set_crc(content, kCrcs + 4 * section, begin, end);
    begin = end;
  }
  set_crc(content, kHeaderCrc, 0, kHeaderCrc);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("segue_ivf_fuzzer_" + std::to_string(::getpid()));
  std::string content(reinterpret_cast<const char*>(data), size);
  load_and_search(path, content);
  if (size >= kHeaderBytes) {
    set_all_crcs(content);
    load_and_search(path, content);
  }
  return 0;
}
