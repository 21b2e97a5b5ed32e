#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace segue::audio {

/// A TensorBoard event file: TFRecords (length, its checksum, data, its checksum) of Event messages.
class EventWriter {
 public:
  /// Makes folder/events.out.tfevents.<seconds>.<name>; one that is there is gone on with.  @throws IoError
  EventWriter(const std::filesystem::path& folder, const std::string& name, double wall_time);
  void scalar(std::string_view tag, std::int64_t step, float value, double wall_time);

 private:
  void record(std::string_view data);

  std::filesystem::path path_;
  std::ofstream file_;
};

/// Messages of tensorflow.Event, encoded: a file begins with the first.
std::string version_event(double wall_time);
std::string scalar_event(std::string_view tag, std::int64_t step, float value, double wall_time);
std::string tf_record(std::string_view data);

}  // namespace segue::audio
