#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "host/music/draw.hpp"
#include "host/music/ensemble.hpp"
#include "host/music/styles.hpp"
#include "segue/core/error.hpp"

namespace segue::music {
namespace {

void check_share(const char* name, double share) {
  if (!(share >= 0 && share <= 1))
    throw InvalidArgument(fmt::format("{} is {}, expected a share from 0 to 1", name, share));
}

void check(const ArrangeOptions& options) {
  if (!(options.seconds > 0 && options.seconds <= 3600))
    throw InvalidArgument(
        fmt::format("the excerpt's length is {} s, expected more than 0 and at most 3600", options.seconds));
  check_share("the share of composed tunes", options.procedural_share);
  check_share("the share of drums alone", options.keyless_share);
  double total = 0;
  for (const double share : options.metre_shares) {
    check_share("a metre's share", share);
    total += share;
  }
  if (total <= 0)
    throw InvalidArgument("the metres' shares are all 0, expected one that is greater");
}

/// Tunes long enough, by metre and corpus.
using Pool = std::array<std::map<std::string_view, std::vector<const Score*>>, audio::kMetres>;

Pool pool_of(const Corpus& corpus, audio::Split split) {
  constexpr double kShortest = 16;  // beats
  Pool pool;
  for (const Score& score : corpus.scores)
    if (score.beats >= kShortest && !score.melody.empty() && split_of(score.id) == split)
      pool[static_cast<std::size_t>(score.metre)][score.corpus].push_back(&score);
  return pool;
}

/// How often to compose where the pool has the metre, so that all metres together have the share asked for.
double share_to_compose(const Pool& pool, const ArrangeOptions& options) {
  double with = 0, without = 0;
  for (std::size_t i = 0; i < pool.size(); ++i)
    (pool[i].empty() ? without : with) += options.metre_shares[i];
  if (with <= 0)
    return 1;
  return std::clamp((options.procedural_share * (with + without) - without) / with, 0.0, 1.0);
}

/// A corpus by the root of its size, so that no large one drowns the others, then one of its tunes.
const Score& draw_score(const std::map<std::string_view, std::vector<const Score*>>& corpora, Random& random) {
  std::vector<double> weights;
  for (const auto& [name, scores] : corpora)
    weights.push_back(std::sqrt(static_cast<double>(scores.size())));
  const auto corpus = std::next(corpora.begin(), static_cast<std::ptrdiff_t>(choose_weighted(random, weights)));
  return *choose(random, corpus->second);
}

/// Whole bars, with a margin for an excerpt that starts up to eight beats in and for tempo that drifts.
double beats_to_play(const Bar& bar, double bpm, double seconds) {
  const double needed = 1.05 * seconds * bpm / 60 + 8;
  return std::ceil(needed / bar.beats) * bar.beats;
}

Tune draw_tune(const Pool& pool, const ArrangeOptions& options, const Setting& setting, Random& random) {
  const auto& corpora = pool[static_cast<std::size_t>(setting.bar.metre)];
  constexpr int kAttempts = 20;  // an excerpt may fall into a rest
  if (!corpora.empty() && !chance(random, share_to_compose(pool, options)))
    for (int i = 0; i < kAttempts; ++i) {
      Tune tune = excerpt_of(draw_score(corpora, random), setting, random);
      if (!tune.melody.empty())
        return tune;
    }
  return compose(setting, random);
}

std::vector<const Groove*> grooves_of(const Corpus& corpus, audio::Split split) {
  std::vector<const Groove*> grooves;
  for (const Groove& groove : corpus.grooves)
    if (split_of(groove.id) == split)
      grooves.push_back(&groove);
  return grooves;
}

}  // namespace

Arrangement arrange(const Corpus& corpus, audio::Split split, const ArrangeOptions& options, Random& random) {
  check(options);
  const Pool pool = pool_of(corpus, split);
  const bool no_tune = std::ranges::all_of(pool, [](const auto& corpora) { return corpora.empty(); });
  if (no_tune && !corpus.scores.empty() && options.procedural_share < 1)
    throw InvalidArgument(
        fmt::format("none of the {} scores is in the split that was asked for, add scores or "
                    "ask for composed tunes only",
                    corpus.scores.size()));
  const audio::Metre metre = audio::kAllMetres[choose_weighted(random, options.metre_shares)];
  Setting setting;
  setting.style = draw_style(metre, random);
  setting.bar = draw_bar(metre, random);
  setting.bpm = draw_tempo(setting.style, metre, random);
  setting.swing = draw_swing(setting.style, metre, random);
  setting.beats = beats_to_play(setting.bar, setting.bpm, options.seconds);
  const std::vector<const Groove*> grooves = grooves_of(corpus, split);
  if (chance(random, options.keyless_share))
    return drums_alone(setting, grooves, random);
  return play(draw_tune(pool, options, setting, random), setting, grooves, random);
}

}  // namespace segue::music
