#include <ebur128.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <memory>
#include <new>

#include "host/audio/decode/true_peak.hpp"
#include "segue/audio/loudness.hpp"
#include "segue/core/error.hpp"
#include "segue/core/parallel.hpp"

namespace segue::audio {
namespace {

constexpr int kMostChannels = 64;
constexpr int kLowestRate = 16;
constexpr int kHighestRate = 2'822'400;

using State = std::unique_ptr<ebur128_state, decltype([](ebur128_state* state) { ebur128_destroy(&state); })>;

// libebur128's own map is right up to six channels. It weights 1.41 from 60° to 120° to either side, and 1 elsewhere.
void set_channels(ebur128_state& state, int channels) {
  static constexpr std::array kSevenOne = {EBUR128_LEFT,  EBUR128_RIGHT, EBUR128_CENTER, EBUR128_UNUSED,
                                           EBUR128_Mp135, EBUR128_Mm135, EBUR128_Mp090,  EBUR128_Mm090};
  static constexpr std::array kSixOne = {EBUR128_LEFT,  EBUR128_RIGHT, EBUR128_CENTER, EBUR128_UNUSED,
                                         EBUR128_Mp180, EBUR128_Mp090, EBUR128_Mm090};
  for (int channel = 0; channels > 6 && channel < channels; ++channel) {
    const auto index = static_cast<std::size_t>(channel);
    const int position = channels == 7 ? kSixOne[index] : channels == 8 ? kSevenOne[index] : EBUR128_CENTER;
    ebur128_set_channel(&state, static_cast<unsigned>(channel), position);
  }
}

class Ebur128Meter final : public LoudnessMeter {
 public:
  Ebur128Meter(int channels, int sample_rate)
      : channels_(static_cast<std::size_t>(channels)),
        state_(ebur128_init(static_cast<unsigned>(channels), static_cast<unsigned long>(sample_rate),
                            EBUR128_MODE_I | EBUR128_MODE_LRA)),
        true_peak_(channels, sample_rate) {
    if (state_ == nullptr)
      throw std::bad_alloc();
    set_channels(*state_, channels);
  }

  void add(std::span<const float> interleaved) override {
    if (interleaved.size() % channels_ != 0)
      throw InvalidArgument(
          fmt::format("loudness: {} samples of {} channels: whole frames expected", interleaved.size(), channels_));
    check(ebur128_add_frames_float(state_.get(), interleaved.data(), interleaved.size() / channels_));
    true_peak_.add(interleaved);
  }

  Loudness finish() override {
    Loudness loudness;
    check(ebur128_loudness_global(state_.get(), &loudness.integrated_lufs));
    check(ebur128_loudness_range(state_.get(), &loudness.range_lu));
    loudness.true_peak_dbtp = 20 * std::log10(static_cast<double>(true_peak_.peak()));
    return loudness;
  }

 private:
  // Nothing but memory can be wanting: the modes are those of the constructor.
  static void check(int status) {
    if (status != EBUR128_SUCCESS)
      throw std::bad_alloc();
  }

  std::size_t channels_;
  State state_;
  TruePeak true_peak_;
};

}  // namespace

std::unique_ptr<LoudnessMeter> make_loudness_meter(int channels, int sample_rate) {
  if (channels < 1 || channels > kMostChannels || sample_rate < kLowestRate || sample_rate > kHighestRate)
    throw InvalidArgument(fmt::format("loudness of {} channels at {} Hz: 1 to {} channels, {} to {} Hz expected",
                                      channels, sample_rate, kMostChannels, kLowestRate, kHighestRate));
  return std::make_unique<Ebur128Meter>(channels, sample_rate);
}

std::vector<Loudness> measure_loudness(Device device, std::span<const ClipView> clips, int sample_rate) {
  if (device.kind == Device::Kind::cuda)
    throw DeviceUnavailable(
        fmt::format("device {}: loudness is measured on the CPU; use --device cpu", device.to_string()));
  std::vector<Loudness> measured(clips.size());
  parallel_tasks(static_cast<std::int64_t>(clips.size()), [&](std::int64_t clip) {
    const ClipView& view = clips[static_cast<std::size_t>(clip)];
    const auto meter = make_loudness_meter(view.channels, sample_rate);
    meter->add(view.samples);
    measured[static_cast<std::size_t>(clip)] = meter->finish();
  });
  return measured;
}

}  // namespace segue::audio
