#include "host/music/render/excerpt_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "segue/audio/decode.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/text.hpp"

namespace segue::music {
namespace {

namespace fs = std::filesystem;

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    throw IoError("create", path, error.value());
}

// A line that a killed process did not finish.
void cut_torn_line(const fs::path& path) {
  const std::string content = read_file(path);
  const std::size_t whole = content.rfind('\n') + 1;  // npos + 1 = 0
  std::error_code error;
  if (whole < content.size())
    fs::resize_file(path, whole, error);
  if (error)
    throw IoError("shorten", path, error.value());
}

}  // namespace

ExcerptFolder::ExcerptFolder(fs::path folder, audio::Split split, const std::string& parameters)
    : folder_(std::move(folder)), split_(split) {
  make_folder(folder_ / "audio");
  lock_folder();
  require_same(parameters);
  read_labels();
}

ExcerptFolder::~ExcerptFolder() {
  if (labels_ >= 0)
    ::close(labels_);
  if (lock_ >= 0)
    ::close(lock_);
}

std::string ExcerptFolder::relative_path(std::int64_t number) const {
  return fmt::format("audio/{}-{:07}.flac", audio::split_name(split_), number);
}

void ExcerptFolder::lock_folder() {
  lock_ = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0)
    throw IoError("open", folder_, errno);
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0)
    throw InvalidArgument(fmt::format(
        "simulate music: another process writes into {}: wait for it, or name another folder", folder_.string()));
}

void ExcerptFolder::require_same(const std::string& parameters) const {
  const fs::path path = folder_ / fmt::format("{}.parameters", audio::split_name(split_));
  if (!fs::exists(path))
    return write_file(path, parameters + "\n");
  const std::string before = read_file(path);
  if (before != parameters + "\n")
    throw InvalidArgument(
        fmt::format("simulate music: {} was begun with other parameters ({}), not with {}: give the "
                    "same, or name another folder",
                    path.string(), quote_for_message(before, 1000), parameters));
}

void ExcerptFolder::read_labels() {
  const fs::path path = folder_ / "labels.jsonl";
  if (fs::exists(path)) {
    cut_torn_line(path);
    for (const audio::Labels& labels : audio::read_labels(folder_))
      if (fs::exists(folder_ / labels.path))
        lines_[labels.path] = audio::format_labels(labels);
  }
  sort();
  labels_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (labels_ < 0)
    throw IoError("open", path, errno);
}

void ExcerptFolder::add(std::int64_t number, const Excerpt& excerpt, int sample_rate) {
  audio::write_audio(audio_path(number), excerpt.samples, sample_rate);
  audio::Labels labels = excerpt.labels;
  labels.path = relative_path(number);
  labels.split = split_;
  const std::string line = audio::format_labels(labels);
  const std::lock_guard lock(adding_);
  const std::string text = line + "\n";
  if (::write(labels_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw IoError("write", folder_ / "labels.jsonl", errno);
  lines_[labels.path] = line;
}

void ExcerptFolder::sort() const {
  std::string text;
  for (const auto& [path, line] : lines_)
    text += line + "\n";
  write_file(folder_ / "labels.jsonl", text);
}

}  // namespace segue::music
