#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "segue/audio/labels.hpp"
#include "segue/audio/layer_ops.hpp"
#include "segue/audio/spectrogram.hpp"
#include "segue/audio/weights.hpp"
#include "segue/core/matrix.hpp"

namespace segue::audio {

/// What the network hears: 22,050 Hz mono, a mel spectrogram for rhythm and a logarithmic one for harmony.
inline constexpr int kSampleRate = 22050;

struct FrontEndOptions {
  int sample_rate = kSampleRate;
  SpectrogramOptions mel{2048, 512, true, SpectrogramOptions::Output::magnitude, false};
  MelOptions mel_bands{40, 20, 10000, MelScale::htk, FilterNorm::unit_sum};
  SpectrogramOptions harmonic{8192, 4410, true, SpectrogramOptions::Output::magnitude, false};
  LogFrequencyOptions harmonic_bands{252, 36, 32.703};  ///< 7 octaves from C1
  double mel_frames_per_second() const { return static_cast<double>(sample_rate) / mel.hop_length; }
};

/// Both spectrograms of one clip.
struct Features {
  Matrix<float> mel;       ///< [frames × mel bands]
  Matrix<float> harmonic;  ///< [frames × log-frequency bands]
};

/// Both spectrograms of many clips, on one device.
class FrontEnd {
 public:
  /// @throws DeviceUnavailable; InvalidArgument  as make_spectrogram()
  FrontEnd(Device device, const FrontEndOptions& options);
  ~FrontEnd();
  /// Runs in parallel: call it from no parallel loop.
  std::vector<Features> compute(std::span<const std::span<const float>> clips);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

inline constexpr int kKeys = 24;            ///< 12 major (C = 0), 12 minor
inline constexpr double kTempoLow = 30;     ///< BPM of class 0
inline constexpr double kTempoStep = 0.01;  ///< classes lie 1% apart
inline constexpr int kTempoClasses = 226;   ///< up to 30·e^2.25 = 285 BPM
double tempo_of_class(double tempo_class);

/// Calibrated distributions, and what a picture shows.
struct Prediction {
  std::array<float, kKeys> key{};            ///< adds up to 1
  std::array<float, kTempoClasses> tempo{};  ///< adds up to 1
  std::array<float, kMetres> metre{};        ///< adds up to 1
  std::vector<float> beat, downbeat;         ///< activation by mel frame, 0–1
  Matrix<float> key_by_window;               ///< [harmonic windows × 24]
  std::vector<float> embedding;              ///< [embedding dimension], unit length
};

/// Inference. Harmony in windows of up to 20 s, rhythm in windows of 512 mel frames (11.9 s) that overlap by half and,
/// up to a minute, the whole; log-probabilities are averaged. A clip shorter than a window is one window.
class Network {
 public:
  virtual ~Network() = default;
  virtual const FrontEndOptions& front_end() const = 0;
  virtual int embedding_dimension() const = 0;
  virtual std::vector<Prediction> predict(std::span<const Features> clips) = 0;
};

/// @throws DeviceUnavailable; BadInput  a tensor is missing or has another shape: its name
std::unique_ptr<Network> make_network(Device device, const Weights& weights, Precision precision = Precision::float32);

/// Where the shipped weights are: $SEGUE_MODELS, or models/ beside the binary's tree, or the installed place.
/// @throws IoError  nowhere: where it looked
std::filesystem::path find_model(const std::string& name);

}  // namespace segue::audio
