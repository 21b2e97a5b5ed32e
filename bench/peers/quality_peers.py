#!/usr/bin/env python3
"""Quality of recommendations: Segue's ALS and `implicit`'s, tuned with the same number of trials and judged alike.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    /tmp/peers/bin/python bench/peers/quality_peers.py --segue build/release/host/cli/segue --data DIR... \\
        --trials 60 --out bench/results/quality

For each data set (whatever `segue evaluate --data` takes): each side tries as many configurations from the same ranges
(trial 0: its defaults), `segue tune als` and a random search over implicit, trained on the training part and scored by
NDCG@10 on the validation part; its best trains on both and is evaluated on the test part, which nothing was chosen by.
Segue evaluates both, from vectors, with intervals of the differences over users. implicit multiplies r by its alpha and
adds nothing: it is fed 1 + alpha·r.
"""

import argparse
import json
import os
import shutil
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

METRICS = ("ndcg@10", "recall@20")


def draw(rng):
    """A configuration of implicit, from the ranges of `segue tune als`."""
    log_uniform = lambda low, high: float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return {
        "rank": round(log_uniform(32, 512)),
        "regularization": log_uniform(0.1, 100),
        "alpha": log_uniform(0.01, 30),
        "iterations": int(rng.integers(5, 31)),
        "confidence": str(rng.choice(["linear", "log"])),
        "skips": bool(rng.integers(2)),
    }


class Budget:
    """Ends after so many trials or seconds."""

    def __init__(self, trials, seconds):
        self.trials, self.seconds, self.start = trials, seconds, time.monotonic()

    def left(self, done):
        return (not self.trials or done < self.trials) and (
            not self.seconds or done == 0 or time.monotonic() - self.start < self.seconds
        )


def read_csr(directory, stem):
    load = lambda part: np.load(directory / f"{stem}.{part}.npy")
    values = directory / f"{stem}.values.npy"
    indices = load("indices")
    data = np.load(values) if values.exists() else np.ones(len(indices), np.float32)
    return sp.csr_matrix((data, indices, load("offsets")), shape=tuple(load("shape")))


class Segue:
    def __init__(self, program, data, common):
        self.base = [program, "evaluate", "--data", data, "--quiet", "--json", *common]

    def run(self, *arguments):
        return json.loads(subprocess.run([*self.base, *map(str, arguments)], check=True, stdout=subprocess.PIPE).stdout)

    def tune(self, budget, seed, folder):
        """(best.toml, its validation score, trials, seconds)"""
        program, data, common = self.base[0], self.base[3], self.base[6:]
        bound = ["--trials", budget.trials, "--budget", "none"] if budget.trials else ["--budget", f"{budget.seconds}s"]
        start = time.monotonic()
        answer = subprocess.run([program, "tune", "als", "--data", data, "--out", folder, "--seed", str(seed), "--quiet",
                                 "--json", *map(str, bound), *common], check=True, stdout=subprocess.PIPE).stdout
        return folder / "best.toml", json.loads(answer), time.monotonic() - start


class Implicit:
    """The peer, on a split that Segue wrote."""

    def __init__(self, validation, test):
        self.parts = {"validation": validation, "test": test}

    def matrix(self, part, trial):
        matrix = read_csr(self.parts[part], "strength" if trial["skips"] else "plays").astype(np.float32)
        matrix.eliminate_zeros()
        if trial["confidence"] == "log":
            matrix.data = np.sign(matrix.data) * np.log1p(np.abs(matrix.data))
        # Below 0: no preference, with confidence 1 + alpha·|r|; implicit takes such values so.
        matrix.data = np.sign(matrix.data) * (1 + np.float32(trial["alpha"]) * np.abs(matrix.data))
        return matrix

    def train(self, part, trial):
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        threadpool_limits(1, "blas")
        options = {} if trial.get("defaults") else {
            "factors": trial["rank"], "regularization": trial["regularization"], "iterations": trial["iterations"]}
        model = AlternatingLeastSquares(**options, alpha=1.0, random_state=42, num_threads=os.cpu_count())
        model.fit(self.matrix(part, trial), show_progress=False)
        return model.user_factors, model.item_factors

    def ndcg10(self, users, songs):
        """As in docs/evaluation.md, to choose by; what is published Segue computes."""
        directory = self.parts["validation"]
        held_out, seen = read_csr(directory, "held_out"), read_csr(directory, "seen")
        rows = np.load(directory / "evaluated.npy")
        discount = 1 / np.log2(np.arange(2, 12))
        total = 0.0
        for begin in range(0, len(rows), 256):
            end = min(begin + 256, len(rows))
            scores = users[rows[begin:end]] @ songs.T
            scores[seen[begin:end].nonzero()] = -np.inf
            top = np.argpartition(-scores, 10, axis=1)[:, :10]
            order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1)
            top = np.take_along_axis(top, order, axis=1)
            hits = np.take_along_axis(held_out[begin:end].toarray(), top, axis=1)
            ideal = np.cumsum(discount)[np.minimum(np.diff(held_out[begin:end].indptr), 10) - 1]
            total += float(((hits * discount).sum(axis=1) / ideal).sum())
        return total / len(rows)

    def tune(self, budget, rng):
        trial = {"defaults": True, "alpha": 1.0, "confidence": "linear", "skips": False}
        best, score, done = trial, -1.0, 0
        while budget.left(done):
            value = self.ndcg10(*self.train("validation", trial))
            if value > score:
                best, score = trial, value
            done += 1
            trial = draw(rng)
        return best, score, done

    def save(self, directory, users, songs):
        directory.mkdir(parents=True, exist_ok=True)
        for stem, vectors in (("users", users), ("songs", songs)):
            np.save(directory / f"{stem}.npy", np.ascontiguousarray(vectors, np.float32))
            shutil.copy(self.parts["test"] / f"{stem}.ids.tsv", directory)


def compare(arguments, data, common):
    with tempfile.TemporaryDirectory(prefix="segue-quality-") as folder:
        folder = Path(folder)
        segue = Segue(arguments.segue, data, common)
        segue.run("--models", "popularity", "--resamples", 1, "--validation", "--write-split", folder / "validation")
        segue.run("--models", "popularity", "--resamples", 1, "--write-split", folder / "test")
        peer = Implicit(folder / "validation", folder / "test")
        start = time.monotonic()
        peer_best, peer_score, peer_trials = peer.tune(
            Budget(arguments.trials, arguments.seconds), np.random.default_rng(arguments.seed))
        peer_seconds = time.monotonic() - start
        our_best, tuned, our_seconds = segue.tune(
            Budget(arguments.trials, arguments.seconds), arguments.seed, folder / "tuned")
        peer.save(folder / "implicit", *peer.train("test", peer_best))
        answer = segue.run("--factors", folder / "implicit", "--at", "10,20", "--models", "als,popularity",
                           "--config", our_best)
    models = {model["model"]: model for model in answer["models"]}
    row = {
        "data": Path(data).name,
        "users": answer["users"],
        "implicit": {"best": peer_best, "validation ndcg@10": peer_score, "trials": peer_trials,
                     "seconds": round(peer_seconds, 1)},
        "segue": {"tuned": tuned, "seconds": round(our_seconds, 1)},
        "metrics": {name: {metric: models[name]["metrics"][metric] for metric in METRICS} for name in models},
        "segue − implicit": {metric: models["implicit"]["first_minus_this"][metric] for metric in METRICS},
    }
    print(json.dumps(row, indent=1), flush=True)
    return row


def markdown(rows, arguments):
    import implicit

    budget = f"{arguments.trials} trials" if arguments.trials else f"{arguments.seconds:g} s"
    lines = [
        "# Quality of ALS: Segue against implicit",
        "",
        f"{processor()}; {time.strftime('%Y-%m-%d', time.gmtime())}; implicit {implicit.__version__} (CG). Each side: "
        f"search in the same ranges, {budget}, chosen by NDCG@10 on the validation part, trained on both parts, "
        "evaluated on the test part. Means over users; differences are Segue minus implicit over the same users with 95% "
        "bootstrap intervals and the p of a sign-flip test. `bench/peers/quality_peers.py` makes this table.",
        "",
        "| data | users | metric | popularity | implicit | Segue | difference | p |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        for metric in METRICS:
            value = lambda model: row["metrics"][model][metric]["mean"]
            paired = row["segue − implicit"][metric]
            lines.append(
                f"| {row['data']} | {row['users']} | {metric} | {value('popularity'):.4f} | {value('implicit'):.4f} "
                f"| {value('als'):.4f} | {paired['mean']:+.4f} ({paired['low']:+.4f} to {paired['high']:+.4f}) "
                f"| {paired['p']:.4f} |"
            )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segue", required=True, help="the segue binary")
    parser.add_argument("--data", required=True, nargs="+", help="data sets")
    parser.add_argument("--trials", type=int, default=0, help="configurations for each side; 0: no bound")
    parser.add_argument("--seconds", type=float, default=0, help="of tuning for each side; 0: no bound")
    parser.add_argument("--seed", type=int, default=1, help="of the configurations")
    parser.add_argument("--out", help="writes OUT.md and OUT.json")
    parser.add_argument("common", nargs="*", help="after --: options for every `segue evaluate`, such as --protocol time")
    arguments = parser.parse_args()
    if not arguments.trials and not arguments.seconds:
        parser.error("give --trials or --seconds")
    rows = [compare(arguments, data, arguments.common) for data in arguments.data]
    table = markdown(rows, arguments)
    print(table)
    if arguments.out:
        Path(arguments.out).parent.mkdir(parents=True, exist_ok=True)
        Path(arguments.out + ".md").write_text(table)
        Path(arguments.out + ".json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
