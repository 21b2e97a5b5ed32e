#include "host/cli/analyze_run.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "host/cli/analyze_accuracy.hpp"
#include "host/cli/analyze_files.hpp"
#include "host/cli/analyze_pictures.hpp"
#include "host/cli/analyze_songs.hpp"
#include "segue/audio/profile_store.hpp"
#include "segue/audio/weights.hpp"
#include "segue/core/file.hpp"
#include "segue/core/log.hpp"
#include "segue/core/sha256.hpp"
#include "segue/data/factor_table.hpp"
#include "segue/data/rejects.hpp"
#include "segue/search/spherical_kmeans.hpp"

namespace segue::cli {
namespace {

namespace fs = std::filesystem;
using audio::Analysis;
using audio::StoredProfile;

constexpr char kModelName[] = "audio.safetensors";
constexpr std::size_t kStoreBatch = 64;  // profiles a transaction: what a kill loses at most

/// Everything on the way from files to answers.
class AnalyzeRun {
 public:
  AnalyzeRun(const AnalyzeArguments& arguments, Session& session) : arguments_(arguments), session_(session) {}

  ExitCode run() {
    const auto start = std::chrono::steady_clock::now();
    prepare();
    analyze_pending();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (arguments_.groups > 0)
      group();
    write_outputs();
    report(seconds);
    return failures_.empty() ? ExitCode::ok : ExitCode::bad_input;
  }

 private:
  bool needs_features() const { return pictures_->wanted() || arguments_.baselines; }

  void prepare() {
    options_.profile = arguments_.profile;
    options_.batch = arguments_.batch;
    if (!arguments_.labels.empty())
      check_ = std::make_unique<AccuracyCheck>(arguments_.labels, arguments_.baselines);
    const std::vector<fs::path> files =
        arguments_.inputs.empty() && check_ ? check_->files() : find_audio_files(arguments_.inputs);
    pictures_ = std::make_unique<Pictures>(arguments_.plot, files.size());
    options_.keep_features = needs_features();
    const fs::path model = arguments_.model.empty() ? audio::find_model(kModelName) : fs::path(arguments_.model);
    const audio::Weights weights = audio::read_weights(model);
    network_ = audio::make_network(session_.device(), weights);
    front_end_ = network_->front_end();
    std::vector<audio::AudioFile> named;
    for (const fs::path& file : files)
      named.push_back({fs::absolute(file).lexically_normal().string(), file});
    model_ = sha256_file(model) + (arguments_.tempo_range.empty() ? "" : " tempo " + arguments_.tempo_range);
    if (arguments_.store.empty()) {
      for (const audio::AudioFile& file : named) {
        songs_.emplace_back();
        songs_.back().id = file.id;
        songs_.back().path = file.path.string();
      }
      return;
    }
    store_.emplace(audio::ProfileStore::open(arguments_.store));
    songs_ = audio::look_up(*store_, named, model_, session_.progress());
  }

  void analyze_pending() {
    std::vector<fs::path> files;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < songs_.size(); ++i)
      if (songs_[i].profile.embedding.empty() || needs_features()) {
        files.emplace_back(songs_[i].path);
        places.push_back(i);
      } else if (check_) {
        Analysis known;
        known.path = songs_[i].path;
        known.profile = songs_[i].profile;
        check_->add(known, front_end_);
      }
    kept_ = songs_.size() - files.size();
    audio::Analyzer analyzer(session_.device(), std::move(network_), options_);
    std::size_t next = 0;
    analyzer.analyze(
        files, [&](Analysis&& analysis) { take(std::move(analysis), songs_[places[next++]]); }, session_.progress());
    save();
    std::erase_if(songs_, [](const StoredProfile& song) { return song.profile.embedding.empty(); });
  }

  void take(Analysis&& analysis, StoredProfile& song) {
    if (analysis.error) {
      log::warn("{}", *analysis.error);
      failures_.push_back({analysis.path, *analysis.error});
      return;
    }
    if (analysis.damaged_packets > 0)
      log::warn("{}: {} damaged packets were skipped", analysis.path, analysis.damaged_packets);
    if (check_)
      check_->add(analysis, front_end_);
    if (pictures_->wanted())
      pictures_->draw(analysis, front_end_);
    song.profile = std::move(analysis.profile);
    if (!store_)
      return;
    unsaved_.push_back(song);
    if (unsaved_.size() >= kStoreBatch)
      save();
  }

  void save() {
    if (store_ && !unsaved_.empty())
      store_->put(unsaved_);
    unsaved_.clear();
  }

  void group() {
    if (songs_.empty())
      return;
    search::KMeansOptions options = session_.config().groups;
    options.clusters = arguments_.groups;
    const search::Clusters clusters =
        search::spherical_kmeans(session_.device(), embeddings().view(), options, session_.progress());
    for (std::size_t i = 0; i < songs_.size(); ++i)
      songs_[i].group = clusters.assignment[i];
    if (store_)
      store_->put(songs_);
  }

  Matrix<float> embeddings() const {
    const std::size_t dimension = songs_.empty() ? 0 : songs_[0].profile.embedding.size();
    Matrix<float> matrix(static_cast<std::int64_t>(songs_.size()), static_cast<std::int64_t>(dimension));
    for (std::size_t i = 0; i < songs_.size(); ++i)
      std::ranges::copy(songs_[i].profile.embedding, matrix.row(static_cast<std::int64_t>(i)).begin());
    return matrix;
  }

  void write_outputs() {
    if (!arguments_.embeddings.empty()) {
      const fs::path path(arguments_.embeddings);
      data::IdTable ids;
      for (const StoredProfile& song : songs_)
        ids.add(song.id);
      data::write_factor_table(path.parent_path(), path.stem().string(), std::as_const(*this).embeddings().view(), ids);
    }
    if (!arguments_.reliability.empty() && check_)
      write_file(arguments_.reliability, report::to_svg_file(draw_reliability(check_->reliability())));
    if (arguments_.rejects.empty())
      return;
    data::RejectLog rejects(arguments_.rejects);
    for (const FailedFile& failure : failures_)
      rejects.add({.file = failure.path, .reason = failure.reason});
    rejects.commit();
  }

  void report(double seconds) const {
    double audio_seconds = 0;
    for (const StoredProfile& song : songs_)
      audio_seconds += song.profile.seconds;
    const auto analysed = static_cast<double>(songs_.size() - kept_);
    say_songs(songs_, session_);
    if (arguments_.groups > 0)
      say_groups(songs_, session_);
    for (const FailedFile& failure : failures_)
      session_.say(fmt::format("Failed   {}", failure.reason));
    session_.say(fmt::format("{} {} ({} of audio) in {}: {:.1f} songs/s{}{}", songs_.size(),
                             songs_.size() == 1 ? "song" : "songs", format_duration(audio_seconds),
                             format_duration(seconds), analysed / seconds,
                             kept_ > 0 ? fmt::format("; {} were in the store already", kept_) : "",
                             failures_.empty() ? "" : fmt::format("; {} files failed", failures_.size())));
    if (check_)
      check_->say(session_);
    Json document{{"songs", json_of(songs_)},
                  {"failed", Json::array()},
                  {"model", model_},
                  {"from_store", kept_},
                  {"seconds", seconds},
                  {"audio_seconds", audio_seconds},
                  {"songs_per_second", analysed / seconds}};
    for (const FailedFile& failure : failures_)
      document["failed"].push_back({{"file", failure.path}, {"error", failure.reason}});
    if (check_)
      document["accuracy"] = check_->json();
    session_.answer(document);
  }

  struct FailedFile {
    std::string path, reason;
  };

  const AnalyzeArguments& arguments_;
  Session& session_;
  audio::AnalyzerOptions options_;
  std::unique_ptr<audio::Network> network_;
  audio::FrontEndOptions front_end_;
  std::string model_;
  std::unique_ptr<AccuracyCheck> check_;
  std::unique_ptr<Pictures> pictures_;
  std::optional<audio::ProfileStore> store_;
  std::vector<StoredProfile> songs_, unsaved_;
  std::size_t kept_ = 0;  // in the store already
  std::vector<FailedFile> failures_;
};

}  // namespace

ExitCode run_analyze(const AnalyzeArguments& arguments, Session& session) {
  return AnalyzeRun(arguments, session).run();
}

}  // namespace segue::cli
