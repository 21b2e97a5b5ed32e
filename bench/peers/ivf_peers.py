#!/usr/bin/env python3
"""Approximate search on the CPU: Segue's IVF index and faiss IndexIVFFlat in turn, on one machine, in one run.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    /tmp/peers/bin/python bench/peers/ivf_peers.py --ivf-peer build/release/bench/search/ivf_peer \\
        --out bench/results/ivf

10,000 queries against 1 M x 128 float32, k = 100, all cores. The vectors lie round 2,000 genres, of which the largest has
some 200 times the songs of the smallest; lengths are log-normal, as those of song factors; a query is a listener: the
weighted mean of eight songs. --vectors and --queries take others, such as a run's als/songs.npy and als/users.npy. Both
have as many lists and the same number of rows to train on, and otherwise their defaults. For each number of probes the
recall of the exact k best and the queries a second, of which the best of the repeats counts; faiss runs with
OMP_WAIT_POLICY=PASSIVE, which is its faster setting here.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import processor
from search_peers import peer_environment

RECALLS = (0.8, 0.9, 0.95, 0.99)


def make_data(folder, rows, queries, rank, genres=2000):
    import numpy as np

    random = np.random.default_rng(2011)
    centres = random.standard_normal((genres, rank), np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    share = np.arange(1, genres + 1) ** -0.7
    genre = random.choice(genres, rows, p=share / share.sum())
    songs = centres[genre] + random.standard_normal((rows, rank), np.float32) * np.float32(0.8 / rank**0.5)
    songs /= np.linalg.norm(songs, axis=1, keepdims=True)
    taste = random.integers(0, rows, (queries, 8))
    weight = random.exponential(1, (queries, 8)).astype(np.float32) ** 2
    users = np.einsum("qk,qkd->qd", weight, songs[taste])
    users /= np.linalg.norm(users, axis=1, keepdims=True)
    songs *= random.lognormal(0, 0.6, (rows, 1)).astype(np.float32)
    np.save(folder / "vectors.npy", songs)
    np.save(folder / "queries.npy", users)


def faiss_child(arguments):
    """The same measurement as ivf_peer's, in faiss; prints JSON."""
    import faiss
    import numpy as np

    vectors, queries = np.load(arguments.vectors), np.load(arguments.queries)
    if arguments.metric == "cosine":
        for matrix in (vectors, queries):
            matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-30)
    is_l2 = arguments.metric == "l2"
    start = time.perf_counter()
    flat = faiss.IndexFlatL2(vectors.shape[1]) if is_l2 else faiss.IndexFlatIP(vectors.shape[1])
    index = faiss.IndexIVFFlat(flat, vectors.shape[1], arguments.lists,
                               faiss.METRIC_L2 if is_l2 else faiss.METRIC_INNER_PRODUCT)
    index.cp.max_points_per_centroid = arguments.training_rows
    index.cp.seed = 1
    index.train(vectors)
    index.add(vectors)
    report = {"build_seconds": time.perf_counter() - start, "probes": [],
              "version": f"{faiss.__version__}, {faiss.get_compile_options().strip()}"}
    exact = np.load(arguments.exact_ids).reshape(len(queries), arguments.k)
    for probes in arguments.probes:
        index.nprobe = probes
        seconds = []
        for _ in range(arguments.repeats + 1):
            start = time.perf_counter()
            _, rows = index.search(queries, arguments.k)
            seconds.append(time.perf_counter() - start)
        common = sum(len(np.intersect1d(a, b)) for a, b in zip(exact, rows))
        report["probes"].append({"probes": probes, "seconds": min(seconds[1:]), "recall": common / exact.size})
    print(json.dumps(report))


def measure(arguments, folder, metric):
    vectors = arguments.vectors or folder / "vectors.npy"
    queries = arguments.queries or folder / "queries.npy"
    shared = ["--vectors", vectors, "--queries", queries, "--exact-ids", folder / "exact.npy", "--metric", metric, "--k",
              arguments.k, "--training-rows", arguments.training_rows, "--repeats", arguments.repeats]
    run = lambda command: json.loads(subprocess.run([str(word) for word in command], capture_output=True, text=True,
                                                    check=True, env=peer_environment()).stdout)
    ours = run([arguments.ivf_peer, *shared, "--lists", arguments.lists, "--probes", ",".join(map(str, arguments.probes))])
    theirs = run([sys.executable, __file__, "--faiss-child", *shared, "--lists", ours["lists"], "--probes",
                  *(point["probes"] for point in ours["probes"])])
    print(f"{metric}: done", file=sys.stderr)
    return {"metric": metric, "segue": ours, "faiss": theirs}


def rate_at(measured, queries, recall):
    """Queries a second with the fewest probes of those tried that reach the recall, and the probes."""
    for point in measured["probes"]:
        if point["recall"] >= recall:
            return f"{queries / point['seconds']:,.0f} ({point['probes']})"
    return "not reached"


def table(arguments, results, queries, shape):
    first = results[0]["segue"]
    text = f"""{queries:,} queries, {shape[0]:,} x {shape[1]} float32, k = {arguments.k}; {processor()}, \
{first["threads"]} threads; {first["lists"]} lists trained on {arguments.training_rows} rows each; faiss \
{results[0]["faiss"]["version"]}

Queries a second at a recall of the exact {arguments.k} best, or better, and the probes for it, of those below:

| metric | index | build, s | exact | {" | ".join(f"recall {recall}" for recall in RECALLS)} |
|---|---|---|---|{"---|" * len(RECALLS)}
"""
    for result in results:
        for name in ("segue", "faiss"):
            measured = result[name]
            exact = f"{queries / measured['exact_seconds']:,.0f}" if name == "segue" else ""
            label = {"segue": "Segue", "faiss": "faiss IndexIVFFlat"}[name]
            text += f"| {result['metric']} | {label} | {measured['build_seconds']:.1f} | {exact} | "
            text += " | ".join(rate_at(measured, queries, recall) for recall in RECALLS) + " |\n"
    text += "\n| metric | probes | Segue recall | queries/s | faiss recall | queries/s |\n|---|---|---|---|---|---|\n"
    for result in results:
        for ours, theirs in zip(result["segue"]["probes"], result["faiss"]["probes"]):
            text += (f"| {result['metric']} | {ours['probes']} | {ours['recall']:.3f} | {queries / ours['seconds']:,.0f} | "
                     f"{theirs['recall']:.3f} | {queries / theirs['seconds']:,.0f} |\n")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ivf-peer", type=Path, help="the ivf_peer program")
    parser.add_argument("--vectors", type=Path, help="an .npy of vectors instead of made ones")
    parser.add_argument("--queries", type=Path, help="an .npy of queries, with --vectors")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--query-count", type=int, default=10_000)
    parser.add_argument("--rank", type=int, default=128)
    parser.add_argument("--metrics", nargs="+", default=["inner-product", "cosine", "l2"])
    parser.add_argument("--k", type=int, default=100)
    parser.add_argument("--probes", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64, 128], help="ascending")
    parser.add_argument("--lists", type=int, default=0, help="0: as Segue chooses")
    parser.add_argument("--training-rows", type=int, default=64, help="a list")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    parser.add_argument("--faiss-child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--metric", help=argparse.SUPPRESS)
    parser.add_argument("--exact-ids", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.faiss_child:
        return faiss_child(arguments)
    if not arguments.ivf_peer:
        parser.error("--ivf-peer is needed")
    if (arguments.vectors is None) != (arguments.queries is None):
        parser.error("--vectors and --queries go together")

    import numpy as np

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not arguments.vectors:
            make_data(folder, arguments.rows, arguments.query_count, arguments.rank)
        shape = np.load(arguments.vectors or folder / "vectors.npy", mmap_mode="r").shape
        queries = len(np.load(arguments.queries or folder / "queries.npy", mmap_mode="r"))
        results = [measure(arguments, folder, metric) for metric in arguments.metrics]
    text = table(arguments, results, queries, shape)
    print(text)
    if arguments.out:
        arguments.out.with_suffix(".md").write_text(text)
        arguments.out.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
