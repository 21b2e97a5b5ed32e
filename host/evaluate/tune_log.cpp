#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <nlohmann/json.hpp>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/text.hpp"
#include "segue/evaluate/tune.hpp"

namespace segue::evaluate {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kMagic[] = "segue tune";
constexpr int kVersion = 2;  // 1: records had no split

Json to_json(const TrialRecord& record) {
  return {{"trial", record.trial},     {"iterations", record.iterations},
          {"split", record.split},     {"score", std::isfinite(record.score) ? Json(record.score) : Json(nullptr)},
          {"seconds", record.seconds}, {"elapsed", record.elapsed}};
}

TrialRecord from_json(const Json& json) {
  return {.trial = json.at("trial"),
          .iterations = json.at("iterations"),
          .split = json.at("split"),
          .score = json.at("score").is_null() ? NAN : json.at("score").get<double>(),
          .seconds = json.at("seconds"),
          .elapsed = json.at("elapsed")};
}

Json to_json(const TrialLog::Fields& fields) {
  Json json = Json::object();
  for (const auto& [what, value] : fields)
    json[what] = value;
  return json;
}

/// What of `made_for` another header differs in: "the seed (1, now 2)".
std::string differences(const Json& found, const TrialLog::Fields& made_for) {
  std::string out;
  for (const auto& [what, value] : made_for) {
    const std::string before = found.value(what, "");
    if (before != value)
      out += fmt::format("{}{} ({}, now {})", out.empty() ? "" : ", ", what, quote_for_message(before, 200),
                         quote_for_message(value, 200));
  }
  return out;
}

}  // namespace

TrialLog::TrialLog(const std::filesystem::path& file, const Fields& made_for) : file_(file) {
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0)
    throw IoError("open", file_, errno);
  try {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0)
      throw Error(
          fmt::format("{}: another segue tune is at work there: wait for it, or choose another --out", file_.string()));
    read(made_for);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

TrialLog::~TrialLog() {
  ::close(descriptor_);
}

void TrialLog::read(const Fields& made_for) {
  const std::string text = read_file(file_);
  const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  if (whole < text.size() && ::ftruncate(descriptor_, static_cast<off_t>(whole)) != 0)  // a line cut off by a kill
    throw IoError("shorten", file_, errno);
  if (whole == 0) {
    write_line(Json{{kMagic, kVersion}, {"made_for", to_json(made_for)}}.dump());
    fsync_directory(file_.has_parent_path() ? file_.parent_path() : std::filesystem::path("."));
    return;
  }
  std::size_t line = 0;
  try {
    for (std::size_t begin = 0; begin < whole; ++line) {
      const std::size_t end = text.find('\n', begin);
      const Json json = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                    text.begin() + static_cast<std::ptrdiff_t>(end));
      begin = end + 1;
      if (line > 0) {
        records_.push_back(from_json(json));
        continue;
      }
      if (const int version = json.at(kMagic).get<int>(); version != kVersion)
        throw InvalidArgument(fmt::format(
            "{} is a trial log of version {}, this segue reads and writes version {}: choose another --out, or "
            "remove the file to begin anew",
            file_.string(), version, kVersion));
      const std::string other = differences(json.at("made_for"), made_for);
      if (!other.empty())
        throw InvalidArgument(
            fmt::format("{} was made for another {}: choose another --out, or remove the file to "
                        "begin anew",
                        file_.string(), other));
    }
  } catch (const nlohmann::json::exception& error) {
    throw BadInput(fmt::format("{}:{}: not a line of a trial log: {}: choose another --out", file_.string(), line + 1,
                               quote_for_message(error.what(), 120)));
  }
}

const TrialRecord* TrialLog::find(std::int64_t trial, int iterations, int split) const {
  for (const TrialRecord& record : records_)
    if (record.trial == trial && record.iterations == iterations && record.split == split)
      return &record;
  return nullptr;
}

void TrialLog::append(const TrialRecord& record, const Fields& values) {
  Json json = to_json(record);
  json["values"] = to_json(values);
  write_line(json.dump());
  records_.push_back(record);
}

void TrialLog::write_line(const std::string& line) {
  const std::string ended = line + "\n";
  std::string_view rest = ended;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      throw IoError("write", file_, errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor_) != 0)
    throw IoError("fsync", file_, errno);
}

}  // namespace segue::evaluate
