"""The library's tables of options, and configurations read by them.

No name of an option and no range stands in this package: all come from the tables that the command reads, too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional, Union

import numpy as np
import yaml

from . import _native
from ._core import Context, FormatError, text
from ._native import ffi, lib

Config = Union[str, Path, Mapping[str, Any]]

PRESETS = Path(_native.__file__).parent / "presets"

# What configurations of the command have beside an experiment: words about it, and where its data come from.
ASIDE = ("description", "data", "read", "expected")

_TYPES = {
    lib.PLN_OPTION_INT: "int", lib.PLN_OPTION_FLOAT: "float", lib.PLN_OPTION_DOUBLE: "float", lib.PLN_OPTION_BOOL: "bool",
    lib.PLN_OPTION_WORD: "word", lib.PLN_OPTION_TEXT: "str", lib.PLN_OPTION_INTS: "ints", lib.PLN_OPTION_FLOATS: "floats",
    lib.PLN_OPTION_TEXTS: "texts", lib.PLN_OPTION_SECTION: "section", lib.PLN_OPTION_LIST: "list",
}


@dataclass(frozen=True)
class Option:
    """One key of a configuration.

    Attributes
    ----------
    name, help : str
    type : str
        ``int``, ``float``, ``bool``, ``word``, ``str``, ``ints``, ``floats``, ``texts``, ``section`` or ``list``.
    default : object
        None for sections, and for values that follow from others or must be there.
    needed : bool
        A configuration with the section must have it.
    low, high : float
        The range; both 0 for any number.
    words : tuple of str
        What a word may be.
    """

    name: str
    type: str
    default: Any
    needed: bool
    low: float
    high: float
    words: tuple[str, ...]
    help: str


def _rows(table: Any, wanted: Optional[list[str]] = None) -> Iterator[Any]:
    """The rows of a table, those of other tables in their place."""
    i = 0
    rows = []
    while table[i].type != lib.PLN_OPTION_END:
        row = table[i]
        rows += list(_rows(row.options, text(row.name).split())) if row.type == lib.PLN_OPTION_ALSO else [row]
        i += 1
    if wanted is None:
        yield from rows
    else:
        for name in wanted:
            yield next(row for row in rows if text(row.name) == name)


def _words(row: Any) -> tuple[str, ...]:
    words: list[str] = []
    while row.words != ffi.NULL and row.words[len(words)] != ffi.NULL:
        words.append(text(row.words[len(words)]))
    return tuple(words)


def _default(row: Any, words: tuple[str, ...]) -> Any:
    kind, usual, needed = _TYPES[row.type], row.usual, bool(row.flags & lib.PLN_OPTION_NEEDED)
    if kind in ("section", "list") or needed:
        return None
    if kind == "bool":
        return bool(usual)
    if kind == "word":
        return words[int(usual)] if 0 <= usual < len(words) and words[int(usual)] else None
    if kind in ("int", "float"):
        left_out = (row.low or row.high) and not row.low <= usual <= row.high
        return None if left_out and usual != 0 else int(usual) if kind == "int" else lib.pln_decimal(usual)
    return "" if kind == "str" else ()


def _option(row: Any) -> Option:
    words = _words(row)
    return Option(text(row.name), _TYPES[row.type], _default(row, words), bool(row.flags & lib.PLN_OPTION_NEEDED), row.low, row.high,
                  tuple(word for word in words if word), text(row.help))


def options(section: str = "") -> dict[str, Option]:
    """The keys that a section of a configuration may have.

    Parameters
    ----------
    section : str
        Sections from the top, such as ``"train"`` or ``"train.schedule"``; ``"layers.conv"`` has the keys of a kind of layer.

    Returns
    -------
    dict of str to Option
        In the order of the table.

    Raises
    ------
    KeyError
        There is no such section.

    Examples
    --------
    >>> planaria.options("train")["gamma"].help
    'strength of homeostasis; 0: none'
    """
    table = lib.pln_experiment_options
    for name in section.split(".") if section else []:
        row = next((row for row in _rows(table) if text(row.name) == name), None)
        if row is None or row.options == ffi.NULL:
            raise KeyError(f"there is no section {section!r}")
        table = row.options
    return {text(row.name): _option(row) for row in _rows(table)}


# ---- configurations ------------------------------------------------------------------------------


class _Loader(yaml.BaseLoader):  # type: ignore[misc]
    """Values stay texts, which the tables read; a key that stands twice is refused."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        twice = next((key for i, key in enumerate(keys) if key in keys[:i]), None)
        if twice is not None:
            raise FormatError(f"line {node.start_mark.line + 1}: the key '{twice}' stands twice; leave one out")
        found: dict[Any, Any] = super().construct_mapping(node, deep=True)
        return found


def _load(path: Path) -> dict[str, Any]:
    try:
        config = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except yaml.YAMLError as error:
        raise FormatError(f"{path}: this is no YAML: {error}") from None
    if not isinstance(config, dict):
        raise FormatError(f"{path}: a configuration has keys, such as 'train: ...'")
    return config


def presets() -> list[str]:
    """The names of the presets that come with the package, such as ``"liu2024/unsup-bp-1layer"``."""
    return sorted(path.relative_to(PRESETS).with_suffix("").as_posix() for path in PRESETS.rglob("*.yaml"))


def _find(name: Union[str, Path]) -> Path:
    if Path(name).is_file():
        return Path(name)
    full = [preset for preset in presets() if preset == str(name)]
    found = full or [preset for preset in presets() if preset.split("/")[-1] == str(name)]
    if len(found) != 1:
        more = f"; it may be one of {', '.join(found)}" if found else "; planaria.presets() lists them"
        raise FormatError(f"there is neither a file nor a preset '{name}'{more}")
    return PRESETS / (found[0] + ".yaml")


def load_config(config: Config) -> dict[str, Any]:
    """A configuration as nested dicts: a preset by its name, a YAML file by its path, or a dict (copied)."""
    if isinstance(config, (str, Path)):
        return _load(_find(config))
    return {str(key): _copy(value) for key, value in config.items()}


def preset(name: str) -> dict[str, Any]:
    """A preset as a dict, to change and hand to `train`.

    Parameters
    ----------
    name : str
        One of `presets`, or the last part of its name.

    Returns
    -------
    dict
        What differs from the defaults; numbers are numbers.  ``description``, ``data`` and ``expected`` are as the file has them.

    Raises
    ------
    FormatError
        There is no such preset.
    """
    config = load_config(name)
    return {**{key: config[key] for key in ASIDE if key in config}, **Experiment(Context(1), config).to_dict()}


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, (list, tuple, np.ndarray)) else value


def change(config: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Sets values by their paths: ``{"train.gamma": 0.3}``; items of lists by their numbers."""
    for path, value in changes.items():
        *sections, last = path.split(".")
        at: Any = config
        for name in sections:
            at = at[int(name)] if isinstance(at, list) else at.setdefault(name, {})
        if isinstance(at, list):
            at[int(last)] = value
        elif isinstance(at, dict):
            at[last] = value
        else:
            raise FormatError(f"{path}: {'.'.join(sections)} is one value, no section", path)


def _value(value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)


def _settings(value: Any, path: str = "") -> Iterator[tuple[str, int, str]]:
    """(path, kind, text) of a value and all in it, sections before what they hold."""
    if isinstance(value, Mapping):
        items, kind = [(str(key), item) for key, item in value.items()], lib.PLN_SETTING_SECTION
    elif isinstance(value, (list, tuple, np.ndarray)):
        items, kind = [(str(i), item) for i, item in enumerate(value)], lib.PLN_SETTING_LIST
    else:
        items, kind = [], lib.PLN_SETTING_VALUE
    if path:
        yield path, kind, _value(value) if kind == lib.PLN_SETTING_VALUE else ""
    for key, item in items:
        yield from _settings(item, f"{path}.{key}" if path else key)


class Experiment:
    """A configuration that the library has read and checked."""

    def __init__(self, context: Context, config: Mapping[str, Any]) -> None:
        lines = list(_settings({key: value for key, value in config.items() if key not in ASIDE}))
        kept = [(ffi.new("char[]", path.encode()), kind, ffi.new("char[]", value.encode())) for path, kind, value in lines]
        settings = ffi.new("pln_setting[]", [{"path": path, "kind": kind, "text": value} for path, kind, value in kept])
        self.pointer = ffi.new("pln_experiment *")
        lib.pln_experiment_defaults(self.pointer)
        with context.lock:
            context.call(lib.pln_option_read, context, lib.pln_experiment_options, self.pointer, settings, len(lines))
            context.call(lib.pln_experiment_check, context, self.pointer)

    def to_dict(self) -> dict[str, Any]:
        """What differs from the defaults."""
        size = lib.pln_option_print(lib.pln_experiment_options, self.pointer, lib.PLN_PRINT_JSON, ffi.NULL, 0)
        line = ffi.new("char[]", size + 1)
        lib.pln_option_print(lib.pln_experiment_options, self.pointer, lib.PLN_PRINT_JSON, line, size + 1)
        found: dict[str, Any] = json.loads(text(line))
        return found
