#!/usr/bin/env python3
"""check_theory.py finds what it should find, and nothing else."""
import os
import tempfile
import unittest

import check_theory

PAGE = "# Theory\n\n## 1 Targets\n\n### 1.1 Winners\n\n### 1.2 Label smoothing\n\n## 12 Spikes\n\n### 12.1 Neuron\n"


class Faults(unittest.TestCase):
    def faults_of(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in {"docs/theory.md": PAGE, **files}.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return list(check_theory.faults(root))

    def none(self, path, text):
        self.assertEqual(self.faults_of({path: text}), [])

    def one(self, path, text, part):
        found = self.faults_of({path: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_sections_that_exist(self):
        self.none("src/nn/a.c", "/* Winners (theory 1.1), smoothed (theory 1.1 to 1.2, 12.1).\n * Theory 12. Then 9.9. */\n")

    def test_a_section_that_does_not(self):
        self.one("src/nn/a.c", "\n/* Winners (theory 1.3). */\n", "a.c:2: docs/theory.md has no section 1.3")

    def test_every_number_of_a_citation(self):
        self.one("src/a.h", "/* theory 1.1, 7.5 */", "7.5")
        self.one("src/a.h", "/* theory 1.1 to 1.5 */", "1.5")
        self.one("src/a.h", "/* theory 1.1 and 2.1 */", "2.1")
        self.one("src/a.h", "/* theory 1.10 */", "1.10")

    def test_a_citation_that_wraps(self):
        self.one("include/pln/a.h", "/* as (theory\n *     9.1) says */", "9.1")
        self.one("tools/a.py", "# as theory\n# 9.1 says\n", "9.1")

    def test_files_of_every_kind(self):
        for path in ("cli/a.def", "tests/a.py", "bench/a.c", "presets/x/a.yaml", "tools/a.sh", "README.md", "Makefile"):
            self.one(path, "theory 9.1", "9.1")

    def test_other_ways_to_cite(self):
        self.one("src/a.c", "/* docs/theory.md, 1.1 */", "cite a section as")
        self.one("src/a.c", "/* docs/theory.md, section 1 */", "cite a section as")
        self.one("src/a.c", "/* Specification 1.1 */", "is no document")
        self.one("src/a.c", "/* as the spec says */", "is no document")
        self.none("src/a.c", "/* docs/theory.md has the equations; spec = 1 */")

    def test_a_number_given_twice(self):
        self.one("docs/theory.md", PAGE + "### 1.1 Losers\n", "stands there 2 times")

    def test_numbers_in_code_are_no_sections(self):
        self.one("docs/theory.md", PAGE + "```\n## 7 no heading\n```\n\ntheory 7\n", "no section 7")

    def test_links(self):
        self.none("README.md", "[a](docs/theory.md) [b](docs/theory.md#11-winners) [c](docs) [d](https://x.org/y#z) [e](#top)\n# Top\n")
        self.one("README.md", "[a](docs/none.md)", "there is no docs/none.md")
        self.one("README.md", "[a](../secret.md)", "there is no ../secret.md")
        self.one("README.md", "\n[a](docs/theory.md#11-loser)", "README.md:2: docs/theory.md has no heading #11-loser")
        self.one("README.md", "[a](#below)", "no heading #below")

    def test_links_from_a_folder(self):
        self.none("docs/adr/a.md", "[a](../theory.md#12-label-smoothing) [b](a.md)")
        self.one("docs/adr/a.md", "[a](docs/theory.md)", "there is no docs/adr/docs/theory.md")

    def test_code_is_not_a_link(self):
        self.none("README.md", "`[a](none.md)`\n\n```c\nf[a](b);\n```\n")

    def test_files_that_pages_name(self):
        page = "`src/nn/dense.c`, `nn/dense.c` or `dense.c`; `src/nn/NAME.c`; see `theory.md`.\n```\n`gone.c`\n```\n"
        self.assertEqual(self.faults_of({"docs/a.md": page, "src/nn/dense.c": ""}), [])
        self.one("docs/a.md", "\n`src/nn/gone.c`", "docs/a.md:2: there is no file src/nn/gone.c")
        self.one("docs/a.md", "`nn/gone.h`", "no file nn/gone.h")
        self.one("docs/a.md", "`gone.py`", "no file gone.py")

    def test_headings_with_marks_and_repeated(self):
        self.none("README.md", "# `--json` on stdout, and *more*\n# A\n# A\n[a](#--json-on-stdout-and-more) [b](#a) [c](#a-1)")


if __name__ == "__main__":
    unittest.main()
