#include <gmock/gmock.h>

#include "segue/core/error.hpp"
#include "segue/core/sha256.hpp"
#include "tests/data/export/small.hpp"

namespace segue::data {
namespace {

using test::message_of;
using test::TempFolder;
using test_export::ids_of;
using test_export::small_factors;
using test_export::small_matrix;
using testing::ElementsAre;
using namespace std::string_literals;

FactorTable two_rows() {
  FactorTable table = small_factors();
  Matrix<float> rows(2, 2);
  std::ranges::copy(std::initializer_list<float>{1, -2.5f, 0, 0.1f}, rows.data());
  table.vectors = std::move(rows);
  return table;
}

constexpr char kIds[] = "row\tid\n0\ta b\n1\tnever trained\n";

// What numpy 2.4.6's save() writes.
TEST(ExportNpy, IsWhatNumpyWrites) {
  const TempFolder folder;
  const ExportResult result = export_npy(folder / "songs.npy", two_rows(), Storage::float32, no_progress());
  EXPECT_EQ(folder.read("songs.npy"), "\x93NUMPY\x01\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"s +
                                          std::string(58, ' ') + "\n\0\0\x80?\0\0 \xc0\0\0\0\0\xcd\xcc\xcc="s);
  EXPECT_EQ(folder.read("songs.ids.tsv"), kIds);
  EXPECT_THAT(result.files, ElementsAre(folder / "songs.npy", folder / "songs.ids.tsv"));
  EXPECT_EQ(result.rows, 2);
}

TEST(ExportNpy, Float16) {
  const TempFolder folder;
  export_npy(folder / "songs.npy", two_rows(), Storage::float16, no_progress());
  const std::string npy = folder.read("songs.npy");
  EXPECT_THAT(npy, testing::HasSubstr("'<f2'"));
  EXPECT_EQ(npy.substr(128), "\0\x3c\0\xc1\0\0\x66\x2e"s);
}

TEST(ExportNpy, Float16RefusesWhatItDoesNotHold) {
  const TempFolder folder;
  FactorTable table = two_rows();
  table.vectors(1, 0) = 70000;
  EXPECT_EQ(
      message_of<InvalidArgument>([&] { export_npy(folder / "songs.npy", table, Storage::float16, no_progress()); }),
      "row 1 holds 70000, float16 goes to ±65504; export it with --storage float32");
  EXPECT_EQ(folder.read("songs.npy"), "");
}

TEST(ExportNpy, RefusesFewerIdsThanRowsAndWhatNothingCanLieBeside) {
  const TempFolder folder;
  FactorTable table = two_rows();
  table.ids = ids_of({"one"});
  EXPECT_EQ(
      message_of<InvalidArgument>([&] { export_npy(folder / "songs.npy", table, Storage::float32, no_progress()); }),
      (folder / "songs.ids.tsv").string() + ": 1 ids for 2 rows");
  EXPECT_EQ(message_of<InvalidArgument>([&] { export_npy("/dev/null", two_rows(), Storage::float32, no_progress()); }),
            "/dev/null: not a file, and this format's ids are written beside it; name a file");
}

// What safetensors 0.8.0's numpy.save() writes.
TEST(ExportSafetensors, IsWhatSafetensorsWrites) {
  const TempFolder folder;
  export_safetensors(folder / "s.safetensors", "songs", two_rows(), Storage::float32,
                     {{"segue", "0.1.0"}, {"run", "abc"}}, no_progress());
  EXPECT_EQ(folder.read("s.safetensors"),
            "p\0\0\0\0\0\0\0{\"__metadata__\":{\"run\":\"abc\",\"segue\":\"0.1.0\"},\"songs\":{\"dtype\":\"F32\","
            "\"shape\":[2,2],\"data_offsets\":[0,16]}}      "
            "\0\0\x80?\0\0 \xc0\0\0\0\0\xcd\xcc\xcc="s);
  EXPECT_EQ(folder.read("s.ids.tsv"), kIds);
}

TEST(ExportSafetensors, Float16AndMetadataThatNeedsEscapes) {
  const TempFolder folder;
  export_safetensors(folder / "s.safetensors", "songs", two_rows(), Storage::float16, {{"run", "ab\"c\n"}},
                     no_progress());
  EXPECT_EQ(folder.read("s.safetensors"),
            "`\0\0\0\0\0\0\0{\"__metadata__\":{\"run\":\"ab\\\"c\\n\"},\"songs\":{\"dtype\":\"F16\",\"shape\":[2,2],"
            "\"data_offsets\":[0,8]}}   \0\x3c\0\xc1\0\0\x66\x2e"s);
}

// The sums are those of files that scipy 1.17.1's load_npz() gave back as these matrices.
TEST(ExportNpz, IsAFileThatScipyRead) {
  const TempFolder folder;
  const Csr matrix = small_matrix();
  const IdTable users = ids_of({"u", "v", "w", "only follows"}), songs = ids_of({"s", "t", "x", "y"});
  const ExportResult result = export_npz(folder / "m.npz", {matrix.view(), users, songs}, no_progress());
  EXPECT_EQ(sha256_file(folder / "m.npz"), "9c7b98c355efe04fb489d7d722e63e7a8965adeb84b83183e858d5457f486a62");
  EXPECT_EQ(folder.read("m.users.ids.tsv"), "row\tid\n0\tu\n1\tv\n2\tw\n");
  EXPECT_EQ(folder.read("m.songs.ids.tsv"), "row\tid\n0\ts\n1\tt\n2\tx\n3\ty\n");
  EXPECT_THAT(result.files, ElementsAre(folder / "m.npz", folder / "m.users.ids.tsv", folder / "m.songs.ids.tsv"));
  CsrView pattern = matrix.view();
  pattern.values = {};
  export_npz(folder / "p.npz", {pattern, users, songs}, no_progress());
  EXPECT_EQ(sha256_file(folder / "p.npz"), "821fb6b962661a13dfbd5b5b48025b30485f4ee19fd8255e5fca8b67bfe172ac");
}

}  // namespace
}  // namespace segue::data
