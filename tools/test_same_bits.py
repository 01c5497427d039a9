#!/usr/bin/env python3
"""same_bits.py sees every difference that counts, and none that does not."""
import contextlib
import io
import json
import struct
import tempfile
import unittest
from pathlib import Path

import same_bits

SAYS = {"weight": 1.0, "by_threads": 0, "loss": 0.5, "memory": 5000, "accuracy": 0.9,
        "own_accuracy": 0.9, "fails": False, "own_fails": False}


def stand_in(program, words, data):
    """Answers as `planaria` would; the program's file holds what it says."""
    says = json.loads(Path(program).read_text())
    after = lambda word: words[words.index(word) + 1]
    if words[0] == "eval":
        if says["own_fails"] and words[1].name == "new":
            raise same_bits.Failed("eval ended with 3: planaria: no model")
        accuracy = says["own_accuracy"] if words[1].name == "new" else says["accuracy"]
        return json.dumps({"accuracy": accuracy, "activity": {"layers": [{"forward": "events"}]}})
    if words[0] == "inspect":
        return f"     layer\n  1 conv\n\nplanaria.network of {program}"
    if says["fails"]:
        raise same_bits.Failed("train ended with 1: planaria: no")
    if "--dry-run" in words:
        return json.dumps({"network_bytes": 1000, "training_bytes": says["memory"]})
    out, threads = after("--out"), after("--threads")
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "__metadata__": {"by": program}}).encode()
    out.mkdir()
    (out / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header +
                                            struct.pack("<f", says["weight"] + says["by_threads"] * threads))
    (out / "metrics.jsonl").write_text(json.dumps({"epoch": 1, "train_loss": says["loss"], "train_seconds": threads}) + "\n")
    (out / "result.json").write_text(json.dumps({"run": str(out), "fractions": [{"linear": says["loss"]}]}))
    return ""


class SameBits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name, instead in (("call", stand_in), ("write_data", lambda _: None)):
            self.addCleanup(setattr, same_bits, name, getattr(same_bits, name))
            setattr(same_bits, name, instead)

    def compare(self, *more, old={}, **new):
        """Number of differences, and what is printed."""
        for name, changes in (("old", old), ("new", new)):
            (self.folder / name).write_text(json.dumps({**SAYS, **changes}))
        args = same_bits.parse(["--programs", str(self.folder / "old"), str(self.folder / "new"), "--jobs", "bp,joint",
                                "--threads", "1,2", *more])
        with contextlib.redirect_stdout(io.StringIO()) as said, tempfile.TemporaryDirectory() as work:
            return same_bits.compare(args, Path(work) / "work"), said.getvalue()

    def test_what_may_differ(self):
        self.assertEqual(self.compare()[0], 0)
        self.assertEqual(self.compare(memory=5000 + same_bits.MORE_MEMORY)[0], 0)
        self.assertEqual(self.compare(memory=10)[0], 0)

    def test_every_difference_counts(self):
        for changes, word, count in (({"weight": 1.5}, "[tensors] model:w: 1 of 1 numbers differ", 2),
                                     ({"weight": -0.0}, "[tensors]", 2),
                                     ({"by_threads": 1, "weight": 0.0}, "[tensors] 2 threads, new: model:w", 2),
                                     ({"loss": 0.25}, "[train_loss] line 1.train_loss: 0.5 -> 0.25", 4),
                                     ({"loss": float("nan")}, "[linear] result.fractions.0.linear: 0.5 -> nan", 4),
                                     ({"accuracy": 0.8, "own_accuracy": 0.8}, "[accuracy] eval of the old run by old and new", 2),
                                     ({"own_accuracy": 0.8}, "[accuracy] eval by new of the old run and the new", 2),
                                     ({"own_accuracy": 0.8, "weight": 2.0}, "[tensors]", 2),
                                     ({"own_fails": True}, "[failed] Failed: eval ended with 3", 2),
                                     ({"memory": 5001 + same_bits.MORE_MEMORY}, "[memory]", 4),
                                     ({"fails": True}, "[failed] Failed: train ended with 1: planaria: no", 2)):
            bad, said = self.compare(**changes)
            self.assertEqual(bad, count, (changes, said))
            self.assertIn(word, said)

    def test_allowed_differences_are_shown(self):
        for allowed, left in ((["--allow", "train_loss"], 2), (["--allow", "train_loss", "--allow", "linear"], 0),
                              (["--allow", "joint"], 2), (["--allow", "joint:linear"], 3), (["--allow", "tensors"], 4)):
            bad, said = self.compare(*allowed, loss=0.25)
            self.assertEqual(bad, left)
            self.assertIn("line 1.train_loss: 0.5 -> 0.25", said)

    def test_old_answers_are_kept(self):
        cache = ["--cache", str(self.folder / "cache")]
        ask, asked = same_bits.ask, []
        self.addCleanup(setattr, same_bits, "ask", ask)
        same_bits.ask = lambda program, side, *rest: asked.append(side) or ask(program, side, *rest)
        self.assertEqual(self.compare(*cache)[0], 0)
        self.assertEqual(sorted(asked), ["new", "new", "old", "old"])
        self.assertEqual(self.compare(*cache, weight=2.0)[0], 2)
        self.assertEqual(len(asked), 6)
        self.assertEqual(self.compare(*cache, old={"weight": 2.0}, weight=2.0)[0], 0)
        self.assertEqual(len(asked), 10)

    def test_tensors(self):
        one = ("F32", [2], struct.pack("<2f", 1, 2))
        for other in (("F32", [1, 2], one[2]), ("I32", [2], one[2]), ("F32", [2], struct.pack("<2f", 1, 3))):
            self.assertEqual(len(same_bits.compare_tensors({"a": one}, {"a": other})), 1)
        self.assertEqual(len(same_bits.compare_tensors({"a": one}, {"b": one})), 2)
        self.assertEqual(same_bits.compare_tensors({"a": one}, {"a": one}), [])

    def test_figures_without_times(self):
        text = json.dumps({"epoch": 1, "train_seconds": 2, "evaluate_seconds": 1, "samples_per_second": 4, "peak_bytes": 5,
                           "fractions": [{"linear": 0.5}]})
        self.assertEqual(same_bits.figures_of(text), {"epoch": 1, "fractions.0.linear": 0.5})

    def test_data_are_the_same_every_time(self):
        self.assertEqual(same_bits.draw_set("frames", 5, "train"), same_bits.draw_set("frames", 5, "train"))
        self.assertNotEqual(same_bits.draw_set("frames", 5, "train"), same_bits.draw_set("frames", 5, "t10k"))
        for name, (height, width, channels, frames, share) in same_bits.SETS.items():
            samples, labels = same_bits.draw_set(name, 8, "train")
            self.assertEqual(len(samples), 8 * height * width * channels * frames)
            self.assertEqual(len(labels), 8)
            active = sum(byte > 0 for byte in samples) / len(samples)
            self.assertTrue(0.7 * share <= active <= 1.3 * share, (name, active))

    def test_wrong_use(self):
        for argv in ([], ["a", "b", "c"], ["a", "--programs", "x", "y"], ["a", "--jobs", "none"]):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                same_bits.parse(argv)


if __name__ == "__main__":
    unittest.main()
