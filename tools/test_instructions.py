#!/usr/bin/env python3
"""instructions.py reads callgrind's counts, and says which are too many."""
import unittest

import instructions

FILE = """version: 1
events: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw
summary: 90 1 1 1 1 1 1 1 1

fn=(1) pln_trainer_step
0 100 20 10 1 7 3 1 2 4

totals: 100 20 10 1 7 3 1 2 4
"""


class Instructions(unittest.TestCase):
    def test_counts(self):
        self.assertEqual(instructions.read_counts(FILE), {"instructions": 100, "L1 misses": 10, "L2 misses": 6})
        self.assertEqual(instructions.read_counts("events: Ir\nsummary: 5\n\ntotals: 5\n"), {"instructions": 5})

    def test_a_function_that_is_not_there_counts_nothing(self):
        with self.assertRaises(SystemExit):
            instructions.read_counts("events: Ir\nsummary: 0\n\ntotals: 0\n")

    def bad(self, name, before, now):
        lines, bad = instructions.compare({"joint": {name: before}}, {"joint": {name: now}})
        self.assertEqual(len(lines), 1)
        self.assertEqual("TOO MANY" in lines[0], bad == 1)
        return bad

    def test_tolerance(self):
        for name, before, now, bad in (("instructions", 10**8, 102 * 10**6, 0), ("instructions", 10**8, 1021 * 10**5, 1),
                                       ("instructions", 10**8, 10**7, 0), ("L1 misses", 10**6, 105 * 10**4, 0),
                                       ("L1 misses", 10**6, 106 * 10**4, 1), ("L2 misses", 10**6, 106 * 10**4, 1),
                                       ("L2 misses", 1000, 50000, 0), ("L2 misses", 1000, 100000, 1)):
            self.assertEqual(self.bad(name, before, now), bad, (name, now))

    def test_what_was_not_counted_before_is_shown(self):
        lines, bad = instructions.compare({}, {"joint": {"instructions": 5}})
        self.assertEqual((len(lines), bad), (1, 0))

    def test_jobs_are_sound(self):
        self.assertEqual(len(instructions.JOBS), 6)
        self.assertEqual(sum(cache for _, _, cache in instructions.JOBS.values()), 2)
        for job, (samples, config, _) in instructions.JOBS.items():
            self.assertTrue(0 < samples <= instructions.same_bits.TRAIN and config["train"]["epochs"] == 1, job)


if __name__ == "__main__":
    unittest.main()
