#!/usr/bin/env python3
"""Exact top-k search on the CPU: Segue and faiss IndexFlatIP in turn, on one machine, in one run.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    /tmp/peers/bin/python bench/peers/search_peers.py --search-peer build/release/bench/search/search_peer \\
        --out bench/results/search

2,000 queries against 1 M x 128 float32 (Gaussian directions, log-normal norms), k = 100, all cores. Medians of the pairs.
faiss runs with OMP_WAIT_POLICY=PASSIVE, which is its faster setting here; each process chooses its BLAS kernels itself.
In the same run: the sgemm rate of the system's OpenBLAS (in our process) and of numpy's (in faiss's), 4096 x 4096 x 4096.
Building the index is not in the times; it is in the table.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import processor


def peer_environment():
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    environment["OMP_WAIT_POLICY"] = "PASSIVE"
    return environment


def faiss_child(folder, k):
    """Searches once for each line on stdin; answers with a line of JSON."""
    import faiss
    import numpy as np

    vectors, queries = np.load(folder / "vectors.npy"), np.load(folder / "queries.npy")
    start = time.perf_counter()
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    build = time.perf_counter() - start
    index.search(queries[:100], k)
    a = np.full((4096, 4096), 0.5, np.float32)
    a @ a
    for _ in sys.stdin:
        start = time.perf_counter()
        _, rows = index.search(queries, k)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        a @ a
        sgemm = 2 * 4096**3 / (time.perf_counter() - start) / 1e9
        np.save(folder / "faiss_rows.npy", rows)
        print(json.dumps({"seconds": seconds, "build": build, "sgemm": sgemm,
                          "version": f"{faiss.__version__}, {faiss.get_compile_options().strip()}"}), flush=True)


def make_data(folder, rows, queries, rank):
    import numpy as np

    random = np.random.default_rng(2011)
    for name, count in (("vectors", rows), ("queries", queries)):
        directions = random.standard_normal((count, rank), np.float32)
        np.save(folder / f"{name}.npy", directions * random.lognormal(0, 0.3, (count, 1)).astype(np.float32))


def agreement(folder, k):
    """Share of the rows found by both, and the queries whose sets are equal."""
    import numpy as np

    theirs = np.load(folder / "faiss_rows.npy")
    ours = np.load(folder / "segue_rows.npy").reshape(-1, k)
    common = [len(np.intersect1d(a, b)) for a, b in zip(ours, theirs)]
    return sum(common) / ours.size, sum(c == k for c in common), len(ours)


def measure(arguments, folder):
    faiss = subprocess.Popen([sys.executable, __file__, "--faiss-child", folder, "--k", str(arguments.k)], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=peer_environment())
    ours_command = [arguments.search_peer, "--vectors", folder / "vectors.npy", "--queries", folder / "queries.npy",
                    "--k", str(arguments.k), "--ids", folder / "segue_rows.npy", "--sgemm"]
    pairs = []
    for pair in range(arguments.pairs):
        faiss.stdin.write("go\n")
        faiss.stdin.flush()
        theirs = json.loads(faiss.stdout.readline())
        ours = json.loads(subprocess.run(ours_command, capture_output=True, text=True, check=True,
                                         env=peer_environment()).stdout)
        pairs.append({"faiss": theirs, "segue": ours})
        print(f"pair {pair + 1}: faiss {theirs['seconds']:.2f} s, segue {ours['search_seconds'][0]:.3f} s",
              file=sys.stderr)
    faiss.stdin.close()
    faiss.wait()
    return pairs


def table(arguments, pairs, agreed):
    gflop = 2 * arguments.queries * arguments.rows * arguments.rank / 1e9
    median = lambda values: statistics.median(list(values))
    theirs = median(p["faiss"]["seconds"] for p in pairs)
    ours = median(p["segue"]["search_seconds"][0] for p in pairs)
    ratio = median(p["faiss"]["seconds"] / p["segue"]["search_seconds"][0] for p in pairs)
    of_sgemm = median(gflop / p["segue"]["search_seconds"][0] / p["segue"]["sgemm_gflops"][0] for p in pairs)
    openblas = median(p["segue"]["sgemm_gflops"][0] for p in pairs)
    numpy_rate = median(p["faiss"]["sgemm"] for p in pairs)
    share, equal, count = agreed
    return f"""{arguments.queries:,} queries, {arguments.rows:,} x {arguments.rank} float32, k = {arguments.k}; {processor()}, \
{pairs[0]["segue"]["threads"]} threads; medians of {len(pairs)} pairs; faiss {pairs[0]["faiss"]["version"]}

| what | seconds | queries/s | GFLOP/s | build, s |
|---|---|---|---|---|
| faiss IndexFlatIP, OMP_WAIT_POLICY=PASSIVE | {theirs:.3f} | {arguments.queries / theirs:.0f} | {gflop / theirs:.0f} | \
{median(p["faiss"]["build"] for p in pairs):.2f} |
| Segue | {ours:.3f} | {arguments.queries / ours:.0f} | {gflop / ours:.0f} | \
{median(p["segue"]["build_seconds"] for p in pairs):.2f} |
| OpenBLAS sgemm in Segue's process | | | {openblas:.0f} | |
| OpenBLAS sgemm in numpy | | | {numpy_rate:.0f} | |

Segue to faiss, median of the pairs: {ratio:.2f}x. Segue to sgemm: {100 * of_sgemm:.0f}%. \
Rows found by both: {100 * share:.4f}%; equal sets for {equal} of {count} queries.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--search-peer", type=Path, help="the search_peer program")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--rank", type=int, default=128)
    parser.add_argument("--k", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    parser.add_argument("--faiss-child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.faiss_child:
        return faiss_child(arguments.faiss_child, arguments.k)
    if not arguments.search_peer:
        parser.error("--search-peer is needed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_data(folder, arguments.rows, arguments.queries, arguments.rank)
        pairs = measure(arguments, folder)
        text = table(arguments, pairs, agreement(folder, arguments.k))
    print(text)
    if arguments.out:
        arguments.out.with_suffix(".md").write_text(text)
        arguments.out.with_suffix(".json").write_text(json.dumps(pairs, indent=1) + "\n")


if __name__ == "__main__":
    main()
