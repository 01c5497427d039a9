#!/usr/bin/env python3
"""busy.py alternates, takes medians, leaves the first epoch out, and ends its busy process."""
import os
import time
import unittest
from pathlib import Path

import busy


class Busy(unittest.TestCase):
    def test_first_epoch_does_not_count(self):
        lines = [{"epoch": 1, "train_seconds": 9, "samples_per_second": 1},
                 {"epoch": 2, "train_seconds": 1, "samples_per_second": 10},
                 {"untrained_accuracy": 0.1}, {"epoch": 3, "train_seconds": 3, "samples_per_second": 30}]
        self.assertEqual(busy.rate_of(lines), 25)

    def test_pairs_alternate(self):
        order = []
        measure = lambda name, value: lambda: order.append(name) or value
        self.assertEqual(busy.measure_pairs(measure("a", 1), measure("b", 2), 3), [(1, 2)] * 3)
        self.assertEqual("".join(order), "abbaab")

    def test_medians(self):
        row = busy.summarise([(10, 5), (20, 40), (30, 30)])
        self.assertEqual((row["medians"], row["ratio"], row["range"]), ([20, 30], 1.5, [0.5, 2]))

    def test_busy_process_is_busy_and_ends(self):
        with busy.busy_process() as process:
            self.assertNotEqual(os.getsid(process.pid), os.getsid(0))
            used = lambda: sum(map(int, Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
            for _ in range(100):
                if used() > 0:
                    break
                time.sleep(0.1)
            self.assertGreater(used(), 0)
        self.assertIsNotNone(process.returncode)


if __name__ == "__main__":
    unittest.main()
