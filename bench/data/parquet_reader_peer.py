"""Writes the logs that parquet_reader_bench reads and times pyarrow on them: pyarrow.parquet.read_table() to Arrow
columns, which is less than Segue does, as no field is made text.

    python parquet_reader_peer.py FOLDER && SEGUE_BENCH_PARQUET=FOLDER parquet_reader_bench
"""

import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS, USERS, SONGS, THREADS = 4_000_000, 40_000, 500_000, 2


def make_log():
    """Sorted by user; songs by a power law; times within a year."""
    rng = np.random.default_rng(5)
    digits = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "u1")
    songs = pa.array(np.ascontiguousarray(rng.choice(digits, (SONGS, 22))).view("S22").ravel().astype(str))
    users = np.sort(rng.integers(0, USERS, ROWS))
    return pa.table({
        "user": pa.array([f"user{u}" for u in range(USERS)]).take(pa.array(users)),
        "song": songs.take(pa.array((SONGS * rng.random(ROWS) ** 3).astype("i8"))),
        "timestamp": pa.array(1_293_840_000_000 + rng.integers(0, 31_536_000_000, ROWS), pa.timestamp("ms", tz="UTC")),
        "ms_played": pa.array(rng.integers(0, 400_000, ROWS), pa.int32())})


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    log = make_log()
    pa.set_cpu_count(THREADS)
    for codec in ["zstd", "snappy"]:
        path = folder / f"log_{codec}.parquet"
        pq.write_table(log, path, compression=codec)
        times = []
        for _ in range(7):
            start = time.perf_counter()
            pq.read_table(path)
            times.append(time.perf_counter() - start)
        print(f"pyarrow {pa.__version__} read_table, {codec}, {THREADS} threads: {ROWS / np.median(times) / 1e6:.1f} M rows/s, "
              f"{path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
