#include <nlohmann/json.hpp>

#include "host/data/export/companions.hpp"
#include "host/data/export/write_vectors.hpp"

namespace segue::data {
namespace {

// The header's length (8 bytes, little-endian), then the header, filled up with spaces so that the data is aligned.
std::string header(const std::string& name, MatrixView<const float> vectors, Storage storage,
                   const std::map<std::string, std::string>& metadata) {
  using Json = nlohmann::ordered_json;
  const std::int64_t bytes = vectors.rows() * vectors.columns() * bytes_each(storage);
  const Json tensor{{"dtype", storage == Storage::float16 ? "F16" : "F32"},
                    {"shape", {vectors.rows(), vectors.columns()}},
                    {"data_offsets", {0, bytes}}};
  const Json document{{"__metadata__", metadata}, {name, tensor}};
  std::string text = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string length;
  for (int byte = 0; byte < 8; ++byte)
    length += static_cast<char>(text.size() >> (8 * byte) & 0xff);
  return length + text;
}

}  // namespace

ExportResult export_safetensors(const std::filesystem::path& path, const std::string& name, const FactorTable& table,
                                Storage storage, const std::map<std::string, std::string>& metadata,
                                Progress& progress) {
  const MatrixView<const float> vectors = table.vectors.view();
  const std::filesystem::path ids = write_ids_beside(path, table.ids, vectors.rows());
  AtomicFile file(path);
  file.write(header(name, vectors, storage, metadata));
  write_vectors(file, vectors, storage, progress);
  file.commit();
  return {{path, ids}, vectors.rows()};
}

}  // namespace segue::data
