#include <algorithm>
#include <array>
#include <cmath>

#include "host/audio/network/augmentation.hpp"
#include "host/audio/network/branch_lessons.hpp"
#include "host/audio/network/inputs.hpp"

namespace segue::audio {
namespace {

using Clip = TrainingClips::Clip;

// 11.9 s mostly, as in inference, and at times the half of it or the whole of a clip.
constexpr std::array<std::int64_t, 8> kCropFrames = {512, 512, 512, 512, 512, 512, 256, 768};

// Beats are rare beside frames without one.
constexpr std::array<float, 2> kBeatWeights = {3, 6};  // beat, downbeat
// Of the parts of the loss; that of tempo weighs 1.
constexpr float kBeatLoss = 4, kMetreLoss = 1;

bool knows_beats(const Labels& labels) {
  return !labels.beats.empty() && labels.metre != Metre::seven_eight;
}
// The tactus of 7/8 is not one.
bool knows_tempo(const Labels& labels) {
  return labels.tempo > 0 && labels.metre != Metre::seven_eight;
}

// A normal bump of ±2 classes (2%).
void fill_tempo_target(double tempo, std::span<float> target) {
  const double centre = std::log(tempo / kTempoLow) / kTempoStep;
  double sum = 0;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const double distance = (static_cast<double>(i) - centre) / 2;
    target[i] = static_cast<float>(std::exp(-distance * distance / 2));
    sum += static_cast<double>(target[i]);
  }
  for (float& value : target)
    value = static_cast<float>(value / std::max(sum, 1e-30));
}

// 1 at each event's frame, 1/2 beside it.
void fill_events(std::span<const float> seconds, double frames_per_second, const TimeCrop& crop, std::span<float> row) {
  const auto width = std::ssize(row);
  for (const float second : seconds) {
    const double at = (static_cast<double>(second) * frames_per_second - crop.begin) / crop.ratio;
    const std::int64_t frame = std::llround(std::clamp(at, -9.0, 1e9));
    for (std::int64_t t = std::max<std::int64_t>(0, frame - 1); t <= std::min(width - 1, frame + 1); ++t)
      row[static_cast<std::size_t>(t)] = std::max(row[static_cast<std::size_t>(t)], t == frame ? 1.0f : 0.5f);
  }
}

class RhythmLessons : public BranchLessons {
 public:
  RhythmLessons(const TrainingClips& clips, const TrainingOptions& options) : clips_(clips), options_(options) {
    for (const Clip* clip : clips.of_split(Split::train))
      if (knows_tempo(clip->labels) || clip->labels.metre)
        train_.push_back(clip);
  }

  std::string name() const override { return "rhythm"; }
  std::int64_t clips() const override { return std::ssize(train_); }
  std::int64_t batches_per_epoch() const override { return std::ssize(train_) / options_.rhythm_schedule.batch; }

  HostBatch prepare(int epoch, std::int64_t batch) const override {
    const std::int64_t size = options_.rhythm_schedule.batch, bands = options_.front_end.mel_bands.bands;
    const std::vector<std::int64_t> order = shuffled(std::ssize(train_), derived_seed(options_.seed, "beats", epoch));
    const std::int64_t width = crop_frames(epoch, batch);
    HostBatch result;
    result["x"] = zeros_on_host({size, 2 * bands, 1, width});
    result["flux"] = zeros_on_host({size, 1, 1, width});
    result["beats"] = zeros_on_host({size, 2, 1, width});
    result["tempo"] = zeros_on_host({size, 1, 1, kTempoClasses});
    result["metre"] = zeros_on_host({size, 1, 1, kMetres});
    for (const char* weight : {"beat weight", "tempo weight", "metre weight"})
      result[weight] = zeros_on_host({size, 1, 1, 1});
    Matrix<float> crop(width, bands);
    const std::uint64_t seed = derived_seed(options_.seed, "beats' sound", epoch);
    for (std::int64_t row = 0; row < size; ++row) {
      const std::int64_t index = order[static_cast<std::size_t>(batch * size + row)];
      const Clip& clip = *train_[static_cast<std::size_t>(index)];
      Random random(seed, static_cast<std::uint64_t>(index));
      const TimeCrop taken = augment_rhythm(clips_.mel(clip), clip.labels.tempo, random, crop.view());
      rhythm_input(crop.view(), width, row_of(result["x"], row), row_of(result["flux"], row));
      fill_targets(clip.labels, taken, row, result);
    }
    return result;
  }

  double loss(Tape& tape, LayerOps& ops, const HostBatch& batch) const override {
    const auto at = [&](const char* name) { return upload(ops, batch.at(name)); };
    const RhythmOutputs out =
        rhythm_branch(tape, tape.input(at("x")), tape.input(at("flux")), options_.front_end.mel_frames_per_second());
    return tape.binary_cross_entropy(out.beats, at("beats"), kBeatWeights, at("beat weight")) +
           tape.cross_entropy(out.tempo, at("tempo"), at("tempo weight")) +
           tape.cross_entropy(out.metre, at("metre"), at("metre weight"));
  }

  void hear(Listener& listener, std::span<const Features> clips, std::span<Heard> heard) const override {
    listener.hear_rhythm(clips, heard);
  }

  double validation_loss(std::span<const Labels> labels, std::span<const Heard> heard) const override {
    const std::vector<Judged> tempi = judge_tempi(labels, heard), metres = judge_metres(labels, heard);
    return negative_log_likelihood(tempi, fit_temperature(tempi)) +
           negative_log_likelihood(metres, fit_temperature(metres));
  }

 private:
  std::int64_t crop_frames(int epoch, std::int64_t batch) const {
    Random random(derived_seed(options_.seed, "time crops", epoch), static_cast<std::uint64_t>(batch));
    return kCropFrames[random.below(kCropFrames.size())];
  }

  // The weights make the loss the mean over the batch.
  void fill_targets(const Labels& labels, const TimeCrop& crop, std::int64_t row, HostBatch& batch) const {
    const float share = 1 / static_cast<float>(options_.rhythm_schedule.batch);
    const auto at = static_cast<std::size_t>(row);
    if (knows_beats(labels)) {
      const std::span<float> both = row_of(batch["beats"], row);
      const double rate = options_.front_end.mel_frames_per_second();
      fill_events(labels.beats, rate, crop, both.first(both.size() / 2));
      fill_events(labels.downbeats, rate, crop, both.subspan(both.size() / 2));
      batch["beat weight"].values[at] = kBeatLoss * share;
    }
    fill_tempo_target(knows_tempo(labels) ? labels.tempo * crop.ratio : 120, row_of(batch["tempo"], row));
    batch["tempo weight"].values[at] = knows_tempo(labels) ? share : 0;
    const std::span<float> metre = row_of(batch["metre"], row);
    const auto smoothing = static_cast<float>(options_.label_smoothing);
    std::ranges::fill(metre, smoothing / kMetres);
    metre[static_cast<std::size_t>(labels.metre.value_or(Metre::four_four))] += 1 - smoothing;
    batch["metre weight"].values[at] = labels.metre ? kMetreLoss * share : 0;
  }

  const TrainingClips& clips_;
  TrainingOptions options_;
  std::vector<const Clip*> train_;
};

}  // namespace

std::unique_ptr<BranchLessons> rhythm_lessons(const TrainingClips& clips, const TrainingOptions& options) {
  return std::make_unique<RhythmLessons>(clips, options);
}

}  // namespace segue::audio
