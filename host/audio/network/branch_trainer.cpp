#include "host/audio/network/branch_trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <future>
#include <numbers>

#include "host/audio/network/events.hpp"
#include "segue/core/error.hpp"
#include "segue/core/log.hpp"
#include "segue/core/parallel.hpp"

namespace segue::audio {
namespace {

constexpr std::size_t kValidationClips = 400;  // that an epoch is judged by, at most
constexpr std::size_t kClipsAtOnce = 64;       // 20 s of each are 17 MB as float32

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Batches of an epoch in order, each made by a thread of its own while others are trained on.
class Prefetcher {
 public:
  Prefetcher(const BranchLessons& lessons, int epoch) : lessons_(lessons), epoch_(epoch) {
    const int ahead = std::max(2, thread_count());
    while (started_ < ahead)
      start();
  }
  HostBatch next() {
    std::future<HostBatch> batch = std::move(batches_.front());
    batches_.pop_front();
    start();
    return batch.get();
  }

 private:
  void start() {
    const std::int64_t batch = started_++;
    if (batch < lessons_.batches_per_epoch())
      batches_.push_back(std::async(std::launch::async, [this, batch] { return lessons_.prepare(epoch_, batch); }));
  }

  const BranchLessons& lessons_;
  int epoch_;
  std::int64_t started_ = 0;
  std::deque<std::future<HostBatch>> batches_;
};

class Trainer {
 public:
  Trainer(const BranchLessons& lessons, const TrainerSetting& setting)
      : lessons_(lessons),
        setting_(setting),
        parameters_(setting.ops, derived_seed(setting.options.seed, lessons.name(), 0)),
        events_(setting.work / "events", lessons.name(), wall_time()),
        checkpoint_(setting.work / (lessons.name() + ".checkpoint.safetensors"), setting.made_for),
        validation_(setting.clips.of_split(Split::validation)) {
    validation_.resize(std::min(validation_.size(), kValidationClips));
    state_ = checkpoint_.load();
    parameters_.restore(state_.current);
  }

  TrainedBranch run(Progress& progress) {
    const std::int64_t batches = lessons_.batches_per_epoch();
    if (state_.epochs > 0)
      log::info("{}: goes on after epoch {}", lessons_.name(), state_.epochs);
    ProgressTask task(progress, fmt::format("train {}", lessons_.name()),
                      batches * (setting_.schedule.epochs - state_.epochs), "batches");
    while (state_.epochs < setting_.schedule.epochs &&
           state_.epochs - state_.best_epoch < std::max(1, setting_.options.patience)) {
      const auto start = std::chrono::steady_clock::now();
      const double loss = train_epoch(state_.epochs, task);
      ++state_.epochs;
      finish_epoch(loss, start);
    }
    TrainedBranch branch;
    branch.name = lessons_.name();
    for (const auto& [name, tensor] : state_.best.tensors)
      if (!name.ends_with(".mean") && !name.ends_with(".variance"))
        branch.parameters += tensor.shape.size();
    branch.clips = lessons_.clips();
    branch.epochs = state_.epochs;
    branch.best_epoch = state_.best_epoch;
    branch.validation_loss = state_.best_loss;
    branch.seconds = state_.seconds;
    return branch;
  }

  Weights take_best() { return std::move(state_.best); }

 private:
  double train_epoch(int epoch, ProgressTask& task) {
    const std::int64_t batches = lessons_.batches_per_epoch();
    Prefetcher prefetcher(lessons_, epoch);
    double sum = 0;
    for (std::int64_t batch = 0; batch < batches; ++batch) {
      const double loss = train_batch(prefetcher.next(), epoch, batch);
      sum += loss;
      task.advance(1);
      task.note(fmt::format("epoch {}, loss {:.3f}", epoch + 1, sum / static_cast<double>(batch + 1)));
    }
    return sum / static_cast<double>(batches);
  }

  double train_batch(const HostBatch& batch, int epoch, std::int64_t index) {
    const std::int64_t batches = lessons_.batches_per_epoch(), step = epoch * batches + index;
    Tape tape(setting_.ops, parameters_, derived_seed(setting_.options.seed, lessons_.name() + " dropout", step));
    const double loss = lessons_.loss(tape, setting_.ops, batch);
    if (!std::isfinite(loss))
      throw Error(fmt::format("{}: the loss is {} at epoch {}, batch {}; lower the learning rate ({})", lessons_.name(),
                              loss, epoch + 1, index + 1, setting_.schedule.learning_rate));
    tape.backward();
    const double norm = parameters_.gradient_norm();
    LayerOps::AdamWOptions adamw;
    const double rate = learning_rate(setting_.schedule.learning_rate, step, batches * setting_.schedule.epochs);
    adamw.learning_rate = static_cast<float>(rate);
    adamw.weight_decay = static_cast<float>(setting_.options.weight_decay);
    adamw.gradient_scale = static_cast<float>(std::min(1.0, setting_.options.gradient_clip / (norm + 1e-12)));
    adamw.step = step + 1;
    parameters_.adamw(adamw);
    events_.scalar("train/loss", step, static_cast<float>(loss), wall_time());
    events_.scalar("train/gradient_norm", step, static_cast<float>(norm), wall_time());
    events_.scalar("train/learning_rate", step, static_cast<float>(rate), wall_time());
    return loss;
  }

  void finish_epoch(double train_loss, std::chrono::steady_clock::time_point start) {
    state_.current = {};
    parameters_.save(state_.current);
    const double loss = validation_loss();
    events_.scalar("validation/loss", state_.epochs * lessons_.batches_per_epoch(), static_cast<float>(loss),
                   wall_time());
    if (state_.best_epoch == 0 || loss < state_.best_loss) {
      state_.best_epoch = state_.epochs;
      state_.best_loss = loss;
      state_.best = state_.current;
    }
    parameters_.save_moments(state_.current);
    state_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    checkpoint_.save(state_);
    log::info("{}: epoch {} of {}, loss {:.4f}, validation {:.4f}{}", lessons_.name(), state_.epochs,
              setting_.schedule.epochs, train_loss, loss, state_.best_epoch == state_.epochs ? ", the best" : "");
  }

  double validation_loss() {
    Listener listener(setting_.ops, state_.current, setting_.options.front_end);
    const std::vector<Heard> heard = hear_all(
        setting_.clips, validation_, [&](auto clips, auto results) { lessons_.hear(listener, clips, results); });
    std::vector<Labels> labels;
    for (const TrainingClips::Clip* clip : validation_)
      labels.push_back(clip->labels);
    return lessons_.validation_loss(labels, heard);
  }

  const BranchLessons& lessons_;
  const TrainerSetting& setting_;
  Parameters parameters_;
  EventWriter events_;
  TrainingCheckpoint checkpoint_;
  std::vector<const TrainingClips::Clip*> validation_;
  TrainingState state_;
};

}  // namespace

double learning_rate(double peak, std::int64_t step, std::int64_t steps) {
  const double warm_up = 0.15 * static_cast<double>(steps), at = static_cast<double>(step);
  const auto half_cosine = [](double from, double to, double share) {
    return to + (from - to) * (1 + std::cos(std::numbers::pi * share)) / 2;
  };
  if (at < warm_up)
    return half_cosine(peak / 25, peak, at / warm_up);
  return half_cosine(peak, 0, (at - warm_up) / (static_cast<double>(steps) - warm_up));
}

std::vector<Heard> hear_all(const TrainingClips& clips, std::span<const TrainingClips::Clip* const> chosen,
                            const std::function<void(std::span<const Features>, std::span<Heard>)>& hear) {
  std::vector<Heard> heard(chosen.size());
  for (std::size_t begin = 0; begin < chosen.size(); begin += kClipsAtOnce) {
    const std::size_t size = std::min(kClipsAtOnce, chosen.size() - begin);
    std::vector<Features> features;
    for (std::size_t i = 0; i < size; ++i)
      features.push_back(clips.features(*chosen[begin + i]));
    hear(features, std::span(heard).subspan(begin, size));
  }
  return heard;
}

TrainedBranch train_branch(const BranchLessons& lessons, const TrainerSetting& setting, Weights& weights,
                           Progress& progress) {
  if (lessons.batches_per_epoch() < 1)
    throw BadInput(fmt::format("{}: {} training clips have something to learn, {} (a batch) expected at least",
                               lessons.name(), lessons.clips(), setting.schedule.batch));
  Trainer trainer(lessons, setting);
  TrainedBranch branch = trainer.run(progress);
  for (auto& [name, tensor] : trainer.take_best().tensors)
    weights.tensors[name] = std::move(tensor);
  return branch;
}

}  // namespace segue::audio
