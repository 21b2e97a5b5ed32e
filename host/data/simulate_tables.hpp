#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/data/simulate_catalogue.hpp"
#include "host/data/simulate_listener.hpp"

namespace segue::data::simulated {

constexpr std::string_view kListensHeader = "user_id,song_id,timestamp,ms_played,context\n";
constexpr std::string_view kFollowsHeader = "user_id,artist_id\n";
constexpr std::string_view kArtistsHeader = "artist_id,name\n";
constexpr std::string_view kSongsHeader =
    "song_id,title,artist_id,release_date,duration_ms,danceability,energy,key,loudness,mode,speechiness,acousticness,"
    "instrumentalness,liveness,valence,tempo,time_signature\n";

std::string user_id(std::int64_t user);
void append_artist_row(std::string& out, const World& world, std::int64_t artist);
void append_song_row(std::string& out, const World& world, std::int64_t song);
void append_follow_row(std::string& out, std::string_view user, std::int64_t artist);

/// Appends rows of one user's listens; a day's date is formatted once.
void append_listen_rows(std::string& out, const World& world, std::string_view user,
                        const std::vector<Listen>& listens);

}  // namespace segue::data::simulated
