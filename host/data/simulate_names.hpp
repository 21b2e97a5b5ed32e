#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "segue/core/random.hpp"

namespace segue::data::simulated {

/// How the songs of a genre sound: means, in the units of the songs table.
struct Sound {
  double tempo, energy, valence, danceability, acousticness, instrumentalness, speechiness, loudness;
  double minutes;  ///< median duration
  double major;    ///< fraction of songs in a major key
  double triple;   ///< fraction of songs in three
};

/// A genre has its own words, so that a person who reads a list of titles sees what kind of music it is.
struct Genre {
  std::string_view name;
  double share;  ///< of listeners, relative
  Sound sound;
  std::vector<std::string_view> adjectives, nouns, first_names, last_names;
  std::vector<std::string_view> artist_patterns, title_patterns;  ///< placeholders: see invent()
};

const std::vector<Genre>& genres();

/// Fills a pattern with random words of the genre: %a adjective, %n noun, %p plural noun, %f first name, %l last name,
/// %d number from 1 to 24, %k musical key.
std::string invent(const Genre& genre, const std::vector<std::string_view>& patterns, Random& random);

}  // namespace segue::data::simulated
