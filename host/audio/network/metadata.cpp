#include "host/audio/network/metadata.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "segue/core/error.hpp"

namespace segue::audio {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kFrontEnd[] = "front_end";
constexpr char kTemperatures[] = "temperatures";

Json of(const SpectrogramOptions& options) {
  return {{"n_fft", options.n_fft},
          {"hop_length", options.hop_length},
          {"center", options.center},
          {"magnitude", options.output == SpectrogramOptions::Output::magnitude},
          {"decibels", options.decibels}};
}

SpectrogramOptions spectrogram_of(const Json& json) {
  SpectrogramOptions options;
  options.n_fft = json.at("n_fft");
  options.hop_length = json.at("hop_length");
  options.center = json.at("center");
  options.output =
      json.at("magnitude").get<bool>() ? SpectrogramOptions::Output::magnitude : SpectrogramOptions::Output::power;
  options.decibels = json.at("decibels");
  return options;
}

void within(double value, double low, double high, const char* what) {
  if (!(value >= low && value <= high))
    throw BadInput(fmt::format("the weights' metadata: {} {}; {} to {} expected", what, value, low, high));
}

// A network of others would be too large for anything, or empty.
void check(const FrontEndOptions& options) {
  within(options.sample_rate, 1000, 384000, "sample_rate");
  for (const SpectrogramOptions* spectrogram : {&options.mel, &options.harmonic}) {
    within(spectrogram->n_fft, 16, 1 << 20, "n_fft");
    within(spectrogram->hop_length, 1, 1 << 20, "hop_length");
  }
  within(options.mel_bands.bands, 21, 1024, "mel bands");
  within(options.harmonic_bands.bands, 12, 4096, "harmonic bands");
  within(options.harmonic_bands.bins_per_octave, 12, 120, "harmonic bins_per_octave");
}

std::string front_end_to_json(const FrontEndOptions& options) {
  const MelOptions& mel = options.mel_bands;
  const LogFrequencyOptions& harmonic = options.harmonic_bands;
  const Json json = {
      {"sample_rate", options.sample_rate},
      {"mel", of(options.mel)},
      {"mel_bands",
       {{"bands", mel.bands},
        {"f_min", mel.f_min},
        {"f_max", mel.f_max},
        {"htk", mel.scale == MelScale::htk},
        {"norm", static_cast<int>(mel.norm)}}},
      {"harmonic", of(options.harmonic)},
      {"harmonic_bands",
       {{"bands", harmonic.bands}, {"bins_per_octave", harmonic.bins_per_octave}, {"f_min", harmonic.f_min}}}};
  return json.dump();
}

const std::string& metadata(const Weights& weights, const std::string& key) {
  const auto found = weights.metadata.find(key);
  if (found == weights.metadata.end())
    throw BadInput(fmt::format("the weights' metadata has no \"{}\": they are not of Segue's audio network", key));
  return found->second;
}

[[noreturn]] void refuse(const char* key, const nlohmann::json::exception& error) {
  throw BadInput(fmt::format("the weights' metadata \"{}\" is not what was expected: {}", key, error.what()));
}

}  // namespace

FrontEndOptions front_end_of(const Weights& weights) {
  const std::string& text = metadata(weights, kFrontEnd);
  try {
    const Json json = Json::parse(text);
    FrontEndOptions options;
    options.sample_rate = json.at("sample_rate");
    options.mel = spectrogram_of(json.at("mel"));
    options.harmonic = spectrogram_of(json.at("harmonic"));
    const Json& mel = json.at("mel_bands");
    options.mel_bands.bands = mel.at("bands");
    options.mel_bands.f_min = mel.at("f_min");
    options.mel_bands.f_max = mel.at("f_max");
    options.mel_bands.scale = mel.at("htk").get<bool>() ? MelScale::htk : MelScale::slaney;
    const int norm = mel.at("norm");
    if (norm < 0 || norm > static_cast<int>(FilterNorm::unit_sum))
      throw BadInput(fmt::format("front_end: norm {}; 0 to 2 expected", norm));
    options.mel_bands.norm = static_cast<FilterNorm>(norm);
    const Json& harmonic = json.at("harmonic_bands");
    options.harmonic_bands.bands = harmonic.at("bands");
    options.harmonic_bands.bins_per_octave = harmonic.at("bins_per_octave");
    options.harmonic_bands.f_min = harmonic.at("f_min");
    check(options);
    return options;
  } catch (const nlohmann::json::exception& error) {
    refuse(kFrontEnd, error);
  }
}

void set_front_end(Weights& weights, const FrontEndOptions& options) {
  weights.metadata[kFrontEnd] = front_end_to_json(options);
}

Temperatures temperatures_of(const Weights& weights) {
  const std::string& text = metadata(weights, kTemperatures);
  try {
    const Json json = Json::parse(text);
    Temperatures temperatures;
    temperatures.key = json.at("key");
    temperatures.tempo = json.at("tempo");
    temperatures.metre = json.at("metre");
    for (const double temperature : {temperatures.key, temperatures.tempo, temperatures.metre})
      within(temperature, 0.01, 100, "temperature");
    return temperatures;
  } catch (const nlohmann::json::exception& error) {
    refuse(kTemperatures, error);
  }
}

void set_temperatures(Weights& weights, const Temperatures& temperatures) {
  weights.metadata[kTemperatures] =
      Json{{"key", temperatures.key}, {"tempo", temperatures.tempo}, {"metre", temperatures.metre}}.dump();
}

}  // namespace segue::audio
