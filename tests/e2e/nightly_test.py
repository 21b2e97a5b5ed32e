"""The main job on the sample: promises kept, the same bytes again, history respected, one at a time."""
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import unittest

from segue_process import SAMPLE, SMALL, Case, lists, result_bytes, segue, segue_json

HERE = pathlib.Path(__file__).parent


class Nightly(Case):
    def nightly(self, *options, runs="runs"):
        return segue_json("nightly", "--data", SAMPLE, "--runs", self.folder / runs, *SMALL, *options)

    def test_keeps_every_promise(self):
        result = self.nightly()
        playlists = self.folder / "runs/current/playlists"
        checked = subprocess.run(
            [sys.executable, HERE / "check_playlists.py", SAMPLE / "listens.csv.gz", SAMPLE / "songs.csv.gz",
             SAMPLE / "follows.csv.gz", playlists / "discover-weekly.jsonl", playlists / "release-radar.jsonl", "--monday",
             result["monday"], "--friday", result["friday"]], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertTrue(any(line["songs"] for line in lists(playlists / "release-radar.jsonl")))

    def test_manifest_records_inputs_options_and_outputs(self):
        result = self.nightly("--seed", "5")
        run = pathlib.Path(result["run"])
        manifest = json.loads((run / "manifest.json").read_text())
        self.assertEqual({file["name"] for file in manifest["inputs"]},
                         {"listens.csv.gz", "songs.csv.gz", "artists.csv.gz", "follows.csv.gz"})
        self.assertEqual(manifest["seed"], 5)
        self.assertIn("rank = 16", (run / "segue.toml").read_text())
        for stage in manifest["stages"]:
            for output in stage["outputs"]:
                path = run / (output["name"] if output["name"] == "rejects.csv" else f"{stage['name']}/{output['name']}")
                self.assertEqual(path.stat().st_size, output["bytes"], path)

    def test_again_is_up_to_date_and_elsewhere_the_same_bytes(self):
        first = self.nightly()
        again = self.nightly()
        self.assertFalse(first["up_to_date"])
        self.assertTrue(again["up_to_date"])
        self.assertEqual(first["run"], again["run"])
        elsewhere = self.nightly("--threads", "1", runs="other")
        self.assertEqual(result_bytes(first["run"]), result_bytes(elsewhere["run"]))

    def test_another_seed_is_another_run(self):
        first = self.nightly("--seed", "1")
        second = self.nightly("--seed", "2")
        self.assertNotEqual(first["run"], second["run"])
        self.assertEqual(os.readlink(self.folder / "runs/current"), pathlib.Path(second["run"]).name)

    def test_next_week_gives_nobody_a_song_of_this_week(self):
        first = self.nightly()
        later = self.nightly("--date", "2099-01-05")
        given = {line["user"]: {song["song"] for song in line["songs"]}
                 for line in lists(pathlib.Path(first["run"]) / "playlists/discover-weekly.jsonl")}
        for line in lists(pathlib.Path(later["run"]) / "playlists/discover-weekly.jsonl"):
            self.assertFalse(given[line["user"]] & {song["song"] for song in line["songs"]}, line["user"])
        stages = {stage["stage"]: stage["seconds"] for stage in later["stages"]}
        self.assertEqual((stages["interactions"], stages["als"], stages["groups"]), ("cached",) * 3)

    def test_only_one_at_a_time(self):
        runs = self.folder / "runs"
        runs.mkdir()
        with open(runs / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _, err = segue("nightly", "--data", SAMPLE, "--runs", runs, *SMALL, code=1)
        self.assertIn("another segue is working", err)

    def test_quiet_without_a_terminal(self):
        out, err = segue("nightly", "--data", SAMPLE, "--runs", self.folder / "runs", "--quiet", *SMALL)
        self.assertEqual(err, "")
        self.assertIn("Discover Weekly for Monday", out)
        self.assertNotIn("\x1b", out)


if __name__ == "__main__":
    unittest.main()
