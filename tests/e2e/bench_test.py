"""`segue bench`: sweeps, the ceilings of the same run, export, and what is refused."""
import array
import json
import unittest

from segue_process import Case, segue, segue_json

ALS = ["bench", "als", "--device", "cpu", "--quiet", "--nnz", "20k", "--users", "2000", "--songs", "500", "--iterations", 1]
SEARCH = ["bench", "search", "--device", "cpu", "--quiet", "--rows", "2000", "--repeats", 1]


def npy_values(path, kind):
    """The numbers of a .npy file of version 1.0."""
    data = path.read_bytes()
    return array.array(kind, data[10 + int.from_bytes(data[8:10], "little"):])


class Bench(Case):
    def check_figures(self, report, row):
        seconds = row["seconds"]
        self.assertTrue(0 < seconds["least"] <= seconds["median"] <= seconds["most"], row)
        floors = {"copy": row["bytes"] / report["ceilings"]["copy_bytes_per_second"]["median"],
                  "product": row["flop"] / report["ceilings"]["product_flops"]["median"]}
        self.assertEqual(row["floor_by"], max(floors, key=floors.get))
        self.assertAlmostEqual(row["floor_seconds"] / max(floors.values()), 1, places=9)
        self.assertAlmostEqual(row["share_of_floor"], row["floor_seconds"] / seconds["median"], places=9)
        self.assertAlmostEqual(row["flops"] * seconds["median"] / row["flop"], 1, places=9)

    def test_als_sweeps_the_lists_and_agrees_with_the_cpu(self):
        report = segue_json(*ALS, "--rank", "8,16", "--storage", "float32,float16", "--cg-steps", "1,2", "--compare-cpu")
        rows = report["rows"]
        self.assertEqual({(r["rank"], r["storage"], r["cg_steps"]) for r in rows},
                         {(f, s, c) for f in (8, 16) for s in ("float32", "float16") for c in (1, 2)})
        self.assertEqual(len(rows), 8)
        for row in rows:
            self.check_figures(report, row)
            self.assertEqual((row["interactions"], row["users"], row["songs"]), (20000, 2000, 500))
            self.assertEqual(row["difference_from_cpu"], 0)  # it is the CPU
        self.assertEqual(report["device"], "cpu")
        # An iteration of rank 8 with 1 step: both halves, by the formulas of docs/benchmarks.md.
        row = next(r for r in rows if (r["rank"], r["storage"], r["cg_steps"]) == (8, "float32", 1))
        out = self.folder / "counted"
        segue(*ALS, "--rank", 8, "--export", out)
        offsets = npy_values(out / "by_user.offsets.npy", "q")
        solved = sum(a < b for a, b in zip(offsets, offsets[1:])) + len(set(npy_values(out / "by_user.indices.npy", "i")))
        self.assertTrue(0 < solved <= 2500)
        self.assertEqual(row["bytes"], 2 * 20000 * (8 * 4 + 8) + 8 * solved * 8)
        self.assertEqual(row["flop"], 2 * 20000 * 8 * 6 + 4 * solved * 64)

    def test_als_exports_what_it_trained(self):
        out = self.folder / "als"
        segue(*ALS, "--rank", 8, "--export", out)
        offsets = npy_values(out / "by_user.offsets.npy", "q")
        self.assertEqual((len(offsets), offsets[0], offsets[-1]), (2001, 0, 20000))
        self.assertEqual(len(npy_values(out / "by_user.indices.npy", "i")), 20000)
        self.assertEqual(len(npy_values(out / "users.npy", "f")), 2000 * 8)
        songs = npy_values(out / "songs.npy", "f")
        again = self.folder / "again"
        segue(*ALS, "--rank", 8, "--export", again, "--threads", 1)
        self.assertEqual(npy_values(again / "songs.npy", "f"), songs)

    def test_search_finds_the_same_as_a_loop(self):
        out = self.folder / "search"
        report = segue_json(*SEARCH, "--queries", 3, "--rank", 4, "--k", 5, "--compare-cpu", "--export", out)
        self.check_figures(report, report["rows"][0])
        self.assertEqual(report["rows"][0]["equal_to_cpu"], 1)
        vectors, queries = npy_values(out / "vectors.npy", "f"), npy_values(out / "queries.npy", "f")
        found = npy_values(out / "rows.npy", "i")
        self.assertIn(b"'shape': (3, 5)", (out / "rows.npy").read_bytes())
        for q in range(3):
            query = queries[4 * q:4 * q + 4]
            score = lambda row: sum(a * b for a, b in zip(query, vectors[4 * row:4 * row + 4]))
            self.assertEqual(list(found[5 * q:5 * q + 5]), sorted(range(2000), key=score, reverse=True)[:5])

    def test_ivf_has_its_recall_and_counts_what_it_scans(self):
        report = segue_json(*SEARCH, "--queries", 20, "--rank", 8, "--k", 5, "--index", "ivf", "--probes", "1,4,15")
        rows = report["rows"]
        self.assertEqual([row["probes"] for row in rows], [1, 4, 15])
        self.assertEqual({row["lists"] for row in rows}, {15})  # 2000 / 128
        recalls, operations = ([row[key] for row in rows] for key in ("recall", "flop"))
        self.assertEqual((recalls, recalls[2]), (sorted(recalls), 1))  # in all lists everything is found
        self.assertEqual((operations, operations[2]), (sorted(operations), 2 * 20 * 8 * (15 + 2000)))

    def test_recall_counts_only_the_hits_there_are(self):
        out = self.folder / "beyond"
        report = segue_json(*SEARCH, "--queries", 4, "--rank", 8, "--k", 2048, "--index", "ivf", "--probes", 1,
                            "--export", out)
        found = sum(row >= 0 for row in npy_values(out / "rows.npy", "i"))
        self.assertTrue(0 < found < 4 * 2000, found)
        self.assertEqual(report["rows"][0]["recall"], found / (4 * 2000))  # k is more than the rows

    def test_tables_are_for_people(self):
        out, err = segue(*SEARCH, "--queries", "1,10", "--metric", "cosine,l2", "--k", 3)
        self.assertEqual(err, "")
        self.assertIn("ceilings: copy ", out)
        self.assertEqual(len(out.splitlines()), 2 + 1 + 4, out)
        self.assertIn("% of floor", out)

    def test_what_cannot_be_is_refused_before_anything_is_measured(self):
        for words, code, message in [
                (["als", "--rank", "2000"], 2, "rank is 2000, expected 1 to 1024"),
                (["als", "--storage", "float8"], 2, "float8"),
                (["als", "--nnz", "2k", "--users", "10", "--songs", "80"], 2, "is 2000, expected 0 to 100"),
                (["als", "--rank", "8,16", "--export", "x"], 2, "the lists make 2"),
                (["als", "--memory", "64M", "--nnz", "100M"], 4, "lower --nnz"),
                (["search", "--memory", "64M", "--rows", "100M"], 4, "lower --rows"),
                (["search", "--metric", "hamming"], 2, "inner-product, cosine or l2 expected"),
                (["search", "--probes", "3"], 2, "--probes are of --index ivf"),
                (["search", "--index", "ivf", "--rows", "1M,2000", "--probes", "1,16"], 2,
                 "--probes 16: --rows 2000 are in 15 lists; lower --probes or raise --rows"),
                (["search", "--k", "5000"], 2, "5000"),
                (["search", "--rows", "0"], 2, "--rows"),
                ([], 2, "subcommand")]:
            out, err = segue("bench", *words, "--quiet", "--device", "cpu", code=code)
            self.assertIn(message, err)
            self.assertEqual((out, err.count("\n")), ("", 1), words)

    def test_help_has_examples(self):
        for command in (["bench", "als"], ["bench", "search"]):
            self.assertIn("Examples:", segue(*command, "--help")[0])


if __name__ == "__main__":
    unittest.main()
