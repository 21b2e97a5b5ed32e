"""segue export: every format read back by code of its own (Python's standard library), from a run with awkward ids."""
import array
import collections
import csv
import io
import json
import os
import pathlib
import re
import struct
import tempfile
import unittest
import urllib.parse
import zipfile

from segue_process import SMALL, Case, lists, segue, segue_json

USERS = ["a,b", 'say "hi"', '"q', "Мария", "tab\there", "new\nline", "x" * 300, "50%", "NA", "null", "no\u00a0break",
         "ideo\u3000graphic", "back\\slash", "#hash", "  lead", "trail  ", "next\u0085line", "007"]
SONGS = USERS[::-1] + [f"s{i}" for i in range(20)]


def table(*rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def ids(path):
    """An ids.tsv, by the rule of docs/formats.md."""
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines[0] == "row\tid" and lines[-1] == ""
    meant = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}
    return [re.sub(r"\\.", lambda found: meant[found[0]], line.split("\t", 1)[1]) for line in lines[1:-1]]


def npy(data):
    """(dtype, shape, bytes) of a .npy file."""
    assert data[:8] == b"\x93NUMPY\x01\x00"
    end = 10 + struct.unpack("<H", data[8:10])[0]
    header = data[10:end].decode()
    assert end % 64 == 0 and "'fortran_order': False" in header
    shape = re.search(r"'shape': \(([^)]*)\)", header)[1]
    return re.search(r"'descr': '([^']*)'", header)[1], tuple(int(n) for n in shape.split(",") if n.strip()), data[end:]


def numbers(code, data):
    values = array.array(code)
    values.frombytes(data)
    return values.tolist()


def float32(text):
    return struct.unpack("<f", struct.pack("<f", float(text)))[0]


def lines_of(path):
    """Lines as a reader takes them that knows \\n only."""
    text = path.read_bytes().decode()
    assert text.endswith("\n")
    return text[:-1].split("\n")


class Export(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shared = tempfile.TemporaryDirectory(prefix="segue-e2e-")
        cls.addClassCleanup(shared.cleanup)
        root = pathlib.Path(shared.name)
        (root / "data").mkdir()
        listens = [(user, SONGS[(7 * row + n * n) % len(SONGS)], f"2011-05-{1 + n:02}", 1000 if n % 5 == 0 else 200000)
                   for row, user in enumerate(USERS) for n in range(12)]
        songs = [(song, ["A \"title\"", "Two\nlines", ""][row % 3], ["ar 1", "NA", ""][row % 3], "2011-05-19", 180000)
                 for row, song in enumerate(SONGS)] + [("cold", "Cold", "ar 1", "2011-05-20", 200000)]
        follows = [(user, artist) for user in USERS[:5] + ["follows only"] for artist in ("ar 1", "NA")]
        for name, head, rows in (("listens", ("user_id", "song_id", "timestamp", "ms_played"),
                                  listens + [(USERS[0], "in the log only", "2011-05-20", 200000)]),
                                 ("songs", ("song_id", "title", "artist_id", "release_date", "duration_ms"), songs),
                                 ("artists", ("artist_id", "name"), [("ar 1", 'The "One"')]),
                                 ("follows", ("user_id", "artist_id"), follows)):
            (root / f"data/{name}.csv").write_text(table(head, *rows), encoding="utf-8")
        segue("nightly", "--data", root / "data", "--runs", root / "runs", *SMALL)
        cls.run_folder = root / "runs/current"
        cls.vectors = {}
        for which in ("users", "songs", "artists"):
            names = ids(cls.run_folder / f"als/{which}.ids.tsv")
            dtype, shape, data = npy((cls.run_folder / f"als/{which}.npy").read_bytes())
            assert (dtype, shape) == ("<f4", (len(names), 16))
            values = numbers("f", data)
            cls.vectors[which] = (names, [values[16 * row:16 * row + 16] for row in range(len(names))])
        cls.users = ids(cls.run_folder / "interactions/users.ids.tsv")
        cls.songs = ids(cls.run_folder / "interactions/songs.ids.tsv")

    def export(self, what, name, *options):
        out = self.folder / name
        answer = segue_json("export", what, "--out", out, "--run", self.run_folder, *options)
        self.assertEqual(answer["files"][0]["bytes"], pathlib.Path(answer["files"][0]["path"]).stat().st_size)
        return out, answer

    def matrix(self, which):
        """{(user, song): value} as the run holds it."""
        load = lambda part, code: numbers(code, npy((self.run_folder / f"interactions/{which}.{part}.npy").read_bytes())[2])
        offsets, indices, values = load("offsets", "q"), load("indices", "i"), load("values", "f")
        return {(row, indices[i]): values[i] for row in range(len(offsets) - 1)
                for i in range(offsets[row], offsets[row + 1])}

    def test_npy(self):
        for which, (names, rows) in self.vectors.items():
            out, answer = self.export("factors", f"{which}.npy", "--format", "npy", "--which", which)
            self.assertEqual(out.read_bytes(), (self.run_folder / f"als/{which}.npy").read_bytes())
            self.assertEqual(ids(self.folder / f"{which}.ids.tsv"), names)
            self.assertEqual(answer["rows"], len(rows))

    def test_float16_is_rounded_as_struct_rounds(self):
        names, rows = self.vectors["songs"]
        want = b"".join(struct.pack("<16e", *row) for row in rows)
        out, _ = self.export("factors", "songs.npy", "--format", "npy", "--storage", "float16")
        self.assertEqual(npy(out.read_bytes()), ("<f2", (len(names), 16), want))
        out, _ = self.export("factors", "songs.safetensors", "--format", "safetensors", "--storage", "float16")
        self.assertTrue(out.read_bytes().endswith(want))
        _, err = segue("export", "factors", "--format", "word2vec", "--storage", "float16", "--out", self.folder / "x",
                       "--run", self.run_folder, code=2)
        self.assertIn("word2vec is text", err)

    def test_safetensors(self):
        manifest = json.loads((self.run_folder / "manifest.json").read_text())
        for which, (names, rows) in self.vectors.items():
            out, _ = self.export("factors", f"{which}.safetensors", "--format", "safetensors", "--which", which)
            data = out.read_bytes()
            length = struct.unpack("<Q", data[:8])[0]
            header = json.loads(data[8:8 + length])
            self.assertEqual((8 + length) % 8, 0)
            self.assertEqual(header.pop("__metadata__"),
                             {"options": (self.run_folder / "segue.toml").read_text(), "run": manifest["key"],
                              "segue": manifest["segue"]})
            size = 64 * len(rows)
            self.assertEqual(header, {which: {"dtype": "F32", "shape": [len(rows), 16], "data_offsets": [0, size]}})
            self.assertEqual(data[8 + length:], struct.pack(f"<{16 * len(rows)}f", *sum(rows, [])))
            self.assertEqual(ids(self.folder / f"{which}.ids.tsv"), names)

    def test_word2vec(self):
        for which, (names, rows) in self.vectors.items():
            out, _ = self.export("factors", f"{which}.txt", "--format", "word2vec", "--which", which)
            lines = lines_of(out)
            trained = {name: row for name, row in zip(names, rows) if any(row)}
            self.assertEqual(lines[0], f"{len(trained)} 16")
            read = {}
            for line in lines[1:]:
                word, *values = line.split()  # at any white space of Unicode's
                read[urllib.parse.unquote(word)] = [float32(value) for value in values]
            self.assertEqual(read, trained)

    def test_npz(self):
        for which in ("strength", "plays"):
            out, _ = self.export("interactions", f"{which}.npz", "--format", "npz", "--which", which)
            with zipfile.ZipFile(out) as archive:
                self.assertIsNone(archive.testzip())
                self.assertEqual({info.compress_type for info in archive.infolist()}, {zipfile.ZIP_STORED})
                part = {name: npy(archive.read(name)) for name in archive.namelist()}
            self.assertEqual(part.pop("format.npy"), ("|S3", (), b"csr"))
            rows, columns = numbers("q", part.pop("shape.npy")[2])
            for mine, runs, dtype in (("indptr", "offsets", "<i8"), ("indices", "indices", "<i4"), ("data", "values", "<f4")):
                self.assertEqual(part[f"{mine}.npy"],
                                 npy((self.run_folder / f"interactions/{which}.{runs}.npy").read_bytes()))
                self.assertEqual(part.pop(f"{mine}.npy")[0], dtype)
            self.assertEqual(part, {})
            self.assertEqual(ids(self.folder / f"{which}.users.ids.tsv"), self.users[:rows])
            self.assertEqual(ids(self.folder / f"{which}.songs.ids.tsv"), self.songs[:columns])

    def test_matrix_market(self):
        for which in ("strength", "plays"):
            out, _ = self.export("interactions", f"{which}.mtx", "--format", "matrix-market", "--which", which)
            head, size, *entries = lines_of(out)
            self.assertEqual(head, "%%MatrixMarket matrix coordinate real general")
            self.assertEqual(size, f"{len(USERS)} {len(self.songs)} {len(entries)}")
            read = {(int(row) - 1, int(column) - 1): float32(value) for row, column, value in map(str.split, entries)}
            self.assertEqual(read, self.matrix(which))

    def test_libsvm(self):
        out, _ = self.export("interactions", "strength.svm", "--format", "libsvm")
        read = {}
        for row, line in enumerate(lines_of(out)):
            label, *fields = line.split(" ")
            self.assertEqual(label, "0")
            columns = [int(field.split(":")[0]) for field in fields]
            self.assertEqual(columns, sorted(columns))
            read.update({(row, int(column) - 1): float32(value) for column, value in (f.split(":") for f in fields)})
        self.assertEqual(read, self.matrix("strength"))

    def test_recbole(self):
        for which, column in (("strength", "weight"), ("plays", "count")):
            out, answer = self.export("interactions", f"set-{which}", "--format", "recbole", "--which", which)
            self.assertEqual([pathlib.Path(file["path"]).name for file in answer["files"]],
                             [f"set-{which}.inter", f"set-{which}.item", f"set-{which}.user"])
            head, *rows = [line.split("\t") for line in lines_of(out / f"set-{which}.inter")]
            self.assertEqual(head, ["user_id:token", "item_id:token", f"{column}:float"])
            row_of = {name: row for row, name in enumerate(self.users)}
            song_of = {name: row for row, name in enumerate(self.songs)}
            read = {(row_of[urllib.parse.unquote(user)], song_of[urllib.parse.unquote(song)]): float32(value)
                    for user, song, value in rows}
            self.assertEqual(read, self.matrix(which))
            words = {word for row in rows for word in row[:2]}
            self.assertFalse(words & {"NA", "null", "None", "nan", ""})
        with open(out / "set-plays.item", encoding="utf-8", newline="") as file:
            items = {urllib.parse.unquote(row["item_id:token"]): row for row in csv.DictReader(file, delimiter="\t")}
        self.assertEqual(list(items), self.songs)
        self.assertEqual(items[SONGS[0]]["title:token_seq"], 'A "title"')
        self.assertEqual(items[SONGS[0]]["artist:token_seq"], 'The "One"')
        self.assertEqual(items[SONGS[1]]["title:token_seq"], "Two lines")
        self.assertEqual(urllib.parse.unquote(items[SONGS[1]]["artist_id:token"]), "NA")
        self.assertEqual(items["cold"]["release_date:token"], "2011-05-20")
        self.assertEqual(set(items["in the log only"].values()), {"in%20the%20log%20only", ""})
        with open(out / "set-plays.user", encoding="utf-8", newline="") as file:
            follows = {urllib.parse.unquote(row["user_id:token"]): [
                urllib.parse.unquote(word) for word in row["follows:token_seq"].split()]
                       for row in csv.DictReader(file, delimiter="\t")}
        self.assertEqual(follows, {user: ["ar 1", "NA"] if user in USERS[:5] else [] for user in USERS})

    def test_lists(self):
        for which in ("discover-weekly", "release-radar"):
            for kind in ("csv", "jsonl"):
                out, answer = self.export("lists", f"{which}.{kind}", "--format", kind, "--which", which)
                self.assertEqual(out.read_bytes(), (self.run_folder / f"playlists/{which}.{kind}").read_bytes())
            out, _ = self.export("lists", f"{which}.trec", "--format", "trec", "--which", which)
            published = lists(self.run_folder / f"playlists/{which}.jsonl")
            read = collections.defaultdict(list)
            self.assertTrue(any(line["songs"] for line in published), which)
            for line in out.read_text(encoding="utf-8").splitlines():
                user, q0, song, rank, score, tag = line.split()
                self.assertEqual((q0, tag), ("Q0", f"segue-{which}-{published[0]['date']}"))
                read[urllib.parse.unquote(user)].append((-float(score), int(rank), urllib.parse.unquote(song)))
            self.assertEqual({user: [song for _, _, song in sorted(ranked)] for user, ranked in read.items()},
                             {line["user"]: [song["song"] for song in line["songs"]] for line in published if line["songs"]})
            self.assertTrue(all([rank for _, rank, _ in ranked] == list(range(1, 1 + len(ranked)))
                                for ranked in read.values()))

    def test_a_model_without_lists_says_how_to_make_them(self):
        model = self.folder / "model"
        segue("train", "als", "--data", self.run_folder.parent.parent / "data", "--out", model, *SMALL)
        _, err = segue("export", "lists", "--format", "csv", "--out", self.folder / "x", "--run", model, code=3)
        self.assertIn(f"{model} has no lists; `segue playlists discover-weekly", err)
        segue("export", "factors", "--format", "npy", "--out", self.folder / "songs.npy", "--run", model)

    def test_what_cannot_be_exported_is_refused_in_one_line(self):
        run = ("--run", self.run_folder)
        out = ("--out", self.folder / "x")
        _, err = segue("export", "factors", "--format", "hdf5", *out, *run, code=2)
        for name in ("hdf5", "npy", "safetensors", "word2vec"):
            self.assertIn(name, err)
        self.assertIn("matrix-market", segue("export", "interactions", "--format", "npy", *out, *run, code=2)[1])
        self.assertIn("artists", segue("export", "factors", "--format", "npy", "--which", "albums", *out, *run, code=2)[1])
        self.assertIn("--format", segue("export", "lists", *out, *run, code=2)[1])
        inside = self.run_folder / "als/songs.npy"
        whole = inside.read_bytes()
        for path in (inside, self.run_folder.resolve() / "als/songs.npy", self.run_folder / "songs.npy"):
            _, err = segue("export", "factors", "--format", "npy", "--storage", "float16", "--out", path, *run, code=2)
            self.assertIn("within the run", err)
        self.assertEqual(inside.read_bytes(), whole)
        runs = self.run_folder.parent
        self.assertIn("not a run", segue("export", "factors", "--format", "npy", *out, "--run", runs, code=3)[1])
        self.assertIn("manifest.json", segue("export", "lists", "--format", "csv", *out, "--run", runs, code=1)[1])
        self.assertIn("no/such/folder", segue("export", "factors", "--format", "npy", "--out", "no/such/folder/x", *run,
                                              code=1, cwd=self.folder)[1])
        self.assertIn("ids are written beside", segue("export", "factors", "--format", "npy", "--out", "/dev/stdout",
                                                      *run, code=2)[1])
        self.assertEqual(os.listdir(self.folder), [])

    def test_text_goes_to_standard_output_alone(self):
        out, _ = segue("export", "factors", "--format", "word2vec", "--out", "/dev/stdout", "--run", self.run_folder)
        path, _ = self.export("factors", "songs.txt", "--format", "word2vec")
        self.assertEqual(out.encode(), path.read_bytes())

    def test_help_shows_examples(self):
        for what in ("factors", "interactions", "lists"):
            self.assertIn(f"segue export {what} --", segue("export", what, "--help")[0])


if __name__ == "__main__":
    unittest.main()
