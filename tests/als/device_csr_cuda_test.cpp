// Matrices made on the device, against plain loops and data::transpose().
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>
#include <vector>

#include "cuda/als/device_csr.hpp"
#include "segue/core/random.hpp"
#include "tests/als/reference.hpp"
#include "tests/core/kernel_test.hpp"

namespace segue::cuda {
namespace {

class DeviceCsrTest : public KernelTest {
 protected:
  static void expect_same(const data::CsrView& got, const data::CsrView& want) {
    EXPECT_EQ(got.rows, want.rows);
    EXPECT_EQ(got.columns, want.columns);
    EXPECT_TRUE(std::ranges::equal(got.offsets, want.offsets));
    EXPECT_TRUE(std::ranges::equal(got.indices, want.indices));
    EXPECT_TRUE(std::ranges::equal(got.values, want.values));
  }

  static data::Csr build(std::int64_t rows, std::int64_t columns, const std::vector<std::int32_t>& row_of,
                         const std::vector<std::int32_t>& column_of, const std::vector<float>& values) {
    const DeviceBuffer<std::int32_t> device_rows = to_device(row_of), device_columns = to_device(column_of);
    const DeviceBuffer<float> device_values = to_device(values);
    return download_csr(context(), build_csr(context(), rows, columns, device_rows.span(), device_columns.span(),
                                             device_values.span()));
  }
};

TEST_F(DeviceCsrTest, ComesBackAsItWentUp) {
  const auto problem = als::reference::random_problem(40, 23, 0.3, 1, true);
  expect_same(download_csr(context(), upload_csr(context(), problem.by_user.view())).view(), problem.by_user.view());
}

TEST_F(DeviceCsrTest, TransposeIsTheHosts) {
  for (const auto& [rows, columns] : {std::pair{1, 1}, std::pair{300, 7}, std::pair{5, 300}, std::pair{64, 65}}) {
    const auto problem = als::reference::random_problem(rows, columns, 0.3, 2, true);
    const DeviceCsr by_user = upload_csr(context(), problem.by_user.view());
    expect_same(download_csr(context(), transpose_csr(context(), by_user)).view(), problem.by_song.view());
  }
}

TEST_F(DeviceCsrTest, TransposesPatternsAndNothing) {
  const auto problem = als::reference::random_problem(30, 20, 0.4, 3);
  data::CsrView pattern = problem.by_user.view(), want = problem.by_song.view();
  pattern.values = want.values = {};
  expect_same(download_csr(context(), transpose_csr(context(), upload_csr(context(), pattern))).view(), want);

  data::Csr nothing{.rows = 3, .columns = 2, .offsets = {0, 0, 0, 0}, .indices = {}, .values = {}};
  expect_same(download_csr(context(), transpose_csr(context(), upload_csr(context(), nothing.view()))).view(),
              data::transpose(nothing.view()).view());
}

TEST_F(DeviceCsrTest, BuildsFromTriplesAndAddsEquals) {
  Random random(4);
  constexpr std::uint32_t kRows = 70, kColumns = 33;
  std::vector<std::int32_t> rows, columns;
  std::vector<float> values;
  std::map<std::pair<std::int32_t, std::int32_t>, float> want;
  for (int i = 0; i < 1500; ++i) {
    rows.push_back(static_cast<std::int32_t>(random.below(kRows - 1)));  // the last row stays empty
    columns.push_back(static_cast<std::int32_t>(random.below(kColumns)));
    values.push_back(static_cast<float>(random.uniform()) - 0.3f);
    want[{rows.back(), columns.back()}] += values.back();  // floats, in the order given
  }
  const data::Csr got = build(kRows, kColumns, rows, columns, values);
  data::check_csr(got.view(), "built");
  ASSERT_EQ(got.nonzeros(), static_cast<std::int64_t>(want.size()));
  EXPECT_LT(got.nonzeros(), 1500);
  std::size_t at = 0;
  for (std::int64_t row = 0; row < got.rows; ++row)
    for (std::int64_t i = 0; i < got.view().row_size(row); ++i, ++at) {
      const auto found = want.find({static_cast<std::int32_t>(row), got.indices[at]});
      ASSERT_NE(found, want.end());
      EXPECT_EQ(got.values[at], found->second);
    }
}

TEST_F(DeviceCsrTest, BuildsWhatIsOnePairOrNone) {
  const data::Csr one = build(2, 2, {1, 1, 1}, {0, 0, 0}, {1, 2, 4});
  EXPECT_THAT(one.offsets, testing::ElementsAre(0, 0, 1));
  EXPECT_THAT(one.indices, testing::ElementsAre(0));
  EXPECT_THAT(one.values, testing::ElementsAre(7));
  const data::Csr none = build(2, 3, {}, {}, {});
  EXPECT_THAT(none.offsets, testing::ElementsAre(0, 0, 0));
  EXPECT_EQ(none.columns, 3);
}

}  // namespace
}  // namespace segue::cuda
