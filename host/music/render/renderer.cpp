#include "segue/music/renderer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "host/music/draw.hpp"
#include "host/music/render/effects.hpp"
#include "host/music/render/recording.hpp"
#include "host/music/render/synthesizer.hpp"
#include "host/music/render/tempo_map.hpp"
#include "host/music/render/voice.hpp"
#include "segue/core/error.hpp"

namespace segue::music {
namespace {

constexpr double kPreRoll =
    1;  // seconds played before the excerpt, so that it begins in the middle of notes and echoes
constexpr double kSilence = 1e-5;  // RMS of a stem

double draw_detuning(double limit, Random& random) {
  const double kind = random.uniform();
  if (kind < 0.5)
    return 0;
  return kind < 0.75 ? std::clamp(12 * random.normal(), -limit, limit) : between(random, -limit, limit);
}

// Turns beats into seconds as players do: never quite on time, never quite as loud.
class Players {
 public:
  Players(const TempoMap& tempo, double length, Random& random)
      : tempo_(tempo),
        length_(length),
        pre_roll_(std::min(kPreRoll, tempo.start())),
        jitter_(choose(random, {0.0, 0.004, 0.008, 0.012})) {}

  double pre_roll() const { return pre_roll_; }

  std::vector<TimedNote> play(const std::vector<StemNote>& notes, Random& random) const {
    std::vector<TimedNote> played;
    for (const StemNote& note : notes)
      add(note.on, note.off, {.channel = note.channel, .pitch = note.pitch, .velocity = note.velocity}, jitter_, random,
          played);
    part_repeated(played);
    return played;
  }

  std::vector<TimedNote> sing(const std::vector<Note>& notes, Random& random) const {
    constexpr double kSingersJitter = 0.015;
    std::vector<TimedNote> sung;
    for (const Note& note : notes)
      add(note.on, note.off, {.pitch = note.pitch, .velocity = note.velocity}, kSingersJitter, random, sung);
    return sung;
  }

 private:
  void add(double on, double off, TimedNote note, double jitter, Random& random, std::vector<TimedNote>& out) const {
    constexpr double kShortest = 0.04;
    const double delay = jitter * random.normal();
    const int emphasis = integer_between(random, -6, 6);
    note.on = tempo_.seconds(on) + delay + pre_roll_;
    note.off = std::max(note.on + kShortest, tempo_.seconds(off) + pre_roll_);
    if (note.off <= 0 || note.on >= length_ + pre_roll_ || note.pitch < 0 || note.pitch > 127)
      return;
    note.on = std::max(note.on, 0.0);  // of a note that is held already
    note.velocity = std::clamp(note.velocity + emphasis, 1, 127);
    out.push_back(note);
  }

  // A key that is struck again is let go first: otherwise the end of the first note would end the second.
  static void part_repeated(std::vector<TimedNote>& notes) {
    constexpr double kGap = 0.004;
    const auto key = [](const TimedNote& note) { return std::tuple(note.channel, note.pitch, note.on); };
    std::ranges::stable_sort(notes, {}, key);
    for (std::size_t i = 0; i + 1 < notes.size(); ++i)
      if (notes[i].channel == notes[i + 1].channel && notes[i].pitch == notes[i + 1].pitch)
        notes[i].off = std::min(notes[i].off, std::max(notes[i].on, notes[i + 1].on - kGap));
  }

  const TempoMap& tempo_;
  double length_;
  double pre_roll_;
  double jitter_;
};

float rounded_to_ms(double seconds) {
  return static_cast<float>(std::round(seconds * 1000) / 1000);
}

std::vector<float> times_of_every(double step, const Arrangement& arrangement, const TempoMap& tempo, double length) {
  std::vector<float> times;
  for (std::int64_t i = 0; static_cast<double>(i) * step < arrangement.beats; ++i) {
    const double time = tempo.seconds(static_cast<double>(i) * step);
    if (time >= 0 && time < length)
      times.push_back(rounded_to_ms(time));
  }
  return times;
}

double median_tempo(const std::vector<float>& beats, double bpm) {
  if (beats.size() < 4)
    return bpm;
  std::vector<float> gaps;
  for (std::size_t i = 1; i < beats.size(); ++i)
    gaps.push_back(beats[i] - beats[i - 1]);
  const auto middle = gaps.begin() + std::ssize(gaps) / 2;
  std::nth_element(gaps.begin(), middle, gaps.end());
  return std::round(60'000.0 / *middle) / 1000;
}

// Beats of 7/8 are not known: its groups, of two and three eighths, are what is counted, and the tune does not say
// which come first.
audio::Labels labels_of(const Arrangement& arrangement, const TempoMap& tempo, double length) {
  audio::Labels labels;
  const std::vector<float> beats = times_of_every(1, arrangement, tempo, length);
  labels.key = arrangement.key;
  labels.mode = arrangement.mode;
  labels.keyless = arrangement.keyless;
  labels.tempo = median_tempo(beats, arrangement.bpm);
  labels.metre = arrangement.metre;
  if (arrangement.metre != audio::Metre::seven_eight)
    labels.beats = beats;
  labels.downbeats = times_of_every(beats_per_bar(arrangement.metre), arrangement, tempo, length);
  labels.tune = arrangement.tune;
  labels.source = arrangement.source;
  labels.style = style_name(arrangement.style);
  return labels;
}

// One excerpt, stem by stem.
class Recording {
 public:
  Recording(Synthesizer& synthesizer, const RenderOptions& options, std::size_t font, const TempoMap& tempo,
            double detuning, Random& random)
      : synthesizer_(synthesizer),
        sample_rate_(options.sample_rate),
        font_(font),
        players_(tempo, options.seconds, random),
        skipped_(std::llround(players_.pre_roll() * sample_rate_)),
        detuning_(detuning),
        reverb_(choose(random, {0.0, 0.1, 0.3, 0.6})),
        random_(random),
        mix_(static_cast<std::size_t>(std::llround(options.seconds * sample_rate_))) {}

  /// Nothing where nothing sounds, or nothing of what has a key.
  std::vector<float> record(const Arrangement& arrangement) {
    bool pitched = add(play(arrangement.band, arrangement), 0);
    std::vector<float> guitar = play(arrangement.guitar, arrangement);
    if (chance(random_, kDistorted))
      distort(guitar, sample_rate_, choose(random_, {0.7, 1.5, 3.0, 6.0}));
    pitched |= add(std::move(guitar), between(random_, -4, 4));
    const bool drums = add(play(arrangement.drums, arrangement), between(random_, -6, 5));
    pitched |= add(voice(arrangement.voice, false), between(random_, -5, 5));
    add(voice(arrangement.rap, true), between(random_, -4, 5));
    return pitched || (arrangement.keyless && drums) ? std::move(mix_) : std::vector<float>();
  }

 private:
  static constexpr double kDistorted = 0.7;

  std::int64_t frames() const { return skipped_ + std::ssize(mix_); }

  std::vector<float> play(const std::vector<StemNote>& notes, const Arrangement& arrangement) {
    if (notes.empty())
      return {};
    Performance performance;
    performance.notes = players_.play(notes, random_);
    performance.programs = arrangement.programs;
    performance.detuning_cents = detuning_;
    performance.reverb = reverb_;
    return synthesizer_.play(font_, performance, frames());
  }

  std::vector<float> voice(const std::vector<Note>& notes, bool spoken) {
    if (notes.empty())
      return {};
    const std::vector<TimedNote> line = players_.sing(notes, random_);
    return spoken ? rap(line, sample_rate_, frames(), random_) : sing(line, detuning_, sample_rate_, frames(), random_);
  }

  // At so many decibels against the band; false: it is silent.
  bool add(std::vector<float> stem, double level_db) {
    if (stem.empty())
      return false;
    const std::span<float> heard = std::span(stem).subspan(static_cast<std::size_t>(skipped_));
    const double level = rms(heard);
    if (level < kSilence)
      return false;
    const auto factor = static_cast<float>(decibels(level_db) / level);
    for (std::size_t i = 0; i < mix_.size(); ++i)
      mix_[i] += factor * heard[i];
    return true;
  }

  Synthesizer& synthesizer_;
  int sample_rate_;
  std::size_t font_;
  Players players_;
  std::int64_t skipped_;  // frames played before the excerpt
  double detuning_;
  double reverb_;
  Random& random_;
  std::vector<float> mix_;
};

}  // namespace

struct Renderer::Parts {
  Parts(std::vector<SoundFont> loaded, const RenderOptions& render_options)
      : fonts(std::move(loaded)), options(render_options), synthesizer(fonts, render_options.sample_rate) {}

  std::vector<SoundFont> fonts;
  RenderOptions options;
  Synthesizer synthesizer;
};

Renderer::Renderer(std::vector<SoundFont> fonts, const RenderOptions& options) {
  if (fonts.empty())
    throw InvalidArgument("rendering music: no soundfont: install one, such as Debian's timgm6mb-soundfont");
  if (!(options.seconds >= 1 && options.seconds <= 600))
    throw InvalidArgument(fmt::format("rendering music: {} seconds: 1–600 expected", options.seconds));
  if (!(options.detuning_limit_cents >= 0 && options.detuning_limit_cents <= 100))
    throw InvalidArgument(
        fmt::format("rendering music: detuning up to {} cents: 0–100 expected", options.detuning_limit_cents));
  parts_ = std::make_unique<Parts>(std::move(fonts), options);
}

Renderer::~Renderer() = default;

std::optional<Excerpt> Renderer::render(const Arrangement& arrangement, Random& random) {
  const RenderOptions& options = parts_->options;
  const std::size_t font = random.below(static_cast<std::uint32_t>(parts_->fonts.size()));
  const TempoMap tempo(arrangement, options.seconds, random);
  const double detuning = draw_detuning(options.detuning_limit_cents, random);
  Excerpt excerpt;
  excerpt.samples = Recording(parts_->synthesizer, options, font, tempo, detuning, random).record(arrangement);
  if (excerpt.samples.empty())
    return std::nullopt;
  add_recording(excerpt.samples, options.sample_rate, random);
  excerpt.labels = labels_of(arrangement, tempo, options.seconds);
  excerpt.labels.soundfont = parts_->fonts[font].name;
  excerpt.labels.detuning_cents = detuning;
  return excerpt;
}

}  // namespace segue::music
