#include "host/pipeline/profiles.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/core/temporary_directory.hpp"

namespace segue::pipeline {
namespace {

data::Catalogue catalogue_of(std::int64_t songs) {
  data::Catalogue catalogue;
  catalogue.artist.resize(static_cast<std::size_t>(songs), data::IdTable::kNone);
  return catalogue;
}

TEST(AudioFiles, ThoseThatAreThere) {
  const TemporaryDirectory folder, elsewhere;
  std::ofstream(folder / "a.flac") << "a";
  std::ofstream(elsewhere / "b.flac") << "b";
  data::Catalogue catalogue = catalogue_of(6);
  catalogue.path = {"a.flac", (elsewhere / "b.flac").string(), "spotify:track:1", "gone.flac", "", "."};
  data::IdTable songs;
  for (const char* id : {"s0", "s1", "s2", "s3", "s4", "s5"})
    songs.add(id);
  const std::vector<audio::AudioFile> files = audio_files(catalogue, songs, folder.path());
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].id, "s0");
  EXPECT_EQ(files[0].path, folder / "a.flac");
  EXPECT_EQ(files[1].id, "s1");
  EXPECT_EQ(files[1].path, elsewhere / "b.flac");
}

TEST(AudioFiles, NoneWithoutAColumn) {
  EXPECT_TRUE(audio_files(catalogue_of(2), {}, "/").empty());
}

TEST(ProfileColumns, WhatIsInRange) {
  const TemporaryDirectory folder;
  std::ofstream(folder / "songs.csv") << "song_id,title,tempo,key,mode,loudness,time_signature\n"
                                         "s0,A,120.5,11,1,-7.25,3\n"
                                         "s1,B,,-1,2,loud,1\n"
                                         "s2,C\n"
                                         "\"s,3\",D,-5,12,0,-200,7\n";
  const std::vector<CatalogueProfile> profiles = read_profile_columns(folder / "songs.csv");
  ASSERT_EQ(profiles.size(), 4u);
  EXPECT_EQ(profiles[0].tempo, 120.5);
  EXPECT_EQ(profiles[0].key, 11);
  EXPECT_EQ(profiles[0].mode, 1);
  EXPECT_EQ(profiles[0].loudness, -7.25);
  EXPECT_EQ(profiles[0].time_signature, 3);
  EXPECT_EQ(profiles[1].key, -1);
  for (const std::size_t i : {1u, 2u}) {
    EXPECT_FALSE(profiles[i].tempo || profiles[i].mode || profiles[i].loudness || profiles[i].time_signature) << i;
  }
  EXPECT_EQ(profiles[3].id, "s,3");
  EXPECT_FALSE(profiles[3].tempo || profiles[3].key || profiles[3].loudness);
  EXPECT_EQ(profiles[3].mode, 0);
  EXPECT_EQ(profiles[3].time_signature, 7);
}

TEST(ProfileColumns, NoneOfThem) {
  const TemporaryDirectory folder;
  std::ofstream(folder / "songs.csv") << "song_id,title\ns0,A\n";
  EXPECT_TRUE(read_profile_columns(folder / "songs.csv").empty());
}

class AddTempi : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_ / "profiles.jsonl") << R"({"song":"s1","tempo":120})"
                                              << "\n"
                                              << R"({"song":"s2","tempo":90})"
                                              << "\n"
                                              << R"({"song":"s0","tempo":null})"
                                              << "\n"
                                              << R"({"song":"gone","tempo":60})"
                                              << "\n";
    for (const char* id : {"s0", "s1", "s2"})
      songs_.add(id);
  }
  TemporaryDirectory folder_;
  data::IdTable songs_;
};

TEST_F(AddTempi, WhereTheCatalogueHasNone) {
  data::Catalogue catalogue = catalogue_of(3);
  add_tempi(folder_.path(), songs_, catalogue);
  ASSERT_EQ(catalogue.flow.rows(), 3);
  EXPECT_EQ(catalogue.flow(0, 0), 0);
  EXPECT_EQ(catalogue.flow(1, 0), 2);
  EXPECT_EQ(catalogue.flow(2, 0), 1.5f);
  EXPECT_EQ(catalogue.flow(1, 1), 0);
}

TEST_F(AddTempi, WhatTheCatalogueSaysStays) {
  data::Catalogue catalogue = catalogue_of(3);
  catalogue.flow = Matrix<float>(3, 3, 0.0f);
  catalogue.flow(1, 0) = 1.1f;
  catalogue.flow(1, 2) = 0.5f;
  add_tempi(folder_.path(), songs_, catalogue);
  EXPECT_EQ(catalogue.flow(1, 0), 1.1f);
  EXPECT_EQ(catalogue.flow(2, 0), 1.5f);
}

}  // namespace
}  // namespace segue::pipeline
