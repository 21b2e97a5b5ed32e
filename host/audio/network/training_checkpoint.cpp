#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "host/audio/network/branch_trainer.hpp"
#include "segue/core/error.hpp"
#include "segue/core/log.hpp"

namespace segue::audio {
namespace {

constexpr std::string_view kBest = "best.";
constexpr char kState[] = "state";
constexpr char kMadeFor[] = "made_for";

}  // namespace

TrainingState TrainingCheckpoint::load() const {
  TrainingState state;
  if (!std::filesystem::exists(path_))
    return state;
  Weights file = read_weights(path_);
  if (file.metadata[kMadeFor] != made_for_) {
    log::warn("{}: it is of other options, data or version, and is not used", path_.string());
    return state;
  }
  try {
    const auto json = nlohmann::json::parse(file.metadata[kState]);
    state.epochs = json.at("epochs");
    state.best_epoch = json.at("best_epoch");
    state.best_loss = json.at("best_loss");
    state.seconds = json.at("seconds");
  } catch (const nlohmann::json::exception& error) {
    throw BadInput(fmt::format("{}: {}; delete it to start anew", path_.string(), error.what()));
  }
  for (auto& [name, tensor] : file.tensors) {
    const bool is_best = name.starts_with(kBest);
    (is_best ? state.best : state.current).tensors[is_best ? name.substr(kBest.size()) : name] = std::move(tensor);
  }
  return state;
}

void TrainingCheckpoint::save(const TrainingState& state) const {
  Weights file = state.current;
  for (const auto& [name, tensor] : state.best.tensors)
    file.tensors[std::string(kBest) + name] = tensor;
  file.metadata[kMadeFor] = made_for_;
  file.metadata[kState] = nlohmann::json{
      {"epochs", state.epochs},
      {"best_epoch", state.best_epoch},
      {"best_loss", state.best_loss},
      {"seconds",
       state.seconds}}.dump();
  write_weights(path_, file);
}

}  // namespace segue::audio
