#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "segue/core/progress.hpp"
#include "segue/data/catalogue.hpp"
#include "segue/data/csr.hpp"
#include "segue/data/factor_table.hpp"
#include "segue/data/id_table.hpp"

/// Vectors, matrices and lists as other tools read them (docs/formats.md, "Exports"). Every file is written through
/// AtomicFile; text is formatted on all threads, in pieces, and is the same bytes on any number of them. All throw
/// IoError, and InvalidArgument where there are fewer ids than rows.
namespace segue::data {

struct ExportResult {
  std::vector<std::filesystem::path> files;  ///< the one asked for first
  std::int64_t rows = 0;                     ///< vectors, rows of the matrix, or lines
};

enum class Storage { float32, float16 };

/// NumPy's format, [rows × rank], with <stem>.ids.tsv beside it.
/// @throws InvalidArgument  a value that float16 does not hold: its row
ExportResult export_npy(const std::filesystem::path& path, const FactorTable& table, Storage storage,
                        Progress& progress);

/// One tensor, `name` [rows × rank], with <stem>.ids.tsv beside the file.
/// @param metadata  becomes `__metadata__`
/// @throws InvalidArgument  a value that float16 does not hold: its row
ExportResult export_safetensors(const std::filesystem::path& path, const std::string& name, const FactorTable& table,
                                Storage storage, const std::map<std::string, std::string>& metadata,
                                Progress& progress);

/// word2vec's text format. Ids are written as tokens; rows of zeros, which have no direction, are left out.
ExportResult export_word2vec(const std::filesystem::path& path, const FactorTable& table, Progress& progress);

/// A matrix and what its rows and columns are called. More ids than rows or columns are allowed.
struct LabelledMatrix {
  CsrView matrix;
  const IdTable& rows;
  const IdTable& columns;
};

/// A line a row: "0 column:value …", columns counted from 1; a pattern's values are 1. Ids in <stem>.users.ids.tsv and
/// <stem>.songs.ids.tsv.
ExportResult export_libsvm(const std::filesystem::path& path, const LabelledMatrix& interactions, Progress& progress);

/// Coordinate format, counted from 1: real, or pattern where there are no values. Ids as for export_libsvm().
ExportResult export_matrix_market(const std::filesystem::path& path, const LabelledMatrix& interactions,
                                  Progress& progress);

/// What scipy.sparse.load_npz() reads: a zip, not compressed. A pattern's values are 1. Ids as for export_libsvm().
ExportResult export_npz(const std::filesystem::path& path, const LabelledMatrix& interactions, Progress& progress);

/// RecBole's atomic files: <folder>/<name>.inter with a column `value_name`, .item if there is a catalogue, .user if
/// anybody follows; <name> is the folder's. An .item or .user that lies there from an earlier export is removed.
/// @param follows  users × catalogue.artists; may have fewer rows than there are users
ExportResult export_recbole(const std::filesystem::path& folder, const LabelledMatrix& interactions,
                            std::string_view value_name, const Catalogue& catalogue, const CsrView& follows,
                            Progress& progress);

/// Lists (JSON Lines as PlaylistWriter writes them) as a TREC run: "user Q0 song rank score tag". The score counts down
/// to 1, because readers sort by it and ignore the rank.
/// @throws BadInput  a line that is no playlist: file and line
ExportResult export_trec(const std::filesystem::path& path, const std::filesystem::path& lists, std::string_view tag,
                         Progress& progress);

/// The file as it is.
ExportResult export_copy(const std::filesystem::path& path, const std::filesystem::path& from, Progress& progress);

}  // namespace segue::data
