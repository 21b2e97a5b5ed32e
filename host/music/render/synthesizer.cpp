#include "host/music/render/synthesizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <string_view>
#include <tuple>

#include "segue/core/error.hpp"
#include "segue/core/log.hpp"

namespace segue::music {
namespace {

constexpr int kBlock = 64;            // libfluidsynth's: events take effect at its boundaries
constexpr int kPercussionBank = 128;  // in a soundfont
constexpr int kFamily = 8;            // programs of one kind of instrument in General MIDI

int bank_of(int channel) {
  return channel == kPercussionChannel ? kPercussionBank : 0;
}

// What is wrong with a font or a program is for us to say.
void silence_fluidsynth() {
  for (const int level : {FLUID_PANIC, FLUID_ERR, FLUID_WARN, FLUID_INFO, FLUID_DBG})
    fluid_set_log_function(level, nullptr, nullptr);
}

// Asked before the libraries beneath libfluidsynth, which print what they think of other files.
bool begins_as_soundfont(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw IoError("read the soundfont", path, errno);
  std::array<char, 12> head{};  // "RIFF", a length, "sfbk"
  file.read(head.data(), head.size());
  const std::string_view text(head.data(), head.size());
  return text.starts_with("RIFF") && text.ends_with("sfbk");
}

// Of the programs that sound, the one to play for `program`.
int substitute(const std::array<bool, 128>& audible, int program) {
  const auto sounds = [&](int candidate) { return audible[static_cast<std::size_t>(candidate)]; };
  if (sounds(program))
    return program;
  const int family = program / kFamily * kFamily;
  for (int candidate = family; candidate < family + kFamily; ++candidate)
    if (sounds(candidate))
      return candidate;
  return static_cast<int>(std::find(audible.begin(), audible.end(), true) - audible.begin());
}

struct Event {
  std::int64_t frame;
  bool on;
  int channel, pitch, velocity;
};

std::vector<Event> events_of(const std::vector<TimedNote>& notes, int sample_rate, std::int64_t frames) {
  std::vector<Event> events;
  const auto frame_of = [&](double seconds) {
    return std::clamp<std::int64_t>(std::llround(seconds * sample_rate), 0, frames);
  };
  for (const TimedNote& note : notes) {
    const int pitch = std::clamp(note.pitch, 0, 127);
    events.push_back({frame_of(note.on), true, note.channel, pitch, std::clamp(note.velocity, 1, 127)});
    events.push_back({frame_of(note.off), false, note.channel, pitch, 0});
  }
  std::ranges::stable_sort(events, {}, [](const Event& event) { return std::tuple(event.frame, event.on); });
  return events;
}

// A synthesizer for one performance, with the font on loan. A used one is never quite as new: in 2.3.1 a voice starts
// at the loudness that the last one in its place had, and the reverb rings on.
class Stage {
 public:
  Stage(fluid_settings_t* settings, fluid_sfont_t* font)
      : synth_(new_fluid_synth(settings)), font_(font), font_id_(fluid_synth_add_sfont(synth_, font)) {}
  ~Stage() {
    fluid_synth_remove_sfont(synth_, font_);
    delete_fluid_synth(synth_);
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  fluid_synth_t* synth() { return synth_; }
  void select(int channel, int program) {
    fluid_synth_program_select(synth_, channel, font_id_, bank_of(channel), program);
  }
  void set_reverb(double amount) {
    fluid_synth_reverb_on(synth_, -1, amount > 0);
    fluid_synth_set_reverb_group_roomsize(synth_, -1, amount);
    fluid_synth_set_reverb_group_damp(synth_, -1, 0.3);
    fluid_synth_set_reverb_group_width(synth_, -1, 0.5);
    fluid_synth_set_reverb_group_level(synth_, -1, amount);
  }
  /// Appends so many frames, mono.
  void play(std::int64_t frames, std::vector<float>& out) {
    left_.resize(static_cast<std::size_t>(frames));
    right_.resize(left_.size());
    fluid_synth_write_float(synth_, static_cast<int>(frames), left_.data(), 0, 1, right_.data(), 0, 1);
    for (std::size_t i = 0; i < left_.size(); ++i)
      out.push_back(0.5f * (left_[i] + right_[i]));
  }

 private:
  fluid_synth_t* synth_;
  fluid_sfont_t* font_;
  int font_id_;
  std::vector<float> left_, right_;
};

}  // namespace

Synthesizer::Synthesizer(std::span<const SoundFont> fonts, int sample_rate) : sample_rate_(sample_rate) {
  silence_fluidsynth();
  settings_.reset(new_fluid_settings());
  fluid_settings_setnum(settings_.get(), "synth.sample-rate", sample_rate);
  fluid_settings_setnum(settings_.get(), "synth.gain", 0.4);
  fluid_settings_setint(settings_.get(), "synth.chorus.active", 0);
  fluid_settings_setint(settings_.get(), "synth.polyphony", 128);
  fluid_settings_setint(settings_.get(), "synth.lock-memory", 0);
  fluid_settings_setint(settings_.get(), "synth.dynamic-sample-loading", 0);
  shelf_.reset(new_fluid_synth(settings_.get()));
  for (const SoundFont& font : fonts)
    load(font);
}

void Synthesizer::load(const SoundFont& font) {
  const int id = begins_as_soundfont(font.path) ? fluid_synth_sfload(shelf_.get(), font.path.c_str(), 0) : FLUID_FAILED;
  if (id == FLUID_FAILED)
    throw BadInput(
        fmt::format("{}: libfluidsynth cannot load it: a soundfont in SF2 or SF3 expected", font.path.string()));
  Bank& bank = banks_.emplace_back();
  bank.font = fluid_synth_get_sfont_by_id(shelf_.get(), id);
  std::array<bool, 128> instruments{}, kits{};
  for (int program = 0; program < 128; ++program) {
    instruments[static_cast<std::size_t>(program)] = is_audible(bank.font, 0, program);
    kits[static_cast<std::size_t>(program)] = is_audible(bank.font, kPercussionChannel, program);
  }
  const auto audible = std::ranges::count(instruments, true), audible_kits = std::ranges::count(kits, true);
  if (audible == 0 || audible_kits == 0)
    throw BadInput(
        fmt::format("{}: {} of its instruments and {} of its drum kits sound: General MIDI's 128 and one "
                    "expected",
                    font.path.string(), audible, audible_kits));
  if (audible < 128)
    log::debug("soundfont {}: {} of General MIDI's 128 instruments are silent and replaced", font.name, 128 - audible);
  for (int program = 0; program < 128; ++program) {
    const auto i = static_cast<std::size_t>(program);
    bank.instruments[i] = substitute(instruments, program);
    bank.kits[i] = substitute(kits, kits[i] ? program : 0);
  }
}

bool Synthesizer::is_audible(fluid_sfont_t* font, int channel, int program) const {
  if (fluid_sfont_get_preset(font, bank_of(channel), program) == nullptr)
    return false;
  Stage stage(settings_.get(), font);
  stage.set_reverb(0);
  stage.select(channel, program);
  for (const int pitch : {38, 50, 64})  // a snare, a bass, a middle voice
    fluid_synth_noteon(stage.synth(), channel, pitch, 100);
  constexpr float kSilence = 1e-5f;
  std::vector<float> sound;
  stage.play(32 * kBlock, sound);
  return std::ranges::any_of(sound, [](float sample) { return std::abs(sample) > kSilence; });
}

std::vector<float> Synthesizer::play(std::size_t font, const Performance& performance, std::int64_t frames) {
  const Bank& bank = banks_.at(font);
  Stage stage(settings_.get(), bank.font);
  stage.set_reverb(performance.reverb);
  for (int channel = 0; channel < 16; ++channel) {
    const auto given = performance.programs.find(channel);
    const auto program = static_cast<std::size_t>(given == performance.programs.end() ? 0 : given->second & 127);
    const bool percussion = channel == kPercussionChannel;
    stage.select(channel, percussion ? bank.kits[program] : bank.instruments[program]);
    if (!percussion)
      fluid_synth_set_gen(stage.synth(), channel, GEN_FINETUNE, static_cast<float>(performance.detuning_cents));
  }
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(frames));
  for (const Event& event : events_of(performance.notes, sample_rate_, frames)) {
    if (const std::int64_t ahead = event.frame - std::ssize(out); ahead >= kBlock)
      stage.play(ahead / kBlock * kBlock, out);
    if (event.on)
      fluid_synth_noteon(stage.synth(), event.channel, event.pitch, event.velocity);
    else
      fluid_synth_noteoff(stage.synth(), event.channel, event.pitch);
  }
  stage.play(frames - std::ssize(out), out);
  return out;
}

}  // namespace segue::music
