#!/usr/bin/env python3
"""check_layers.py finds what it should find, and nothing else."""
import os
import tempfile
import unittest

import check_layers


class Faults(unittest.TestCase):
    def faults_of(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return list(check_layers.faults(root))

    def test_downwards_is_allowed(self):
        self.assertEqual(self.faults_of({"src/nn/a.c": '#include "tensor/b.h"\n#include <math.h>\n'}), [])

    def test_upwards_is_a_fault(self):
        self.assertEqual(len(self.faults_of({"src/kernel/a.c": '#include "tensor/b.h"\n'})), 1)

    def test_neighbours_are_a_fault(self):
        self.assertEqual(len(self.faults_of({"src/learn/a.c": '#include "data/b.h"\n'})), 1)

    def test_command_sees_only_the_public_header(self):
        self.assertEqual(len(self.faults_of({"cli/a.c": '#include "nn/net.h"\n#include "planaria.h"\n'})), 1)

    def test_rooms_of_the_command(self):
        self.assertEqual(self.faults_of({"cli/sweep/a.c": '#include "yaml/b.h"\n#include "watch.h"\n', "cli/yaml/b.h": "",
                                         "cli/watch.h": ""}), [])
        self.assertEqual(len(self.faults_of({"cli/sets/a.c": '#include "config/b.h"\n', "cli/config/b.h": ""})), 1)


if __name__ == "__main__":
    unittest.main()
