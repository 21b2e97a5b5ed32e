#!/usr/bin/env python3
"""Implicit ALS on the CPU: Segue and `implicit` in turn, on one machine, in one run.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    /tmp/peers/bin/python bench/peers/als_peers.py --als-peer build/release/bench/als/als_peer \\
        --data DIR --out bench/results/als

Two inputs: a power-law matrix of 20 million interactions, and a data directory (listens.csv.gz; streams of 30 s or more,
counted). For each and for ranks 64 and 128: seconds per iteration as the median of alternating pairs; the training loss
after 15 iterations, both by implicit's own function; for the data directory NDCG@10 and Recall@20 on songs held out.
implicit runs with its defaults (3 CG steps), threads on all cores, BLAS on one thread as it asks for.
"""

import argparse
import csv
import gzip
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from machine import processor

# The peer's BLAS chooses its kernels itself.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

import numpy as np
import scipy.sparse as sp

USERS, SONGS, INTERACTIONS = 300_000, 60_000, 20_000_000


def power_law_matrix(seed=7):
    """Listeners' activity is log-normal (sigma 1.2), songs' popularity falls as (rank + 20)^-0.9, and 60% of a
    listener's plays come from one of 50 taste clusters. Counts of 20 M distinct pairs."""
    rng = np.random.default_rng(seed)
    activity = rng.lognormal(0, 1.2, USERS)
    draws = np.clip(np.round(activity / activity.sum() * INTERACTIONS * 1.25), 5, 8000).astype(np.int64)
    popularity = 1 / np.power(np.arange(1, SONGS + 1) + 20.0, 0.9)
    song_cluster = rng.integers(0, 50, SONGS)
    user_cluster = rng.integers(0, 50, USERS)
    users = np.repeat(np.arange(USERS, dtype=np.int32), draws)
    songs = np.empty(len(users), np.int32)
    own = rng.random(len(users)) < 0.6

    def draw(among, count):
        cumulative = np.cumsum(popularity[among])
        places = np.searchsorted(cumulative, rng.random(count) * cumulative[-1])
        return among[places.clip(0, len(among) - 1)]

    songs[~own] = draw(np.arange(SONGS), (~own).sum())
    for cluster in range(50):
        mask = own & (user_cluster[users] == cluster)
        songs[mask] = draw(np.flatnonzero(song_cluster == cluster), mask.sum())
    songs = rng.permutation(SONGS)[songs]
    return counts(users, songs, (USERS, SONGS))


def counts(users, songs, shape):
    matrix = sp.csr_matrix((np.ones(len(users), np.float32), (users, songs)), shape=shape)
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix


def read_listens(directory):
    """Users × songs: streams of 30 s or more; ids in sorted order."""
    users, songs = [], []
    with gzip.open(Path(directory) / "listens.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            if int(row["ms_played"]) >= 30_000:
                users.append(row["user_id"])
                songs.append(row["song_id"])
    user_ids, users = np.unique(users, return_inverse=True)
    song_ids, songs = np.unique(songs, return_inverse=True)
    return counts(users, songs, (len(user_ids), len(song_ids)))


def hold_out(matrix, seed=42):
    """A user of 10 or more songs loses 5 of them to the test."""
    rng = np.random.default_rng(seed)
    train = matrix.copy()
    test = {}
    for user in range(matrix.shape[0]):
        begin, end = matrix.indptr[user], matrix.indptr[user + 1]
        if end - begin >= 10:
            lost = begin + rng.choice(end - begin, 5, replace=False)
            test[user] = set(matrix.indices[lost].tolist())
            train.data[lost] = 0
    train.eliminate_zeros()
    return train, test


def quality(users, songs, train, test):
    """NDCG@10 (binary gain) and Recall@20 over all songs that the user's training row does not hold."""
    discount = 1 / np.log2(np.arange(2, 12))
    ndcg, recall = [], []
    for user, wanted in test.items():
        scores = songs @ users[user]
        scores[train.indices[train.indptr[user] : train.indptr[user + 1]]] = -np.inf
        top = np.argpartition(-scores, 20)[:20]
        top = top[np.argsort(-scores[top], kind="stable")]
        hits = np.array([song in wanted for song in top], float)
        ndcg.append((hits[:10] * discount).sum() / discount[: min(5, 10)].sum())
        recall.append(hits.sum() / len(wanted))
    return float(np.mean(ndcg)), float(np.mean(recall))


def save_matrix(matrix, directory):
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    np.save(directory / "by_user.offsets.npy", matrix.indptr.astype(np.int64))
    np.save(directory / "by_user.indices.npy", matrix.indices.astype(np.int32))
    np.save(directory / "by_user.values.npy", matrix.data.astype(np.float32))
    np.save(directory / "by_user.shape.npy", np.array(matrix.shape, np.int64))


class Implicit:
    """The peer, warm between calls: the model goes on from its last iteration."""

    def __init__(self, matrix, settings):
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        threadpool_limits(1, "blas")
        self.model = AlternatingLeastSquares(
            factors=settings["rank"],
            regularization=settings["regularization"],
            alpha=1.0,
            random_state=42,
            num_threads=os.cpu_count(),
        )
        self.confidence = confidence(matrix, settings)

    def iterate(self, iterations):
        seconds = []
        self.model.iterations = iterations
        self.model.fit(
            self.confidence, show_progress=False, callback=lambda _, elapsed, *rest: seconds.append(elapsed)
        )
        return seconds


def confidence(matrix, settings):
    """c = 1 + alpha·r: implicit multiplies by its alpha and adds nothing."""
    result = matrix.copy()
    result.data = 1 + settings["alpha"] * result.data
    return result


def run_segue(program, directory, settings, iterations, save=None, loss=False):
    command = [program, "--matrix", directory, "--iterations", str(iterations), "--json"]
    for option in ("rank", "alpha", "regularization", "preconditioner", "storage"):
        if option in settings:
            command += [f"--{option}", str(settings[option])]
    if save:
        command += ["--save", str(save)]
    if not loss:
        command.append("--no-loss")
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def training_loss(matrix, users, songs, settings):
    """implicit's own function on either side's factors."""
    from implicit.cpu._als import calculate_loss

    return float(
        calculate_loss(
            confidence(matrix, settings),
            np.ascontiguousarray(users, np.float32),
            np.ascontiguousarray(songs, np.float32),
            settings["regularization"],
            num_threads=os.cpu_count(),
        )
    )


def factors_after(program, matrix, directory, settings, iterations=15):
    """(users, songs) of implicit and of Segue after the same number of iterations."""
    peer = Implicit(matrix, settings)
    peer.iterate(iterations)
    theirs = peer.model.user_factors, peer.model.item_factors
    with tempfile.TemporaryDirectory() as folder:
        report = run_segue(program, directory, settings, iterations, save=folder, loss=True)
        ours = np.load(Path(folder) / "users.npy"), np.load(Path(folder) / "songs.npy")
    return theirs, ours, report["loss"][-1]


def time_pairs(program, matrix, directory, settings, pairs, iterations):
    """Seconds per iteration of either side, in turn; the first iteration, which warms up, is left out."""
    peer = Implicit(matrix, settings)
    peer.iterate(1)
    seconds = {"implicit": [], "segue": []}
    for _ in range(pairs):
        seconds["implicit"].append(statistics.median(peer.iterate(iterations)))
        report = run_segue(program, directory, settings, iterations + 1)
        seconds["segue"].append(statistics.median(report["seconds"][1:]))
    return seconds


def compare(name, program, matrix, settings, pairs, iterations, test=None):
    with tempfile.TemporaryDirectory() as directory:
        save_matrix(matrix, directory)
        seconds = time_pairs(program, matrix, directory, settings, pairs, iterations)
        theirs, ours, reported = factors_after(program, matrix, directory, settings)
    row = {
        "data": name,
        **settings,
        "pairs": seconds,
        "implicit_seconds": statistics.median(seconds["implicit"]),
        "segue_seconds": statistics.median(seconds["segue"]),
        "implicit_loss": training_loss(matrix, *theirs, settings),
        "segue_loss": training_loss(matrix, *ours, settings),
        "segue_reported_loss": reported,
    }
    row["ratio"] = statistics.median(a / b for a, b in zip(seconds["implicit"], seconds["segue"]))
    row["loss_ratio"] = row["segue_loss"] / row["implicit_loss"]
    if test:
        row["implicit_ndcg10"], row["implicit_recall20"] = quality(*theirs, matrix, test)
        row["segue_ndcg10"], row["segue_recall20"] = quality(*ours, matrix, test)
    print(json.dumps({key: value for key, value in row.items() if key != "pairs"}), flush=True)
    return row


def markdown(rows):
    import implicit
    import scipy

    lines = [
        "# Implicit ALS on the CPU: Segue against implicit",
        "",
        f"{processor()}, {os.cpu_count()} cores; {time.strftime('%Y-%m-%d', time.gmtime())}; implicit "
        f"{implicit.__version__} (CG, 3 steps, BLAS on one thread), scipy {scipy.__version__}, numpy {np.__version__}. "
        "One iteration solves both sides. Medians of alternating pairs in one run; the ratio is the median of the "
        "pairs'. Loss: implicit's training loss after 15 iterations, lower is better. "
        "`bench/peers/als_peers.py` makes this table.",
        "",
        "| data | rank | alpha | λ | implicit s/it | Segue s/it | ratio | implicit loss | Segue loss | loss ratio "
        "| NDCG@10 implicit / Segue | Recall@20 implicit / Segue |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        quality_columns = " | | "
        if "segue_ndcg10" in row:
            quality_columns = (
                f" | {row['implicit_ndcg10']:.4f} / {row['segue_ndcg10']:.4f}"
                f" | {row['implicit_recall20']:.4f} / {row['segue_recall20']:.4f}"
            )
        lines.append(
            f"| {row['data']} | {row['rank']} | {row['alpha']:g} | {row['regularization']:g} "
            f"| {row['implicit_seconds']:.4f} | {row['segue_seconds']:.4f} | **{row['ratio']:.1f}** "
            f"| {row['implicit_loss']:.6f} | {row['segue_loss']:.6f} | {row['loss_ratio']:.4f}{quality_columns} |"
        )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--als-peer", required=True, help="our bench program als_peer")
    parser.add_argument("--data", help="a data directory with listens.csv.gz")
    parser.add_argument("--out", help="writes OUT.md and OUT.json")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--ranks", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--preconditioner", default="none", choices=["none", "gram"])
    parser.add_argument("--skip-power-law", action="store_true")
    arguments = parser.parse_args()

    rows = []
    for rank in arguments.ranks:
        common = {"rank": rank, "preconditioner": arguments.preconditioner}
        if arguments.data:
            train, test = hold_out(read_listens(arguments.data))
            for alpha, regularization in ((1, 10), (40, 0.1)):
                settings = common | {"alpha": alpha, "regularization": regularization}
                rows.append(
                    compare(Path(arguments.data).name, arguments.als_peer, train, settings, arguments.pairs, 15, test)
                )
        if not arguments.skip_power_law:
            settings = common | {"alpha": 10, "regularization": 0.1}
            rows.append(compare("power law, 20 M", arguments.als_peer, power_law_matrix(), settings, arguments.pairs, 2))
    table = markdown(rows)
    print(table)
    if arguments.out:
        Path(arguments.out).parent.mkdir(parents=True, exist_ok=True)
        Path(arguments.out + ".md").write_text(table)
        Path(arguments.out + ".json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
