"""The command line: help, errors and their exit codes, and the commands that work on a run."""
import json
import os
import unittest
import unittest.mock

from segue_process import SAMPLE, SMALL, Case, rows, segue, segue_json


class CommandLine(Case):
    def test_help_shows_commands_examples_and_exit_codes(self):
        out, _ = segue("--help")
        for word in ("validate", "nightly", "train", "playlists", "recommend", "similar", "simulate", "bench", "config",
                     "Examples", "Exit codes"):
            self.assertIn(word, out)
        self.assertRegex(segue("--version")[0], r"^segue \d+\.\d+\.\d+\n$")
        for command in (["nightly"], ["train", "als"], ["similar", "song"], ["playlists", "release-radar"]):
            self.assertIn("--run" if command[0] in ("similar", "playlists") else "--data", segue(*command, "--help")[0])

    def test_wrong_words_get_a_suggestion_and_exit_code_2(self):
        self.assertIn("did you mean `segue similar`?", segue("similer", code=2)[1])
        self.assertIn("--data", segue("nightly", code=2)[1])
        self.assertIn("--set als.rnak=3: unknown key als.rnak; did you mean als.rank?",
                      segue("config", "--set", "als.rnak=3", code=2)[1])
        segue(code=2)

    def test_config_prints_what_it_reads_back(self):
        toml, _ = segue("config", "--set", "als.rank=64", "--seed", "7")
        (self.folder / "segue.toml").write_text(toml)
        self.assertEqual(segue("config", "--config", self.folder / "segue.toml")[0], toml)
        self.assertIn("rank = 64", toml)
        (self.folder / "bad.toml").write_text("[als]\nrank = 0\n")
        self.assertIn("bad.toml:2: als.rank", segue("config", "--config", self.folder / "bad.toml", code=3)[1])

    @unittest.mock.patch.dict(os.environ, CUDA_VISIBLE_DEVICES="")  # also where there is a GPU
    def test_a_device_that_is_not_there_is_exit_code_4_in_one_line(self):
        run = ("--run", self.folder)
        for command in (["config"], ["nightly", "--data", SAMPLE, "--runs", self.folder / "runs"],
                        ["train", "als", "--data", SAMPLE, "--out", self.folder / "model"],
                        ["evaluate", "--data", SAMPLE], ["tune", "als", "--data", SAMPLE, "--out", self.folder / "tuned"],
                        ["similar", "song", "x", *run], ["recommend", "x", *run],
                        ["playlists", "discover-weekly", "x", *run], ["playlists", "release-radar", "x", *run]):
            for device in ("cuda", "cuda:7"):
                out, err = segue(*command, "--device", device, code=4)
                self.assertRegex(err, r"\Asegue: device cuda:\d: [^\n]+; use --device cpu\n\Z")
                self.assertEqual(out, "")
        self.assertEqual(list(self.folder.iterdir()), [])
        segue("config", "--device", "gpu", code=2)

    @unittest.mock.patch.dict(os.environ, CUDA_VISIBLE_DEVICES="")
    def test_without_a_gpu_auto_says_in_one_line_that_it_uses_the_cpu(self):
        for chosen in ([], ["--device", "auto"]):
            out, err = segue("train", "als", "--data", SAMPLE, "--out", self.folder / f"model{len(chosen)}", *SMALL, *chosen)
            self.assertEqual(len([line for line in err.splitlines() if "device" in line]), 1, err)
            self.assertIn("device auto: using the CPU (", err)
        self.assertNotIn("device", segue("config", "--device", "cpu")[1])

    def test_data_and_runs_that_are_not_there_are_named(self):
        self.assertIn("/nowhere", segue("validate", "--data", "/nowhere", code=3)[1])
        self.assertIn("not a run", segue("similar", "song", "x", "--run", self.folder, code=3)[1])

    def test_simulate_writes_a_log_that_validates(self):
        out = self.folder / "demo"
        made = segue_json("simulate", "log", "--out", out, "--users", 50, "--songs", 300, "--artists", 40, "--listens",
                          3000, "--seed", 3)
        seen = segue_json("validate", "--data", out)
        self.assertEqual(seen["rejects"], 0)
        self.assertEqual((seen["listens"], seen["streams"], seen["follows"]),
                         (made["listens"], made["streams"], made["follows"]))
        self.assertEqual(seen["catalogue_songs"], 300)
        self.assertIn("not empty", segue("simulate", "log", "--out", out, code=3)[1])


class TrainedModel(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        import tempfile
        cls.shared = tempfile.TemporaryDirectory(prefix="segue-e2e-")
        cls.addClassCleanup(cls.shared.cleanup)
        cls.model = cls.shared.name + "/model"
        segue("train", "als", "--data", SAMPLE, "--out", cls.model, *SMALL)
        cls.listens = rows(SAMPLE / "listens.csv.gz")
        cls.songs = {row["song_id"]: row for row in rows(SAMPLE / "songs.csv.gz")}

    def test_training_again_into_the_same_folder_is_refused(self):
        self.assertIn("it exists", segue("train", "als", "--data", SAMPLE, "--out", self.model, code=2)[1])

    def test_similar_songs_artists_and_users(self):
        streamed = [row["song_id"] for row in self.listens if int(row["ms_played"]) >= 30000]
        song = max(set(streamed), key=streamed.count)
        answer = segue_json("similar", "song", song, "--count", 5, "--run", self.model)
        self.assertEqual(len(answer["similar"]), 5)
        self.assertNotIn(song, [row["song"] for row in answer["similar"]])
        cosines = [row["cosine"] for row in answer["similar"]]
        self.assertEqual(cosines, sorted(cosines, reverse=True))
        self.assertLessEqual(cosines[0], 1.0001)
        artist = self.songs[song]["artist_id"]
        self.assertEqual(len(segue_json("similar", "artist", artist, "--count", 7, "--run", self.model)["similar"]), 7)
        user = self.listens[0]["user_id"]
        self.assertEqual(len(segue_json("similar", "user", user, "--count", 3, "--run", self.model)["similar"]), 3)

    def test_an_unknown_id_gets_the_nearest_ones(self):
        user = self.listens[0]["user_id"]
        _, err = segue("similar", "user", user + "x", "--run", self.model, code=3)
        self.assertIn(user, err)

    def test_recommendations_are_unheard_and_explained(self):
        user = self.listens[0]["user_id"]
        heard = {row["song_id"] for row in self.listens if row["user_id"] == user}
        answer = segue_json("recommend", user, "--count", 30, "--explain", "--run", self.model)[0]
        songs = [row["song"] for row in answer["songs"]]
        self.assertEqual(len(songs), 30)
        self.assertFalse(heard & set(songs))
        self.assertTrue(all(song in self.songs for song in songs))
        self.assertTrue(answer["songs"][0]["because"])

    def test_recommendations_for_all_match_those_for_one(self):
        out = self.folder / "all.jsonl"
        segue("recommend", "--all", "--count", 10, "--out", out, "--run", self.model)
        everybody = {line["user"]: line["songs"] for line in map(json.loads, out.read_text().splitlines())}
        self.assertEqual(set(everybody), {row["user_id"] for row in self.listens})
        user = self.listens[0]["user_id"]
        alone = segue_json("recommend", user, "--count", 10, "--run", self.model)[0]["songs"]
        self.assertEqual(everybody[user], alone)
        segue("recommend", "--run", self.model, code=2)
        segue("recommend", "--all", "--run", self.model, code=2)

    def test_playlists_from_a_model(self):
        user = self.listens[0]["user_id"]
        out, _ = segue("playlists", "discover-weekly", user, "--run", self.model)
        self.assertIn("Discover Weekly for " + user, out)
        written = self.folder / "lists"
        segue("playlists", "discover-weekly", "--out", written, "--run", self.model)
        line = next(json.loads(line) for line in (written / "discover-weekly.jsonl").read_text().splitlines())
        shown = segue_json("playlists", "discover-weekly", line["user"], "--run", self.model)[0]
        self.assertEqual(shown, line)


if __name__ == "__main__":
    unittest.main()
