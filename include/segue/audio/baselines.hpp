#pragma once

#include "segue/audio/network.hpp"

/// What signal processing alone says: the bar that a trained network has to clear.
namespace segue::audio {

/// Spectral flux of a mel spectrogram (43 frames/s), autocorrelation, comb over lags 1, 2 and 4, log-normal prior at
/// 120 BPM one octave wide (Klapuri et al. 2006; Ellis 2007); 40–240 BPM.
/// @param mel  [frames × bands], power or magnitude
/// @return BPM; 0: nothing ever begins in it (silence, a steady sound, fewer than two frames)
double comb_filter_tempo(MatrixView<const float> mel, double frames_per_second);

struct TemplateKey {
  int key = 0;   ///< pitch class
  int mode = 1;  ///< 1 major, 0 minor
};
/// Krumhansl & Kessler 1982 (listeners); Temperley 1999 (revised by hand); Temperley 2005 (counted in the Kostka-Payne
/// corpus).
enum class KeyProfile { krumhansl_kessler, temperley_1999, temperley_2005 };
/// Chroma over C2–C7, correlated with a pair of profiles in 12 rotations. Silence is C major.
/// @param harmonic  [frames × bands], the first band C1
/// @throws InvalidArgument  bins_per_octave is not a multiple of 12, fewer bands than six octaves
TemplateKey template_key(MatrixView<const float> harmonic, int bins_per_octave, KeyProfile profile);

}  // namespace segue::audio
