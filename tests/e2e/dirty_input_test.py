"""Logs that are small, strange or damaged: each works, or says precisely why not, and nothing half-done is published."""
import gzip
import os
import unittest

from segue_process import SMALL, Case, lists, rows, segue, segue_json

HEADER = "user_id,song_id,timestamp,ms_played\n"


def listen(user, song, ms=200000, day=1):
    return f"{user},{song},2011-05-{day:02}T12:00:00Z,{ms}\n"


class DirtyInput(Case):
    def nightly(self, data, *options, code=0):
        return segue("nightly", "--data", data, "--runs", self.folder / "runs", *SMALL, *options, code=code)

    def refused(self, data, *words):
        _, err = self.nightly(data, code=3)
        for word in words:
            self.assertIn(word, err)
        runs = self.folder / "runs"
        published = [name for name in os.listdir(runs)
                     if not name.startswith(".") and name != "rejects.csv"] if runs.exists() else []
        self.assertEqual(published, [])

    def weekly(self):
        return lists(self.folder / "runs/current/playlists/discover-weekly.jsonl")

    def test_empty_file(self):
        self.refused(self.data(listens=""), "listens.csv", "empty")

    def test_header_only(self):
        self.refused(self.data(listens=HEADER), "listens.csv", "no listens")

    def test_no_listens_at_all(self):
        self.refused(self.data(songs="song_id,title\na,A\n"), "listens")

    def test_missing_column_is_named_with_those_there_are(self):
        self.refused(self.data(listens="who,song_id,timestamp,ms_played\nu,s,2011-05-01,1\n"), "user_id", "who",
                     "input.columns")

    def test_mapped_columns(self):
        data = self.data(listens="who;what\nu;a\nu;b\nv;b\nv;c\n")
        columns = ["--set", "input.columns.user=who", "--set", "input.columns.song=what", "--date", "2026-01-05"]
        self.nightly(data, *columns)
        self.assertEqual({line["user"] for line in self.weekly()}, {"u", "v"})
        _, err = self.nightly(data, *columns, "--set", "input.columns.ms_played=ms_playd", code=3)
        self.assertIn("ms_playd", err)

    def test_too_many_rejects_stop_the_run_with_the_first_one(self):
        good = "".join(listen("u", f"s{i}") for i in range(50))
        self.refused(self.data(listens=HEADER + good + "u,x,yesterday,1000\n"), "line 52", "timestamp", "yesterday",
                     "reject_limit", "runs/rejects.csv")
        kept = rows(self.folder / "runs/rejects.csv")
        self.assertEqual([(row["line"], row["value"]) for row in kept], [("52", "yesterday")])
        segue("validate", "--data", self.folder / "data", "--rejects", self.folder / "rj.csv", code=3)
        self.assertEqual(rows(self.folder / "rj.csv"), kept)

    def test_few_rejects_are_kept_in_a_file(self):
        good = "".join(listen(f"u{i % 9}", f"s{i % 50}") for i in range(500))
        self.nightly(self.data(listens=HEADER + good + "u0,x,2011-05-01,-5\n"))
        rejects = rows(self.folder / "runs/current/rejects.csv")
        self.assertEqual(len(rejects), 1)
        self.assertEqual((rejects[0]["line"], rejects[0]["column"], rejects[0]["value"]), ("502", "ms_played", "-5"))

    def test_one_user_one_song(self):
        self.nightly(self.data(listens=HEADER + listen("u", "s")))
        self.assertEqual([line["user"] for line in self.weekly()], ["u"])
        self.assertEqual(self.weekly()[0]["songs"], [])

    def test_users_with_skips_only_are_cold_starts(self):
        log = HEADER + listen("u", "a") + listen("u", "b") + listen("v", "b", ms=4000) + listen("w", "c")
        self.nightly(self.data(listens=log))
        cold = {line["user"]: (line["cold_start"], [song["song"] for song in line["songs"]]) for line in self.weekly()}
        self.assertTrue(cold["v"][0])
        self.assertNotIn("b", cold["v"][1])
        self.assertFalse(cold["u"][0])

    def test_users_with_nothing_left_after_filtering_are_cold_starts(self):
        log = HEADER + "".join(listen("u", f"s{i}") for i in range(5)) + listen("v", "s0") + listen("w", "s1")
        self.nightly(self.data(listens=log), "--set", "interactions.min_user_streams=3")
        cold = {line["user"]: line["cold_start"] for line in self.weekly()}
        self.assertEqual((cold["u"], cold["v"], cold["w"]), (False, True, True))

    def test_duplicate_songs_in_the_catalogue_are_rejected_with_their_line(self):
        songs = "song_id,title,artist_id,release_date\n" + "".join(f"s{i},T{i},a{i % 7},2010-01-01\n" for i in range(200))
        data = self.data(listens=HEADER + "".join(listen(f"u{i % 3}", f"s{i}") for i in range(30)),
                         songs=songs + "s0,Again,a1,2010-01-01\n")
        self.nightly(data)
        rejects = rows(self.folder / "runs/current/rejects.csv")
        self.assertEqual([(row["line"], row["value"]) for row in rejects], [("202", "s0")])
        self.assertTrue(all(len(line["songs"]) == 14 for line in self.weekly()), "two of each of seven artists")

    def test_a_truncated_gzip_is_named(self):
        data = self.folder / "data"
        data.mkdir()
        whole = gzip.compress((HEADER + "".join(listen(f"u{i}", f"s{i}") for i in range(20000))).encode())
        (data / "listens.csv.gz").write_bytes(whole[:len(whole) // 2])
        self.refused(data, "listens.csv.gz")

    def test_odd_ids_come_back_as_they_were(self):
        users = ['a,b', 'say "hi"', "Мария", "tab\there", "../../etc", "x" * 300, "new\nline"]
        log = HEADER + "".join(listen('"' + user.replace('"', '""') + '"', f"s{i}", day=1 + j)
                               for j, user in enumerate(users) for i in range(j, j + 4))
        self.nightly(self.data(listens=log))
        self.assertEqual([line["user"] for line in self.weekly()], users)
        files = os.listdir(self.folder / "runs/current/playlists/m3u8/discover-weekly")
        self.assertEqual(len(files), len(users))
        self.assertEqual([row["user"] for row in rows(self.folder / "runs/current/playlists/discover-weekly.csv")
                          if row["position"] == "1"], users)

    def test_a_log_alone_serves_every_command(self):
        run = self.folder / "runs/current"
        log = HEADER + "".join(listen(f"u{i % 7}", f"s{i * i % 61}", day=1 + i % 20) for i in range(120))
        self.nightly(self.data(listens=log))
        self.assertTrue(segue_json("recommend", "u0", "--run", run)[0]["songs"])
        self.assertTrue(segue_json("similar", "song", "s1", "--min-listeners", 1, "--run", run)["similar"])
        self.assertEqual(segue_json("playlists", "discover-weekly", "u0", "--run", run)[0]["user"], "u0")
        self.assertEqual(segue_json("playlists", "release-radar", "u0", "--run", run)[0]["songs"], [])

    def test_a_damaged_run_is_named_and_never_crashes(self):
        log = HEADER + "".join(listen(f"u{i % 7}", f"s{i * i % 61}") for i in range(120))
        self.nightly(self.data(listens=log))
        run = (self.folder / "runs/current").resolve()
        for name in ("manifest.json", "interactions/summary.json", "interactions/users.ids.tsv",
                     "interactions/plays.offsets.npy", "als/songs.npy", "als/users.ids.tsv", "groups/group_of_user.npy"):
            file = run / name
            whole = file.read_bytes()
            for damaged in (b"", whole[:len(whole) // 2], b"\xff" + whole):
                file.write_bytes(damaged)
                _, err = segue("recommend", "u0", "--run", run, code=3)
                self.assertIn(name.split("/")[-1].split(".")[0], err)
            file.write_bytes(whole)
        segue("recommend", "u0", "--run", run)

    def test_a_log_of_counts(self):
        log = "user_id\tsong_id\tcount\n" + "".join(f"u{i % 5}\ts{i % 11}\t{1 + i % 4}\n" for i in range(55))
        directory = self.folder / "data"
        directory.mkdir()
        (directory / "listens.tsv").write_text(log)
        seen = segue_json("validate", "--data", directory)
        self.assertEqual(seen["skips"], 0)
        self.assertGreater(seen["streams"], 55)
        _, err = self.nightly(directory)
        self.assertIn("no times", err)


if __name__ == "__main__":
    unittest.main()
