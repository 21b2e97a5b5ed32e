"""Time from a listening log in CSV to the users × songs matrix of streams: segue, polars and pandas on the same file.

    python bench/peers/read_peers.py --segue build/release/host/cli/segue LOG.csv [--repeats 3] [--skip pandas]

Each runs in a process of its own, which also gives its peak memory. All count the listens of 30 s or more of each pair
and give users and songs dense rows in order of first appearance; the counts must agree. Needs numpy, scipy, polars and
pandas from PyPI. The log is read once before, so that all find it in the page cache.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time


def with_polars(path):
    import numpy as np
    import polars as pl
    import scipy.sparse as sp

    log = pl.read_csv(path, columns=["user_id", "song_id", "ms_played"],
                      schema_overrides={"user_id": pl.String, "song_id": pl.String, "ms_played": pl.Int32})
    rows = log.height
    users = log.select(pl.col("user_id").unique(maintain_order=True)).with_row_index("user")
    songs = log.select(pl.col("song_id").unique(maintain_order=True)).with_row_index("song")
    pairs = (log.join(users, on="user_id").join(songs, on="song_id")
             .group_by("user", "song").agg((pl.col("ms_played") >= 30000).sum().alias("streams")))
    matrix = sp.csr_matrix((pairs["streams"].to_numpy().astype(np.float32),
                            (pairs["user"].to_numpy(), pairs["song"].to_numpy())),
                           shape=(users.height, songs.height))
    return rows, matrix.nnz, int(matrix.sum(dtype=np.int64))


def with_pandas(path):
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp

    log = pd.read_csv(path, usecols=["user_id", "song_id", "ms_played"], dtype={"ms_played": np.int32}, engine="c")
    user, users = pd.factorize(log["user_id"])
    song, songs = pd.factorize(log["song_id"])
    streams = (log["ms_played"] >= 30000).to_numpy().astype(np.float32)
    matrix = sp.coo_matrix((streams, (user, song)), shape=(len(users), len(songs))).tocsr()
    return len(log), matrix.nnz, int(matrix.sum(dtype=np.int64))


def measure(command):
    """Runs it; (last line as JSON, seconds, peak bytes)."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with status {status}")
    return out, seconds, usage.ru_maxrss * 1024


def counts_of(name, out):
    if name != "segue":
        return tuple(json.loads(out))
    summary = json.loads(out)
    return summary["listens"], summary["user_song_pairs"], summary["streams"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=pathlib.Path)
    parser.add_argument("--segue", default="build/release/host/cli/segue")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--skip", nargs="*", default=[])
    parser.add_argument("--worker", choices=["polars", "pandas"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        print(json.dumps(globals()[f"with_{arguments.worker}"](arguments.log)))
        return
    commands = {"segue": [arguments.segue, "validate", "--data", arguments.log, "--json", "--quiet"]}
    for peer in ("polars", "pandas"):
        if peer not in arguments.skip:
            commands[peer] = [sys.executable, __file__, "--worker", peer, arguments.log]
    arguments.log.read_bytes()
    results = {name: [] for name in commands}
    for _ in range(arguments.repeats):
        for name, command in commands.items():
            results[name].append(measure(command))
    print("| reader | seconds (median) | M rows/s | MB/s | peak memory GB | rows, pairs, streams |\n|---|---|---|---|---|---|")
    for name, runs in results.items():
        seconds = statistics.median(run[1] for run in runs)
        counts = counts_of(name, runs[0][0])
        print(f"| {name} | {seconds:.2f} | {counts[0] / seconds / 1e6:.2f} | "
              f"{arguments.log.stat().st_size / seconds / 1e6:.0f} | {max(run[2] for run in runs) / 1e9:.2f} | "
              f"{counts[0]}, {counts[1]}, {counts[2]} |")


if __name__ == "__main__":
    main()
