"""Run folders as tables."""

import json

import pytest

import planaria


def test_runs_are_rows(tmp_path):
    for name, seed in (("b", 2), ("a/deep", 1)):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"configuration": "mine.yaml", "seed": seed, "data": {"name": "mnist"}}))
        (folder / "metrics.jsonl").write_text('{"epoch":0,"untrained_accuracy":0.1}\n{"epoch":1,"accuracy":0.5}\n{"epoch":2,"acc')
    (tmp_path / "b" / "result.json").write_text('{"accuracy": 0.75, "fractions": [{"labels": 1}]}')
    head = {"configuration": "mine.yaml", "data": "mnist"}
    assert planaria.runs(tmp_path) == [{"run": str(tmp_path / "a/deep"), **head, "seed": 1},
                                       {"run": str(tmp_path / "b"), **head, "seed": 2, "accuracy": 0.75}]
    lines = planaria.runs(str(tmp_path), metrics=True)
    assert [(line["seed"], line["epoch"]) for line in lines] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    (tmp_path / "b" / "metrics.jsonl").write_text('{"epoch":0}\nnot JSON\n')
    with pytest.raises(planaria.FormatError, match="metrics.jsonl: line 2"):
        planaria.runs(tmp_path, metrics=True)
    with pytest.raises(FileNotFoundError):
        planaria.runs(tmp_path / "nothing")
