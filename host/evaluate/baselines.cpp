#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "host/evaluate/split_pairs.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"
#include "segue/core/random.hpp"
#include "segue/evaluate/scorer.hpp"

namespace segue::evaluate {
namespace {

/// A scorer whose pairs are scored one by one, by `Score`: (user row, song) → float.
template <class Score>
class PairScorer final : public Scorer {
 public:
  PairScorer(std::int64_t users, std::int64_t songs, Score score)
      : users_(users), songs_(songs), score_(std::move(score)) {}

  std::int64_t users() const override { return users_; }
  std::int64_t songs() const override { return songs_; }
  std::unique_ptr<Block> block(std::int64_t first_user, std::int64_t) const override {
    return std::make_unique<PairBlock>(*this, first_user);
  }

 private:
  class PairBlock final : public Block {
   public:
    PairBlock(const PairScorer& scorer, std::int64_t first_user) : scorer_(scorer), first_user_(first_user) {}

    void score(std::int64_t first_song, MatrixView<float> scores) override {
      const std::int64_t songs = std::min(scores.columns(), scorer_.songs_ - first_song);
      for (std::int64_t user = 0; user < scores.rows(); ++user) {
        const auto of_user = scorer_.score_(first_user_ + user);
        float* row = scores.row(user).data();
        for (std::int64_t i = 0; i < songs; ++i)
          row[i] = of_user(static_cast<std::int32_t>(first_song + i));
      }
    }
    void score(std::int64_t user, std::span<const std::int32_t> songs, std::span<float> scores) override {
      std::transform(songs.begin(), songs.end(), scores.begin(), scorer_.score_(first_user_ + user));
    }

   private:
    const PairScorer& scorer_;
    std::int64_t first_user_;
  };

  std::int64_t users_, songs_;
  Score score_;
};

template <class Score>
std::unique_ptr<Scorer> pair_scorer(std::int64_t users, std::int64_t songs, Score score) {
  return std::make_unique<PairScorer<Score>>(users, songs, std::move(score));
}

/// A well-mixed 32-bit permutation: MurmurHash3's finaliser.
std::uint32_t mix(std::uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

/// The places of a list's songs.
class Places {
 public:
  Places(std::span<const std::int32_t> list, std::int64_t row, std::int64_t songs) {
    for (std::size_t place = 0; place < list.size() && list[place] >= 0; ++place) {
      if (list[place] >= songs)
        throw InvalidArgument(
            fmt::format("evaluate: list {} has song {}; there are {} songs", row, list[place], songs));
      if (!places_.emplace(list[place], static_cast<float>(place)).second)
        throw InvalidArgument(fmt::format("evaluate: list {} has song {} twice", row, list[place]));
    }
    unlisted_ = -static_cast<float>(list.size());
  }
  float score(std::int32_t song) const {
    const auto found = places_.find(song);
    return found == places_.end() ? unlisted_ : -found->second;
  }

 private:
  std::unordered_map<std::int32_t, float> places_;
  float unlisted_ = 0;
};

}  // namespace

std::unique_ptr<Scorer> make_popularity_scorer(std::int64_t users, const data::CsrView& plays) {
  const std::vector<std::int32_t> listeners = count_listeners(plays);
  std::vector<float> scores(listeners.begin(), listeners.end());
  return pair_scorer(users, plays.columns, [scores = std::move(scores)](std::int64_t) {
    return [of = scores.data()](std::int32_t song) { return of[song]; };
  });
}

std::unique_ptr<Scorer> make_random_scorer(std::span<const std::int32_t> users, std::int64_t songs,
                                           std::uint64_t seed) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> keys;
  for (const std::int32_t user : users) {
    const std::uint64_t bits = Random(seed, static_cast<std::uint64_t>(user))();
    keys.emplace_back(static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32));
  }
  const auto count = static_cast<std::int64_t>(users.size());
  return pair_scorer(count, songs, [keys = std::move(keys)](std::int64_t user) {
    return [key = keys[static_cast<std::size_t>(user)]](std::int32_t song) {
      const std::uint32_t bits = mix(mix(static_cast<std::uint32_t>(song) ^ key.first) + key.second);
      return static_cast<float>(static_cast<std::int32_t>(bits >> 8));
    };
  });
}

std::unique_ptr<Scorer> make_list_scorer(MatrixView<const std::int32_t> lists, std::int64_t songs) {
  std::vector<Places> places;
  for (std::int64_t row = 0; row < lists.rows(); ++row)
    places.emplace_back(lists.row(row), row, songs);
  return pair_scorer(lists.rows(), songs, [places = std::move(places)](std::int64_t user) {
    return [&of = places[static_cast<std::size_t>(user)]](std::int32_t song) { return of.score(song); };
  });
}

}  // namespace segue::evaluate
