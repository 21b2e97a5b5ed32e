// How the tests of planted faults launch, and say where a fault must be found.
#pragma once

#include <gmock/gmock.h>

#include <fstream>
#include <string>
#include <string_view>

#include "cuda/core/launch.hpp"
#include "simt/engine.hpp"
#include "tests/core/kernel_test.hpp"

namespace segue::cuda {

/// "file.cu:12", the line of the calling file that has the comment "// fault: WHAT".
inline std::string fault(std::string_view what, std::string_view file = __builtin_FILE()) {
  std::ifstream source{std::string(file)};
  int number = 1;
  for (std::string line; std::getline(source, line); ++number)
    if (line.ends_with("// fault: " + std::string(what)))
      return std::string(file.substr(file.rfind('/') + 1)) + ":" + std::to_string(number);
  throw std::invalid_argument("no such comment in " + std::string(file) + ": " + std::string(what));
}

class Faults : public KernelTest {
 protected:
  void TearDown() override { simt::options() = options_; }

  /// What the interpreter says of a launch; empty if it finds nothing.
  template <class... P, class... A>
  static std::string launch_fault(void (*kernel)(P...), const Grid& grid, A... arguments) {
    try {
      launch(kernel, grid, stream(), arguments...);
    } catch (const simt::Error& error) {
      return error.what();
    }
    return {};
  }

  /// Runs `body` under both fixed orders and eight random ones.
  template <class Body>
  static void for_each_schedule(Body body) {
    for (const simt::Schedule schedule : {simt::Schedule::forward, simt::Schedule::reverse}) {
      simt::options().schedule = schedule;
      body();
    }
    simt::options().schedule = simt::Schedule::random;
    for (simt::options().seed = 1; simt::options().seed <= 8; ++simt::options().seed)
      body();
  }

 private:
  const simt::Options options_ = simt::options();
};

}  // namespace segue::cuda
