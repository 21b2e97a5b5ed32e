#pragma once

#include "cuda/audio/spectrogram.hpp"

namespace segue::audio_signal {

/// @throws InvalidArgument  as make_spectrogram()
void check_setup(const audio::SpectrogramOptions& options, const audio::Filterbank& filterbank);

/// With its window.  @throws InvalidArgument
cuda::SpectrogramSetup gpu_setup(const audio::SpectrogramOptions& options, const audio::Filterbank& filterbank);

}  // namespace segue::audio_signal
