"""segue tune als: what it writes, that it goes on where it was killed, and that charts are well-formed."""
import json
import pathlib
import signal
import subprocess
import time
import unittest
import xml.etree.ElementTree

from segue_process import SAMPLE, SEGUE, Case, segue, segue_json

REPOSITORY = pathlib.Path(__file__).parents[2]
SMALL_SPACE = ["--space", "als.rank=4..32:log", "als.iterations=2..6"]


def records(out):
    """(trial, iterations, split, score, values) of every record."""
    lines = [json.loads(line) for line in (out / "trials.jsonl").read_text().splitlines()[1:]]
    return [(line["trial"], line["iterations"], line["split"], line["score"], line["values"]) for line in lines]


def mean_of(out, trial, iterations, splits):
    """Of a trial's scores on the first splits."""
    scores = {split: score for number, after, split, score, _ in records(out) if (number, after) == (trial, iterations)}
    return sum(scores[split] for split in range(splits)) / splits


def command(out, *more):
    return [SEGUE, "tune", "als", "--data", str(SAMPLE), "--out", str(out), "--budget", "none", *SMALL_SPACE,
            *map(str, more)]


class Tune(Case):
    def test_the_best_is_never_worse_than_what_was_configured(self):
        out = self.folder / "tuned"
        answer = segue_json(*command(out, "--trials", 30)[1:])
        self.assertEqual(answer["ended_by"], "trials")
        self.assertEqual(answer["trials"], 30)
        best = answer["best"]
        self.assertEqual(best["splits"], 16)
        self.assertAlmostEqual(best["mean"], mean_of(out, best["trial"], best["iterations"], 16), places=12)
        self.assertEqual(best["ndcg@10"], mean_of(out, best["trial"], best["iterations"], 1))
        self.assertGreaterEqual(best["mean"], mean_of(out, 0, 15, 16))
        self.assertEqual(answer["compared_on"], "a further split")
        self.assertAlmostEqual(answer["gain"]["mean"],
                               answer["best_interval"]["mean"] - answer["standing_interval"]["mean"], places=12)
        self.assertEqual(records(out)[0][:2], (0, 15))
        self.assertLessEqual(len(answer["top"]), 11)
        self.assertEqual({row["parameter"] for row in answer["importance"]},
                         {"als.rank", "lambda", "als.regularization_exponent", "als.alpha", "interactions.skip_weight",
                          "interactions.confidence"})
        # best.toml is a configuration: it reads back to itself, and another search begins with the best score.
        toml = (out / "best.toml").read_text()
        self.assertEqual(segue("config", "--config", out / "best.toml")[0], toml)
        again = segue_json("tune", "als", "--data", SAMPLE, "--out", self.folder / "again", "--trials", 1, "--config",
                           out / "best.toml")
        self.assertEqual(again["best"]["ndcg@10"], best["ndcg@10"])

    def test_without_confirmation_the_score_of_the_search_chooses(self):
        out = self.folder / "tuned"
        answer = segue_json(*command(out, "--trials", 12, "--confirm", 0)[1:])
        self.assertEqual(answer["best"]["ndcg@10"], max(score for _, _, _, score, _ in records(out)))
        self.assertEqual(answer["best"]["splits"], 1)
        # What was searched stays; more is confirmed where that is wanted.
        answer = segue_json(*command(out, "--trials", 12, "--confirm", 4)[1:])
        self.assertEqual(answer["best"]["splits"], 4)

    def test_by_time_there_is_one_split(self):
        out = self.folder / "tuned"
        shown = segue(*command(out, "--trials", 6, "--protocol", "time")[1:])[1]
        self.assertIn("nothing is confirmed on further ones", shown)
        answer = segue_json(*command(out, "--trials", 6, "--protocol", "time")[1:])
        self.assertEqual(answer["best"]["splits"], 1)
        self.assertEqual(answer["compared_on"], "the search's split")
        self.assertAlmostEqual(answer["best_interval"]["mean"], answer["best"]["ndcg@10"], places=12)

    def test_the_table_and_the_pages(self):
        out = self.folder / "tuned"
        shown, _ = segue(*command(out, "--trials", 12, "--note", "The log is <simulated>.")[1:])
        self.assertRegex(shown, r"trial +ndcg@10 +mean +splits +iterations")
        self.assertIn("which nothing was chosen by", shown)
        self.assertIn("share_of_variance", shown)
        self.assertIn("best.toml", shown)
        for name in ("tune.svg", "tune.html"):
            xml.etree.ElementTree.parse(out / name)
        page = (out / "tune.html").read_text()
        self.assertIn("The log is &lt;simulated&gt;.", page)
        for word in ("<script", "http://", "https://"):
            self.assertNotIn(word, page.replace("http://www.w3.org/", ""))

    def test_golden_charts_are_well_formed(self):
        golden = sorted((REPOSITORY / "tests/report/golden").glob("*.svg"))
        self.assertGreaterEqual(len(golden), 4)
        for path in golden:
            self.assertEqual(xml.etree.ElementTree.parse(path).getroot().tag, "{http://www.w3.org/2000/svg}svg")

    def test_killed_at_any_moment_it_ends_with_the_same_trials(self):
        whole = self.folder / "whole"
        segue(*command(whole, "--trials", 40)[1:])
        out = self.folder / "killed"
        for _ in range(5):  # at the end within the confirmation
            before = len(records(out)) if (out / "trials.jsonl").exists() else 0
            process = subprocess.Popen(command(out, "--trials", 40), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None and (not (out / "trials.jsonl").exists() or len(records(out)) < before + 22):
                time.sleep(0.002)
            process.kill()
            process.wait()
        self.assertGreater(records(out)[-1][2], 0)
        self.assertLess(len(records(out)), len(records(whole)))
        segue(*command(out, "--trials", 40)[1:])
        self.assertEqual(records(out), records(whole))
        self.assertEqual((out / "best.toml").read_text(), (whole / "best.toml").read_text())

    def test_ctrl_c_leaves_results_and_a_state_to_go_on_from(self):
        out = self.folder / "tuned"
        process = subprocess.Popen(command(out, "--trials", 100000), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        while process.poll() is None and (not (out / "trials.jsonl").exists() or len(records(out)) < 5):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("the same command goes on from here", err)
        self.assertTrue((out / "best.toml").exists())
        xml.etree.ElementTree.parse(out / "tune.html")
        done = len(records(out))
        self.assertIn(f"going on after {done} records", segue(*command(out, "--trials", 5)[1:])[1])

    def test_another_seed_metric_or_log_is_refused(self):
        out = self.folder / "tuned"
        segue(*command(out, "--trials", 2)[1:])
        before = (out / "trials.jsonl").read_bytes()
        self.assertIn('another seed ("1", now "2")', segue(*command(out, "--trials", 2, "--seed", 2)[1:], code=2)[1])
        self.assertIn("another metric", segue(*command(out, "--trials", 2, "--metric", "auc")[1:], code=2)[1])
        self.assertIn("another configuration", segue(*command(out, "--trials", 2, "--set", "als.rank=9")[1:], code=2)[1])
        other = self.folder / "other"
        segue("simulate", "log", "--out", other, "--users", 60, "--songs", 200, "--artists", 30, "--listens", 4000)
        arguments = command(out, "--trials", 2)[1:]
        arguments[arguments.index(str(SAMPLE))] = str(other)
        self.assertIn("another data", segue(*arguments, code=2)[1])
        self.assertEqual((out / "trials.jsonl").read_bytes(), before)
        (out / "trials.jsonl").write_text('{"segue tune":1,"made_for":{}}\n')
        self.assertIn("a trial log of version 1, this segue reads and writes version 2: choose another --out",
                      segue(*command(out, "--trials", 2)[1:], code=2)[1])

    def test_wrong_arguments_are_named(self):
        out = self.folder / "tuned"
        run = ["tune", "als", "--data", SAMPLE, "--out", out]
        self.assertIn("did you mean als.rank?", segue(*run, "--space", "als.rnak=1..2", code=2)[1])
        self.assertIn("such as 90s, 10m or 1.5h", segue(*run, "--budget", "soon", code=2)[1])
        self.assertIn("give a number of trials or a time", segue(*run, "--budget", "none", code=2)[1])
        self.assertIn("more of it is not better", segue(*run, "--metric", "popularity@10", code=2)[1])
        segue(*run, "--protocol", "sideways", code=2)
        self.assertIn("als.rank=", segue("tune", "als", "--help")[0])


if __name__ == "__main__":
    unittest.main()
