#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "segue/audio/loudness.hpp"
#include "segue/audio/network.hpp"
#include "segue/core/progress.hpp"

namespace segue::audio {

/// A song as it sounds. Confidences are calibrated probabilities of the answer given.
struct SongProfile {
  double seconds = 0;
  double tempo = 0;  ///< BPM; 0: no beat to be heard (silence)
  double tempo_confidence = 0;
  double second_tempo = 0;  ///< the next candidate that is not the same tempo, mostly half or double; 0: none
  double second_tempo_confidence = 0;
  int key = -1;               ///< pitch class of the tonic, C = 0; −1: none
  int mode = -1;              ///< 1 major, 0 minor; −1: none
  double key_confidence = 0;  ///< of tonic and mode together
  double mode_confidence = 0;
  int time_signature = 4;  ///< 3–7
  double time_signature_confidence = 0;
  Loudness loudness;
  std::vector<float> embedding;
};

struct ProfileOptions {
  double tempo_low = 30, tempo_high = 286;  ///< BPM; the answer lies within
};

/// The decisions: from distributions to answers.
SongProfile decide(const Prediction& prediction, const ProfileOptions& options);

/// Nothing in it reaches −70 dBTP, where BS.1770 stops to listen: there is no tempo, key or metre to be heard.
bool is_silent(const Loudness& loudness);

/// "C# minor", "none".
std::string key_name(int key, int mode);

/// What was heard in one file.
struct Analysis {
  std::string path;
  SongProfile profile;
  Prediction prediction;             ///< without the picture's parts unless they were asked for
  Features features;                 ///< for a picture only
  std::int64_t damaged_packets = 0;  ///< that could not be decoded and were skipped
  std::optional<std::string> error;  ///< a file that could not be analysed: why
};

struct AnalyzerOptions {
  ProfileOptions profile;
  int batch = 16;              ///< files that are worked on together
  bool keep_features = false;  ///< spectrograms (43 MB an hour) and the prediction's parts for a picture
};

/// Decode → loudness and spectrograms → network → profile, files in parallel. A file of hours is heard in pieces of ten
/// minutes, whose log-probabilities are averaged, so that no more than a piece's spectrograms are held: 7 MB.
class Analyzer {
 public:
  /// @throws InvalidArgument  a batch below 1, an empty range of tempi; as make_network()
  Analyzer(Device device, const Weights& weights, const AnalyzerOptions& options);
  Analyzer(Device device, std::unique_ptr<Network> network, const AnalyzerOptions& options);
  ~Analyzer();
  /// Calls `done` in the order of `files`, from one thread. A file that cannot be read does not stop the others.
  void analyze(std::span<const std::filesystem::path> files, const std::function<void(Analysis&&)>& done,
               Progress& progress);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace segue::audio
