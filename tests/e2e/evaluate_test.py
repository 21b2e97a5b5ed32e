"""segue evaluate: on the committed sample, as a user would run it, with another program's eyes on what it writes."""
import csv
import math
import unittest
import xml.etree.ElementTree

from segue_process import SAMPLE, SMALL, Case, segue, segue_json

EVALUATE = ["evaluate", "--data", SAMPLE, "--resamples", 200, *SMALL]


def metric(model, name):
    return model["metrics"][name]["mean"]


class Evaluate(Case):
    def models(self, *arguments):
        answer = segue_json(*EVALUATE, *arguments)
        return answer, {model["model"]: model for model in answer["models"]}

    def test_models_baselines_and_differences(self):
        answer, models = self.models()
        self.assertEqual(list(models), ["als", "popularity", "random"])
        self.assertEqual(answer["held_out"], 5 * answer["users"])
        self.assertGreater(metric(models["als"], "ndcg@10"), metric(models["random"], "ndcg@10"))
        self.assertAlmostEqual(metric(models["random"], "auc"), 0.5, delta=0.05)
        interval = models["als"]["metrics"]["recall@20"]
        self.assertTrue(interval["low"] <= interval["mean"] <= interval["high"])
        difference = models["random"]["first_minus_this"]["ndcg@10"]
        self.assertAlmostEqual(difference["mean"],
                               metric(models["als"], "ndcg@10") - metric(models["random"], "ndcg@10"), places=9)
        self.assertLess(difference["p"], 0.05)

    def test_the_same_on_any_number_of_threads(self):
        answers = [segue_json(*EVALUATE, "--threads", threads) for threads in (1, 3)]
        for answer in answers:
            for model in answer["models"]:
                del model["training_seconds"], model["evaluation_seconds"]
        self.assertEqual(*answers)

    def test_a_table_for_people(self):
        out, _ = segue(*EVALUATE)
        for word in ("5 random songs of each user", "ndcg@10", "±", "popularity", "evaluation, s", "als − random"):
            self.assertIn(word, out)

    def test_protocols_and_parts(self):
        for protocol in ("time", "strong"):
            answer, models = self.models("--protocol", protocol, "--models", "als,popularity")
            self.assertGreater(answer["users"], 0)
            self.assertGreater(metric(models["als"], "auc"), 0.5)
        test, _ = self.models("--models", "popularity")
        validation, _ = self.models("--models", "popularity", "--validation")
        self.assertLess(validation["users"], test["users"])
        other, _ = self.models("--models", "popularity", "--split-seed", 2)
        self.assertNotEqual(other["models"], test["models"])

    def test_another_configuration_and_its_factors_from_files(self):
        _, models = self.models("--models", "als", "--against", "als.rank=4 als.alpha=5")
        self.assertEqual(list(models), ["als", "als.rank=4 als.alpha=5"])
        self.assertIn("only keys of [als]",
                      segue(*EVALUATE, "--against", "interactions.skip_weight=0", code=2)[1])
        # A model that was trained on the whole log has seen what is held out, and ranks it better.
        segue("train", "als", "--data", SAMPLE, "--out", self.folder / "model", *SMALL)
        (self.folder / "model" / "als").rename(self.folder / "informed")
        _, models = self.models("--models", "als", "--factors", self.folder / "informed")
        self.assertEqual(list(models), ["als", "informed"])
        self.assertGreater(metric(models["informed"], "auc"), metric(models["als"], "auc"))

    def test_per_user_figures_have_the_means(self):
        path = self.folder / "users.csv"
        answer = segue_json(*EVALUATE, "--per-user", path)
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 3 * answer["users"])
        for model in answer["models"]:
            values = [float(row["ndcg@10"]) for row in rows if row["model"] == model["model"]]
            self.assertAlmostEqual(math.fsum(values) / len(values), metric(model, "ndcg@10"), places=9)

    def test_the_page_is_well_formed_and_needs_nothing_else(self):
        page = self.folder / "quality.html"
        segue(*EVALUATE, "--report", page, "--learning-curve", "--per-iteration", "--note", "Simulated <data>.")
        text = page.read_text(encoding="utf-8")
        xml.etree.ElementTree.fromstring(text.split("\n", 1)[1] if text.startswith("<!") else text)
        for word in ("Simulated &lt;data&gt;.", "Learning curve", "after each iteration", "worst results", "long-tail"):
            self.assertIn(word, text)
        for word in ("<script", "src=\"http", "href=\"http"):
            self.assertNotIn(word, text)

    def test_the_split_can_be_written(self):
        folder = self.folder / "split"
        answer = segue_json(*EVALUATE, "--models", "popularity", "--write-split", folder)
        held_out = (folder / "held_out.indices.npy").read_bytes()
        self.assertEqual((len(held_out) - held_out.index(b"\n") - 1) // 4, answer["held_out"])
        for name in ("users.ids.tsv", "songs.ids.tsv", "strength.values.npy", "seen.offsets.npy", "evaluated.npy"):
            self.assertTrue((folder / name).exists(), name)

    def test_what_cannot_be_done_is_said(self):
        self.assertIn("als, popularity or random", segue(*EVALUATE, "--models", "asl", code=2)[1])
        self.assertIn("leave-k-out, time or strong", segue(*EVALUATE, "--protocol", "loo", code=2)[1])
        self.assertIn("k is 0", segue(*EVALUATE, "--at", "0", code=2)[1])
        self.assertIn("min_songs is 3", segue(*EVALUATE, "--min-songs", 3, code=2)[1])
        self.assertIn("no user has", segue(*EVALUATE, "--min-songs", 100000, code=3)[1])
        self.assertIn("--test-from \"soon\"", segue(*EVALUATE, "--protocol", "time", "--test-from", "soon", code=2)[1])
        (self.folder / "empty").mkdir()
        segue(*EVALUATE, "--factors", self.folder / "empty", code=1)


if __name__ == "__main__":
    unittest.main()
