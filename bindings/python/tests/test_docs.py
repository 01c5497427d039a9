"""The examples of docs/python.md and docs/nir.md run."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"
EXAMPLES = [(page, example) for page in ("python.md", "nir.md")
            for example in re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.S)]


@pytest.mark.parametrize("page, example", EXAMPLES, ids=[f"{page}-{i}" for i, (page, _) in enumerate(EXAMPLES)])
def test_examples(page, example, tmp_path, monkeypatch, capsys):
    if "nir" in page:
        pytest.importorskip("nir")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, page, "exec"), {})
    said = capsys.readouterr().out
    shares = [float(share) for share in re.findall(r"labels: +([\d.]+)", said)]
    assert said and all(share > 0.7 for share in shares) and shares == sorted(shares)
