#include "host/als/checkpoint.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <nlohmann/json.hpp>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/log.hpp"
#include "segue/core/npy.hpp"
#include "segue/core/sha256.hpp"
#include "segue/core/version.hpp"

namespace segue::als {
namespace {

namespace fs = std::filesystem;

std::string describe(const Options& options, const std::string& data_hash) {
  return nlohmann::json{{"version", version()},
                        {"data_hash", data_hash},
                        {"rank", options.rank},
                        {"iterations", options.iterations},
                        {"alpha", options.alpha},
                        {"regularization", options.regularization},
                        {"regularization_exponent", options.regularization_exponent},
                        {"method", options.method == Method::cholesky ? "cholesky" : "conjugate_gradient"},
                        {"cg_steps", options.cg_steps},
                        {"preconditioner", options.preconditioner == Preconditioner::gram ? "gram" : "none"},
                        {"gather_storage", name_of(options.gather_storage)},
                        {"init_scale", options.init_scale},
                        {"seed", options.seed}}
      .dump();
}

void rename_to(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    throw IoError("rename to", to, error.value());
}

void remove_folder(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error)
    throw IoError("remove", path, error.value());
}

Matrix<float> read_vectors(const fs::path& path, const std::string& sha256, std::int64_t rows, int rank) {
  if (sha256_file(path) != sha256)
    throw BadInput(fmt::format("{}: its SHA-256 is not the one in checkpoint.json", path.string()));
  Matrix<float> vectors = read_npy_matrix(path);
  if (vectors.rows() != rows || vectors.columns() != rank)
    throw BadInput(
        fmt::format("{}: {} × {}, expected {} × {}", path.string(), vectors.rows(), vectors.columns(), rows, rank));
  return vectors;
}

}  // namespace

CheckpointStore::CheckpointStore(fs::path directory, const Options& options, std::string data_hash, std::int64_t users,
                                 std::int64_t songs)
    : directory_(std::move(directory)), made_for_(describe(options, data_hash)), users_(users), songs_(songs) {}

std::optional<Checkpoint> CheckpointStore::load() const {
  for (const char* name : {"checkpoint", "checkpoint.previous"}) {
    const fs::path path = directory_ / name;
    std::error_code error;
    if (!fs::exists(path, error))
      continue;
    try {
      if (std::optional<Checkpoint> checkpoint = read(path))
        return checkpoint;
    } catch (const Error& failure) {
      log::warn("als: the checkpoint is damaged: {}", failure.what());
      set_aside(path);
    } catch (const nlohmann::json::exception& failure) {
      log::warn("als: the checkpoint {} is damaged: {}", path.string(), failure.what());
      set_aside(path);
    }
  }
  return std::nullopt;
}

std::optional<Checkpoint> CheckpointStore::read(const fs::path& path) const {
  const auto json = nlohmann::json::parse(read_file(path / "checkpoint.json"));
  if (json.at("made_for") != nlohmann::json::parse(made_for_)) {
    log::warn("als: the checkpoint {} is of other options, data or version, and is not used: {}", path.string(),
              json.at("made_for").dump());
    return std::nullopt;
  }
  const int rank = json.at("made_for").at("rank");
  Checkpoint checkpoint;
  checkpoint.iteration = json.at("iteration");
  checkpoint.loss = json.at("loss").get<std::vector<double>>();
  if (checkpoint.iteration < 1 || checkpoint.loss.size() != static_cast<std::size_t>(checkpoint.iteration))
    throw BadInput(
        fmt::format("{}: iteration {} with {} losses", path.string(), checkpoint.iteration, checkpoint.loss.size()));
  checkpoint.factors.users = read_vectors(path / "users.npy", json.at("users_sha256"), users_, rank);
  checkpoint.factors.songs = read_vectors(path / "songs.npy", json.at("songs_sha256"), songs_, rank);
  return checkpoint;
}

void CheckpointStore::set_aside(const fs::path& path) const {
  for (int number = 1;; ++number) {
    const fs::path other = directory_ / fmt::format("checkpoint.damaged-{}", number);
    if (fs::exists(other))
      continue;
    rename_to(path, other);
    log::warn("als: it is kept as {}; training starts without it", other.string());
    return;
  }
}

void CheckpointStore::save(const Checkpoint& checkpoint) const {
  const fs::path fresh = directory_ / "checkpoint.new";
  const fs::path last = directory_ / "checkpoint";
  const fs::path previous = directory_ / "checkpoint.previous";
  remove_folder(fresh);
  std::error_code error;
  if (!fs::create_directories(fresh, error) && error)
    throw IoError("create", fresh, error.value());
  write_npy(fresh / "users.npy", checkpoint.factors.users.view());
  write_npy(fresh / "songs.npy", checkpoint.factors.songs.view());
  const nlohmann::json json{{"made_for", nlohmann::json::parse(made_for_)},
                            {"iteration", checkpoint.iteration},
                            {"loss", checkpoint.loss},
                            {"users_sha256", sha256_file(fresh / "users.npy")},
                            {"songs_sha256", sha256_file(fresh / "songs.npy")}};
  write_file(fresh / "checkpoint.json", json.dump(2) + "\n");
  if (fs::exists(last)) {
    remove_folder(previous);
    rename_to(last, previous);
  }
  rename_to(fresh, last);
  fsync_directory(directory_);
  remove_folder(previous);
}

}  // namespace segue::als
