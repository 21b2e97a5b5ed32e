// Any bytes as an audio file under names that mislead: refused, or samples that are numbers, in whole frames.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "segue/audio/decode.hpp"
#include "segue/core/error.hpp"

namespace {

constexpr std::array kNames = {"a", "a.mp3", "a.wav", "a.flac", "a.ogg", "a.m4a", "a.aac", "a.mkv", "a.wma", "a.ape"};
constexpr std::int64_t kFrames = 50'000;  // a run is to be short

void drain(segue::audio::AudioReader& reader) {
  const auto channels = static_cast<std::size_t>(reader.info().channels);
  std::int64_t frames = 0;
  while (frames < kFrames) {
    const segue::audio::AudioBlock block = reader.next();
    if (block.frames == 0)
      return;
    frames += block.frames;
    if (block.frames < 0 || block.samples.size() != static_cast<std::size_t>(block.frames) * channels)
      std::abort();
    for (const float sample : block.samples)
      if (!std::isfinite(sample))
        std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    drain(*segue::audio::open_audio(std::span(data, size), kNames[size % kNames.size()]));
  } catch (const segue::Error&) {
    return 0;
  }
  return 0;
}
