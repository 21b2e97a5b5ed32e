"""Logs of every layout become a data directory; a log larger than the memory allowed gives the same matrices."""
import os
import pathlib
import subprocess
import unittest

from segue_process import SAMPLE, SEGUE, Case, result_bytes, rows, segue, segue_json

# The sanitizer holds what was freed and shadows the rest: bounds near the least cannot be kept under it.
SANITIZED = b"__asan_init" in pathlib.Path(SEGUE).read_bytes()
LAYOUTS = pathlib.Path(__file__).resolve().parent.parent / "data" / "layouts"


class Import(Case):
    def imported(self, *sources, options=()):
        out = self.folder / f"out{len(list(self.folder.iterdir()))}"
        summary = segue_json("import", *sources, "--out", out, "--compression", "none", *options)
        return summary, out

    def test_every_layout_without_options(self):
        for layout in sorted(LAYOUTS.iterdir()):
            with self.subTest(layout.name):
                summary, out = self.imported(layout)
                listens = rows(out / "listens.csv")
                self.assertEqual(summary["listens"], len(listens))
                self.assertGreater(len(listens), 0)
                self.assertEqual(summary["rejects"], 0)
                self.assertEqual(segue_json("validate", "--data", out)["listens"], len(listens))

    def test_titles_come_along(self):
        summary, out = self.imported(LAYOUTS / "spotify-extended")
        self.assertEqual(summary["not_music"], 3)
        self.assertEqual([(row["title"], row["artist_id"]) for row in rows(out / "songs.csv")],
                         [("Tide", "Saltworks"), ("North", "Paper Lanterns")])

    def test_a_night_on_a_log_as_it_lies(self):
        segue("nightly", "--data", LAYOUTS / "spotify-history", "--runs", self.folder / "runs", "--set", "als.rank=4",
              "--set", "input.user=anna")
        self.assertIn("Tide", (self.folder / "runs/current/interactions/catalogue/songs.csv").read_text())

    def test_two_listeners_stay_two(self):
        source = LAYOUTS / "spotify-history" / "MyData" / "StreamingHistory_music_0.json"
        for name in ("alice", "bob"):
            (self.folder / "exports" / name / "MyData").mkdir(parents=True)
            (self.folder / "exports" / name / "MyData" / source.name).write_bytes(source.read_bytes())
        summary, out = self.imported(self.folder / "exports")
        self.assertEqual({row["user_id"] for row in rows(out / "listens.csv")}, {"alice", "bob"})
        self.assertEqual(summary["listens"], 6)

    def test_an_export_without_usernames(self):
        text = (LAYOUTS / "spotify-extended" / "Streaming_History_Audio_2019-2020_0.json").read_text()
        log = self.folder / "carol" / "Streaming_History_Audio_2024.json"
        log.parent.mkdir()
        log.write_text(text.replace('"username": "somebody"', '"username": null'))
        self.assertEqual({row["user_id"] for row in rows(self.imported(log)[1] / "listens.csv")}, {"carol"})

    def test_a_json_array_that_breaks_off_is_refused(self):
        text = (LAYOUTS / "spotify-history" / "MyData" / "StreamingHistory_music_0.json").read_text()
        log = self.folder / "StreamingHistory0.json"
        for size in (len(text) - 1, len(text) - 30):
            log.write_text(text[:size])
            _, err = segue("validate", "--data", log, "--set", "input.reject_limit=1", code=3)
            self.assertIn("breaks off", err)

    def test_standard_input(self):
        log = (LAYOUTS / "movielens-1m" / "ratings.dat").read_bytes()
        out = self.folder / "out"
        done = subprocess.run([SEGUE, "import", "-", "--out", out, "--compression", "none", "--json"], input=log,
                              capture_output=True, check=True)
        self.assertIn(b'"listens": 2', done.stdout)
        refused = subprocess.run([SEGUE, "nightly", "--data", "-", "--runs", self.folder / "runs"], input=log,
                                 capture_output=True)
        self.assertEqual(refused.returncode, 2)
        self.assertIn(b"segue import", refused.stderr)

    def test_several_sources_and_what_they_must_share(self):
        a, b = self.folder / "a.csv", self.folder / "b.csv"
        a.write_text("user_id,song_id\nu1,s1\n")
        b.write_text("user_id,song_id\nu2,s1\n")
        self.assertEqual(self.imported(a, b)[0]["users"], 2)
        b.write_text("user_id,song_id,timestamp\nu2,s1,2020-01-01\n")
        _, err = segue("import", a, b, "--out", self.folder / "x", code=3)
        self.assertIn("one by one", err)
        self.assertFalse((self.folder / "x").exists())
        self.assertFalse((self.folder / "x.partial").exists())

    def test_a_log_without_listens_makes_no_folder(self):
        log = self.folder / "l.csv"
        log.write_text("user_id,song_id\n")
        _, err = segue("import", log, "--out", self.folder / "x", code=3)
        self.assertIn("no listens", err)
        self.assertFalse((self.folder / "x").exists())

    def test_nothing_is_overwritten(self):
        out = self.folder / "there"
        out.mkdir()
        (out / "mine.txt").write_text("precious")
        segue("import", LAYOUTS / "recbole", "--out", out, code=2)
        self.assertEqual([path.name for path in out.iterdir()], ["mine.txt"])

    def test_rejects_are_kept_when_there_are_too_many(self):
        log = self.folder / "l.csv"
        log.write_text("user_id,song_id,timestamp\nu,s,never\nu,s,2020-01-01\n")
        _, err = segue("import", log, "--out", self.folder / "x", code=3)
        self.assertIn("x.rejects.csv", err)
        self.assertEqual(rows(self.folder / "x.rejects.csv")[0]["value"], "never")
        self.assertFalse((self.folder / "x").exists())

    def test_an_import_of_a_data_directory_keeps_its_tables(self):
        summary, out = self.imported(SAMPLE)
        self.assertEqual(sorted(path.name for path in out.iterdir()),
                         sorted([path.name for path in SAMPLE.glob("*.csv.gz") if path.name != "listens.csv.gz"] +
                                ["listens.csv", "rejects.csv"]))
        wanted, got = segue_json("validate", "--data", SAMPLE), segue_json("validate", "--data", out)
        wanted.pop("data"), got.pop("data")
        self.assertEqual(wanted, got)


class BoundedMemory(Case):
    @unittest.skipIf(SANITIZED, "AddressSanitizer needs memory of its own")
    def test_a_log_four_times_the_memory_gives_the_same_matrices(self):
        # Few pairs for many listens: what follows the reading has to hold the matrices.
        data = self.folder / "data"
        segue("simulate", "log", "--out", data, "--users", 1000, "--songs", 1000, "--artists", 100, "--listens", 4400000,
              "--compression", "none")
        memory = os.path.getsize(data / "listens.csv") // 4
        small = ["--set", "als.rank=2", "--set", "als.iterations=1", "--set", "interactions.half_life_days=60",
                 "--set", "interactions.min_song_listeners=3", "--set", "groups.clusters=4"]
        segue("train", "als", "--data", data, "--out", self.folder / "whole", *small)
        _, err = segue("train", "als", "--data", data, "--out", self.folder / "bounded", *small, "--memory", memory)
        self.assertIn("spilling", err)
        whole, bounded = result_bytes(self.folder / "whole"), result_bytes(self.folder / "bounded")
        matrices = [name for name in whole if name.startswith("interactions/")]
        self.assertGreater(len(matrices), 8)
        for name in matrices:
            self.assertEqual(whole[name], bounded[name], name)

    @unittest.skipIf(SANITIZED, "AddressSanitizer needs memory of its own")
    def test_the_bound_is_held(self):
        data = self.folder / "data"
        segue("simulate", "log", "--out", data, "--users", 40000, "--songs", 20000, "--artists", 3000, "--listens",
              8000000, "--compression", "none")
        os.remove(data / "songs.csv")
        memory = os.path.getsize(data / "listens.csv") // 4
        process = os.posix_spawn(SEGUE, [SEGUE, "validate", "--data", str(data), "--memory", str(memory), "--quiet"],
                                 os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
        _, status, usage = os.wait4(process, 0)
        self.assertEqual(status, 0)
        self.assertLess(usage.ru_maxrss * 1024, memory)

    def test_less_than_the_least_is_refused(self):
        _, err = segue("validate", "--data", SAMPLE, "--memory", "20M", code=2)
        self.assertIn("64M or more", err)

    def test_too_little_for_the_ids_is_said(self):
        data = self.folder / "data"
        data.mkdir()
        with open(data / "listens.csv", "w") as file:
            file.write("user_id,song_id\n")
            file.writelines(f"user-{i:07},song-{i:07}\n" for i in range(500000))
        _, err = segue("validate", "--data", data, "--memory", "64M", code=4)
        self.assertIn("--memory", err)


if __name__ == "__main__":
    unittest.main()
