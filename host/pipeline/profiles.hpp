#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/pipeline/profile_columns.hpp"
#include "segue/audio/profile_store.hpp"
#include "segue/core/device.hpp"
#include "segue/core/progress.hpp"
#include "segue/data/catalogue.hpp"

namespace segue::pipeline {

/// The catalogue's songs whose path names a file that is there; a relative path is so from `base`.
std::vector<audio::AudioFile> audio_files(const data::Catalogue& catalogue, const data::IdTable& songs,
                                          const std::filesystem::path& base);

/// The profiles of `songs`, as look_up() gives them: those that are missing are made with the weights in `model` and
/// put into the store, some at a time, so that a night that is killed goes on. Files that cannot be read are left out,
/// with a warning. Writes profiles.jsonl, with what the catalogue says of the songs without audio behind those that
/// have it, and the embeddings as sound.npy with sound.ids.tsv.
void write_profiles(std::vector<audio::StoredProfile> songs, const std::vector<CatalogueProfile>& catalogue,
                    audio::ProfileStore& store, const std::filesystem::path& model, Device device,
                    const std::filesystem::path& directory, Progress& progress);

/// Songs without tempo, energy and valence in the catalogue get the tempo of what write_profiles() wrote.
void add_tempi(const std::filesystem::path& directory, const data::IdTable& songs, data::Catalogue& catalogue);

}  // namespace segue::pipeline
