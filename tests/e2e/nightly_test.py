"""The main job on the sample: promises kept, the same bytes again, history respected, one at a time."""
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
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
        self.assertEqual([stage["name"] for stage in manifest["stages"]], ["interactions", "als", "groups", "playlists"])
        for output in manifest["outputs"]:
            content = (run / output["name"]).read_bytes()
            self.assertEqual((len(content), hashlib.sha256(content).hexdigest()), (output["bytes"], output["sha256"]))
        self.assertEqual({output["name"] for output in manifest["outputs"]} | {"manifest.json", "segue.toml"},
                         {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()})

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

    def test_a_damaged_run_is_published_anew(self):
        first = pathlib.Path(self.nightly()["run"])
        wanted = result_bytes(first)
        for damage in (lambda run: shutil.rmtree(run / "playlists"), lambda run: os.truncate(run / "als/songs.npy", 1000)):
            damage(pathlib.Path(os.path.realpath(self.folder / "runs/current")))
            time.sleep(1.1)  # runs are named by the second
            again = self.nightly()
            self.assertFalse(again["up_to_date"])
            self.assertEqual(result_bytes(self.folder / "runs/current"), wanted)

    def test_earlier_lists_that_are_lost_or_damaged_stop_the_night(self):
        run = pathlib.Path(self.nightly()["run"])
        file = run / "playlists/discover-weekly.jsonl"
        whole = file.read_bytes()
        for content in (None, b"", b"x" + whole, whole[:len(whole) // 2], whole[:whole.index(b"\n") + 1]):
            file.unlink()
            if content is not None:
                file.write_bytes(content)
            _, err = segue("nightly", "--data", SAMPLE, "--runs", self.folder / "runs", *SMALL, "--date", "2099-01-05",
                           code=3)
            self.assertIn("discover-weekly.jsonl", err)
            self.assertIn("given again", err)
            if content is None:
                file.touch()

    def test_playlists_of_a_run_are_those_it_was_published_with(self):
        run = pathlib.Path(self.nightly("--date", "2099-01-05")["run"])
        for name in ("discover-weekly", "release-radar"):
            for line in lists(run / f"playlists/{name}.jsonl")[:3]:
                self.assertEqual(segue_json("playlists", name, line["user"], "--run", run)[0], line)

    def test_current_that_is_no_link_is_refused_before_any_work(self):
        (self.folder / "runs/current").mkdir(parents=True)
        self.assertIn("no symlink", segue("nightly", "--data", SAMPLE, "--runs", self.folder / "runs", *SMALL, code=1)[1])
        self.assertFalse((self.folder / "runs/.cache").exists())

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
