#!/usr/bin/env python3
"""Exact top-k search on a GPU: Segue beside torch, CuPy, FAISS and implicit's KnnQuery, on the same vectors, one
machine, one run.

    python3 bench/peers/gpu_search_peers.py --segue build/cuda/host/cli/segue --rows 5M --queries 10000 --rank 128 \\
        --k 100 --out bench/results/gpu_search

Segue makes the vectors (`segue bench search --export`). The vectors searched are on the GPU before the clock starts;
queries come from host memory and hits go there, for everybody. Recall is the share of Segue's hits, which are exact in
float32. Segue is measured before and after the peers.

    torch          matmul + topk, block of rows by block, float32 without tf32
    torch-tf32     the same with tf32
    torch-float16  the same with float16 vectors and scores
    cupy           matmul + argpartition, float32, on --cupy-queries of the queries
    faiss          GpuIndexFlatIP
    implicit       implicit.gpu.KnnQuery
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import gpu_peers
from gpu_peers import Clock, Missing, require, torch_device

PEERS = ("torch", "torch-tf32", "torch-float16", "cupy", "faiss", "implicit")
SCORE_BYTES = 8 << 30  # of a block of scores


class Problem:
    def __init__(self, folder, arguments, report):
        np = require("numpy")
        self.vectors, self.queries = np.load(folder / "vectors.npy"), np.load(folder / "queries.npy")
        self.k = report["rows"][0]["k"]
        self.exact = np.load(folder / "rows.npy").reshape(len(self.queries), self.k)
        self.device, self.repeats, self.cupy_queries = arguments.device, arguments.repeats, arguments.cupy_queries

    def block_rows(self, value_bytes=4):
        return max(self.k, min(len(self.vectors), SCORE_BYTES // (len(self.queries) * value_bytes)))


def timed(problem, search, version, queries=None):
    """Runs `search`, which returns rows [queries × k] in host memory: once to warm up, then --repeats times."""
    np = require("numpy")
    seconds = []
    rows = np.asarray(search())
    for _ in range(problem.repeats):
        start = time.perf_counter()
        rows = np.asarray(search())
        seconds.append(time.perf_counter() - start)
    found = [len(np.intersect1d(a, b)) for a, b in zip(rows, problem.exact)]
    return {"seconds": seconds, "queries": queries or len(problem.queries), "recall": sum(found) / rows.size,
            "version": version}


def measure_torch(problem, dtype="float32", tf32=False):
    torch, device = torch_device(problem.device)
    torch.backends.cuda.matmul.allow_tf32 = tf32
    kind = getattr(torch, dtype)
    vectors = torch.from_numpy(problem.vectors).to(device, kind)
    block = problem.block_rows(vectors.element_size())

    def search():
        queries = torch.from_numpy(problem.queries).to(device, kind)
        best = rows = None
        for begin in range(0, len(vectors), block):
            part = vectors[begin : begin + block]
            scores, places = torch.topk(queries @ part.T, min(problem.k, len(part)), sorted=False)
            places += begin
            if best is not None:
                scores, places = torch.cat((best, scores), 1), torch.cat((rows, places), 1)
                scores, among = torch.topk(scores, problem.k)
                places = places.gather(1, among)
            best, rows = scores, places
        return rows.cpu().numpy()

    return timed(problem, search, torch.__version__)


def measure_cupy(problem):
    cupy = require("cupy")
    if not problem.device.startswith("cuda"):
        raise Missing("CuPy runs on a GPU only")
    vectors = cupy.asarray(problem.vectors)
    count = min(problem.cupy_queries, len(problem.queries))
    block = max(problem.k, (1 << 30) // (4 * count))  # argpartition sorts: int64 places beside the scores

    def search():
        queries = cupy.asarray(problem.queries[:count])
        best, rows = [], []
        for begin in range(0, len(vectors), block):
            scores = queries @ vectors[begin : begin + block].T
            places = cupy.argpartition(scores, -min(problem.k, scores.shape[1]), axis=1)[:, -problem.k :]
            best.append(cupy.take_along_axis(scores, places, 1))
            rows.append(places + begin)
        best, rows = cupy.concatenate(best, 1), cupy.concatenate(rows, 1)
        among = cupy.argpartition(best, -problem.k, axis=1)[:, -problem.k :]
        return cupy.take_along_axis(rows, among, 1).get()

    return timed(problem, search, cupy.__version__, count)


def measure_faiss(problem):
    faiss = require("faiss")
    if not problem.device.startswith("cuda") or not hasattr(faiss, "StandardGpuResources"):
        raise Missing("this FAISS has no GPU part, or no GPU was asked for")
    index = faiss.GpuIndexFlatIP(faiss.StandardGpuResources(), problem.vectors.shape[1])
    index.add(problem.vectors)
    return timed(problem, lambda: index.search(problem.queries, problem.k)[1], faiss.__version__)


def measure_implicit(problem):
    if not problem.device.startswith("cuda"):
        raise Missing("implicit.gpu runs on a GPU only")
    implicit, gpu = require("implicit", "implicit.gpu")
    if not gpu.HAS_CUDA:
        raise Missing("implicit has no CUDA here: its wheel needs rmm (librmm-cu13, rapids-logger) and CUDA 13")
    vectors, knn = gpu.Matrix(problem.vectors), gpu.KnnQuery()
    return timed(problem, lambda: knn.topk(vectors, gpu.Matrix(problem.queries), problem.k)[0], implicit.__version__)


def measure_segue(arguments, folder=None):
    options = {"device": arguments.device, "rows": arguments.rows, "queries": arguments.queries, "rank": arguments.rank,
               "k": arguments.k, "repeats": arguments.repeats}
    if folder:
        options["export"] = folder
    return gpu_peers.run_segue(arguments.segue, "search", options)


def table(report, again, results):
    row = report["rows"][0]
    flop = row["flop"]
    ours = statistics.median(r["rows"][0]["seconds"]["median"] for r in (report, again))
    extremes = [r["rows"][0]["seconds"][end] for r in (report, again) for end in ("least", "most")]
    product = report["ceilings"]["product_flops"]["median"]
    lines = gpu_peers.heading("Exact search on a GPU: Segue beside torch, CuPy, FAISS and implicit", report) + [
        f"{row['queries']:,} queries, {row['rows']:,} × {row['rank']} float32, k = {row['k']}, inner product. Seconds: "
        "median, extremes; queries come from host memory and hits go there. Recall against Segue's rows. "
        "`bench/peers/gpu_search_peers.py` makes this table.",
        "",
        "| what | seconds | extremes | queries/s | TFLOP/s | of the product | times Segue's | recall |",
        "|---|---|---|---|---|---|---|---|",
        f"| Segue | {ours:.4g} | {min(extremes):.4g}–{max(extremes):.4g} | {row['queries'] / ours:.4g} "
        f"| {flop / ours / 1e12:.4g} | {100 * flop / ours / product:.0f}% | 1 | 1 |",
    ]
    for name, result in results.items():
        if "missing" in result:
            continue
        per_query = statistics.median(result["seconds"]) / result["queries"]
        rate = flop / row["queries"] / per_query
        lines.append(
            f"| {name} {result['version']} | {gpu_peers.seconds_text(result['seconds'])} | {1 / per_query:.4g} "
            f"| {rate / 1e12:.4g} | {100 * rate / product:.0f}% | **{per_query * row['queries'] / ours:.1f}** "
            f"| {result['recall']:.4f} |")
    lines += [f"{name} searched for {result['queries']} queries only." for name, result in results.items()
              if result.get("queries", row["queries"]) != row["queries"]]
    return lines + gpu_peers.missing_lines(results)


def main():
    parser = gpu_peers.parser(__doc__, PEERS)
    parser.add_argument("--rows", default="5M")
    parser.add_argument("--queries", default="10000")
    parser.add_argument("--rank", type=int, default=128)
    parser.add_argument("--k", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cupy-queries", type=int, default=200)
    arguments = parser.parse_args()
    clock = Clock(arguments.limit)
    require("numpy")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = measure_segue(arguments, folder)
        problem = Problem(folder, arguments, report)
    results = gpu_peers.measure_peers({
        "torch": lambda: measure_torch(problem),
        "torch-tf32": lambda: measure_torch(problem, tf32=True),
        "torch-float16": lambda: measure_torch(problem, "float16"),
        "cupy": lambda: measure_cupy(problem),
        "faiss": lambda: measure_faiss(problem),
        "implicit": lambda: measure_implicit(problem),
    }, arguments.peers, clock)
    again = measure_segue(arguments)
    gpu_peers.write(arguments.out, table(report, again, results), {"segue": [report, again], "peers": results})


if __name__ == "__main__":
    try:
        main()
    except Missing as missing:
        sys.exit(f"gpu_search_peers: {missing}")
