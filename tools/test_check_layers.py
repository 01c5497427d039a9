#!/usr/bin/env python3
"""check_layers.py finds what it should find, and nothing else."""
import contextlib
import io
import json
import os
import subprocess
import tempfile
import unittest
from unittest import mock

import check_layers


def write(root, files):
    for path, text in files.items():
        os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)


def build(root, sources):
    """Compiles each source, and says so as CMake does."""
    commands = []
    for number, path in enumerate(sources):
        command = f"cc -std=c11 -I{root}/src -o {number}.o -c {root}/{path}"
        subprocess.run(command.split(), check=True, cwd=root)
        commands.append({"directory": root, "command": command, "file": os.path.join(root, path)})
    write(root, {"compile_commands.json": json.dumps(commands)})


class Faults(unittest.TestCase):
    def faults_of(self, files, built=False, questions=None, circles=None):
        with tempfile.TemporaryDirectory() as root:
            write(root, files)
            if built:
                build(root, [path for path in files if path.endswith(".c")])
            return list(check_layers.faults(root, root if built else None, questions, circles))


class Includes(Faults):
    def test_downwards_is_allowed(self):
        self.assertEqual(self.faults_of({"src/nn/a.c": '#include "tensor/b.h"\n#include <math.h>\n'}), [])

    def test_upwards_is_a_fault(self):
        self.assertEqual(len(self.faults_of({"src/kernel/a.c": '#include "tensor/b.h"\n'})), 1)

    def test_neighbours_are_a_fault(self):
        self.assertEqual(len(self.faults_of({"src/learn/a.c": '#include "data/b.h"\n'})), 1)

    def test_exceptions_are_single_files(self):
        self.assertEqual(self.faults_of({"src/base/context.c": '#include "kernel/kernel.h"\n'}), [])
        self.assertEqual(len(self.faults_of({"src/base/cpu.c": '#include "kernel/kernel.h"\n'})), 1)

    def test_public_headers_include_public_headers(self):
        self.assertEqual(self.faults_of({"include/pln/a.h": '#include "pln/b.h"\n', "src/nn/a.h": '#include "pln/a.h"\n'}), [])
        self.assertEqual(len(self.faults_of({"include/pln/a.h": '#include "nn/b.h"\n'})), 1)

    def test_command_sees_only_the_public_header(self):
        self.assertEqual(len(self.faults_of({"cli/a.c": '#include "nn/net.h"\n#include "planaria.h"\n'})), 1)
        self.assertEqual(len(self.faults_of({"cli/a.c": '#include "pln/net.h"\n', "include/pln/net.h": ""})), 1)

    def test_rooms_of_the_command(self):
        self.assertEqual(self.faults_of({"cli/sweep/a.c": '#include "yaml/b.h"\n#include "watch.h"\n', "cli/yaml/b.h": "",
                                         "cli/watch.h": ""}), [])
        self.assertEqual(len(self.faults_of({"cli/sets/a.c": '#include "config/b.h"\n', "cli/config/b.h": ""})), 1)

    def test_headers_in_a_circle(self):
        files = {"src/nn/a.h": '#include "nn/b.h"\n', "src/nn/b.h": '#include "nn/c.h"\n', "src/nn/c.h": '#include "nn/a.h"\n',
                 "src/nn/d.h": '#include "nn/a.h"\n'}
        (fault,) = self.faults_of(files)
        self.assertIn("a circle of 3 files", fault)
        self.assertNotIn("d.h", fault)

    def test_a_source_and_its_header_are_no_circle(self):
        self.assertEqual(self.faults_of({"src/nn/a.c": '#include "nn/a.h"\n', "src/nn/a.h": ""}), [])


LOW = "int plni_low(void); int plni_low(void) { return 0; }\n"
HIGH = "int plni_low(void); int plni_high(void); int plni_high(void) { return plni_low(); }\n"
TABLE = "int plni_low(void); int (*const plni_table[])(void) = { plni_low };\n"


class Calls(Faults):
    def test_downwards_is_allowed(self):
        self.assertEqual(self.faults_of({"src/tensor/low.c": LOW, "src/nn/high.c": HIGH}, built=True), [])

    def test_upwards_is_a_fault_without_an_include(self):
        (fault,) = self.faults_of({"src/nn/low.c": LOW, "src/tensor/high.c": HIGH}, built=True)
        self.assertEqual(fault.split(":")[0], "src/tensor/high.c calls src/nn/low.c (plni_low)")

    def test_a_table_of_functions_calls_them(self):
        self.assertEqual(len(self.faults_of({"src/nn/low.c": LOW, "src/tensor/table.c": TABLE}, built=True)), 1)

    def test_rooms_of_the_command(self):
        low, high = (text.replace("plni_", "") for text in (LOW, HIGH))
        self.assertEqual(self.faults_of({"cli/yaml/low.c": low, "cli/sweep/high.c": high}, built=True), [])
        self.assertEqual(len(self.faults_of({"cli/sweep/low.c": low, "cli/yaml/high.c": high}, built=True)), 1)
        self.assertEqual(self.faults_of({"cli/low.c": low, "cli/yaml/high.c": high}, built=True), [])

    def test_the_command_calls_public_functions(self):
        (fault,) = self.faults_of({"cli/high.c": HIGH}, built=True)
        self.assertIn("cli/high.c takes plni_low", fault)

    def test_a_circle_names_its_files_and_symbols(self):
        back = "int plni_high(void); int plni_low(void); int plni_low(void) { return plni_high(); }\n"
        above = "int plni_high(void); int plni_above(void); int plni_above(void) { return plni_high(); }\n"
        files = {"src/nn/low.c": back, "src/nn/high.c": HIGH, "src/nn/above.c": above}
        (fault,) = self.faults_of(files, built=True)
        self.assertEqual(fault.split("\n"), ["a circle of 2 files:", "    src/nn/high.c -> src/nn/low.c: plni_low",
                                             "    src/nn/low.c -> src/nn/high.c: plni_high"])
        self.assertEqual(self.faults_of(files, built=True, circles=[{"src/nn/low.c", "src/nn/high.c"}]), [])

    def test_a_circle_through_a_table(self):
        back = "extern int (*const plni_table[])(void); int plni_low(void); int plni_low(void) { return plni_table[0](); }\n"
        (fault,) = self.faults_of({"src/nn/low.c": back, "src/nn/table.c": TABLE}, built=True)
        self.assertIn("src/nn/low.c -> src/nn/table.c: plni_table", fault)

    def test_known_circles_only_shrink(self):
        known = [{"src/nn/low.c", "src/nn/high.c", "src/nn/gone.c"}]
        self.assertEqual(len(self.faults_of({"src/nn/low.c": LOW, "src/nn/high.c": HIGH}, built=True, circles=known)), 3)

    def test_two_known_circles_do_not_become_one(self):
        files = {f"src/nn/{name}.c": f"int plni_{to}(void); int plni_{name}(void); int plni_{name}(void) {{ return plni_{to}(); }}\n"
                 for name, to in ("ab", "bc", "cd", "da")}
        self.assertEqual(len(self.faults_of(files, built=True, circles=[{"src/nn/a.c", "src/nn/b.c"},
                                                                        {"src/nn/c.c", "src/nn/d.c"}])), 1)


class Questions(Faults):
    def test_asking_for_the_kind_of_a_network(self):
        for line in ("if (net->steps) f();", "if (!t->net->steps && a) f();", "a = net->steps ? 1 : 2;", "if (a || !net->steps) f();",
                     "if (a && net->steps) f();", "if (x->steps != net->steps) f();", "if (a &&\n    net->steps > 1) f();"):
            self.assertEqual(len(self.faults_of({"src/nn/a.c": line})), 1, line)

    def test_counting_with_the_steps(self):
        for line in ("net->steps = steps;", "f(net->steps);", "for (int t = net->steps - 1; t >= 0; t--) f();",
                     "if (a && net->steps * b > 1) f();", "n = fires ? net->steps : 1;", "/* if (net->steps) */", 'f("net->steps ?");'):
            self.assertEqual(self.faults_of({"src/nn/a.c": line}), [], line)

    def test_asking_for_the_kind_of_a_layer(self):
        for line in ("if (layer->ops == &plni_conv_ops) f();", "if (a != &plni_conv_ops) f();", "if (a.ops!=b) f();"):
            (fault,) = self.faults_of({"src/nn/a.c": "\n" + line})
            self.assertTrue(fault.startswith("src/nn/a.c asks ops == in line 2: "), fault)
        self.assertEqual(self.faults_of({"src/nn/a.c": "layer->ops = &plni_conv_ops; layer->ops->forward(layer);"}), [])

    def test_the_owner_may_ask(self):
        self.assertEqual(self.faults_of({"src/nn/input.c": "if (net->steps) f();"}), [])

    def test_known_questions_only_shrink(self):
        known = {"net->steps": {"src/nn/a.c": 1}}
        self.assertEqual(self.faults_of({"src/nn/a.c": "if (net->steps) f();"}, questions=known), [])
        self.assertEqual(len(self.faults_of({"src/nn/a.c": "if (net->steps) f();\nif (!net->steps) f();"}, questions=known)), 1)
        self.assertEqual(len(self.faults_of({"src/nn/a.c": "f();"}, questions=known)), 1)
        self.assertEqual(len(self.faults_of({"src/nn/b.c": "f();"}, questions=known)), 1)


class Command(unittest.TestCase):
    def run_on(self, files):
        out = io.StringIO()
        with tempfile.TemporaryDirectory() as root, contextlib.redirect_stdout(out), \
                mock.patch("sys.argv", ["check_layers.py", root]), mock.patch.object(check_layers, "KNOWN_QUESTIONS", {}):
            write(root, files)
            return check_layers.main(), out.getvalue()

    def test_exit_code(self):
        self.assertEqual(self.run_on({"src/nn/a.c": ""}), (False, "check_layers: 0 faults\n"))
        failed, said = self.run_on({"src/base/a.c": '#include "nn/net.h"\n'})
        self.assertTrue(failed)
        self.assertIn("check_layers: 1 faults", said)


if __name__ == "__main__":
    unittest.main()
