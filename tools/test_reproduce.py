#!/usr/bin/env python3
"""reproduce.py keeps what it should of runs, short ones and full ones, and marks what misses the paper's figures."""
import argparse
import json
import tempfile
import unittest
from pathlib import Path

import reproduce

ROW = "liu2024/semi-bp-100"
PAPER = {("semi_bp/100labels", "semi_after_sup_pass", "1"): (0.80, 0.01),
         ("semi_bp/100labels", "semi_after_sup_pass", "final"): (0.88, 0.005),
         ("semi_bp/100labels", "pretrain_supervised", "final"): (0.78, 0.015)}


def write_run(folder, seed, lines, result=None):
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({
        "planaria": "0", "seed": seed, "cpu": "x", "threads": 2, "isa": "scalar",
        "data": {"name": "mnist", "path": "", "sha256": "", "train": 1, "test": 1, "limit": 0}}))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    if result:
        (folder / "result.json").write_text(json.dumps({"seed": seed, "peak_bytes": 1, **result}))


def epoch(number, accuracy):
    return {"epoch": number, "train_seconds": 1, "samples_per_second": 5, "accuracy": accuracy,
            "unlabelled_accuracy": accuracy - 0.1}


class Reproduce(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.args = argparse.Namespace(runs=Path(folder.name) / "runs")
        results, reproduce.RESULTS = reproduce.RESULTS, Path(folder.name) / "results"
        self.addCleanup(setattr, reproduce, "RESULTS", results)

    def keep(self, seed, epochs=1):
        full, curve = reproduce.read_seed(self.args, ROW, seed, epochs)
        reproduce.keep(ROW, [full] if full else [], [curve] if curve else [], PAPER)
        path = reproduce.RESULTS / f"{ROW}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def folder(self, seed, epochs=None):
        return reproduce.folder_of(self.args, ROW, seed, epochs)

    def test_short_runs_have_folders_of_their_own(self):
        self.assertNotEqual(self.folder(1), self.folder(1, 5))

    def test_a_short_run_is_a_curve_and_no_result(self):
        write_run(self.folder(1, 2), 1, [{"pretrain_epoch": 1, "pretrained_accuracy": 0.7, "train_seconds": 2},
                                         epoch(1, 0.8), epoch(2, 0.81)], {"epoch": 2, "accuracy": 0.81})
        kept = self.keep(1)
        self.assertEqual((kept["seeds"], kept["runs"], kept["summary"]["final"]), ([], [], {}))
        self.assertEqual(kept["curves"][0]["curve"]["2"]["accuracy"], 0.81)
        self.assertEqual(kept["curves"][0]["curve"]["1"]["pretrained_accuracy"], 0.7)
        self.assertEqual(kept["summary"]["curve"]["accuracy"]["1"]["reference_mean"], 0.80)

    def test_the_longest_curve_stays_until_the_full_run_is_done(self):
        write_run(self.folder(1, 1), 1, [epoch(1, 0.8)], {"epoch": 1})
        write_run(self.folder(1, 2), 1, [epoch(1, 0.8), epoch(2, 0.81)], {"epoch": 2})
        self.assertEqual(self.keep(1)["curves"][0]["epochs"], 2)
        write_run(self.folder(1), 1, [epoch(1, 0.8), epoch(2, 0.81), epoch(3, 0.9)],
                  {"epoch": 3, "accuracy": 0.9, "pretrained_accuracy": 0.7})
        kept = self.keep(1, 3)
        self.assertNotIn("curves", kept)
        self.assertEqual(kept["seeds"], [1])
        self.assertEqual(kept["runs"][0]["unlabelled_accuracy"], 0.8)

    def test_other_seeds_stay(self):
        for seed in (1, 2):
            write_run(self.folder(seed), seed, [epoch(1, 0.8)], {"epoch": 1, "accuracy": 0.8})
            kept = self.keep(seed)
        write_run(self.folder(3, 1), 3, [epoch(1, 0.83)], {"epoch": 1})
        kept = self.keep(3)
        self.assertEqual(kept["seeds"], [1, 2])
        self.assertEqual(kept["summary"]["curve"]["accuracy"]["1"]["runs"], 3)
        self.assertEqual(kept["summary"]["final"]["accuracy"]["runs"], 2)

    def test_a_run_under_way_is_a_curve(self):
        write_run(self.folder(1), 1, [epoch(1, 0.8)])
        self.assertEqual(self.keep(1)["curves"][0]["epochs"], 1)

    def test_a_full_folder_that_was_cut_short_is_a_curve(self):
        write_run(self.folder(1), 1, [epoch(1, 0.8)], {"epoch": 1, "accuracy": 0.8})
        self.assertEqual(self.keep(1, 5)["runs"], [])

    def test_epochs_of_a_preset(self):
        self.assertEqual(reproduce.epochs_of("train:\n  rule: ep\n  ep:\n    steps: 3\n  epochs: 7\nsemi:\n  pretrain:\n    epochs: 9\n"), 7)

    def test_nothing_is_kept_of_nothing(self):
        self.assertIsNone(self.keep(1))

    def test_bounds(self):
        paper = {"reference_mean": 0.9, "reference_std": 0.01}
        for mean, runs, final, missed in ((0.881, 3, True, False), (0.879, 3, True, True), (0.879, 1, True, False),
                                          (0.876, 1, True, True), (0.95, 3, True, False), (0.876, 3, False, False),
                                          (0.874, 3, False, True), (0.926, 3, False, True)):
            self.assertEqual(reproduce.is_missed({"mean": mean, "std": 0, "runs": runs, **paper}, final), missed,
                             (mean, runs, final))
        self.assertFalse(reproduce.is_missed({"mean": 0, "std": 0, "runs": 1}, True))

    def test_the_table_marks_what_is_missed(self):
        write_run(self.folder(1), 1, [epoch(1, 0.80)], {"epoch": 1, "accuracy": 0.80, "pretrained_accuracy": 0.76})
        text = "\n".join(reproduce.tables([self.keep(1)]))
        self.assertIn("| `liu2024/semi-bp-100` | 1 | 1 | 80.00 ± 0.00 (88.00 ± 0.50) † | 70.00 ± 0.00 "
                      "| 76.00 ± 0.00 (78.00 ± 1.50) |", text)
        self.assertIn("| `liu2024/semi-bp-100` | accuracy | 80.00 ± 0.00 (1) (80.00 ± 1.00) |", text)
        self.assertIn("† Not what is expected", text)

    def test_other_results_stay_out_of_the_table(self):
        write_run(self.folder(1), 1, [epoch(1, 0.80)], {"epoch": 1, "accuracy": 0.80})
        self.keep(1)
        (reproduce.RESULTS / "pruning").mkdir()
        (reproduce.RESULTS / "pruning" / "mlp.json").write_text('{"base": "mlp", "runs": []}')
        reproduce.write_table()
        self.assertIn("`liu2024/semi-bp-100`", (reproduce.RESULTS / "README.md").read_text())

    def test_spiking_runs_say_how_much_they_do(self):
        write_run(self.folder(1), 1, [epoch(1, 0.9)],
                  {"epoch": 1, "accuracy": 0.9, "selected_epoch": 1, "selected_accuracy": 0.89,
                   "activity": {"samples": 2, "firing_rate": 0.125, "sops": 2.5e6}})
        line = [x for x in reproduce.tables([self.keep(1)]) if "2.50 M" in x]
        self.assertEqual(len(line), 1)
        self.assertIn("| 89.00 ± 0.00 | 12.5 % | 2.50 M |", line[0])

    def test_minutes_are_those_of_two_cores(self):
        runs = [{"train_seconds": 600 * n, "machine": {"threads": threads}} for n, threads in ((1, 1), (2, 1), (9, 2))]
        self.assertEqual(reproduce.minutes_of(runs), 10)
        self.assertIsNone(reproduce.minutes_of([]))

    def test_minutes_of_a_dry_run_count_all_epochs(self):
        self.assertEqual(reproduce.minutes_beforehand({"epoch_seconds": 3, "epochs": 40}), 2)
        self.assertEqual(reproduce.minutes_beforehand({"epoch_seconds": 3, "epochs": 40, "pretrain_epoch_seconds": 0.6,
                                                       "pretrain_epochs": 100}), 3)

    def test_minutes_stand_in_the_preset_once(self):
        preset = "data: x\nexpected:\n  accuracy: 0.9\n  source: \"us\"\n"
        once = "data: x\nexpected:\n  accuracy: 0.9\n  minutes: 10\n  source: \"us\"\n"
        self.assertEqual(reproduce.with_minutes(preset, 10.0), once)
        self.assertEqual(reproduce.with_minutes(once, 10.0), once)
        self.assertEqual(reproduce.with_minutes("data: x\n", 0.5), "data: x\nexpected:\n  minutes: 0.5\n")

    def test_short_runs_leave_the_read_outs_out(self):
        self.assertEqual(reproduce.without_read_outs("evaluate:\n  labels: 1\n"), [])
        self.assertEqual(reproduce.without_read_outs("evaluate:\n  fractions: [0.1]\nclassifier:\n  epochs: 3\n"),
                         ["--set", "classifier.epochs=0", "--set", "evaluate.fractions=[]"])


if __name__ == "__main__":
    unittest.main()
