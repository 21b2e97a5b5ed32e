#include "segue/core/device.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segue/core/error.hpp"

namespace segue {
namespace {

TEST(DeviceParse, ReadsEveryName) {
  EXPECT_EQ(Device::parse("auto").kind, Device::Kind::automatic);
  EXPECT_EQ(Device::parse("cpu"), Device::cpu());
  EXPECT_EQ(Device::parse("cuda"), (Device{Device::Kind::cuda, 0}));
  EXPECT_EQ(Device::parse("cuda:3").to_string(), "cuda:3");
}

TEST(DeviceParse, RefusesAnythingElse) {
  for (const char* text : {"", "gpu", "cuda:", "cuda:-1", "cuda:1x", "CPU"})
    EXPECT_THROW(Device::parse(text), InvalidArgument) << text;
}

TEST(DeviceResolve, FallsBackOnlyUnderAuto) {
  EXPECT_EQ(resolve(Device{}).device, Device::cpu());
  EXPECT_THAT(resolve(Device{}).reason, testing::HasSubstr("using the CPU"));
  EXPECT_EQ(resolve(Device::cpu()).reason, "");
  try {
    resolve(Device::parse("cuda:0"));
    FAIL() << "this version has no CUDA engine";
  } catch (const DeviceUnavailable& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::unavailable);
    EXPECT_THAT(error.what(), testing::HasSubstr("--device cpu"));
  }
}

}  // namespace
}  // namespace segue
