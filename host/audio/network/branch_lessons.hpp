#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "host/audio/network/calibration.hpp"
#include "host/audio/network/listener.hpp"
#include "host/audio/network/tape.hpp"
#include "host/audio/network/training_clips.hpp"

namespace segue::audio {

/// Tensors on the host by name, ready to be uploaded.
using HostBatch = std::map<std::string, WeightTensor>;

WeightTensor zeros_on_host(Shape shape);
/// The values of one n.
std::span<float> row_of(WeightTensor& tensor, std::int64_t row);
Tensor upload(LayerOps& ops, const WeightTensor& tensor);

/// What a branch learns from: its examples, its loss, and what counts on validation clips.
class BranchLessons {
 public:
  virtual ~BranchLessons() = default;
  virtual std::string name() const = 0;
  /// How many training clips have something to learn for this branch.
  virtual std::int64_t clips() const = 0;
  virtual std::int64_t batches_per_epoch() const = 0;
  /// A function of (seed, epoch, batch); may be called from several threads.
  virtual HostBatch prepare(int epoch, std::int64_t batch) const = 0;
  /// Runs the branch; the gradient goes to the logits.
  virtual double loss(Tape& tape, LayerOps& ops, const HostBatch& batch) const = 0;
  virtual void hear(Listener& listener, std::span<const Features> clips, std::span<Heard> heard) const = 0;
  /// Negative log-likelihood of the clips' labels at the best temperature, so that over-confidence, which calibration
  /// takes away, does not count.
  virtual double validation_loss(std::span<const Labels> labels, std::span<const Heard> heard) const = 0;
};

std::unique_ptr<BranchLessons> harmonic_lessons(const TrainingClips& clips, const TrainingOptions& options);
std::unique_ptr<BranchLessons> rhythm_lessons(const TrainingClips& clips, const TrainingOptions& options);

/// The heads' answers beside what the labels know; clips whose labels do not know are left out.
std::vector<Judged> judge_keys(std::span<const Labels> labels, std::span<const Heard> heard,
                               const TrainingOptions& options);
std::vector<Judged> judge_tempi(std::span<const Labels> labels, std::span<const Heard> heard);
std::vector<Judged> judge_metres(std::span<const Labels> labels, std::span<const Heard> heard);

/// `seed`'s own seed for one purpose and epoch.
std::uint64_t derived_seed(std::uint64_t seed, const std::string& purpose, std::int64_t epoch);
/// 0 … count − 1 in random order.
std::vector<std::int64_t> shuffled(std::int64_t count, std::uint64_t seed);

}  // namespace segue::audio
