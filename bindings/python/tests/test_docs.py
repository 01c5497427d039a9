"""The examples of docs/python.md run."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "python.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples(example, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(example, str(PAGE), "exec"), {})
    said = capsys.readouterr().out
    shares = [float(share) for share in re.findall(r"labels: +([\d.]+)", said)]
    assert said and all(share > 0.7 for share in shares) and shares == sorted(shares)
