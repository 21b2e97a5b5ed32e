#include <unistd.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "segue/core/error.hpp"
#include "segue/core/matrix.hpp"
#include "segue/search/index.hpp"

namespace {

using namespace segue;

constexpr std::size_t kPanelCrc = 48, kHeaderCrc = 60, kHeaderBytes = 64;

void load_and_search(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
  try {
    const auto index = search::load_index(Device::cpu(), path);
    const Matrix<float> queries(3, index->rank(), 0.5f);
    Matrix<search::Hit> hits(3, 4);
    index->search(queries.view(), hits.view(), {.k = 4});
  } catch (const BadInput&) {  // what a damaged file must give
  }
  std::filesystem::remove(path);
}

void set_crc(std::string& content, std::size_t offset, std::size_t begin, std::size_t end) {
  const auto* bytes = reinterpret_cast<const Bytef*>(content.data());
  const auto crc = static_cast<std::uint32_t>(::crc32_z(0, bytes + begin, end - begin));
  std::memcpy(content.data() + offset, &crc, sizeof crc);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("segue_index_fuzzer_" + std::to_string(::getpid()));
  std::string content(reinterpret_cast<const char*>(data), size);
  load_and_search(path, content);
  if (size >= kHeaderBytes) {  // behind the checksums, as somebody who means harm would
    set_crc(content, kPanelCrc, kHeaderBytes, size);
    set_crc(content, kHeaderCrc, 0, kHeaderCrc);
    load_and_search(path, content);
  }
  return 0;
}
