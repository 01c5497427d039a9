"""Run folders as tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Union

from ._core import FormatError


def _read(path: Path, line: str, number: int = 1) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise FormatError(f"{path}: line {number}: {error}") from None
    if not isinstance(found, dict):
        raise FormatError(f"{path}: line {number}: this is no object of JSON")
    return found


def _whole(path: Path) -> dict[str, Any]:
    return _read(path, path.read_text(encoding="utf-8")) if path.is_file() else {}


def _lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file to which a process may be appending: a last one without its end is none yet."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else []
    return [_read(path, line, number) for number, line in enumerate(lines, 1) if line]


def runs(folder: Union[str, Path] = "runs", metrics: bool = False) -> list[dict[str, Any]]:
    """The runs of the command ``planaria`` below a folder, as rows for ``pandas.DataFrame``.

    Parameters
    ----------
    folder : str or Path
        A run folder, or one that holds some at any depth.
    metrics : bool
        False: a row for each run, with its final figures (of ``result.json``, accuracies as fractions of 1; none while it
        has not finished).  True: a row for each line of their ``metrics.jsonl``.

    Returns
    -------
    list of dict
        In the order of the folders' names; each row has ``run`` (the folder), ``configuration``, ``data`` and ``seed``.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    FormatError
        A file of a run is damaged; the text names it and the line.
    """
    at = Path(folder)
    if not at.is_dir():
        raise FileNotFoundError(f"there is no folder {at}")
    rows = []
    for manifest in sorted(at.rglob("manifest.json")):
        about = _whole(manifest)
        data = about.get("data")
        head = {"run": str(manifest.parent), "configuration": about.get("configuration"),
                "data": data.get("name") if isinstance(data, dict) else None, "seed": about.get("seed")}
        for line in _lines(manifest.parent / "metrics.jsonl") if metrics else [_whole(manifest.parent / "result.json")]:
            rows.append({**head, **{key: value for key, value in line.items() if not isinstance(value, (dict, list))}})
    return rows
