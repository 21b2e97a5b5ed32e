#include "host/cli/session.hpp"

#include <cstdio>
#include <string>

#include "host/cli/progress_sink.hpp"
#include "segue/core/log.hpp"
#include "segue/core/memory_plan.hpp"
#include "segue/core/parallel.hpp"

namespace segue::cli {
namespace {

std::string cell_text(const Json& value) {
  if (value.is_string())
    return value.get<std::string>();
  if (value.is_number_float())
    return fmt::format("{:.4g}", value.get<double>());
  return value.is_null() ? "" : value.dump();
}

}  // namespace

Session::Session(const GlobalOptions& options)
    : config_(pipeline::load_config(options.config_file, options.settings, options.seed)),
      progress_(options.quiet),
      json_(options.json) {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("segue", std::make_shared<ProgressSink>(progress_)));
  spdlog::set_pattern("segue: %l: %v");
  spdlog::set_level(options.quiet ? spdlog::level::warn : spdlog::level::info);
  set_thread_count(options.threads);
  set_memory_limit(static_cast<std::int64_t>(options.memory));
  const ResolvedDevice resolved = resolve(Device::parse(options.device));
  device_ = resolved.device;
  if (!resolved.reason.empty())
    log::info("{}", resolved.reason);
}

Session::~Session() {
  spdlog::set_default_logger(nullptr);  // its sink writes above the bar, which ends here
}

void Session::say(std::string_view line) const {
  if (!json_)
    fmt::print("{}\n", line);
}

void Session::say_table(const Json& rows) const {
  if (json_ || rows.empty())
    return;
  std::vector<std::string> headers;
  for (const auto& [key, value] : rows[0].items())
    headers.push_back(key == "position" ? "#" : key);
  Table table(headers);
  for (const Json& row : rows) {
    std::vector<Cell> cells;
    for (const auto& [key, value] : row.items())
      cells.push_back({.text = cell_text(value), .numeric = value.is_number()});
    table.add(std::move(cells));
  }
  table.print(stdout);
}

void Session::answer(const Json& document) const {
  if (json_)
    fmt::print("{}\n", document.dump(1));
}

}  // namespace segue::cli
