#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace segue {

/// What the process tells its caller; `segue` documents these under --help.
enum class ExitCode : int { ok = 0, failed = 1, usage = 2, bad_input = 3, unavailable = 4 };

/// Base of every exception Segue throws. what() is one line a user can act on: what, where, the value, what to do.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, ExitCode exit_code = ExitCode::failed)
      : std::runtime_error(message), exit_code_(exit_code) {}
  ExitCode exit_code() const noexcept { return exit_code_; }

 private:
  ExitCode exit_code_;
};

/// An option or an argument out of range: the message has the value and the range.
class InvalidArgument : public Error {
 public:
  explicit InvalidArgument(const std::string& message) : Error(message, ExitCode::usage) {}
};

/// An input that is damaged or not what it should be: the message has file, line or record, column and value.
class BadInput : public Error {
 public:
  explicit BadInput(const std::string& message) : Error(message, ExitCode::bad_input) {}
};

/// An id that the table searched does not hold: the message has the id, the table and the nearest ids.
class UnknownId : public BadInput {
 public:
  using BadInput::BadInput;
};

/// A system call on a file failed: the message has the path and the system's reason.
class IoError : public Error {
 public:
  IoError(const std::string& action, const std::filesystem::path& path, int error_number);
};

/// The device asked for cannot be used: the message names what is missing.
class DeviceUnavailable : public Error {
 public:
  explicit DeviceUnavailable(const std::string& message) : Error(message, ExitCode::unavailable) {}
};

/// What is planned does not fit: the message has the bytes needed and the bytes there are.
class OutOfMemory : public Error {
 public:
  explicit OutOfMemory(const std::string& message) : Error(message, ExitCode::unavailable) {}
};

}  // namespace segue
