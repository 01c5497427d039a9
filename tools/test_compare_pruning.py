#!/usr/bin/env python3
"""test_compare_pruning.py - differences seed by seed, their intervals, and the page"""

import argparse
import json
import math
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import compare_pruning as compare


def run(arm, seed, accuracy, sparsity=0.95):
    return {"arm": arm, "sparsity": 0 if arm == "dense" else sparsity, "seed": seed, "accuracy": accuracy, "sops": 1000}


class TestIntervals(unittest.TestCase):
    def test_three_seeds(self):
        mean, half, above = compare.interval([1.0, 2.0, 3.0])
        self.assertAlmostEqual(mean, 2)
        self.assertAlmostEqual(half, 4.303 / math.sqrt(3))
        self.assertEqual(above, 3)

    def test_one_seed_has_no_interval(self):
        self.assertEqual(compare.interval([-0.5]), (-0.5, None, 0))


class TestTable(unittest.TestCase):
    def test_only_seeds_of_both_are_compared(self):
        rows = compare.table([run("dense", 1, 0.9), run("random_rows", 1, 0.80), run("random_rows", 2, 0.82),
                              run("critical", 1, 0.81), run("critical", 3, 0.99)], 0.95).splitlines()
        self.assertEqual(len(rows), 5)
        self.assertIn("|  |  | +1.00 | 1 of 1 |", rows[3])
        self.assertTrue(rows[2].startswith("| `dense`: not pruned | 1 | 90.00 |  |  |  |  |  |  | 1000 |"), rows[2])

    def test_other_sparsities_stay_out(self):
        self.assertEqual(len(compare.table([run("critical", 1, 0.8, 0.9)], 0.95).splitlines()), 2)


class TestRuns(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        compare.RUNS, compare.RESULTS = Path(self.folder.name), Path(self.folder.name) / "results"
        self.options = argparse.Namespace(base="spiking/mlp-a-fashion", epochs=30, threads=1, collect=True, command="none", limit=None, channels=False)

    def tearDown(self):
        self.folder.cleanup()

    def test_other_arms_stay(self):
        compare.RESULTS.mkdir()
        (compare.RESULTS / "speed-best.json").write_text('{"rows": []}')
        compare.write(self.options, [run("dense", 1, 0.9), run("critical", 1, 0.8)])
        self.assertEqual(sorted(compare.kept_runs(self.options)), [("critical", 0.95, 1), ("dense", 0, 1)])
        self.options.epochs = 3
        self.assertEqual(compare.kept_runs(self.options), {})

    def test_what_is_there_is_collected(self):
        self.assertIsNone(compare.one(self.options, "critical", 0.95, 1))
        name, line = compare.command_of(self.options, "critical", 0.95, 1)
        self.assertEqual(line[-4:], ["--set", "prune.sparsity=0.95", "--set", "prune.regrow=critical"])
        (compare.RUNS / name).mkdir()
        (compare.RUNS / name / "result.json").write_text(json.dumps({"accuracy": 0.8, "density": 0.05, "other": 1}))
        (compare.RUNS / name / "metrics.jsonl").write_text('{"train_seconds": 1.5}\n{"train_seconds": 2}\n')
        found = compare.one(self.options, "critical", 0.95, 1)
        self.assertEqual((found["accuracy"], found["density"], found["train_seconds"]), (0.8, 0.05, 3.5))
        self.assertNotIn("other", found)
        compare.write(self.options, [found])
        page = (compare.RESULTS / "README.md").read_text()
        self.assertIn("95 % of the weights pruned", page)
        self.assertIn("`critical`", page)

    def test_channels_are_cut_from_the_wide_network(self):
        wide, line = compare.command_of(self.options, "wide", 0.7, 2)
        self.assertEqual(line[-2:], ["--set", "train.norm_l1=0.001"])
        name, line = compare.command_of(self.options, "channels_rate", 0.7, 2)
        self.assertEqual(name, "spiking-mlp-a-fashion-channels_rate-0.7-seed2")
        self.assertEqual(line[:4], ["prune", str(compare.RUNS / wide), "--granularity", "channel"])
        self.assertEqual(line[-4:], ["--epochs", "10", "--set", "prune.regrow=rate"])
        rows = compare.table([run("wide", 1, 0.9, 0) | {"sparsity": 0}, run("channels_none", 1, 0.8, 0.7), run("channels_rate", 1, 0.81, 0.7)], 0.7).splitlines()
        self.assertIn("against channels_none", rows[0])
        self.assertIn("+1.00 | 1 of 1", rows[-1])


if __name__ == "__main__":
    unittest.main()
