// Past 2³¹ factor elements: 2.2 million users of rank 1024 are 2.25 · 10⁹ floats and as many halves. Nearly all rows
// are empty and are never touched, so the pages behind them are never made: 13.5 GB of addresses, a few MB of memory.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <limits>

#include "segue/als/solver.hpp"
#include "segue/core/memory_plan.hpp"
#include "tests/als/reference.hpp"

namespace segue::als {
namespace {

constexpr std::int64_t kUsers = 2'200'000, kSongs = 5;
constexpr int kRank = 1024;

#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Users at both ends stream songs; between them nobody does.
data::Csr streams(std::int64_t users) {
  data::Csr matrix{.rows = users, .columns = kSongs, .offsets = {0}, .indices = {}, .values = {}};
  for (std::int64_t user = 0; user < users; ++user) {
    if (user < 20 || user >= users - 20)
      for (std::int32_t song = 0; song < kSongs; ++song)
        if ((user + song) % 3 != 0) {
          matrix.indices.push_back(song);
          matrix.values.push_back(static_cast<float>(1 + song));
        }
    matrix.offsets.push_back(static_cast<std::int64_t>(matrix.indices.size()));
  }
  return matrix;
}

Matrix<float> songs_after_one_iteration(std::int64_t users) {
  const data::Csr by_user = streams(users);
  const data::Csr by_song = data::transpose(by_user.view());
  const auto solver = make_solver(Device::cpu(), by_user.view(), by_song.view(), {.rank = kRank});
  // Zeros that cost nothing: pages of an anonymous mapping that are only read.
  const auto bytes = static_cast<std::size_t>(users) * kRank * sizeof(float);
  void* zeros = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  EXPECT_NE(zeros, MAP_FAILED);
  solver->set_factors({static_cast<const float*>(zeros), users, kRank},
                      reference::random_vectors(kSongs, kRank, 31).view());
  ::munmap(zeros, bytes);
  solver->iterate();
  Matrix<float> songs(kSongs, kRank, std::numeric_limits<float>::quiet_NaN());
  solver->copy_songs(songs.view());
  return songs;
}

TEST(Large, VectorsPastTwoToThe31ElementsAreTheSame) {
  if (kSanitized)
    GTEST_SKIP() << "the sanitizer's shadow of 13.5 GB is real memory";
  if (available_memory_bytes() < 14'000'000'000)
    GTEST_SKIP() << "the kernel may refuse 13.5 GB of addresses where there is less memory";
  const Matrix<float> want = songs_after_one_iteration(40);
  const Matrix<float> got = songs_after_one_iteration(kUsers);
  for (std::int64_t song = 0; song < kSongs; ++song) {
    const std::vector<double> row(want.row(song).begin(), want.row(song).end());
    EXPECT_TRUE(reference::row_is_near(got.row(song), row, 1e-4)) << "song " << song;
  }
}

}  // namespace
}  // namespace segue::als
