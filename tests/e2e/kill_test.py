#!/usr/bin/env python3
"""kill -9 at random times of `segue nightly`, then a rerun: what is published is always a complete run, and the
result has the same bytes as one that was never disturbed.

  kill_test.py [--kills 20] [--seed 1] SEGUE DATA [segue options …]
"""
import argparse
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from segue_process import result_bytes


def published(runs):
    return [path for path in runs.iterdir() if not path.name.startswith(".") and not path.is_symlink()]


def check_complete(run):
    """Every output that the manifest names is there with its size."""
    manifest = json.loads((run / "manifest.json").read_text())
    for output in manifest["outputs"]:
        assert (run / output["name"]).stat().st_size == output["bytes"], output


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("segue")
    parser.add_argument("data")
    arguments, options = parser.parse_known_args()
    draw = random.Random(arguments.seed)

    with tempfile.TemporaryDirectory(prefix="segue-kill-") as folder:
        folder = pathlib.Path(folder)

        def start(runs):
            return subprocess.Popen([arguments.segue, "nightly", "--data", arguments.data, "--runs", runs, "--quiet",
                                     *options], stdout=subprocess.DEVNULL)

        began = time.monotonic()
        assert start(folder / "calm").wait() == 0
        calm_seconds = time.monotonic() - began
        wanted = result_bytes(folder / "calm/current")
        print(f"undisturbed: {calm_seconds:.2f} s, {len(wanted)} files")

        for number in range(arguments.kills):
            runs = folder / f"killed-{number}"
            runs.mkdir()
            delay = draw.uniform(0, calm_seconds * 1.05)
            process = start(runs)
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            process.wait()
            for run in published(runs):
                check_complete(run)
            there = "published" if published(runs) else "nothing published"
            current = runs / "current"
            if current.is_symlink():
                check_complete(current)
            assert start(runs).wait() == 0
            assert len(published(runs)) == 1, published(runs)
            assert result_bytes(current) == wanted, f"kill {number} after {delay:.3f} s: other bytes"
            print(f"kill {number + 1:2} after {delay:6.3f} s ({there}): rerun gives the same {len(wanted)} files")
        print(f"{arguments.kills} passed, 0 failed")


if __name__ == "__main__":
    main()
