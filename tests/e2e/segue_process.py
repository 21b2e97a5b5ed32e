"""Runs the segue binary for the end-to-end tests."""
import csv
import gzip
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

SEGUE = os.environ.get("SEGUE", "build/release/host/cli/segue")
SAMPLE = pathlib.Path(os.environ.get("SEGUE_SAMPLE", "examples/sample"))
# A small model: these tests are about the way through, not about quality.
SMALL = ["--set", "als.rank=16", "--set", "als.iterations=4"]


def segue(*arguments, code=0, cwd=None):
    """Runs the command, checks its exit code, returns (stdout, stderr)."""
    done = subprocess.run([SEGUE, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=600)
    if done.returncode != code:
        raise AssertionError(f"segue {' '.join(map(str, arguments))}: exit code {done.returncode}, {code} expected\n"
                             f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout, done.stderr


def segue_json(*arguments):
    return json.loads(segue(*arguments, "--json")[0])


def rows(path):
    opened = gzip.open(path, "rt", encoding="utf-8", newline="") if str(path).endswith(".gz") else open(
        path, encoding="utf-8", newline="")
    with opened as file:
        return list(csv.DictReader(file))


def lists(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def result_bytes(run):
    """Every file of a run but the manifest, whose times differ: {name: bytes}."""
    run = pathlib.Path(run).resolve()
    return {str(path.relative_to(run)): path.read_bytes()
            for path in sorted(run.rglob("*")) if path.is_file() and path.name != "manifest.json"}


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="segue-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def data(self, **tables):
        """A data directory with the tables given as text, such as listens='user_id,song_id\\n…'."""
        directory = self.folder / "data"
        directory.mkdir(exist_ok=True)
        for name, text in tables.items():
            (directory / f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return directory
