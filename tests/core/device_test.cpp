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

TEST(DeviceResolve, AutoIsAGpuOrTheCpuWithTheReason) {
  const ResolvedDevice resolved = resolve(Device{});
  if (resolved.device.kind == Device::Kind::cuda) {
    EXPECT_EQ(resolved.device.index, 0);
    EXPECT_EQ(resolved.reason, "");
  } else {
    EXPECT_EQ(resolved.device, Device::cpu());
    EXPECT_THAT(resolved.reason, testing::StartsWith("device auto: using the CPU ("));
  }
}

TEST(DeviceResolve, WhatWasAskedForByNameIsHadOrRefused) {
  EXPECT_EQ(resolve(Device::cpu()).device, Device::cpu());
  EXPECT_EQ(resolve(Device::cpu()).reason, "");
  try {
    resolve(Device::parse("cuda:99"));
    FAIL() << "no machine has 100 GPUs";
  } catch (const DeviceUnavailable& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::unavailable);
    EXPECT_THAT(error.what(), testing::StartsWith("device cuda:99: "));
    EXPECT_THAT(error.what(), testing::EndsWith("use --device cpu"));
  }
}

}  // namespace
}  // namespace segue
