#include "segue/playlist/artist_vectors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "segue/core/error.hpp"
#include "tests/playlist/world.hpp"

namespace segue::playlist {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

TEST(ArtistVectors, WeighByTheLogOfListeners) {
  World world(2);
  world.song("one", {.artist = "a", .vector = {1, 0}});
  world.song("three", {.artist = "a", .vector = {0, 1}});
  world.song("untrained", {.artist = "a"});
  world.song("cold", {.artist = "b"});
  world.song("alone", {.vector = {5, 5}});
  for (int i = 0; i < 4; ++i)
    world.play(world.user(std::to_string(i)), i == 0 ? 0 : 1, 7);
  world.play(0, 1, 0);  // a skip does not make a listener
  const Inputs inputs = world.inputs();
  const Matrix<float> vectors =
      artist_vectors(world.catalogue, inputs.song_vectors, data::transpose(world.interactions.plays.view()).view());
  ASSERT_EQ(vectors.rows(), 2);
  const auto one = static_cast<float>(std::log(2.0) / (std::log(2.0) + std::log(4.0)));
  EXPECT_THAT(vectors.row(0), ElementsAre(FloatNear(one, 1e-6f), FloatNear(1 - one, 1e-6f)));
  EXPECT_THAT(vectors.row(1), ElementsAre(0, 0));
}

TEST(ArtistListeners, AreCountedOnceHoweverManySongsTheyStream) {
  World world(2);
  for (const char* artist : {"a", "a", "b", "c"})
    world.song(std::to_string(world.songs.size()), {.artist = artist});
  world.song("without artist", {});
  const std::int32_t log_only = world.log_only("behind the catalogue");
  for (int i = 0; i < 3; ++i)
    world.user(std::to_string(i));
  world.play(0, 0, 3);
  world.play(0, 2, 1);
  world.play(0, 1, 1);
  world.play(1, 1, 1);
  world.play(1, 2, 0);  // a skip
  world.play(2, 4, 1);
  world.play(2, log_only, 1);
  EXPECT_THAT(artist_listeners(world.catalogue, world.inputs().interactions->plays.view()), ElementsAre(2, 1, 0));
}

TEST(ArtistVectors, RefusesTooFewSongVectors) {
  World world(2);
  world.song("s", {.artist = "a"});
  try {
    artist_vectors(world.catalogue, MatrixView<const float>(nullptr, 0, 2), data::CsrView{});
    FAIL() << "accepted";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(), "artist vectors: 1 songs in the catalogue, but 0 song vectors and 0 rows of plays");
  }
}

}  // namespace
}  // namespace segue::playlist
