// RecBole's atomic files: tab-separated, each column's type behind its name. RecBole reads them with pandas, whose
// quotes and words for "missing" hold; the words of a sequence are set apart by spaces.
#include <fmt/format.h>

#include <algorithm>

#include "host/data/export/companions.hpp"
#include "host/data/export/token.hpp"
#include "host/data/export/write_in_order.hpp"
#include "segue/core/error.hpp"
#include "segue/data/table_reader.hpp"

namespace segue::data {
namespace {

constexpr std::int64_t kRowsAPiece = 4096;

bool is_missing_to_pandas(std::string_view id) {
  constexpr std::string_view kWords[] = {"#N/A", "#N/A N/A", "#NA",     "-1.#IND", "-1.#QNAN", "-NaN",
                                         "-nan", "1.#IND",   "1.#QNAN", "<NA>",    "N/A",      "NA",
                                         "NULL", "NaN",      "None",    "n/a",     "nan",      "null"};
  return std::ranges::find(kWords, id) != std::end(kWords);
}

void append_id(std::string& text, std::string_view id) {
  if (is_missing_to_pandas(id)) {
    fmt::format_to(std::back_inserter(text), "%{:02X}", id[0]);
    id.remove_prefix(1);
  }
  append_token(text, id);
}

// A title or a name, a sequence of words to RecBole.
void append_words(std::string& text, std::string_view words) {
  std::string line(words);
  std::ranges::replace_if(
      line, [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
  append_csv_field(text, line, '\t');
}

void append_date(std::string& text, std::int32_t day) {
  if (day != Catalogue::kNoDate)
    text += format_date(Date(std::chrono::days(day)));
}

void append_item(std::string& text, const IdTable& songs, const Catalogue& catalogue, std::int32_t song) {
  append_id(text, songs.id(song));
  if (!catalogue.contains(song)) {
    text += "\t\t\t\t\t\n";
    return;
  }
  const std::size_t i = static_cast<std::size_t>(song);
  text += '\t';
  append_words(text, catalogue.titles[i]);
  text += '\t';
  append_id(text, catalogue.artist_id_of(song));
  text += '\t';
  append_words(text, catalogue.artist_name_of(song));
  text += '\t';
  append_date(text, catalogue.release_day[i]);
  text += '\t';
  if (catalogue.duration_ms[i] > 0)
    append_number(text, catalogue.duration_ms[i]);
  text += '\n';
}

template <class AppendRow>
std::filesystem::path write_table(const std::filesystem::path& path, std::string_view header, std::int64_t rows,
                                  AppendRow&& append_row) {
  AtomicFile file(path);
  file.write(header);
  write_in_order(file, (rows + kRowsAPiece - 1) / kRowsAPiece, [&](std::int64_t piece, std::string& text) {
    for (std::int64_t row = piece * kRowsAPiece; row < std::min(rows, (piece + 1) * kRowsAPiece); ++row)
      append_row(static_cast<std::int32_t>(row), text);
  });
  file.commit();
  return path;
}

std::filesystem::path write_items(const std::filesystem::path& path, const LabelledMatrix& interactions,
                                  const Catalogue& catalogue) {
  return write_table(path,
                     "item_id:token\ttitle:token_seq\tartist_id:token\tartist:token_seq\trelease_date:token\t"
                     "duration_ms:float\n",
                     interactions.matrix.columns, [&](std::int32_t song, std::string& text) {
                       append_item(text, interactions.columns, catalogue, song);
                     });
}

std::filesystem::path write_users(const std::filesystem::path& path, const LabelledMatrix& interactions,
                                  const Catalogue& catalogue, const CsrView& follows) {
  return write_table(path, "user_id:token\tfollows:token_seq\n", interactions.matrix.rows,
                     [&](std::int32_t user, std::string& text) {
                       append_id(text, interactions.rows.id(user));
                       char separator = '\t';
                       if (user < follows.rows)
                         for (const std::int32_t artist : follows.row_indices(user)) {
                           text += std::exchange(separator, ' ');
                           append_id(text, catalogue.artists.id(artist));
                         }
                       text += separator == '\t' ? "\t\n" : "\n";
                     });
}

std::filesystem::path write_interactions(const std::filesystem::path& path, const LabelledMatrix& interactions,
                                         std::string_view value_name, Progress& progress) {
  const CsrView& matrix = interactions.matrix;
  AtomicFile file(path);
  file.write(fmt::format("user_id:token\titem_id:token\t{}:float\n", value_name));
  write_rows_in_order(file, matrix, progress, [&](std::int64_t row, std::string& text) {
    std::string user;
    append_id(user, interactions.rows.id(static_cast<std::int32_t>(row)));
    user += '\t';
    const std::span<const std::int32_t> songs = matrix.row_indices(row);
    for (std::size_t i = 0; i < songs.size(); ++i) {
      text += user;
      append_id(text, interactions.columns.id(songs[i]));
      text += '\t';
      append_number(text, matrix.values.empty() ? 1.0f : matrix.row_values(row)[i]);
      text += '\n';
    }
  });
  file.commit();
  return path;
}

std::filesystem::path make_folder(std::filesystem::path folder) {
  if (!folder.has_filename())
    folder = folder.parent_path();  // "name/"
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw IoError("create folder", folder, error.value());
  return std::filesystem::canonical(folder);
}

}  // namespace

ExportResult export_recbole(const std::filesystem::path& folder, const LabelledMatrix& interactions,
                            std::string_view value_name, const Catalogue& catalogue, const CsrView& follows,
                            Progress& progress) {
  check_ids(interactions.rows, interactions.matrix.rows, "users");
  check_ids(interactions.columns, interactions.matrix.columns, "songs");
  const std::filesystem::path made = make_folder(folder), stem = made / made.filename();
  const auto file = [&](const char* ending) { return std::filesystem::path(stem.native() + ending); };
  std::filesystem::remove(file(".item"));
  std::filesystem::remove(file(".user"));
  ExportResult result;
  result.rows = interactions.matrix.nonzeros();
  result.files.push_back(write_interactions(file(".inter"), interactions, value_name, progress));
  if (!catalogue.empty())
    result.files.push_back(write_items(file(".item"), interactions, catalogue));
  if (follows.nonzeros() > 0)
    result.files.push_back(write_users(file(".user"), interactions, catalogue, follows));
  return result;
}

}  // namespace segue::data
