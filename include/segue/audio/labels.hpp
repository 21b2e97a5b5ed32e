#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace segue::audio {

/// Metres that the network tells apart; the name is the notation, time_signature the profile's number.
enum class Metre { three_four, four_four, five_four, six_eight, seven_eight };
inline constexpr int kMetres = 5;
inline constexpr std::array<Metre, kMetres> kAllMetres = {Metre::three_four, Metre::four_four, Metre::five_four,
                                                          Metre::six_eight, Metre::seven_eight};
std::string_view metre_name(Metre metre);  ///< "3/4" …
int time_signature(Metre metre);           ///< 3, 4, 5, 6, 7
std::optional<Metre> parse_metre(std::string_view name);

enum class Split { train, validation, test };
std::string_view split_name(Split split);  ///< as the enumerator

/// What is known about an audio file: a line of labels.jsonl. Only `path` must be there.
struct Labels {
  std::string path;      ///< of the audio, relative to the folder of labels.jsonl
  int key = -1;          ///< pitch class of the tonic, C = 0; −1: none or not known
  int mode = -1;         ///< 1 major, 0 minor; −1 not known
  bool keyless = false;  ///< key −1 because there is none to hear (drums alone), not because nobody knows
  double tempo = 0;      ///< BPM of the tactus; 0: not known
  std::optional<Metre> metre;
  std::vector<float> beats;  ///< seconds; empty: not known
  std::vector<float> downbeats;
  Split split = Split::train;
  std::string tune;    ///< excerpts of one tune share it
  std::string source;  ///< corpus, or "procedural"
  std::string style;
  std::string soundfont;
  double detuning_cents = 0;
};

/// Reads DIR/labels.jsonl. Or DIR/labels.csv, for evaluation: path or file; key (C, F#, Bb, or 0–11), mode (major,
/// minor), tempo or tempo_bpm, metre, time_signature or beats_per_bar, where there are such columns.
/// @throws IoError; BadInput  file, line, column, value
std::vector<Labels> read_labels(const std::filesystem::path& directory);

/// One line, without line end.
std::string format_labels(const Labels& labels);

}  // namespace segue::audio
