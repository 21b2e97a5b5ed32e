#include "segue/pipeline/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "tests/core/temporary_directory.hpp"

namespace segue::pipeline {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

Config from_settings(const std::vector<std::string>& settings, std::int64_t seed = -1) {
  return load_config({}, settings, seed);
}

Config from_text(const TemporaryDirectory& folder, std::string_view toml) {
  write_file(folder / "segue.toml", toml);
  return load_config(folder / "segue.toml", {}, -1);
}

TEST(Config, ReadsEveryKindOfValue) {
  const TemporaryDirectory folder;
  const Config config = from_text(folder,
                                  "[als]\nrank = 64\nregularization = 0.5\nalpha = 2\nmethod = \"cholesky\"\n"
                                  "[input.columns]\nuser = \"listener\"\n[output]\nm3u8 = false\n");
  EXPECT_EQ(config.als.als.rank, 64);
  EXPECT_EQ(config.als.als.regularization, 0.5);
  EXPECT_EQ(config.als.als.alpha, 2);
  EXPECT_EQ(config.als.als.method, als::Method::cholesky);
  EXPECT_EQ(config.input.columns.user, "listener");
  EXPECT_FALSE(config.output.m3u8);
}

TEST(Config, SettingsOverrideTheFileAndTheSeedOverridesBoth) {
  const TemporaryDirectory folder;
  write_file(folder / "segue.toml", "[als]\nrank = 64\nseed = 5\n");
  const Config config =
      load_config(folder / "segue.toml", std::vector<std::string>{"als.rank=32", "als.method=cholesky"}, 9);
  EXPECT_EQ(config.als.als.rank, 32);
  EXPECT_EQ(config.als.als.method, als::Method::cholesky);
  EXPECT_EQ(config.als.als.seed, 9u);
  EXPECT_EQ(config.groups.seed, 9u);
}

TEST(Config, PrintsWhatItReads) {
  const TemporaryDirectory folder;
  const Config config =
      from_settings({"als.alpha=0.1", "interactions.confidence=log", "input.columns.user=\"a \\\"b\\\"\""});
  const std::string printed = to_toml(config);
  EXPECT_EQ(to_toml(from_text(folder, printed)), printed);
  EXPECT_THAT(printed, AllOf(HasSubstr("alpha = 0.1 "), HasSubstr("confidence = \"log\""), HasSubstr("(1 to 1024)")));
}

TEST(Config, FingerprintHasTheSectionsAskedFor) {
  EXPECT_EQ(fingerprint(from_settings({"als.rank=7"}), {"groups"}), fingerprint(Config{}, {"groups"}));
  EXPECT_NE(fingerprint(from_settings({"als.rank=7"}), {"als"}), fingerprint(Config{}, {"als"}));
}

TEST(Config, RefusesWithFileLineKeyValueAndRange) {
  const TemporaryDirectory folder;
  const auto text = [&](std::string_view toml) { return [&folder, toml] { from_text(folder, toml); }; };
  EXPECT_THAT(text("[als]\nrank = 2000\n"),
              ThrowsMessage<BadInput>(AllOf(HasSubstr("segue.toml:2: als.rank"), HasSubstr("2000"),
                                            HasSubstr("a whole number from 1 to 1024"))));
  EXPECT_THAT(text("[als]\nrank = 6.5\n"), ThrowsMessage<BadInput>(HasSubstr("6.5 is not a whole number")));
  EXPECT_THAT(text("[als]\nalpha = \"x\"\n"), ThrowsMessage<BadInput>(HasSubstr("is not a number from")));
  EXPECT_THAT(text("[als]\nalpha = nan\n"), ThrowsMessage<BadInput>(HasSubstr("is not a number from")));
  EXPECT_THAT(text("\n[als]\n\nrnak = 3\n"),
              ThrowsMessage<BadInput>(HasSubstr("segue.toml:4: unknown key als.rnak; did you mean als.rank?")));
  EXPECT_THAT(text("[alz]\nrank = 3\n"), ThrowsMessage<BadInput>(HasSubstr("unknown key alz")));
  EXPECT_THAT(text("als = 3\n"), ThrowsMessage<BadInput>(HasSubstr("als is not a section")));
  EXPECT_THAT(text("[als]\nmethod = \"lu\"\n"),
              ThrowsMessage<BadInput>(HasSubstr("\"conjugate-gradient\" or \"cholesky\"")));
  EXPECT_THAT(text("[output]\ncsv = 1\n"), ThrowsMessage<BadInput>(HasSubstr("true or false")));
  EXPECT_THAT(text("[als\n"), ThrowsMessage<BadInput>(HasSubstr("segue.toml:1:")));
  EXPECT_THROW(load_config(folder / "missing.toml", {}, -1), IoError);
}

TEST(Config, RefusesSettingsThatAreNone) {
  EXPECT_THAT([] { from_settings({"als.rank"}); }, ThrowsMessage<InvalidArgument>(HasSubstr("als.rank=64")));
  EXPECT_THAT([] { from_settings({"als.rank=0"}); }, ThrowsMessage<InvalidArgument>(HasSubstr("from 1 to 1024")));
  EXPECT_THAT([] { from_settings({"rank=8"}); }, ThrowsMessage<InvalidArgument>(HasSubstr("unknown key rank")));
  EXPECT_THAT(
      [] {
        from_settings({"als.regularization_exponent=0.5", "als.preconditioner=gram"});
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("regularization_exponent")));
}

}  // namespace
}  // namespace segue::pipeline
