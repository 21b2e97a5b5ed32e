#pragma once

#include <string>

#include "host/audio/decode/byte_input.hpp"
#include "host/audio/decode/libav.hpp"

namespace segue::audio {

/// A container opened and its streams known, none but the first audio stream read.
struct Container {
  libav::Pointer<AVFormatContext> context;
  const AVStream* stream = nullptr;
};

/// The decoders that may run: of audio, and no others.
extern const char* const kCodecs;

/// @param name  for messages; its extension decides where the content leaves a doubt
/// @throws IoError  reading failed; BadInput  not audio: what it looks like
Container open_container(ByteInput& input, const std::string& name);

}  // namespace segue::audio
