#!/usr/bin/env python3
"""Implicit ALS on a GPU: Segue beside `implicit`'s GPU solver and one written with torch's sparse primitives, on the
same plays, one machine, one run.

    python3 bench/peers/gpu_als_peers.py --segue build/cuda/host/cli/segue --nnz 100M --users 1M --songs 200k \\
        --rank 128 --out bench/results/gpu_als

Segue makes the plays (`segue bench als --export`). A time is that of one iteration: both sides; the first two do not
count. The loss after as many iterations is computed from everybody's vectors by one function here. Segue is measured
before and after the peers.

    implicit          implicit.gpu.als, float32 vectors, 3 CG steps or what --cg-steps says
    implicit-float16  the same with float16 vectors
    torch             cuSPARSE through torch: sampled_addmm (SDDMM) and CSR products, all rows at once, float32

CuPy has no SDDMM, so a solver with it would be a loop of kernels of ours: it is a peer of the search only.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import gpu_peers
from gpu_peers import Clock, Missing, require, torch_device

PEERS = ("implicit", "implicit-float16", "torch")
WARM_UPS = 2


class Plays:
    """Users × songs in CSR with values r, and what it was trained with."""

    def __init__(self, folder, report):
        np = require("numpy")
        row = report["rows"][0]
        self.offsets = np.load(folder / "by_user.offsets.npy")
        self.indices = np.load(folder / "by_user.indices.npy")
        self.values = np.load(folder / "by_user.values.npy")
        self.shape = (row["users"], row["songs"])
        self.rank, self.steps = row["rank"], row["cg_steps"]
        self.alpha, self.regularization = row["alpha"], row["regularization"]
        self.iterations = row["iterations"]

    def confidence(self):
        """scipy CSR of c = 1 + alpha·r: implicit multiplies by nothing and adds nothing."""
        np, sparse = require("numpy", "scipy.sparse")
        return sparse.csr_matrix((1 + np.float32(self.alpha) * self.values, self.indices, self.offsets), self.shape)


class Stopwatch:
    """Seconds between calls of lap(), without those of the first WARM_UPS."""

    def __init__(self, device):
        self.wait = gpu_peers.synchronizer(device)
        self.laps = []
        self.start()

    def start(self):
        self.wait()
        self.last = time.perf_counter()

    def lap(self):
        self.wait()
        now = time.perf_counter()
        self.laps.append(now - self.last)
        self.last = now

    def seconds(self):
        return self.laps[WARM_UPS:]


def measure_implicit(plays, device, dtype):
    np = require("numpy")
    if not device.startswith("cuda"):
        raise Missing("implicit.gpu runs on a GPU only")
    implicit = require("implicit")
    gpu = require("implicit.gpu")
    if not gpu.HAS_CUDA:
        raise Missing("implicit has no CUDA here: its wheel needs rmm (librmm-cu13, rapids-logger) and CUDA 13")
    als = require("implicit.gpu.als")
    model = als.AlternatingLeastSquares(
        factors=plays.rank, regularization=plays.regularization, alpha=1.0, dtype=np.dtype(dtype),
        iterations=plays.iterations, random_state=42)
    model.cg_steps = plays.steps
    watch = Stopwatch(device)
    # The first lap has the upload in it, too; it is not counted.
    model.fit(plays.confidence(), show_progress=False, callback=lambda *_: watch.lap())
    return {"seconds": watch.seconds(), "version": implicit.__version__,
            "factors": (model.user_factors.to_numpy(), model.item_factors.to_numpy())}


class TorchAls:
    """CG on all rows at once. A = diag over rows of (G + Σ dᵢyᵢyᵢᵀ): A·P = P·G + (d ∘ SDDMM(P, Y))·Y."""

    def __init__(self, torch, device, plays):
        self.torch, self.steps, self.regularization = torch, plays.steps, plays.regularization
        torch.backends.cuda.matmul.allow_tf32 = False
        offsets, columns, values = (torch.from_numpy(x).to(device) for x in (plays.offsets, plays.indices, plays.values))
        excess = plays.alpha * values
        self.by_user = self.pattern(offsets, columns, excess, plays.shape)
        rows = torch.repeat_interleave(torch.arange(plays.shape[0], device=device), offsets.diff())
        order = torch.argsort(columns, stable=True)
        song_offsets = torch.zeros(plays.shape[1] + 1, dtype=torch.int64, device=device)
        song_offsets[1:] = torch.bincount(columns, minlength=plays.shape[1]).cumsum(0)
        self.by_song = self.pattern(song_offsets, rows[order], excess[order], plays.shape[::-1])
        generator = torch.Generator().manual_seed(42)
        self.users, self.songs = (
            (0.1 / plays.rank**0.5 * torch.randn(n, plays.rank, generator=generator)).to(device) for n in plays.shape)

    def pattern(self, offsets, columns, excess, shape):
        small = self.torch.int32
        return offsets.to(small), columns.to(small), excess, shape

    def csr(self, pattern, values):
        offsets, columns, _, shape = pattern
        return self.torch.sparse_csr_tensor(offsets, columns, values, shape)

    def solve(self, pattern, x, y):
        torch = self.torch
        excess = pattern[2]
        gram = y.T @ y + self.regularization * torch.eye(y.shape[1], device=y.device)
        ones = self.csr(pattern, torch.ones_like(excess))

        def apply(p):
            scores = torch.sparse.sampled_addmm(ones, p, y.T.contiguous(), beta=0).values()
            return p @ gram + self.csr(pattern, excess * scores) @ y

        residual = self.csr(pattern, 1 + excess) @ y - apply(x)
        p, rr = residual.clone(), (residual * residual).sum(1, keepdim=True)
        for _ in range(self.steps):
            ap = apply(p)
            step = rr / (p * ap).sum(1, keepdim=True).clamp_min(1e-30)
            x += step * p
            residual -= step * ap
            before, rr = rr, (residual * residual).sum(1, keepdim=True)
            p = residual + rr / before.clamp_min(1e-30) * p
        return x

    def iterate(self):
        self.users = self.solve(self.by_user, self.users, self.songs)
        self.songs = self.solve(self.by_song, self.songs, self.users)


def measure_torch(plays, device):
    torch, where = torch_device(device)
    solver = TorchAls(torch, where, plays)
    watch = Stopwatch(device)
    for _ in range(plays.iterations):
        solver.iterate()
        watch.lap()
    return {"seconds": watch.seconds(), "version": torch.__version__,
            "factors": (solver.users.cpu().numpy(), solver.songs.cpu().numpy())}


def scorer(users, songs, device):
    """A function from rows of users and of songs to their products; by torch on the GPU where it can be had."""
    np = require("numpy")
    try:
        torch, where = torch_device(device)
    except Missing:
        return lambda u, s: np.einsum("ij,ij->i", users[u], songs[s])
    on_device = [torch.from_numpy(x).to(where) for x in (users, songs)]
    product = lambda rows: (on_device[0][rows[0]] * on_device[1][rows[1]]).sum(1)
    return lambda u, s: product([torch.from_numpy(x).to(where).long() for x in (u, s)]).cpu().numpy()


def training_loss(plays, users, songs, device="cpu", chunk=1 << 20):
    """Hu, Koren & Volinsky (2008), eq. 3, over Σ c; what is not in the matrix has c = 1, p = 0. float64 sums."""
    np = require("numpy")
    users, songs = np.asarray(users, np.float32), np.asarray(songs, np.float32)
    score = scorer(users, songs, device)
    gram = lambda x: x.astype(np.float64).T @ x.astype(np.float64)
    total = float((gram(users) * gram(songs)).sum())
    confidences = float(plays.shape[0]) * plays.shape[1]
    rows = np.repeat(np.arange(plays.shape[0], dtype=np.int32), np.diff(plays.offsets))
    for begin in range(0, len(plays.indices), chunk):
        part = slice(begin, begin + chunk)
        scores = score(rows[part], plays.indices[part]).astype(np.float64)
        c = 1 + plays.alpha * plays.values[part].astype(np.float64)
        total += float((c * (1 - scores) ** 2 - scores**2).sum())
        confidences += float((c - 1).sum())
    total += plays.regularization * float((users.astype(np.float64) ** 2).sum() + (songs.astype(np.float64) ** 2).sum())
    return total / confidences


def measure_segue(arguments, folder=None):
    options = {"device": arguments.device, "nnz": arguments.nnz, "users": arguments.users, "songs": arguments.songs,
               "rank": arguments.rank, "cg-steps": arguments.cg_steps, "storage": arguments.storage,
               "iterations": arguments.iterations}
    if folder:
        options["export"] = folder
    return gpu_peers.run_segue(arguments.segue, "als", options)


def table(report, again, losses, results):
    row = report["rows"][0]
    ours = [r["rows"][0]["seconds"]["median"] for r in (report, again)]
    extremes = [r["rows"][0]["seconds"][end] for r in (report, again) for end in ("least", "most")]
    middle = statistics.median(ours)
    lines = gpu_peers.heading("Implicit ALS on a GPU: Segue beside implicit and torch", report) + [
        f"{row['interactions']:,} interactions (power law), {row['users']:,} users, {row['songs']:,} songs, rank "
        f"{row['rank']}, {row['cg_steps']} CG steps, alpha {row['alpha']:g}, λ {row['regularization']:g}. Seconds of one "
        f"iteration, both sides: median, extremes. Loss after {row['iterations']} iterations, by one function for all. "
        "`bench/peers/gpu_als_peers.py` makes this table.",
        "",
        "| what | s/iteration | extremes | counted GB/s | of the floor | times Segue's | loss |",
        "|---|---|---|---|---|---|---|",
        f"| Segue, {row['storage']} | {middle:.4g} | {min(extremes):.4g}–{max(extremes):.4g} | {row['bytes'] / middle / 1e9:.4g} "
        f"| {100 * row['floor_seconds'] / middle:.0f}% | 1 | {losses['segue']:.6f} |",
    ]
    for name, result in results.items():
        if "missing" not in result:
            lines.append(f"| {name} {result['version']} | {gpu_peers.seconds_text(result['seconds'])} | | "
                         f"| **{statistics.median(result['seconds']) / middle:.1f}** | {losses[name]:.6f} |")
    return lines + gpu_peers.missing_lines(results)


def main():
    parser = gpu_peers.parser(__doc__, PEERS)
    parser.add_argument("--nnz", default="100M")
    parser.add_argument("--users", default="1M")
    parser.add_argument("--songs", default="200k")
    parser.add_argument("--rank", type=int, default=128)
    parser.add_argument("--cg-steps", type=int, default=3)
    parser.add_argument("--storage", default="float16")
    parser.add_argument("--iterations", type=int, default=5, help="timed, after two that are not")
    arguments = parser.parse_args()
    clock = Clock(arguments.limit)
    np = require("numpy")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = measure_segue(arguments, folder)
        plays = Plays(folder, report)
        ours = np.load(folder / "users.npy"), np.load(folder / "songs.npy")
    results = gpu_peers.measure_peers({
        "implicit": lambda: measure_implicit(plays, arguments.device, "float32"),
        "implicit-float16": lambda: measure_implicit(plays, arguments.device, "float16"),
        "torch": lambda: measure_torch(plays, arguments.device),
    }, arguments.peers, clock)
    again = measure_segue(arguments)
    losses = {"segue": training_loss(plays, *ours, arguments.device)}
    for peer, result in results.items():
        if factors := result.pop("factors", None):
            losses[peer] = training_loss(plays, *factors, arguments.device)
    gpu_peers.write(arguments.out, table(report, again, losses, results),
                    {"segue": [report, again], "peers": results, "loss": losses})


if __name__ == "__main__":
    try:
        main()
    except Missing as missing:
        sys.exit(f"gpu_als_peers: {missing}")
