#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>

#include "host/music/draw.hpp"
#include "segue/core/error.hpp"
#include "segue/music/arrangement.hpp"

namespace segue::music {
namespace {

using audio::Split;

/// Scores in the metres that corpora have, named so that every split has some.
Corpus small_corpus() {
  Corpus corpus;
  for (const audio::Metre metre : {audio::Metre::three_four, audio::Metre::four_four, audio::Metre::six_eight})
    for (int i = 0; i < 40; ++i) {
      Score score;
      score.id = fmt::format("test/{}-{}", audio::metre_name(metre), i);
      score.corpus = "test";
      score.key = i % 12;
      score.mode = i % 2;
      score.metre = metre;
      score.beats = 24;
      for (int beat = 0; beat < 24; ++beat)
        score.melody.push_back({beat + 0.0, beat + 1.0, 60 + score.key + (beat % 2 == 0 ? 0 : 7), 90});
      for (double on = 0; on < 24; on += beats_per_bar(metre))
        score.chords.push_back({on, on + beats_per_bar(metre), score.key,
                                score.mode == 1 ? ChordQuality::major : ChordQuality::minor, score.key});
      corpus.scores.push_back(score);
    }
  return corpus;
}

Arrangement draw(const Corpus& corpus, std::uint64_t seed, const ArrangeOptions& options = {},
                 Split split = Split::train) {
  Random random(11, seed);
  return arrange(corpus, split, options, random);
}

template <class Function>
void for_each_stem_note(const Arrangement& arrangement, Function function) {
  for (const std::vector<StemNote>* stem : {&arrangement.drums, &arrangement.guitar, &arrangement.band})
    for (const StemNote& note : *stem)
      function(note);
}

std::string text_of(const Arrangement& arrangement) {
  std::string text = fmt::format("{} {} {} {} {} {}", arrangement.tune, arrangement.bpm, arrangement.key,
                                 arrangement.mode, arrangement.beats, arrangement.swing);
  for_each_stem_note(arrangement, [&](const StemNote& note) {
    text += fmt::format(" {:.6f}-{:.6f}:{}:{}:{}", note.on, note.off, note.channel, note.pitch, note.velocity);
  });
  for (const Note& note : arrangement.voice)
    text += fmt::format(" {:.6f}-{:.6f}:{}", note.on, note.off, note.pitch);
  return text;
}

TEST(Arrange, NotesAreWithinRangeEndAndHaveAProgram) {
  const Corpus corpus = small_corpus();
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const Arrangement arrangement = draw(corpus, seed);
    EXPECT_GE(arrangement.bpm, 40);
    EXPECT_LE(arrangement.bpm, 210);
    EXPECT_TRUE(arrangement.swing == 0 || (arrangement.swing >= 0.55 && arrangement.swing <= 0.68));
    EXPECT_GE(arrangement.beats, 20 * arrangement.bpm / 60);
    EXPECT_FALSE(arrangement.drums.empty() && arrangement.band.empty() && arrangement.guitar.empty() &&
                 arrangement.voice.empty());
    for_each_stem_note(arrangement, [&](const StemNote& note) {
      EXPECT_GT(note.off, note.on);
      EXPECT_GT(note.on, -0.02);
      EXPECT_LT(note.on, arrangement.beats + 1e-6);
      EXPECT_LT(note.off, arrangement.beats + 4);
      EXPECT_GE(note.pitch, 21);
      EXPECT_LE(note.pitch, 108);
      EXPECT_GE(note.velocity, 1);
      EXPECT_LE(note.velocity, 127);
      EXPECT_TRUE(arrangement.programs.contains(note.channel)) << note.channel;
    });
  }
}

TEST(Arrange, SameSeedSameArrangement) {
  const Corpus corpus = small_corpus();
  std::set<std::string> different;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string text = text_of(draw(corpus, seed));
    EXPECT_EQ(text, text_of(draw(corpus, seed)));
    different.insert(text);
  }
  EXPECT_EQ(different.size(), 50);
}

TEST(Arrange, MetresSourcesAndKeysHaveTheirShares) {
  const Corpus corpus = small_corpus();
  const ArrangeOptions options;
  constexpr int kDraws = 6000;
  std::map<audio::Metre, int> metres;
  std::map<int, int> keys, modes;
  int composed = 0, keyless = 0;
  for (std::uint64_t seed = 0; seed < kDraws; ++seed) {
    const Arrangement arrangement = draw(corpus, seed, options);
    ++metres[arrangement.metre];
    ++keys[arrangement.key];
    ++modes[arrangement.mode];
    composed += arrangement.source == "procedural" && !arrangement.keyless;
    keyless += arrangement.keyless;
  }
  for (std::size_t i = 0; i < audio::kMetres; ++i)
    EXPECT_NEAR(metres[audio::kAllMetres[i]], options.metre_shares[i] * kDraws, 160);
  EXPECT_NEAR(keyless, 0.02 * kDraws, 45);
  EXPECT_NEAR(composed, options.procedural_share * (kDraws - keyless), 160);
  EXPECT_EQ(keys[-1], keyless);
  EXPECT_EQ(modes[-1], keyless);
  for (int key = 0; key < 12; ++key)
    EXPECT_NEAR(keys[key], (kDraws - keyless) / 12.0, 90);
  EXPECT_NEAR(modes[0], 0.55 * kDraws, 0.1 * kDraws);
}

TEST(Arrange, PitchesFitTheKeyMostly) {
  const std::set<int> major = {0, 2, 4, 5, 7, 9, 11};
  const std::set<int> minor = {0, 2, 3, 5, 7, 8, 9, 10, 11};  // natural, harmonic, Dorian
  double fitting = 0, all = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Arrangement arrangement = draw({}, seed);
    for_each_stem_note(arrangement, [&](const StemNote& note) {
      if (note.channel == 9)
        return;
      const bool fits = (arrangement.mode == 1 ? major : minor).contains(modulo(note.pitch - arrangement.key, 12));
      fitting += fits ? note.off - note.on : 0;
      all += note.off - note.on;
    });
  }
  EXPECT_GT(fitting / all, 0.93);
}

TEST(Arrange, CorpusTunesKeepTheirPitchesInTheKey) {
  const Corpus corpus = small_corpus();
  ArrangeOptions options;
  options.procedural_share = 0;
  options.keyless_share = 0;
  options.metre_shares = {1, 1, 0, 1, 0};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Arrangement arrangement = draw(corpus, seed, options);
    EXPECT_EQ(arrangement.source, "test");
    for (const Note& note : arrangement.voice) {
      const int degree = modulo(note.pitch - arrangement.key, 12);
      EXPECT_TRUE(degree == 0 || degree == 7);
    }
  }
}

TEST(Arrange, SplitsShareNoTune) {
  const Corpus corpus = small_corpus();
  ArrangeOptions options;
  options.procedural_share = 0;
  std::map<Split, std::set<std::string>> tunes;
  for (const Split split : {Split::train, Split::validation, Split::test})
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      const Arrangement arrangement = draw(corpus, seed, options, split);
      if (arrangement.source == "test") {
        EXPECT_EQ(split_of(arrangement.tune), split);
        tunes[split].insert(arrangement.tune);
      }
    }
  EXPECT_GT(tunes[Split::train].size(), 60);
  EXPECT_GT(tunes[Split::test].size(), 2);
}

TEST(Arrange, DownbeatsAreStressed) {
  for (const audio::Metre metre : audio::kAllMetres) {
    ArrangeOptions options;
    options.metre_shares.fill(0);
    options.metre_shares[static_cast<std::size_t>(metre)] = 1;
    std::map<int, double> stress;  // velocities by twelfth of a beat in the bar
    for (std::uint64_t seed = 0; seed < 150; ++seed)
      for_each_stem_note(draw({}, seed, options), [&](const StemNote& note) {
        const double place = std::fmod(note.on + 0.005, beats_per_bar(metre));
        stress[static_cast<int>(place * 12)] += note.velocity;
      });
    for (const auto& [place, sum] : stress)
      if (place != 0) {
        EXPECT_LT(sum, 0.95 * stress[0]) << audio::metre_name(metre) << " at " << place / 12.0;
      }
  }
}

TEST(Arrange, DrumsAloneHaveNoKey) {
  ArrangeOptions options;
  options.keyless_share = 1;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Arrangement arrangement = draw({}, seed, options);
    EXPECT_TRUE(arrangement.keyless);
    EXPECT_EQ(arrangement.key, -1);
    EXPECT_FALSE(arrangement.drums.empty());
    EXPECT_TRUE(arrangement.band.empty() && arrangement.guitar.empty() && arrangement.voice.empty());
  }
}

TEST(Arrange, AMelodyWithoutChordsIsPlayed) {
  Corpus corpus = small_corpus();
  for (Score& score : corpus.scores)
    score.chords.clear();
  ArrangeOptions options;
  options.procedural_share = options.keyless_share = 0;
  options.metre_shares = {1, 1, 0, 1, 0};
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Arrangement arrangement = draw(corpus, seed, options);
    EXPECT_FALSE(arrangement.band.empty() && arrangement.voice.empty());
  }
}

TEST(Arrange, GroovesAreThoseOfTheSplit) {
  Corpus corpus;
  for (int i = 0; i < 60; ++i) {
    Groove groove{fmt::format("groove/{}", i), "rock", 100, 32, {}};
    const int mark = split_of(groove.id) == Split::test ? 56 : 39;  // a cowbell betrays the test set
    for (int beat = 0; beat < 32; ++beat)
      groove.hits.push_back({beat + 0.0, mark, 90});
    corpus.grooves.push_back(groove);
  }
  ArrangeOptions options;
  options.metre_shares = {0, 1, 0, 0, 0};
  int performed = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    for_each_stem_note(draw(corpus, seed, options, Split::test),
                       [&](const StemNote& note) { performed += note.channel == 9 && note.pitch == 56; });
  EXPECT_GT(performed, 0);
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    for_each_stem_note(draw(corpus, seed, options),
                       [&](const StemNote& note) { EXPECT_FALSE(note.channel == 9 && note.pitch == 56); });
}

std::string error_of(const Corpus& corpus, const ArrangeOptions& options) {
  try {
    draw(corpus, 1, options, Split::test);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "none";
}

TEST(Arrange, RefusesSharesThatMakeNoSense) {
  ArrangeOptions options;
  options.procedural_share = 1.5;
  EXPECT_EQ(error_of({}, options), "the share of composed tunes is 1.5, expected a share from 0 to 1");
  options = {};
  options.keyless_share = std::nan("");
  EXPECT_EQ(error_of({}, options), "the share of drums alone is nan, expected a share from 0 to 1");
  options = {};
  options.metre_shares.fill(0);
  EXPECT_EQ(error_of({}, options), "the metres' shares are all 0, expected one that is greater");
  options = {};
  options.metre_shares[2] = -0.1;
  EXPECT_EQ(error_of({}, options), "a metre's share is -0.1, expected a share from 0 to 1");
  options = {};
  options.seconds = 0;
  EXPECT_EQ(error_of({}, options), "the excerpt's length is 0 s, expected more than 0 and at most 3600");
}

TEST(Arrange, RefusesACorpusWithoutATuneOfTheSplit) {
  Corpus corpus = small_corpus();
  std::erase_if(corpus.scores, [](const Score& score) { return split_of(score.id) == Split::test; });
  EXPECT_THAT(error_of(corpus, {}), testing::HasSubstr("is in the split that was asked for"));
  ArrangeOptions options;
  options.procedural_share = 1;
  EXPECT_EQ(error_of(corpus, options), "none");
}

}  // namespace
}  // namespace segue::music
