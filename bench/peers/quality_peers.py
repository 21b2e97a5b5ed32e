#!/usr/bin/env python3
"""Quality of recommendations: Segue's ALS and `implicit`'s, tuned with the same budget and judged alike.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    /tmp/peers/bin/python bench/peers/quality_peers.py --segue build/release/host/cli/segue --data DIR... \\
        --seconds 120 --out bench/results/quality

For each data set (whatever `segue evaluate --data` takes): each side tries configurations from the same ranges (trial 0:
its defaults), `segue tune als` and a random search over implicit, trained on the training part and scored by NDCG@10 on
the validation part. Both then confirm their best few by the same rule (see `confirm`) on further splits of what the test
part leaves, in the same share of the same budget. What each chooses trains on training and validation part and is
evaluated on the test part, which nothing was chosen by. Segue evaluates both, from vectors, with intervals of the
differences over users. implicit multiplies r by its alpha and adds nothing: it is fed 1 + alpha·r. Its further splits
are made before its time begins; Segue's within its own.
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
# As in `segue tune als`.
CANDIDATES = 16
CONFIRMATION_SHARE = 0.2


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
    """Ends after so many trials or seconds, of which a share is kept for the confirmation."""

    def __init__(self, trials, seconds, candidates):
        self.trials, self.seconds, self.candidates = trials, seconds, candidates
        self.search_seconds = seconds * (1 - CONFIRMATION_SHARE if candidates else 1)

    def begin(self):
        self.start = time.monotonic()

    def left(self):
        return self.start + self.seconds - time.monotonic() if self.seconds else float("inf")

    def searching(self, done):
        in_time = not self.seconds or done == 0 or time.monotonic() - self.start < self.search_seconds
        return in_time and (not self.trials or done < self.trials)


def trainings(candidates):
    """That `candidates` and trial 0 beside them take."""
    count, splits = 0, 1
    while candidates > 1:
        count += splits * (candidates + 1)
        candidates, splits = (candidates + 1) // 2, 2 * splits
    return count


def confirm(scores, seconds, budget, score_on):
    """(chosen trial, its mean, its number of splits), by the rule of host/evaluate/tune_confirm.cpp: the best trials and
    trial 0 on one further split, the better half on two more, and so forth; as many as there is time for.

    @param scores, seconds  of each trial in the search
    @param score_on         (trial, split) → score"""
    means = dict(enumerate(scores))
    order = lambda trials: sorted(trials, key=lambda trial: (-means[trial], trial))
    ranking = order(means)
    count = min(budget.candidates, len(ranking), 2)
    for more in range(count + 1, min(budget.candidates, len(ranking)) + 1):
        if trainings(more) * np.mean([seconds[trial] for trial in ranking[:more]]) <= budget.left():
            count = more
    splits, more = 1, 1
    while count > 1:
        alive = order(set(ranking[:count]) | {0})
        for _ in range(more):
            values = {}
            for trial in alive:
                if budget.left() <= 0:
                    return ranking[0], means[ranking[0]], splits
                values[trial] = score_on(trial, splits)
            for trial in alive:
                means[trial] += (values[trial] - means[trial]) / (splits + 1)
            splits += 1
            ranking = order(alive)
        count, more = (count + 1) // 2, 2 * more
    return ranking[0], means[ranking[0]], splits


def read_csr(directory, stem):
    load = lambda part: np.load(directory / f"{stem}.{part}.npy")
    values = directory / f"{stem}.values.npy"
    indices = load("indices")
    data = np.load(values) if values.exists() else np.ones(len(indices), np.float32)
    return sp.csr_matrix((data, indices, load("offsets")), shape=tuple(load("shape")))


class Part:
    """What Segue's --write-split wrote, or a further split of it."""

    def __init__(self, strength, plays, held_out, seen, rows):
        self.strength, self.plays, self.held_out, self.seen, self.rows = strength, plays, held_out, seen, rows

    @staticmethod
    def read(directory):
        matrices = [read_csr(directory, stem) for stem in ("strength", "plays", "held_out", "seen")]
        return Part(*matrices, np.load(directory / "evaluated.npy"))

    def further(self, rng, k, min_songs):
        """k songs of each user with min_songs or more are held out of the training, as `segue evaluate` does it."""
        streamed = (self.plays > 0).tocoo()
        lots = np.lexsort((rng.random(streamed.nnz), streamed.row))
        row, column = streamed.row[lots], streamed.col[lots]
        counts = np.bincount(row, minlength=self.plays.shape[0])
        place = np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
        gone = (place < k) & (counts[row] >= min_songs)
        pattern = lambda taken: sp.csr_matrix(
            (np.ones(taken.sum(), np.float32), (row[taken], column[taken])), shape=self.plays.shape)
        held_out, rows = pattern(gone), np.flatnonzero(counts >= min_songs)
        without = lambda matrix: (matrix - matrix.multiply(held_out)).tocsr()
        return Part(without(self.strength), without(self.plays), held_out[rows], pattern(~gone)[rows], rows)


class Segue:
    def __init__(self, program, data, common):
        self.base = [program, "evaluate", "--data", data, "--quiet", "--json", *common]

    def run(self, *arguments):
        return json.loads(subprocess.run([*self.base, *map(str, arguments)], check=True, stdout=subprocess.PIPE).stdout)

    def tune(self, budget, seed, folder):
        """(best.toml, the answer, seconds)"""
        program, data, common = self.base[0], self.base[3], self.base[6:]
        bound = ["--trials", budget.trials, "--budget", "none"] if budget.trials else ["--budget", f"{budget.seconds}s"]
        start = time.monotonic()
        answer = subprocess.run([program, "tune", "als", "--data", data, "--out", folder, "--seed", str(seed), "--quiet",
                                 "--json", "--confirm", str(budget.candidates), *map(str, bound), *common], check=True, stdout=subprocess.PIPE).stdout
        return folder / "best.toml", json.loads(answer), time.monotonic() - start


class Implicit:
    """The peer, on parts that Segue wrote and further ones."""

    def train(self, part, trial):
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        threadpool_limits(1, "blas")
        options = {} if trial.get("defaults") else {
            "factors": trial["rank"], "regularization": trial["regularization"], "iterations": trial["iterations"]}
        model = AlternatingLeastSquares(**options, alpha=1.0, random_state=42, num_threads=os.cpu_count())
        model.fit(self.matrix(part, trial), show_progress=False)
        return model.user_factors, model.item_factors

    @staticmethod
    def matrix(part, trial):
        matrix = (part.strength if trial["skips"] else part.plays).astype(np.float32)
        matrix.eliminate_zeros()
        if trial["confidence"] == "log":
            matrix.data = np.sign(matrix.data) * np.log1p(np.abs(matrix.data))
        # Below 0: no preference, with confidence 1 + alpha·|r|; implicit takes such values so.
        matrix.data = np.sign(matrix.data) * (1 + np.float32(trial["alpha"]) * np.abs(matrix.data))
        return matrix

    @staticmethod
    def ndcg10(part, users, songs):
        """As in docs/evaluation.md, to choose by; what is published Segue computes."""
        held_out, seen, rows = part.held_out, part.seen, part.rows
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

    def tune(self, budget, rng, parts):
        """@param parts  of the search, and to confirm on"""
        score_on = lambda trial, split: float(np.nan_to_num(
            self.ndcg10(parts[split], *self.train(parts[split], trials[trial])), nan=-1.0))
        trials, scores, seconds = [], [], []
        trial = {"defaults": True, "alpha": 1.0, "confidence": "linear", "skips": False}
        budget.begin()
        while budget.searching(len(trials)):
            start = time.monotonic()
            trials.append(trial)
            scores.append(score_on(len(trials) - 1, 0))
            seconds.append(time.monotonic() - start)
            trial = draw(rng)
        chosen, mean, splits = confirm(scores, seconds, budget, score_on)
        return trials[chosen], {"best": trials[chosen], "trial": chosen, "ndcg@10": scores[chosen], "mean": mean,
                                "splits": splits, "trials": len(trials),
                                "seconds": round(time.monotonic() - budget.start, 1)}

    @staticmethod
    def save(directory, written, users, songs):
        directory.mkdir(parents=True, exist_ok=True)
        for stem, vectors in (("users", users), ("songs", songs)):
            np.save(directory / f"{stem}.npy", np.ascontiguousarray(vectors, np.float32))
            shutil.copy(written / f"{stem}.ids.tsv", directory)


def split_options(common):
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--protocol", default="leave-k-out")
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--min-songs", type=int, default=10)
    return parser.parse_known_args(common)[0]


def compare(arguments, data, common):
    with tempfile.TemporaryDirectory(prefix="segue-quality-") as folder:
        folder = Path(folder)
        segue = Segue(arguments.segue, data, common)
        segue.run("--models", "popularity", "--resamples", 1, "--validation", "--write-split", folder / "validation")
        segue.run("--models", "popularity", "--resamples", 1, "--write-split", folder / "test")
        validation, test = Part.read(folder / "validation"), Part.read(folder / "test")
        split = split_options(common)
        # Further splits of another protocol are Segue's alone, so neither side confirms.
        budget = Budget(arguments.trials, arguments.seconds, CANDIDATES if split.protocol == "leave-k-out" else 0)
        rng = np.random.default_rng(arguments.seed)
        further = [test.further(rng, split.k, split.min_songs) for _ in range(CANDIDATES - 1 if budget.candidates else 0)]
        peer = Implicit()
        peer_best, peer_tuned = peer.tune(budget, np.random.default_rng(arguments.seed), [validation, *further])
        our_best, tuned, our_seconds = segue.tune(budget, arguments.seed, folder / "tuned")
        peer.save(folder / "implicit", folder / "test", *peer.train(test, peer_best))
        answer = segue.run("--factors", folder / "implicit", "--at", "10,20", "--models", "als,popularity",
                           "--config", our_best)
    models = {model["model"]: model for model in answer["models"]}
    row = {
        "data": Path(data).name,
        "users": answer["users"],
        "implicit": peer_tuned,
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
        f"search in the same ranges, {budget}, the best few confirmed on further splits, all by NDCG@10 on songs that the "
        "test part leaves, trained on all of these, evaluated on the test part. Means over users; differences are Segue minus implicit over the same users with 95% "
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
    lines += [
        "",
        "What each side chose: its NDCG@10 on the split of the search, and the mean over this and further splits.",
        "",
        "| data | | trials | chosen | search | mean | splits |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        tuned = row["segue"]["tuned"]
        for side, trials, best in (("implicit", row["implicit"]["trials"], row["implicit"]),
                                   ("Segue", tuned["trials"], tuned["best"])):
            lines.append(f"| {row['data']} | {side} | {trials} | {best['trial']} | {best['ndcg@10']:.4f} "
                         f"| {best['mean']:.4f} | {best['splits']} |")
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
