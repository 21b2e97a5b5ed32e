"""scripts/get-data against a server on this machine: what is good, damaged, broken off or malicious."""
import contextlib
import hashlib
import http.server
import io
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tarfile
import threading
import unittest
import zipfile

from segue_process import SEGUE, Case, rows

GET_DATA = pathlib.Path(__file__).resolve().parents[2] / "scripts/get-data"
RATINGS = "".join(f"{user}\t{item}\t{1 + (user + item) % 5}\t{881250949 + user}\n"
                  for user in range(1, 9) for item in range(1, 12) if (user + item) % 3)

LIKED = sum(int(line.split("\t")[2]) >= 4 for line in RATINGS.splitlines())  # lower ratings are not imported


def zip_of(members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def tar_of(members, mode="w:gz"):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, str):  # where a link leads
                info.type, info.linkname = tarfile.SYMTYPE, content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


ARCHIVE = zip_of({"ml-100k/u.data": RATINGS, "ml-100k/README": "read me\n"})


class Server:
    """Serves {path: bytes} with ranges and ETags. `cut`: {path: bytes after which it breaks off, once}."""

    def __init__(self, files):
        self.files, self.cut, self.ranges = files, {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request):
        data = self.files.get(request.path)
        if data is None:
            request.send_error(404)
            return
        etag, wanted, first = f'"{sha256(data)[:8]}"', request.headers.get("Range"), 0
        self.ranges.append(wanted)
        if wanted and request.headers.get("If-Range") == etag:
            first = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if first and first >= len(data):
            request.send_error(416)
            return
        request.send_response(206 if first else 200)
        if first:
            request.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        request.send_header("ETag", etag)
        request.send_header("Content-Length", str(len(data) - first))
        request.end_headers()
        with contextlib.suppress(ConnectionError):
            request.wfile.write(data[first:self.cut.pop(request.path, len(data))])
        request.close_connection = True

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class GetData(Case):
    def setUp(self):
        super().setUp()
        self.server = Server({"/ml-100k.zip": ARCHIVE})
        self.addCleanup(self.server.close)
        self.out = self.folder / "out"

    def run_it(self, *words, code=0):
        words = words if "--" in words else (*words, "--", "--compression", "gz")
        done = subprocess.run([sys.executable, GET_DATA, *map(str, words)], capture_output=True, text=True, timeout=120,
                              cwd=self.folder, env={**os.environ, "SEGUE": str(pathlib.Path(SEGUE).resolve())})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        if code:
            self.assertEqual(done.stderr.count("get-data: "), 1, done.stderr)
        return done.stdout + done.stderr

    def fetch(self, *words, name="movielens-100k", archive="ml-100k.zip", good=True, code=0):
        if good:
            words = (*words, "--sha256", sha256(self.server.files[f"/{archive}"]))
        return self.run_it(name, "--out", self.out, "--mirror", f"{self.server.url}/{archive}", *words, code=code)

    def files(self):
        return {str(path.relative_to(self.out)) for path in self.out.rglob("*") if path.is_file()}

    # movielens-100k has a published MD5, which no archive of ours has; taste-profile has no sum at all.
    def fetch_unknown(self, archive, *words, code=0):
        return self.fetch(*words, name="taste-profile", archive=archive, good=False, code=code)

    def test_unknown_names_are_answered_with_those_there_are(self):
        for words in (["movielens"], []):
            out = self.run_it(*words, code=2)
            for name in ("lastfm", "movielens-32m", "taste-profile", "listenbrainz", "spotify"):
                self.assertIn(name, out)
        listed = self.run_it("--list")
        self.assertEqual(listed.count("Terms: "), 17)
        self.assertIn("--from", self.run_it("--help"))
        self.assertIn("64 hexadecimal digits", self.run_it("lastfm", "--sha256", "12", code=2))

    def test_what_cannot_be_downloaded_says_why_and_what_to_do(self):
        self.assertIn("https://www.spotify.com/account/privacy", self.run_it("spotify", code=1))
        self.assertIn("not published any more", self.run_it("lfm-2b", code=1))

    def test_a_good_archive_is_fetched_checked_unpacked_and_noted(self):
        said = self.fetch_unknown("ml-100k.zip", "--no-import")
        self.assertIn("Terms: ", said)
        self.assertIn(f"sha256 {sha256(ARCHIVE)}, not checked", said)
        self.assertEqual(self.files(), {"archive/ml-100k.zip", "archive/ml-100k.zip.sha256", "files/ml-100k/u.data",
                                        "files/ml-100k/README"})
        self.assertEqual((self.out / "files/ml-100k/u.data").read_text(), RATINGS)
        self.assertEqual((self.out / "archive/ml-100k.zip.sha256").read_text(), f"{sha256(ARCHIVE)}  ml-100k.zip\n")
        self.assertIn("already here", self.fetch_unknown("ml-100k.zip", "--no-import"))
        self.assertEqual(len(self.server.ranges), 1)

    def test_scores_are_unpacked_for_import_scores(self):
        said = self.fetch(name="nottingham")
        self.assertIn(f"Next: scripts/import-scores --from {self.folder} --out {self.folder}/scores", said)
        self.assertTrue((self.out / "files/ml-100k/u.data").exists())
        self.assertFalse((self.out / "log").exists())

    def test_the_sum_of_the_first_time_holds_for_the_next(self):
        self.fetch_unknown("ml-100k.zip", "--no-import")
        shutil.rmtree(self.out / "files")
        self.assertIn("as the first time", self.fetch_unknown("ml-100k.zip", "--no-import"))
        shutil.rmtree(self.out / "files")
        (self.out / "archive/ml-100k.zip").unlink()
        self.server.files["/ml-100k.zip"] = zip_of({"u.data": "1\t1\t5\t881250949\n"})
        self.assertIn(f"{sha256(ARCHIVE)} expected (as the first time)",
                      self.fetch_unknown("ml-100k.zip", "--no-import", code=3))

    def test_a_given_sum_that_is_right(self):
        said = self.fetch(name="taste-profile")
        self.assertIn(f"sha256 {sha256(ARCHIVE)}, as known", said)
        self.assertIn(f"Next: ./run {self.out}/log", said)
        listens = rows_of_log(self.out / "log")
        self.assertEqual(len(listens), LIKED)
        self.assertIn("already imported", self.fetch(name="taste-profile"))

    def test_a_wrong_sum_keeps_the_file_and_says_so(self):
        said = self.fetch(good=False, code=3)  # MovieLens's own sums
        self.assertIn(f"sha256 {sha256(ARCHIVE)}, 50d2a982", said)
        self.assertIn("ml-100k.zip.bad", said)
        self.assertEqual(self.files(), {"archive/ml-100k.zip.bad"})
        self.assertEqual((self.out / "archive/ml-100k.zip.bad").read_bytes(), ARCHIVE)
        self.assertIn("0e33842e", self.fetch(code=3))  # --sha256 is right, and then there is the MD5

    def test_a_download_that_breaks_off_goes_on(self):
        half = len(ARCHIVE) // 2
        self.server.cut["/ml-100k.zip"] = half
        self.assertIn("Going on", self.fetch_unknown("ml-100k.zip", "--no-import"))
        self.assertEqual(self.server.ranges, [None, f"bytes={half}-"])
        self.assertEqual((self.out / "archive/ml-100k.zip").read_bytes(), ARCHIVE)
        self.assertEqual({name for name in self.files() if "part" in name or "etag" in name}, set())

    def leave_part(self, content, etag):
        (self.out / "archive").mkdir(parents=True)
        (self.out / "archive/ml-100k.zip.part").write_bytes(content)
        (self.out / "archive/ml-100k.zip.part.etag").write_text(etag)

    def test_what_an_earlier_run_left_is_gone_on_with(self):
        self.leave_part(ARCHIVE[:100], f'"{sha256(ARCHIVE)[:8]}"')
        self.fetch_unknown("ml-100k.zip", "--no-import")
        self.assertEqual(self.server.ranges, ["bytes=100-"])
        self.assertEqual((self.out / "archive/ml-100k.zip").read_bytes(), ARCHIVE)

    def test_the_beginning_of_another_version_is_not(self):
        self.leave_part(b"x" * 100, '"older"')
        self.fetch_unknown("ml-100k.zip", "--no-import")
        self.assertEqual((self.out / "archive/ml-100k.zip").read_bytes(), ARCHIVE)

    def test_a_part_that_is_the_whole_is_fetched_again(self):
        self.leave_part(ARCHIVE, f'"{sha256(ARCHIVE)[:8]}"')
        self.fetch_unknown("ml-100k.zip", "--no-import")
        self.assertEqual((self.out / "archive/ml-100k.zip").read_bytes(), ARCHIVE)

    def test_a_missing_file_is_named_and_the_part_kept(self):
        self.leave_part(ARCHIVE[:100], '"x"')
        del self.server.files["/ml-100k.zip"]
        said = self.fetch_unknown("ml-100k.zip", code=1)
        self.assertIn("/ml-100k.zip: Not Found", said)
        self.assertIn("--from", said)
        self.assertIn("are kept", said)
        self.assertTrue((self.out / "archive/ml-100k.zip.part").exists())

    def test_members_that_would_leave_the_folder_are_refused(self):
        link = zipfile.ZipInfo("ml/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr(link, "/etc/passwd")
        evil = {"up.zip": zip_of({"u.data": RATINGS, "../evil": "x"}), "abs.zip": zip_of({"/tmp/evil": "x"}),
                "deep.zip": zip_of({"a/b/../../../evil": "x"}), "back.zip": zip_of({"..\\evil": "x"}),
                "link.zip": data.getvalue(), "up.tar.gz": tar_of({"u.data": RATINGS.encode(), "../evil": b"x"}),
                "link.tar.gz": tar_of({"here": "..", "here/evil": b"x"}), "abs.tar.gz": tar_of({"/evil": b"x"})}
        for name, content in evil.items():
            self.server.files[f"/{name}"] = content
            self.assertIn("nothing was unpacked", self.fetch_unknown(name, "--no-import", code=3), name)
            self.assertFalse((self.out / "files").exists())
        self.assertEqual([str(path) for path in self.folder.rglob("*evil*")], [])
        self.assertEqual([str(path) for path in self.folder.rglob("*.partial")], [])

    def test_a_damaged_archive_without_a_known_sum_is_named(self):
        for name, content in (("cut.zip", ARCHIVE[:-40]), ("no.zip", b"<html>"), ("no.tar.gz", b"<html>"),
                              ("cut.tar.gz", tar_of({"u.data": os.urandom(50000)})[:20000]),
                              ("bits.zip", ARCHIVE[:60] + b"\xff" * 8 + ARCHIVE[68:])):
            self.server.files[f"/{name}"] = content
            self.assertIn("damaged", self.fetch_unknown(name, "--no-import", code=3), name)
            self.assertFalse((self.out / "files").exists())

    def test_tar_gz(self):
        self.server.files["/set.tar.gz"] = tar_of({"ml-100k/u.data": RATINGS.encode()})
        self.fetch_unknown("set.tar.gz")
        self.assertEqual(len(rows_of_log(self.out / "log")), LIKED)

    def test_from_takes_an_archive_or_its_files_and_leaves_them_alone(self):
        source = self.folder / "mine"
        source.mkdir()
        (source / "ml-100k.inter").write_text("user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + RATINGS)
        self.run_it("movielens-100k", "--from", source, "--out", self.out)
        self.assertEqual(len(rows_of_log(self.out / "log")), LIKED)
        (source / "ml-100k.zip").write_bytes(ARCHIVE)
        self.assertIn("expected", self.run_it("movielens-100k", "--from", source, "--out", self.folder / "two", code=3))
        self.assertEqual((source / "ml-100k.zip").read_bytes(), ARCHIVE)
        (source / "train_triplets.txt.zip").write_bytes(ARCHIVE)
        self.run_it("taste-profile", "--from", source, "--out", self.folder / "three", "--no-import")
        self.assertEqual((self.folder / "three/files/ml-100k/u.data").read_text(), RATINGS)
        self.assertIn("no such folder", self.run_it("spotify", "--from", self.folder / "none", code=2))
        self.assertEqual(self.server.ranges, [])

    def test_from_the_layout_of_hetrec(self):
        source = self.folder / "hetrec"
        source.mkdir()
        (source / "user_artists.dat").write_text("userID\tartistID\tweight\n2\t51\t13883\n2\t52\t11690\n3\t51\t2\n")
        (source / "artists.dat").write_text("id\tname\n51\tDuran Duran\n")
        self.run_it("lastfm", "--from", source, "--out", self.out)
        self.assertEqual(sorted(row["count"] for row in rows_of_log(self.out / "log")), ["11690", "13883", "2"])

    def test_options_of_the_import_and_its_failures_are_passed_on(self):
        source = self.folder / "mine"
        source.mkdir()
        (source / "u.data").write_text(RATINGS)
        self.run_it("movielens-100k", "--from", source, "--out", self.out, "--", "--compression", "none")
        self.assertTrue((self.out / "log/listens.csv").exists())
        (source / "u.data").write_text("no\tlog\n")
        said = self.run_it("movielens-100k", "--from", source, "--out", self.folder / "two", code=3)
        self.assertIn("what it said is above", said)

    @unittest.skipUnless(shutil.which("zstd"), "the program zstd is not installed")
    def test_the_newest_dump_of_listenbrainz(self):
        line = b'{"user_name":"u","listened_at":1700000000,"recording_msid":"m","track_metadata":{"track_name":"t",' \
               b'"artist_name":"a"}}\n'
        tar = tar_of({"listenbrainz-listens-dump-12/listens/2026/9.listens": line}, mode="w")
        dump = subprocess.run(["zstd", "-q"], input=tar, capture_output=True, check=True).stdout
        folder = "listenbrainz-dump-12-20260903-000002-incremental"
        path = f"/lb/{folder}/listenbrainz-listens-dump-12-20260903-000002-incremental.tar.zst"
        index = "".join(f'<a href="listenbrainz-dump-{number}-incremental/">x</a>\n'
                        for number in ("9-20260901-000002", "12-20260903-000002", "11-20260902-000002"))
        self.server.files |= {"/lb/": index.encode(), path: dump, path + ".sha256": f"{sha256(dump)}  x\n".encode()}
        fetch = lambda code=0: self.run_it("listenbrainz", "--out", self.out, "--mirror", self.server.url + "/lb/",
                                           "--no-import", code=code)
        fetch()
        self.assertEqual((self.out / "files/listenbrainz-listens-dump-12/listens/2026/9.listens").read_bytes(), line)
        shutil.rmtree(self.out)
        self.server.files[path + ".sha256"] = f"{'0' * 64}  x\n".encode()
        self.assertIn("0000 expected", fetch(3))
        shutil.rmtree(self.out)
        broken = dump[:-10]
        self.server.files |= {path: broken, path + ".sha256": f"{sha256(broken)}  x\n".encode()}
        self.assertEqual(self.run_it("listenbrainz", "--out", self.out, "--mirror", self.server.url + "/lb/",
                                     "--no-import", code=3).count("damaged"), 1)
        self.server.files["/lb/"] = b"moved"
        self.assertIn("has it moved?", fetch(3))


def rows_of_log(folder):
    return rows(folder / "listens.csv.gz")


if __name__ == "__main__":
    unittest.main()
