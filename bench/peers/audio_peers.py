#!/usr/bin/env python3
"""The audio front end beside librosa's mel spectrogram, in turn, on one machine, in one run.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    /tmp/peers/bin/python bench/peers/audio_peers.py --spectrogram-bench build/release/bench/audio/spectrogram_bench \\
        --out bench/results/audio_front_end

librosa.feature.melspectrogram with its defaults (2048 samples, hop 512, 128 Slaney bands) on 30 s of noise at 22,050 Hz:
librosa may use all cores and does its transforms on one. Segue: the same spectrogram (equal to 1e-4: tests/audio/signal),
the two spectrograms of its own front end, on one thread and on all. Medians of the pairs.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from machine import processor

SECONDS = 30
ROWS = [("mel_as_librosa/threads:1", "Segue, the same, 1 thread"), ("mel_as_librosa/threads:2", "Segue, the same, 2 threads"),
        ("front_end/threads:1", "Segue, mel and log-frequency, 1 thread"),
        ("front_end/threads:2", "Segue, mel and log-frequency, 2 threads")]


def librosa_child():
    """Answers each line on stdin with the seconds of one clip, the best of five."""
    import librosa
    import numpy as np

    clip = np.random.default_rng(2011).uniform(-0.1, 0.1, SECONDS * 22050).astype(np.float32)
    librosa.feature.melspectrogram(y=clip, sr=22050)
    for _ in sys.stdin:
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            librosa.feature.melspectrogram(y=clip, sr=22050)
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"seconds": min(seconds), "version": librosa.__version__}), flush=True)


def ours(program):
    """Clips a second by the bench's name."""
    command = [program, "--benchmark_filter=mel_as_librosa|front_end", "--benchmark_format=json",
               "--benchmark_min_time=0.3"]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {run["name"].removesuffix("/real_time"): run["clips/s"] for run in report["benchmarks"]}


def measure(arguments):
    peer = subprocess.Popen([sys.executable, __file__, "--librosa-child"], text=True, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
    pairs = []
    for _ in range(arguments.pairs):
        peer.stdin.write("go\n")
        peer.stdin.flush()
        pairs.append({"librosa": json.loads(peer.stdout.readline()), "segue": ours(arguments.spectrogram_bench)})
    peer.stdin.close()
    peer.wait()
    return pairs


def table(pairs):
    librosa = statistics.median(1 / p["librosa"]["seconds"] for p in pairs)
    lines = [f"Clips of {SECONDS} s at 22,050 Hz; {processor()}; medians of {len(pairs)} pairs; librosa "
             f"{pairs[0]['librosa']['version']}", "", "| what | clips/s | x real time | to librosa |", "|---|---|---|---|",
             f"| librosa.feature.melspectrogram | {librosa:.1f} | {librosa * SECONDS:,.0f} | |"]
    for name, title in ROWS:
        rate = statistics.median(p["segue"][name] for p in pairs)
        ratio = statistics.median(p["segue"][name] * p["librosa"]["seconds"] for p in pairs)
        lines.append(f"| {title} | {rate:.0f} | {rate * SECONDS:,.0f} | {ratio:.1f}x |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spectrogram-bench", type=Path, help="the spectrogram_bench program")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    parser.add_argument("--librosa-child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.librosa_child:
        return librosa_child()
    if not arguments.spectrogram_bench:
        parser.error("--spectrogram-bench is needed")
    pairs = measure(arguments)
    print(table(pairs))
    if arguments.out:
        arguments.out.with_suffix(".md").write_text(table(pairs))
        arguments.out.with_suffix(".json").write_text(json.dumps(pairs, indent=1) + "\n")


if __name__ == "__main__":
    main()
