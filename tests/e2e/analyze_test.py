"""segue analyze: on audio made for the purpose, with the shipped weights, and another program's eyes on what it writes."""
import array
import csv
import json
import math
import os
import pathlib
import sqlite3
import struct
import unittest
import wave
import xml.etree.ElementTree

from segue_process import SEGUE, SMALL, Case, lists, segue, segue_json

RATE = 22050
BPM = 120


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array.array("h", [int(32767 * max(-1, min(1, x))) for x in samples]).tobytes())


def song(seconds, bpm=BPM, chord=(220.0, 261.63, 329.63)):
    """A chord, struck on every beat, with a noisy click."""
    samples, noise = [], 1
    for i in range(int(seconds * RATE)):
        t = i / RATE
        since = t % (60 / bpm)
        noise = (1103515245 * noise + 12345) % 2**31
        click = (noise / 2**30 - 1) * math.exp(-since * 60)
        samples.append(0.3 * click + 0.12 * math.exp(-since * 4) * sum(math.sin(2 * math.pi * f * t) for f in chord))
    return samples


def npy(path):
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<H", data[8:10])[0]
    shape = tuple(int(part) for part in data[10:10 + size].decode().split("(")[1].split(")")[0].split(",") if part.strip())
    values = struct.unpack(f"<{math.prod(shape)}f", data[10 + size:])
    return [values[row * shape[1]:(row + 1) * shape[1]] for row in range(shape[0])]


def shipped_model():
    given = os.environ.get("SEGUE_MODELS")
    folders = [pathlib.Path(given)] if given else [parent / "models" for parent in pathlib.Path(SEGUE).resolve().parents]
    return any((folder / "audio.safetensors").is_file() for folder in folders)


@unittest.skipUnless(shipped_model(), "there are no weights in models/")
class Analyze(Case):
    @classmethod
    def setUpClass(cls):
        cls.samples = {"a.wav": song(12), "b.wav": song(9, chord=(261.63, 329.63, 392.0)), "silent.wav": [0.0] * RATE * 2}

    def setUp(self):
        super().setUp()
        self.music = self.folder / "music"
        (self.music / "below").mkdir(parents=True)
        for name, samples in self.samples.items():
            write_wav(self.music / ("below" if name == "b.wav" else "") / name, samples)
        (self.music / "cover.jpg").write_bytes(b"not audio, and not called so")

    def test_answers_and_their_confidences(self):
        answer = segue_json("analyze", self.music)
        by_name = {pathlib.Path(row["file"]).name: row for row in answer["songs"]}
        self.assertEqual(list(by_name), ["a.wav", "b.wav", "silent.wav"])
        self.assertEqual(answer["failed"], [])
        self.assertGreater(answer["songs_per_second"], 0)
        row = by_name["a.wav"]
        self.assertTrue(any(abs(row["tempo"] / (BPM * factor) - 1) < 0.04 for factor in (0.5, 1, 2)), row["tempo"])
        for name in ("tempo", "key", "mode", "time_signature"):
            self.assertTrue(0 < row[name + "_confidence"] <= 1, name)
        self.assertIn(row["time_signature"], range(3, 8))
        self.assertIn(row["key"], range(-1, 12))
        self.assertAlmostEqual(row["seconds"], 12, delta=0.01)
        self.assertTrue(-40 < row["loudness"] < -3)
        self.assertTrue(-20 < row["true_peak"] < 1)
        silent = by_name["silent.wav"]
        self.assertEqual((silent["tempo"], silent["key"], silent["key_name"], silent["loudness"], silent["true_peak"]),
                         (0, -1, "none", None, None))

    def test_a_table_for_people(self):
        out, _ = segue("analyze", self.music / "a.wav", self.music / "silent.wav")
        for word in ("BPM", "LUFS", "dBTP", "metre", "a.wav", "silent.wav", "songs/s", "none"):
            self.assertIn(word, out)

    def test_a_range_of_tempi(self):
        row = segue_json("analyze", self.music / "a.wav", "--tempo-range", "50-70")["songs"][0]
        self.assertTrue(50 <= row["tempo"] <= 70, row["tempo"])
        for wrong in ("fast", "60", "60-", "-60", "100-90", "5-20"):
            _, err = segue("analyze", self.music / "a.wav", f"--tempo-range={wrong}", code=2)
            self.assertIn("tempo", err)

    def test_files_that_cannot_be_read_do_not_stop_the_others(self):
        (self.music / "broken.mp3").write_text("no music in here")
        (self.music / "empty.flac").write_bytes(b"")
        rejects = self.folder / "rejects.csv"
        out, err = segue("analyze", self.music, "--json", "--rejects", rejects, code=3)
        answer = json.loads(out)
        self.assertEqual(len(answer["songs"]), 3)
        self.assertEqual([pathlib.Path(row["file"]).name for row in answer["failed"]], ["broken.mp3", "empty.flac"])
        self.assertIn("broken.mp3", err)
        with open(rejects, encoding="utf-8", newline="") as file:
            self.assertEqual([pathlib.Path(row["file"]).name for row in csv.DictReader(file)],
                             ["broken.mp3", "empty.flac"])

    def test_a_store_keeps_what_has_not_changed(self):
        store = self.folder / "profiles.sqlite"
        first = segue_json("analyze", self.music, "--store", store)
        again = segue_json("analyze", self.music, "--store", store)
        self.assertEqual((first["from_store"], again["from_store"]), (0, 3))
        self.assertEqual(first["songs"], again["songs"])
        write_wav(self.music / "a.wav", song(8, bpm=90))
        self.assertEqual(segue_json("analyze", self.music, "--store", store)["from_store"], 2)
        self.assertEqual(segue_json("analyze", self.music, "--store", store, "--tempo-range", "60-200")["from_store"], 0)
        with sqlite3.connect(store) as database:
            rows = database.execute("SELECT id, tempo, key, embedding FROM profiles ORDER BY id").fetchall()
        self.assertEqual([pathlib.Path(row[0]).name for row in rows], ["a.wav", "b.wav", "silent.wav"])
        embedding = struct.unpack(f"<{len(rows[0][3]) // 4}f", rows[0][3])
        self.assertAlmostEqual(sum(x * x for x in embedding), 1, places=4)
        (self.folder / "text.sqlite").write_text("this is no database, but it is long enough to be looked at as one")
        _, err = segue("analyze", self.music, "--store", self.folder / "text.sqlite", code=3)
        self.assertIn("not a database", err)

    def test_embeddings_and_groups(self):
        out = self.folder / "sound.npy"
        answer = segue_json("analyze", self.music, "--embeddings", out, "--groups", 2)
        rows = npy(out)
        self.assertEqual(len(rows), 3)
        lengths = [sum(x * x for x in row) for row in rows]
        self.assertAlmostEqual(lengths[0], 1, places=4)
        self.assertEqual(lengths[2], 0)  # silence sounds like nothing
        ids = (self.folder / "sound.ids.tsv").read_text().splitlines()
        self.assertTrue(ids[1].endswith("a.wav"))
        self.assertEqual([row.get("group") for row in answer["songs"]][2], None)
        self.assertEqual({row["group"] for row in answer["songs"][:2]}, {0, 1})

    def test_pictures(self):
        segue("analyze", self.music, "--plot", self.folder / "plots")
        for name in ("a.wav", "b.wav", "silent.wav"):
            root = xml.etree.ElementTree.parse(self.folder / "plots" / f"{name}.svg").getroot()
            text = " ".join(element.text or "" for element in root.iter())
            self.assertIn(name, text)
            self.assertIn("Metre", text)
        self.assertIn("data:image/png;base64,", (self.folder / "plots" / "a.wav.svg").read_text())
        segue("analyze", self.music / "a.wav", "--plot", self.folder / "one.svg")
        self.assertTrue((self.folder / "one.svg").is_file())
        _, err = segue("analyze", self.music, "--plot", self.folder / "one.svg", code=2)
        self.assertIn("3 files; name a folder", err)

    def test_accuracy_beside_baselines(self):
        (self.music / "labels.jsonl").write_text(
            json.dumps({"path": "a.wav", "key": 9, "mode": 0, "tempo": BPM, "metre": "4/4"}) + "\n" +
            json.dumps({"path": "below/b.wav", "key": 0, "mode": 1, "tempo": BPM}) + "\n" +
            json.dumps({"path": "not there.wav", "tempo": 77}) + "\n")
        picture = self.folder / "reliability.svg"
        answer = segue_json("analyze", "--labels", self.music, "--baselines", "--reliability", picture)
        self.assertEqual(len(answer["songs"]), 2)
        accuracy = answer["accuracy"]
        self.assertEqual(accuracy["network"]["tempo_accuracy1"]["of"], 2)
        self.assertEqual(accuracy["comb filter"]["tempo_accuracy2"]["value"], 1)
        self.assertEqual(accuracy["network"]["key_exact"]["of"], 2)
        self.assertEqual(accuracy["network"]["metre"]["4/4"]["of"], 1)
        self.assertIsNone(accuracy["network"]["metre"]["3/4"])
        share = accuracy["network"]["mode"]
        self.assertTrue(share["low"] <= share["value"] <= share["high"])
        xml.etree.ElementTree.parse(picture)
        out, _ = segue("analyze", "--labels", self.music, "--baselines")
        for word in ("Accuracy1", "comb filter", "Krumhansl", "calibration"):
            self.assertIn(word, out)

    def test_the_same_on_any_number_of_threads(self):
        answers = [segue_json("analyze", self.music, "--threads", threads, "--batch", batch)["songs"]
                   for threads, batch in ((1, 16), (2, 2))]
        for one, two in zip(*answers):
            self.assertEqual(one["file"], two["file"])
            for name, value in one.items():
                if isinstance(value, float):
                    self.assertAlmostEqual(value, two[name], places=4, msg=name)

    def test_what_is_wrong_is_said(self):
        for arguments, code, words in (([], 2, "name audio files"), ([self.folder / "nothing.wav"], 3, "no such file"),
                                       ([self.folder], 3, "no audio in this folder"),
                                       ([self.music, "--baselines"], 2, "--labels DIR"),
                                       ([self.music, "--embeddings", "x.txt"], 2, "ends in .npy")):
            if arguments == [self.folder]:
                for file in self.music.rglob("*.wav"):
                    file.unlink()
            _, err = segue("analyze", *arguments, code=code)
            self.assertIn(words, err)

    def test_songs_like_this_one_by_sound(self):
        store = self.folder / "profiles.sqlite"
        write_wav(self.music / "c.wav", song(12, bpm=121))
        segue("analyze", self.music, "--store", store)
        answer = segue_json("similar", "song", "a", "--by", "sound", "--store", store)
        self.assertEqual([pathlib.Path(row["song"]).name for row in answer["similar"]], ["c.wav", "b.wav"])
        self.assertGreater(answer["similar"][0]["cosine"], answer["similar"][1]["cosine"])
        out, _ = segue("similar", "song", "b.wav", "--by", "sound", "--store", store, "--count", 1)
        self.assertIn("Sounds like", out)
        for wanted, words in (("nobody", 'no song "nobody"'), ("silent", "is silent")):
            _, err = segue("similar", "song", wanted, "--by", "sound", "--store", store, code=3)
            self.assertIn(words, err)
        _, err = segue("similar", "song", "a", "--by", "sound", "--store", self.folder / "none.sqlite", code=1)
        self.assertIn("none.sqlite", err)


@unittest.skipUnless(shipped_model(), "there are no weights in models/")
class NightlyWithAudio(Case):
    def setUp(self):
        super().setUp()
        songs = ["song_id,title,artist_id,key,path"]
        listens = ["user_id,song_id,timestamp,ms_played"]
        for i in range(6):
            songs.append(f"s{i},Title {i},a{i % 3},{7 if i == 4 else ''},{'spotify:track:5' if i == 5 else f'audio/{i}.wav'}")
            for user in range(4):
                listens.append(f"u{user},s{i},2024-03-0{1 + i}T10:0{user}:00Z,{200000 if (user + i) % 3 else 40000}")
        self.input = self.data(songs="\n".join(songs) + "\n", listens="\n".join(listens) + "\n")
        (self.input / "audio").mkdir()
        for i in range(3):  # 3 and 4 are not there
            write_wav(self.input / "audio" / f"{i}.wav", song(6, bpm=100 + 20 * i))

    def nightly(self):
        return segue_json("nightly", "--data", self.input, "--runs", self.folder / "runs", *SMALL)

    def tempi(self):
        rows = lists(self.folder / "runs/current/profiles/profiles.jsonl")
        said = [(row["song"], row["key"]) for row in rows if row["source"] == "catalogue"]
        self.assertEqual(said, [("s4", 7)])  # no audio, so what the catalogue says
        return {row["song"]: row["tempo"] for row in rows if row["source"] == "audio"}

    def test_only_what_changed_is_listened_to(self):
        first = self.nightly()
        self.assertIn("profiles", [stage["stage"] for stage in first["stages"]])
        tempi = self.tempi()
        self.assertEqual(list(tempi), ["s0", "s1", "s2"])
        self.assertTrue(self.nightly()["up_to_date"])
        with sqlite3.connect(self.folder / "runs/profiles.sqlite") as database:  # a mark that only the store has
            database.execute("UPDATE profiles SET tempo = 77")
        write_wav(self.input / "audio" / "1.wav", song(7, bpm=90))
        self.assertFalse(self.nightly()["up_to_date"])
        after = self.tempi()
        self.assertEqual((after["s0"], after["s2"]), (77, 77))
        self.assertNotEqual(after["s1"], 77)

    def test_similar_by_sound(self):
        self.nightly()
        run = self.folder / "runs/current"
        answer = segue_json("similar", "song", "Title 0", "--by", "sound", "--run", run)
        self.assertEqual({row["song"] for row in answer["similar"]}, {"s1", "s2"})
        _, err = segue("similar", "song", "s5", "--by", "sound", "--run", run, code=3)
        self.assertIn("no audio of s5", err)

    def test_a_broken_file_does_not_end_the_night(self):
        (self.input / "audio" / "3.wav").write_text("no audio")
        stages = self.nightly()["stages"]
        self.assertIn("profiles", [stage["stage"] for stage in stages])
        self.assertEqual(list(self.tempi()), ["s0", "s1", "s2"])

    def test_quiet_where_there_is_no_audio(self):
        for i in range(3):
            (self.input / "audio" / f"{i}.wav").unlink()
        self.assertNotIn("profiles", [stage["stage"] for stage in self.nightly()["stages"]])
        self.assertFalse((self.folder / "runs/profiles.sqlite").exists())


if __name__ == "__main__":
    unittest.main()
