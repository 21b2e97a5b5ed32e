#include <algorithm>
#include <array>

#include "host/audio/network/augmentation.hpp"
#include "host/audio/network/branch_lessons.hpp"
#include "host/audio/network/inputs.hpp"

namespace segue::audio {
namespace {

using Clip = TrainingClips::Clip;

// Crops of 6 to 20 s; few lengths, because each is a shape that the device prepares for.
constexpr std::array<std::int64_t, 6> kCropFrames = {30, 50, 60, 70, 80, 100};

bool teaches_key(const Labels& labels, const TrainingOptions& options) {
  if (std::ranges::count(options.distrusted_keys, labels.source) > 0)
    return false;
  return labels.key >= 0 || labels.keyless;
}

// The key moved by `semitones`; both modes where the mode is not known; all keys alike where there is none to hear.
void fill_key_target(const Labels& labels, int semitones, double smoothing, std::span<float> target) {
  const auto even = static_cast<float>(labels.key < 0 ? 1.0 / kKeys : smoothing / kKeys);
  std::ranges::fill(target, even);
  if (labels.key < 0)
    return;
  const int tonic = ((labels.key + semitones) % 12 + 12) % 12;
  const auto rest = static_cast<float>(1 - smoothing);
  const float major = labels.mode == 1 ? rest : labels.mode == 0 ? 0 : rest / 2;
  target[static_cast<std::size_t>(tonic)] += major;
  target[static_cast<std::size_t>(tonic + 12)] += rest - major;
}

class HarmonicLessons : public BranchLessons {
 public:
  HarmonicLessons(const TrainingClips& clips, const TrainingOptions& options) : clips_(clips), options_(options) {
    for (const Clip* clip : clips.of_split(Split::train))
      if (teaches_key(clip->labels, options) && clips.harmonic(*clip).rows() >= kCropFrames.front())
        train_.push_back(clip);
  }

  std::string name() const override { return "harmonic"; }
  std::int64_t clips() const override { return std::ssize(train_); }
  std::int64_t batches_per_epoch() const override { return std::ssize(train_) / options_.harmonic_schedule.batch; }

  HostBatch prepare(int epoch, std::int64_t batch) const override {
    const std::int64_t size = options_.harmonic_schedule.batch;
    const std::vector<std::int64_t> order = shuffled(std::ssize(train_), derived_seed(options_.seed, "keys", epoch));
    const std::span<const std::int64_t> chosen =
        std::span(order).subspan(static_cast<std::size_t>(batch * size), static_cast<std::size_t>(size));
    std::int64_t frames = crop_frames(epoch, batch);
    for (const std::int64_t i : chosen)
      frames = std::min(frames, clips_.harmonic(*train_[static_cast<std::size_t>(i)]).rows());
    const std::int64_t bands = options_.front_end.harmonic_bands.bands, pairs = harmonic_pairs(frames);

    HostBatch result;
    WeightTensor& x = result["x"] = zeros_on_host({size, 1, bands, pairs});
    WeightTensor& targets = result["targets"] = zeros_on_host({size, 1, 1, kKeys});
    result["weight"] = {{size, 1, 1, 1},
                        std::vector<float>(static_cast<std::size_t>(size), 1 / static_cast<float>(size))};
    Matrix<float> crop(frames, bands);
    const std::uint64_t seed = derived_seed(options_.seed, "keys' sound", epoch);
    for (std::int64_t row = 0; row < size; ++row) {
      const std::int64_t index = chosen[static_cast<std::size_t>(row)];
      const Clip& clip = *train_[static_cast<std::size_t>(index)];
      Random random(seed, static_cast<std::uint64_t>(index));
      const int bins = options_.front_end.harmonic_bands.bins_per_octave;
      const int semitones = augment_harmonic(clips_.harmonic(clip), bins, random, crop.view());
      harmonic_input(crop.view(), bins, row_of(x, row));
      fill_key_target(clip.labels, semitones, options_.label_smoothing, row_of(targets, row));
    }
    return result;
  }

  double loss(Tape& tape, LayerOps& ops, const HostBatch& batch) const override {
    const HarmonicOutputs out =
        harmonic_branch(tape, tape.input(upload(ops, batch.at("x"))), options_.front_end.harmonic_bands);
    return tape.cross_entropy(out.keys, upload(ops, batch.at("targets")), upload(ops, batch.at("weight")));
  }

  void hear(Listener& listener, std::span<const Features> clips, std::span<Heard> heard) const override {
    listener.hear_harmony(clips, heard);
  }

  double validation_loss(std::span<const Labels> labels, std::span<const Heard> heard) const override {
    const std::vector<Judged> answers = judge_keys(labels, heard, options_);
    return negative_log_likelihood(answers, fit_temperature(answers));
  }

 private:
  std::int64_t crop_frames(int epoch, std::int64_t batch) const {
    Random random(derived_seed(options_.seed, "crops", epoch), static_cast<std::uint64_t>(batch));
    return kCropFrames[random.below(kCropFrames.size())];
  }

  const TrainingClips& clips_;
  TrainingOptions options_;
  std::vector<const Clip*> train_;
};

}  // namespace

std::unique_ptr<BranchLessons> harmonic_lessons(const TrainingClips& clips, const TrainingOptions& options) {
  return std::make_unique<HarmonicLessons>(clips, options);
}

}  // namespace segue::audio
