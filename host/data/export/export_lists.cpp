#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/data/export/token.hpp"
#include "host/data/export/write_in_order.hpp"
#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/data/export.hpp"

namespace segue::data {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

// Where piece i begins, which has the lines whose first byte is one of its million.
std::size_t piece_begin(std::string_view text, std::int64_t piece) {
  const std::size_t at = static_cast<std::size_t>(piece) * kPieceBytes;
  if (at == 0)
    return 0;
  if (at > text.size())
    return text.size();
  const std::size_t line_end = text.find('\n', at - 1);
  return line_end == std::string_view::npos ? text.size() : line_end + 1;
}

void append_list(std::string& text, std::string_view line, std::string_view tag) {
  const auto list = nlohmann::json::parse(line);
  const auto& songs = list.at("songs").get_ref<const nlohmann::json::array_t&>();
  std::string user;
  append_token(user, list.at("user").get_ref<const std::string&>());
  for (std::size_t i = 0; i < songs.size(); ++i) {
    text += user;
    text += " Q0 ";
    append_token(text, songs[i].at("song").get_ref<const std::string&>());
    fmt::format_to(std::back_inserter(text), " {} {} {}\n", i + 1, songs.size() - i, tag);
  }
}

std::int64_t line_of(std::string_view text, std::string_view line) {
  return 1 + std::count(text.begin(), text.begin() + (line.data() - text.data()), '\n');
}

}  // namespace

ExportResult export_trec(const std::filesystem::path& path, const std::filesystem::path& lists, std::string_view tag,
                         Progress& progress) {
  const MappedFile mapped(lists);
  const std::string_view text = mapped.text();
  AtomicFile file(path);
  ProgressTask task(progress, "export", static_cast<std::int64_t>(text.size()), "bytes");
  const std::int64_t pieces = static_cast<std::int64_t>(text.size() / kPieceBytes) + 1;
  write_in_order(file, pieces, [&](std::int64_t piece, std::string& out) {
    const std::size_t begin = piece_begin(text, piece), end = piece_begin(text, piece + 1);
    std::string_view rest = text.substr(begin, end - begin);
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      try {
        append_list(out, line, tag);
      } catch (const nlohmann::json::exception& error) {
        throw BadInput(fmt::format("{} line {}: not a list as Segue writes them: {}", lists.string(),
                                   line_of(text, line), error.what()));
      }
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
    task.advance(static_cast<std::int64_t>(end - begin));
  });
  file.commit();
  return {{path}, std::count(text.begin(), text.end(), '\n')};
}

ExportResult export_copy(const std::filesystem::path& path, const std::filesystem::path& from, Progress& progress) {
  const MappedFile mapped(from);
  std::string_view rest = mapped.text();
  AtomicFile file(path);
  ProgressTask task(progress, "export", static_cast<std::int64_t>(rest.size()), "bytes");
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, kPieceBytes);
    file.write(piece);
    rest.remove_prefix(piece.size());
    task.advance(static_cast<std::int64_t>(piece.size()));
  }
  file.commit();
  return {{path}, std::count(mapped.text().begin(), mapped.text().end(), '\n')};
}

}  // namespace segue::data
