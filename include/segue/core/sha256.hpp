#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace segue {

/// SHA-256 (FIPS 180-4) as lower-case hex.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(std::string_view bytes);
  /// Ends the message; the object is spent.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256(std::string_view bytes);
/// @throws IoError
std::string sha256_file(const std::filesystem::path& path);

}  // namespace segue
