#!/usr/bin/env python3
"""Checks Discover Weekly and Release Radar against the log they came from, with none of the engine's code.

  check_playlists.py LISTENS SONGS FOLLOWS DISCOVER.jsonl RADAR.jsonl --monday 2011-06-06 --friday 2011-06-03
      [--window-days 28] [--length 30] [--per-artist 2] [--min-listeners 3] [--given-before EARLIER.jsonl …]

LISTENS, SONGS and FOLLOWS are .csv or .csv.gz with the columns of docs/formats.md. Beside each list file its .csv and
m3u8/<playlist>/ are checked too where they are there. Prints counts, a line for each kind of broken promise with
examples, and exits 1 when there is one. The last line is 'N passed, N failed', a check counting once.
"""
import argparse
import csv
import datetime
import gzip
import json
import os
import re
import sys
from collections import Counter, defaultdict

STREAM_MS = 30000
KEYS = ["position", "song", "title", "artist_id", "artist", "score", "source", "reason"]
SOURCES = {
    "discover-weekly": {"als", "similar-songs", "group", "similar-users", "artist", "followed-artist", "popular"},
    "release-radar": {"followed-artist", "similar-artist"},
}


def rows(path):
    opened = gzip.open(path, "rt", encoding="utf-8", newline="") if path.endswith(".gz") else \
        open(path, encoding="utf-8", newline="")
    with opened as file:
        yield from csv.DictReader(file)


def read_lists(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def release_day(text):
    """The day, or None for a year or a month alone."""
    return datetime.date.fromisoformat(text[:10]) if len(text) >= 10 else None


class Log:
    """What is known of songs and users, read from the input tables."""

    def __init__(self, listens, songs, follows):
        self.songs = {row["song_id"]: row for row in rows(songs)}
        self.played = defaultdict(set)
        self.streamed = defaultdict(set)
        self.listeners = Counter()
        for row in rows(listens):
            user, song = row["user_id"], row["song_id"]
            self.played[user].add(song)
            if int(row.get("ms_played") or STREAM_MS) >= STREAM_MS and song not in self.streamed[user]:
                self.streamed[user].add(song)
                self.listeners[song] += 1
        self.users = frozenset(self.played)  # before a look-up adds an empty set
        self.follows = defaultdict(set)
        for row in rows(follows):
            self.follows[row["user_id"]].add(row["artist_id"])
        self.artist_listeners = Counter(artist for user in self.users for artist in self.artists_streamed(user))
        self.songs_of_artist = defaultdict(set)
        for song, row in self.songs.items():
            self.songs_of_artist[row["artist_id"]].add(song)

    def recording(self, song):
        """Equal for songs of one artist with one title, but for ASCII case and spaces around it: released twice."""
        row = self.songs.get(song)
        if not row or not row["artist_id"]:
            return song
        ascii_lower = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
        return row["artist_id"], row["title"].strip(" \t\n\v\f\r").translate(ascii_lower)

    def artists_streamed(self, user):
        return {self.songs[song]["artist_id"] for song in self.streamed[user] if song in self.songs}


class Checks:
    def __init__(self):
        self.broken = {}

    def check(self, promise, violations):
        self.broken[promise] = list(violations)

    def report(self):
        failed = {promise: found for promise, found in self.broken.items() if found}
        for promise, found in failed.items():
            print(f"BROKEN: {promise}: {len(found)} times, for example {found[:3]}")
        print(f"{len(self.broken) - len(failed)} passed, {len(failed)} failed")
        return bool(failed)


def check_form(checks, lists, log):
    """What holds for both playlists."""
    songs = [(p, s) for p in lists for s in p["songs"]]

    def each(promise, is_broken):
        checks.check(promise, ((p["playlist"], p["user"], s["song"]) for p, s in songs if is_broken(p, s)))

    checks.check("lines have the documented keys in their order",
                 [p["user"] for p in lists if list(p) != ["user", "playlist", "date", "cold_start", "songs"]]
                 + [(p["user"], s["song"]) for p, s in songs if list(s) != KEYS])
    checks.check("positions run 1, 2, 3 …", [(p["playlist"], p["user"]) for p in lists
                 if [s["position"] for s in p["songs"]] != list(range(1, len(p["songs"]) + 1))])
    checks.check("no song twice in a list", [(p["playlist"], p["user"]) for p in lists
                 if len({s["song"] for s in p["songs"]}) != len(p["songs"])])
    each("songs are in the catalogue", lambda p, s: s["song"] not in log.songs)
    each("songs were never played, not even skipped", lambda p, s: s["song"] in log.played[p["user"]])
    each("title and artist are the catalogue's", lambda p, s: s["song"] in log.songs and
         (s["title"], s["artist_id"]) != (log.songs[s["song"]]["title"] or s["song"], log.songs[s["song"]]["artist_id"]))
    each("sources are the documented ones", lambda p, s: s["source"] not in SOURCES[p["playlist"]])
    each("reasons are one line", lambda p, s: not s["reason"] or "\n" in s["reason"])
    checks.check("a user without streams is marked as a cold start",
                 [(p["playlist"], p["user"]) for p in lists if not log.streamed[p["user"]] and not p["cold_start"]])


def check_reasons(checks, lists, log):
    """What a reason says of the listener and of others is so."""
    wrong = []
    for p in lists:
        titles = {log.songs[song]["title"] if song in log.songs else song for song in log.streamed[p["user"]]}
        artists = log.artists_streamed(p["user"])
        for s in p["songs"]:
            reason, artist = s["reason"], s["artist_id"]
            popular = re.match(r"Popular with all listeners: (\d+) have streamed it$", reason)
            if (any(quoted not in titles for quoted in re.findall("“(.*?)”(?: by | and |,|$)", reason))
                    or (reason.endswith("whom you follow") and artist not in log.follows[p["user"]])
                    or (reason == f"More from {s['artist']}, whom you stream" and artist not in artists)
                    or (reason == f"New from {s['artist']}, whom you stream" and artist not in artists)
                    or (popular and int(popular[1]) != log.listeners[s["song"]])):
                wrong.append((p["user"], s["song"], reason))
    checks.check("reasons are true", wrong)


def fewest_possible_gap(songs, artist_of):
    """How often two songs of one artist must follow each other, however they are ordered."""
    most = max(Counter(artist_of(s) for s in songs).values(), default=0)
    return max(0, most - (len(songs) - most) - 1)


def check_discover_weekly(checks, lists, log, options):
    users = [p["user"] for p in lists]
    checks.check("every listener has one Discover Weekly", sorted(log.users ^ set(users))
                 + [user for user, count in Counter(users).items() if count > 1])
    checks.check("Discover Weekly is for the Monday", [(p["user"], p["date"]) for p in lists if p["date"] != options.monday])

    given = defaultdict(set)
    for path in options.given_before:
        for p in read_lists(path):
            given[p["user"]] |= {s["song"] for s in p["songs"]}
    checks.check("nothing is given again", [(p["user"], s["song"]) for p in lists for s in p["songs"]
                                            if s["song"] in given[p["user"]]])

    monday = datetime.date.fromisoformat(options.monday)
    unreleased = {song for song, row in log.songs.items()
                  if (day := release_day(row["release_date"])) and day > monday}
    checks.check("no song in Discover Weekly that is released after its Monday",
                 [(p["user"], s["song"]) for p in lists for s in p["songs"] if s["song"] in unreleased])

    short, twins, capped, side_by_side = [], [], [], []
    for p in lists:
        user, songs = p["user"], [s["song"] for s in p["songs"]]
        known = {log.recording(song) for song in log.played[user] | given[user]}
        recordings = [log.recording(song) for song in songs]
        if len(set(recordings)) != len(songs) or known & set(recordings):
            twins.append(user)
        if len(songs) != options.length:
            left = defaultdict(set)
            for song, row in log.songs.items():
                if log.recording(song) not in known and song not in unreleased:
                    left[row["artist_id"] or song].add(log.recording(song))
            if len(songs) != min(options.length, sum(min(len(r), options.per_artist) for r in left.values())):
                short.append((user, len(songs)))
        artists = [s["artist_id"] or s["song"] for s in p["songs"]]
        if max(Counter(artists).values(), default=0) > options.per_artist:
            capped.append(user)
        if sum(a == b for a, b in zip(artists, artists[1:])) > fewest_possible_gap(artists, lambda a: a):
            side_by_side.append(user)
    checks.check("Discover Weekly has its full length", short)
    checks.check("no recording in Discover Weekly that is there twice or was heard under another id", twins)
    checks.check("at most N songs of an artist in Discover Weekly", capped)
    checks.check("songs of an artist are apart in Discover Weekly", side_by_side)


def check_release_radar(checks, lists, log, options):
    friday = datetime.date.fromisoformat(options.friday)
    first = friday - datetime.timedelta(days=options.window_days - 1)
    new = {song for song, row in log.songs.items()
           if (day := release_day(row["release_date"])) and first <= day <= friday}
    new_by_artist = {artist: songs & new for artist, songs in log.songs_of_artist.items()}

    def due(user):
        return {song for artist in log.follows[user] for song in new_by_artist.get(artist, ())} - log.played[user]

    checks.check("no user has two Release Radars",
                 [user for user, count in Counter(p["user"] for p in lists).items() if count > 1])
    checks.check("Release Radar is for the Friday", [(p["user"], p["date"]) for p in lists if p["date"] != options.friday])
    checks.check("Release Radar is at most its length",
                 [(p["user"], len(p["songs"])) for p in lists if len(p["songs"]) > options.length])
    checks.check("Release Radar holds new releases only",
                 [(p["user"], s["song"]) for p in lists for s in p["songs"] if s["song"] not in new])
    late, missing, capped, little_known = [], [], [], []
    for p in lists:
        followed = [s["artist_id"] in log.follows[p["user"]] for s in p["songs"]]
        if sorted(followed, reverse=True) != followed:
            late.append(p["user"])
        wanted = due(p["user"])
        if len(wanted & {s["song"] for s in p["songs"]}) != min(options.length, len(wanted)):
            missing.append((p["user"], len(wanted)))
        others = Counter(s["artist_id"] for s, f in zip(p["songs"], followed) if not f)
        if max(others.values(), default=0) > options.per_artist:
            capped.append(p["user"])
        little_known += [(p["user"], artist) for artist in others if log.artist_listeners[artist] < options.min_listeners]
    have_lists = {p["user"] for p in lists}
    missing += [(user, "no list") for user in list(log.follows) if user not in have_lists and due(user)]
    checks.check("followed artists come first in Release Radar", late)
    checks.check("Release Radar leaves out no unheard release of a followed artist that fits", missing)
    checks.check("at most N songs of an artist that is not followed in Release Radar", capped)
    checks.check("no artist that is not followed and has fewer than N listeners in Release Radar", little_known)


def check_other_formats(checks, path, lists):
    table = os.path.splitext(path)[0] + ".csv"
    if os.path.exists(table):
        want = [[p["user"], p["playlist"], p["date"], str(p["cold_start"]).lower(), str(s["position"]), s["song"], s["title"],
                 s["artist_id"], s["artist"], s["source"], s["reason"]] for p in lists for s in p["songs"]]
        have = [[value for column, value in row.items() if column != "score"] for row in rows(table)]
        checks.check(f"{os.path.basename(table)} says the same", [pair for pair in zip(want, have) if pair[0] != pair[1]]
                     + ([(len(want), len(have))] if len(want) != len(have) else []))
    folder = os.path.join(os.path.dirname(path), "m3u8", os.path.splitext(os.path.basename(path))[0])
    if os.path.isdir(folder):
        lengths = Counter()
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                lengths[sum(not line.startswith("#") for line in file)] += 1
        checks.check(f"{folder} has a file a list", (lengths - Counter(len(p["songs"]) for p in lists)).items()
                     | (Counter(len(p["songs"]) for p in lists) - lengths).items())


def print_summary(discover, radar, log):
    given = Counter(s["song"] for p in discover for s in p["songs"])
    total = max(1, given.total())
    known = sum(s["artist_id"] in artists for p in discover for artists in [log.artists_streamed(p["user"])] for s in p["songs"])
    print(f"{len(discover)} Discover Weekly lists, {given.total()} songs, {len(given)} distinct "
          f"({len(given) / max(1, len(log.songs)):.1%} of the catalogue); most given: {max(given.values(), default=0)} lists; "
          f"by an artist the listener streams: {known / total:.1%}; cold start: {sum(p['cold_start'] for p in discover)}")
    sources = Counter(s["source"] for p in discover for s in p["songs"])
    print("  by source: " + ", ".join(f"{source} {count / total:.1%}" for source, count in sources.most_common()))
    print(f"{len(radar)} Release Radars, {sum(len(p['songs']) for p in radar)} songs, "
          f"{sum(not p['songs'] for p in radar)} empty")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("listens", "songs", "follows", "discover", "radar"):
        parser.add_argument(name)
    parser.add_argument("--monday", required=True)
    parser.add_argument("--friday", required=True)
    parser.add_argument("--window-days", type=int, default=28)
    parser.add_argument("--length", type=int, default=30)
    parser.add_argument("--per-artist", type=int, default=2)
    parser.add_argument("--min-listeners", type=int, default=3)
    parser.add_argument("--given-before", nargs="*", default=[])
    options = parser.parse_args()

    log = Log(options.listens, options.songs, options.follows)
    discover, radar = read_lists(options.discover), read_lists(options.radar)
    checks = Checks()
    check_form(checks, discover + radar, log)
    check_reasons(checks, discover + radar, log)
    check_discover_weekly(checks, discover, log, options)
    check_release_radar(checks, radar, log, options)
    check_other_formats(checks, options.discover, discover)
    check_other_formats(checks, options.radar, radar)
    print_summary(discover, radar, log)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
