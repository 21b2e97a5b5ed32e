"""The peers' scripts for the GPU, as far as they go without one: arguments, what is missing, the loss, a run on the CPU."""
import argparse
import contextlib
import importlib.util
import json
import io
import os
import pathlib
import subprocess
import sys
import unittest

from segue_process import SEGUE, Case

PEERS = pathlib.Path(__file__).resolve().parents[2] / "bench" / "peers"
sys.path.insert(0, str(PEERS))

import gpu_als_peers
import gpu_peers
import gpu_search_peers

try:
    import numpy as np
except ImportError:
    np = None


def run(script, *arguments):
    return subprocess.run([sys.executable, PEERS / script, "--segue", SEGUE, *map(str, arguments)], capture_output=True,
                          text=True, timeout=300, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})


class Helpers(unittest.TestCase):
    def test_peers_are_chosen_by_name(self):
        self.assertEqual(gpu_peers.chosen("a,c", ("a", "b", "c")), ["a", "c"])
        with self.assertRaisesRegex(argparse.ArgumentTypeError, "x is none of a, b"):
            gpu_peers.chosen("a,x", ("a", "b"))

    def test_what_is_missing_or_fails_is_said_and_the_others_run(self):
        def fails():
            raise RuntimeError("out of memory\nsecond line")

        with contextlib.redirect_stderr(io.StringIO()):
            results = gpu_peers.measure_peers(
                {"good": lambda: {"seconds": [3.0, 1.0, 2.0]}, "absent": lambda: gpu_peers.require("no_such_module"),
                 "bad": fails, "not wanted": fails}, ["good", "absent", "bad"], gpu_peers.Clock(60))
        self.assertEqual(results["good"], {"seconds": [3.0, 1.0, 2.0]})
        self.assertIn("no_such_module cannot be imported (ModuleNotFoundError", results["absent"]["missing"])
        self.assertEqual(results["bad"]["missing"], "failed: RuntimeError: out of memory")
        self.assertEqual(len(results), 3)
        self.assertEqual(len(gpu_peers.missing_lines(results)), 3 + 2)
        self.assertEqual(gpu_peers.missing_lines({"good": results["good"]}), [])
        self.assertEqual(gpu_peers.seconds_text([3.0, 1.0, 2.0]), "2 | 1–3")

    def test_no_peer_starts_after_the_limit(self):
        with contextlib.redirect_stderr(io.StringIO()):
            results = gpu_peers.measure_peers({"late": lambda: {"seconds": [1]}}, ["late"], gpu_peers.Clock(-1))
        self.assertIn("no time left for late", results["late"]["missing"])

    def test_segues_message_and_exit_code_come_through(self):
        if importlib.util.find_spec("numpy") is None:
            self.skipTest("no numpy")
        done = run("gpu_search_peers.py", "--device", "cpu", "--k", 5000)
        self.assertEqual(done.returncode, 2)
        self.assertIn("5000", done.stderr)
        self.assertEqual(run("gpu_als_peers.py", "--peers", "nobody").returncode, 2)


@unittest.skipIf(np is None, "no numpy")
class Numbers(Case):
    def test_the_loss_is_the_objective_over_the_sum_of_c(self):
        random = np.random.default_rng(5)
        dense = (random.random((7, 5)) < 0.4) * random.integers(1, 4, (7, 5))
        plays = gpu_als_peers.Plays.__new__(gpu_als_peers.Plays)
        plays.shape, plays.alpha, plays.regularization = dense.shape, 3.0, 0.7
        plays.offsets = np.concatenate(([0], np.count_nonzero(dense, axis=1).cumsum()))
        plays.indices = np.nonzero(dense)[1].astype(np.int32)
        plays.values = dense[np.nonzero(dense)].astype(np.float32)
        users, songs = random.normal(size=(7, 4)), random.normal(size=(5, 4))
        c = 1 + 3.0 * dense
        want = ((c * ((dense > 0) - users @ songs.T) ** 2).sum() + 0.7 * ((users**2).sum() + (songs**2).sum())) / c.sum()
        for chunk in (3, 1000):
            self.assertAlmostEqual(gpu_als_peers.training_loss(plays, users, songs, chunk=chunk) / want, 1, places=5)

    def test_both_run_on_the_cpu_and_say_what_is_missing(self):
        out = self.folder / "als"
        done = run("gpu_als_peers.py", "--device", "cpu", "--nnz", "5k", "--users", 500, "--songs", 200, "--rank", 8,
                   "--iterations", 2, "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        table = out.with_name("als.md").read_text()
        self.assertIn("| Segue, float16 |", table)
        self.assertIn("- implicit: implicit.gpu runs on a GPU only", table)
        loss = json.loads(out.with_name("als.json").read_text())
        self.assertAlmostEqual(loss["loss"]["segue"] / loss["segue"][0]["rows"][0]["loss"], 1, places=3)

        out = self.folder / "search"
        done = run("gpu_search_peers.py", "--device", "cpu", "--rows", 2000, "--queries", 7, "--rank", 8, "--k", 3,
                   "--repeats", 1, "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        table = out.with_name("search.md").read_text()
        self.assertIn("| Segue |", table)
        if importlib.util.find_spec("torch") is None:
            self.assertIn("- torch: torch cannot be imported", table)
        else:
            self.assertRegex(table, r"\| torch .*\| 1\.0000 \|")


if __name__ == "__main__":
    unittest.main()
