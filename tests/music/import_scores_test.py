"""scripts/import-scores on small collections laid out as the published ones are."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

try:
    import mido
except ImportError:
    sys.exit(77)  # CTest counts it as skipped

IMPORT_SCORES = pathlib.Path(__file__).resolve().parents[2] / "scripts/import-scores"
TICKS = 480


def midi(path, tracks, meta=()):
    """tracks: {name: [(on, off, pitch)] in quarters}"""
    file = mido.MidiFile(ticks_per_beat=TICKS)
    file.tracks.append(mido.MidiTrack(meta))
    for name, notes in tracks.items():
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        events = [(on, "note_on", pitch) for on, _, pitch in notes] + [(off, "note_off", p) for _, off, p in notes]
        now = 0
        for when, kind, pitch in sorted(events, key=lambda event: (event[0], event[1] == "note_on")):
            tick = round(when * TICKS)
            track.append(mido.Message(kind, note=pitch, velocity=80, time=tick - now))
            now = tick
        file.tracks.append(track)
    path.parent.mkdir(parents=True, exist_ok=True)
    file.save(path)


def signature(numerator, denominator):
    return mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)


def triads(roots, length, begin):
    return [(begin + i * length, begin + (i + 1) * length, root + interval)
            for i, root in enumerate(roots) for interval in (0, 4, 7)]


def nottingham(root, name="jigs1", keys=("G",), metre=(6, 8)):
    """A jig in G: an eighth before the first of 12 bars, each of three quarters."""
    melody = [(2.5, 3, 67)] + [(3 + i / 2, 3.5 + i / 2, 67 + (0, 4, 7)[i % 3]) for i in range(72)]
    midi(root / f"MIDI/{name}.mid", {"melody": melody, "chords": triads([55, 60] * 6, 3, 3)},
         [mido.MetaMessage("key_signature", key=key) for key in keys] + [signature(*metre)])
    (root / "ABC_cleaned").mkdir(exist_ok=True)


def pop909(root, key="C:maj", odd_bar=False):
    """24 bars of four beats at 120 BPM, the first downbeat at 0.5 s."""
    folder = root / "POP909/001"
    notes = [(1 + i, 2 + i, (60, 62, 64, 65, 67, 69, 71, 72)[i % 8]) for i in range(96)]
    chords = triads([48] * 24, 4, 1)
    midi(folder / "001.mid", {"MELODY": notes, "BRIDGE": [], "PIANO": chords},
         [mido.MetaMessage("set_tempo", tempo=500000)])
    bars = [4] * 8 + [3 if odd_bar else 4] + [4] * 16
    downbeats = {1 + sum(bars[:i]) for i in range(len(bars))}
    (folder / "beat_midi.txt").write_text("".join(f"{beat / 2} 1.0 {float(beat in downbeats)}\n" for beat in range(98)))
    (folder / "chord_midi.txt").write_text("0.0 0.5 N\n" + "".join(
        f"{0.5 + 2 * i} {2.5 + 2 * i} {('C:maj', 'A:min7/b3')[i % 2]}\n" for i in range(24)))
    (folder / "key_audio.txt").write_text(f"0.0 60.0 {key}\n")


def openewld(root, last="minor", long_bar=False):
    """Eight bars of 3/4 without accidentals after an upbeat of a quarter; the last note of each is tied on."""
    def note(step, duration, tie=""):
        return f"<note><pitch><step>{step}</step><octave>4</octave></pitch><duration>{duration}</duration>{tie}</note>"

    def bar(i):
        begins, ends = '<tie type="start"/>', '<tie type="stop"/>'
        chord = (f"<harmony><root><root-step>A</root-step></root><kind>{last if i == 7 else 'minor'}</kind>"
                 "<bass><bass-step>E</bass-step></bass></harmony>")
        more = note("E", 4) if long_bar and i == 3 else ""
        return f"<measure>{chord}{note('A', 2, ends if i else '')}{note('C', 2)}{note('A', 2, begins)}{more}</measure>"

    score = ("<score-partwise><part><measure><attributes><divisions>2</divisions><key><fifths>0</fifths></key><time>"
             f"<beats>3</beats><beat-type>4</beat-type></time></attributes>{note('E', 2)}</measure>"
             f"{''.join(map(bar, range(8)))}</part></score-partwise>")
    path = root / "dataset/Somebody/Song/Song.mxl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr("song.xml", score)


def groove(root):
    rows = [("d1/1", "rock", "beat", "4-4", "d1/1.mid"), ("d1/2", "rock", "fill", "4-4", "d1/2.mid"),
            ("d1/3", "jazz", "beat", "6-8", "d1/3.mid")]
    root.mkdir(parents=True)
    (root / "info.csv").write_text("id,style,bpm,beat_type,time_signature,midi_filename\n" + "".join(
        f"{name},{style},100,{kind},{metre},{file}\n" for name, style, kind, metre, file in rows))
    for *_, file in rows:
        midi(root / file, {"drums": [(i, i + 0.1, (36, 22)[i % 2]) for i in range(18)]})


def chorale(root):
    """An upbeat and six bars of 3/4 in D major, two voices."""
    lines = ["**kern\t**kern", "*D:\t*D:", "*M3/4\t*M3/4", "4D\t4dd"]
    for i in range(6):
        lines += [f"={i + 1}\t={i + 1}", "2FF#\t4.a", ".\t8b", "4GG\t4cc#"]
    path = root / "kern/chor001.krn"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines + ["*-\t*-"]) + "\n")


def symbtr(root):
    midi(root / "midi/acem--ilahi--devrihindi--x--y.mid", {"": [(i / 2, i / 2 + 0.5, 60) for i in range(70)]},
         [signature(7, 8)])


class ImportScores(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.source = self.folder / "source"
        self.source.mkdir()

    def run_it(self, *options):
        command = [sys.executable, IMPORT_SCORES, "--from", self.source, "--out", self.folder / "out", *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def scores(self, *options):
        self.done = self.run_it(*options)
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        lines = (self.folder / "out/scores.jsonl").read_text().splitlines()
        return {score["id"]: score for score in map(json.loads, lines)}

    def test_nottingham_counts_from_the_first_downbeat(self):
        nottingham(self.source / "n")
        score = self.scores()["nottingham/jigs1"]
        self.assertEqual((score["corpus"], score["key"], score["mode"], score["metre"]), ("nottingham", 7, 1, "6/8"))
        self.assertEqual(score["beats"], 24)
        self.assertEqual(score["melody"][0], [-0.3333, 0, 67, 80])
        self.assertEqual(score["melody"][1], [0, 0.3333, 67, 80])
        self.assertEqual(score["chords"][:2], [[0, 2, 7, "maj", 7], [2, 4, 0, "maj", 0]])

    def test_nottingham_leaves_out_what_changes(self):
        nottingham(self.source / "n", "a", keys=("G", "D"))
        nottingham(self.source / "n", "b", metre=(9, 8))
        nottingham(self.source / "n", "c")
        self.assertEqual(set(self.scores()), {"nottingham/c"})
        self.assertIn("nottingham: 1 taken, 2 left out", self.done.stdout)
        self.assertIn("  1: key changes", self.done.stdout)
        self.assertIn("  1: metre 9/8", self.done.stdout)

    def test_pop909_takes_beats_chords_and_key(self):
        pop909(self.source / "p")
        score = self.scores()["pop909/001"]
        self.assertEqual((score["key"], score["mode"], score["metre"], score["beats"]), (0, 1, "4/4", 96))
        self.assertEqual(score["melody"][5], [5, 6, 69, 80])
        self.assertEqual(score["chords"][:2], [[0, 4, 0, "maj", 0], [4, 8, 9, "min7", 0]])
        self.assertEqual(len(score["accompaniment"]), 72)

    def test_pop909_keeps_the_longest_regular_part(self):
        pop909(self.source / "p", odd_bar=True)
        score = self.scores()["pop909/001"]
        self.assertEqual(score["beats"], 60)  # after the eight bars and the odd one
        self.assertEqual(score["melody"][0][:2], [0, 1])

    def test_pop909_key_that_the_notes_contradict_is_not_known(self):
        pop909(self.source / "p", key="F#:min")
        score = self.scores()["pop909/001"]
        self.assertEqual((score["key"], score["mode"]), (-1, -1))

    def test_openewld_ties_upbeat_and_relative_minor(self):
        openewld(self.source / "o")
        score = self.scores()["openewld/Somebody/Song"]
        self.assertEqual((score["key"], score["mode"], score["metre"], score["beats"]), (9, 0, "3/4", 24))
        self.assertEqual(score["melody"][:3], [[-1, 0, 64, 90], [0, 1, 69, 90], [1, 2, 60, 90]])
        self.assertEqual(score["melody"][3], [2, 4, 69, 90])
        self.assertEqual(score["chords"][0], [0, 3, 9, "min", 4])

    def test_openewld_key_is_not_known_where_the_end_is_another_chord(self):
        openewld(self.source / "o", last="dominant")
        score = self.scores()["openewld/Somebody/Song"]
        self.assertEqual((score["key"], score["mode"]), (-1, -1))

    def test_openewld_bar_of_another_length(self):
        openewld(self.source / "o", long_bar=True)
        self.assertNotEqual(self.run_it().returncode, 0)
        self.assertIn("  1: a bar of another length", self.run_it().stdout)

    def test_groove_in_general_midi(self):
        groove(self.source / "groove")
        self.scores()
        lines = (self.folder / "out/grooves.jsonl").read_text().splitlines()
        self.assertEqual(len(lines), 1)
        taken = json.loads(lines[0])
        self.assertEqual((taken["id"], taken["style"], taken["bpm"], taken["beats"]), ("groove/d1/1", "rock", 100, 16))
        self.assertEqual(taken["hits"][:2], [[0, 36, 80], [1, 42, 80]])
        self.assertIn("groove: 1 taken, 2 left out", self.done.stdout)

    def test_evaluation_sets_only_when_asked(self):
        chorale(self.source / "bach")
        symbtr(self.source / "symbtr")
        nottingham(self.source / "n")
        self.assertEqual(set(self.scores()), {"nottingham/jigs1"})
        scores = self.scores("--evaluation-only")
        self.assertEqual(set(scores), {"bach370/chor001", "symbtr/acem--ilahi--devrihindi--x--y"})
        bach = scores["bach370/chor001"]
        self.assertEqual((bach["key"], bach["mode"], bach["metre"], bach["beats"]), (2, 1, "3/4", 18))
        self.assertEqual(bach["melody"][:3], [[-1, 0, 74, 90], [0, 1.5, 69, 90], [1.5, 2, 71, 90]])
        self.assertEqual(bach["accompaniment"][1], [0, 2, 42, 90])
        self.assertEqual(scores["symbtr/acem--ilahi--devrihindi--x--y"]["metre"], "7/8")

    def test_archives(self):
        nottingham(self.folder / "unpacked/n")
        shutil.make_archive(str(self.source / "nottingham"), "xztar", self.folder / "unpacked")
        self.assertEqual(set(self.scores()), {"nottingham/jigs1"})

    def test_damaged_files_are_counted(self):
        nottingham(self.source / "n")
        (self.source / "n/MIDI/bad.mid").write_bytes(b"MThd\0\0")
        self.assertEqual(set(self.scores()), {"nottingham/jigs1"})
        self.assertIn("1: not readable (EOFError)", self.done.stdout)

    def test_nothing_found(self):
        done = self.run_it()
        self.assertEqual(done.returncode, 1)
        self.assertIn("import-scores: no collection found in", done.stderr)
        self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    unittest.main()
