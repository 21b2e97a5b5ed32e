#pragma once

#include <string>
#include <string_view>

namespace segue::data {

enum class Compression { none, gz, zst };

/// @throws InvalidArgument  naming the ones there are
Compression parse_compression(std::string_view name);
/// ".csv", ".csv.gz" or ".csv.zst"
std::string_view table_suffix(Compression compression);
/// A whole gzip member or zstd frame: compressed pieces, end to end, are a compressed file.
std::string compress(Compression compression, std::string text);

}  // namespace segue::data
