#pragma once

#include <string>
#include <string_view>

namespace segue {

/// Where a compute engine runs. A value: parsed once at the command line, handed to the make_<engine>() factories.
struct Device {
  enum class Kind { automatic, cpu, cuda };
  Kind kind = Kind::automatic;
  int index = 0;  ///< which GPU, for Kind::cuda

  /// "auto", "cpu", "cuda" (= "cuda:0") or "cuda:N".
  /// @throws InvalidArgument  anything else
  static Device parse(std::string_view text);
  static Device cpu() { return {Kind::cpu, 0}; }

  std::string to_string() const;
  friend bool operator==(const Device&, const Device&) = default;
};

/// What a device request comes to on this machine, and why.
struct ResolvedDevice {
  Device device;       ///< never automatic
  std::string reason;  ///< one line for the log; empty when the request was met as it stood
};

/// `auto` becomes the first GPU where this build and this machine have one, else the CPU, with the reason.
/// @throws DeviceUnavailable  a GPU was asked for by name and cannot be had: what is missing
ResolvedDevice resolve(Device requested);

}  // namespace segue
