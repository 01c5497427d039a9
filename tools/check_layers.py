#!/usr/bin/env python3
"""Compares who includes and who calls whom with who may (docs/architecture.md), and looks for circles of files.

    tools/check_layers.py [--build DIR] [ROOT]

Calls are read by nm from the objects of DIR, a build of ROOT with CMake: what one object leaves undefined and another
defines, so a table of pointers to functions counts as calling them.  Without --build only includes are looked at.
"""
import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from collections import defaultdict

# Folder of src/ -> folders it may include and call, besides itself and pln/.
ALLOWED = {
    "base": set(),
    "kernel": {"base"},
    "tensor": {"kernel", "base"},
    "format": {"tensor", "kernel", "base"},
    "nn": {"tensor", "kernel", "base"},
    "learn": {"nn", "tensor", "kernel", "base"},
    "data": {"format", "tensor", "kernel", "base"},
    "exchange": {"nn", "format", "tensor", "kernel", "base"},
    "prune": {"nn", "tensor", "kernel", "base"},
    "train": {"learn", "data", "exchange", "prune", "nn", "format", "tensor", "kernel", "base"},
    "experiment": {"train", "learn", "data", "exchange", "prune", "nn", "format", "tensor", "kernel", "base"},
}
# Folder of cli/ -> folders it may include and call, besides itself and what lies in cli/ itself.
ALLOWED_CLI = {
    "yaml": set(),
    "sets": set(),
    "config": {"yaml", "sets"},
    "export": {"run", "config", "sets"},
    "report": {"run", "config", "sets"},
    "run": {"config", "sets"},
    "train": {"run", "config", "sets"},
    "sweep": {"run", "config", "sets", "yaml"},
}
# The header of the edge runtime, which knows nothing else; the command exports networks for it and runs them.
EDGE = "pln_edge.h"
# The context holds the table of kernels, which is all it knows of them.
EXCEPTIONS = {("src/base/context.c", "src/kernel/kernel.h"), ("src/base/context.c", "src/kernel/dispatch.c")}

# Questions that one file answers for all others: what is searched for in src/, how it is called, and whose it is.
NET_STEPS = r"(?:\w+(?:->|\.))*\bnet(?:->|\.)steps\b"
QUESTIONS = {
    "net->steps": (
        rf"!\s*{NET_STEPS}|\bif\s*\(\s*{NET_STEPS}\s*\)|(?:&&|\|\|)\s*{NET_STEPS}(?!\s*[-+*/%,;])"
        rf"|[=!<>]=\s*{NET_STEPS}|{NET_STEPS}\s*(?:\?|&&|\|\||[=!<>]=|[<>])",
        {"src/nn/input.c", "src/nn/readout.c"}),
    "ops ==": (r"\bops\s*[=!]=|[=!]=\s*&?\w+_ops\b", set()),
}

# What is not yet as it should be.  These lists only shrink: an entry that is needed no more is a fault, too.
# Question -> file -> how many lines ask it.
KNOWN_QUESTIONS = {}
# Files that lie on a circle; each set stands for one.
KNOWN_CIRCLES = []

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def sources(root, folder):
    for place, _, names in os.walk(os.path.join(root, folder)):
        for name in sorted(names):
            if name.endswith((".c", ".h", ".def")):
                yield os.path.relpath(os.path.join(place, name), root)


def includes(root):
    """(file, what it includes as a path from the root)."""
    for top, own in (("src", "src"), ("include", "src"), ("cli", "cli"), ("runtime", "runtime")):
        for path in sources(root, top):
            for target in INCLUDE.findall(read(root, path)):
                public = target.startswith("pln/") or target == "planaria.h"
                home = "include" if public else "runtime" if target == EDGE else own
                yield path, os.path.join(home, target)


def objects(root, build):
    """(object, its source as a path from the root) of what was built from src/ and cli/."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    for command in commands:
        path = os.path.relpath(os.path.realpath(command["file"]), os.path.realpath(root))
        if path.startswith(("src" + os.sep, "cli" + os.sep)):
            words = shlex.split(command["command"])
            yield os.path.join(command["directory"], words[words.index("-o") + 1]), path


def calls(root, build):
    """(file, file) -> the symbols that the first takes from the second; and file -> all symbols that it takes."""
    source_of = dict(objects(root, build))
    listing = subprocess.run(["nm", "-A", "-P", "-g", *source_of], check=True, capture_output=True, text=True).stdout
    home, taken = {}, defaultdict(set)
    for line in listing.splitlines():
        at, rest = line.split(": ", 1)
        symbol, kind = rest.split()[:2]
        if kind in "Uwv":
            taken[source_of[at]].add(symbol)
        else:
            home[symbol] = source_of[at]
    edges = defaultdict(set)
    for path, symbols in taken.items():
        for symbol in symbols:
            if home.get(symbol, path) != path:
                edges[path, home[symbol]].add(symbol)
    return edges, taken


def misplaced(path, target):
    """Why path must not know target; None if it may."""
    top, module = path.split(os.sep)[:2]
    other_top, other = target.split(os.sep)[:2]
    if (path, target) in EXCEPTIONS:
        return None
    if top == "runtime" or other_top == "runtime":
        may = other == EDGE and (top == "runtime" or (top == "cli" and module == "export"))
        return None if may else "only cli/export knows the edge runtime, by its header, and it knows nobody"
    if top == "include":
        return None if other_top == "include" else "public headers include public headers"
    if top == "src" and other_top == "src" and other != module and other not in ALLOWED[module]:
        return f"{module} may know {sorted(ALLOWED[module])}"
    if top == "cli" and other_top == "cli" and module in ALLOWED_CLI and other in ALLOWED_CLI and \
            other != module and other not in ALLOWED_CLI[module]:
        return f"{module} may know {sorted(ALLOWED_CLI[module])}"
    return None


def level_faults(root, edges, taken):
    for path, target in includes(root):
        why = misplaced(path, target)
        if why:
            yield f"{path} includes {target}: {why}"
        elif path.startswith("cli") and target not in (os.path.join("include", "planaria.h"), os.path.join("runtime", EDGE)) and \
                not (target.startswith("cli") and os.path.exists(os.path.join(root, target))):
            yield f"{path} includes {target}: the command knows planaria.h and its own headers"
    for (path, target), symbols in sorted(edges.items()):
        why = path[:3] == target[:3] and misplaced(path, target)
        if why:
            yield f"{path} calls {target} ({', '.join(sorted(symbols))}): {why}"
    for path, symbols in sorted(taken.items()):
        inner = sorted(symbol for symbol in symbols if symbol.startswith("plni_"))
        if path.startswith("cli") and inner:
            yield f"{path} takes {', '.join(inner)}: the command knows public functions"


def components(edges):
    """The strongly connected components of more than one file (Tarjan), as sorted lists."""
    after = defaultdict(list)
    for path, target in sorted(edges):
        after[path].append(target)
    index, low, stack, found = {}, {}, [], []

    def visit(path):
        index[path] = low[path] = len(index)
        stack.append(path)
        for target in after[path]:
            if target not in index:
                visit(target)
                low[path] = min(low[path], low[target])
            elif target in stack:
                low[path] = min(low[path], index[target])
        if low[path] == index[path]:
            at = stack.index(path)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for path in sorted(after):
        if path not in index:
            visit(path)
    return sorted(found)


def circle_faults(root, edges, known):
    edges = {pair: sorted(symbols) for pair, symbols in edges.items()}
    for path, target in includes(root):
        if path != target and not path.endswith(".c"):
            edges.setdefault((path, target), ["#include"])
    on_circles = components(edges)
    for files in on_circles:
        if not any(set(files) <= circle for circle in known):
            lines = [f"    {path} -> {target}: {', '.join(edges[path, target])}"
                     for path, target in sorted(edges) if path in files and target in files]
            yield "\n".join([f"a circle of {len(files)} files:", *lines])
    for path in sorted(set().union(*known) - set().union(*on_circles)):
        yield f"{path} is on no circle any more: take it out of KNOWN_CIRCLES"


def question_faults(root, known):
    for name, (pattern, owners) in QUESTIONS.items():
        allowed = known.get(name, {})
        asked = set()
        for path in sources(root, "src"):
            text = COMMENT_OR_TEXT.sub(lambda m: "\n" * m[0].count("\n"), read(root, path))
            at = sorted({text.count("\n", 0, found.end()) + 1 for found in re.finditer(pattern, text)})
            asked |= {path} if at else set()
            if path not in owners and len(at) > allowed.get(path, 0):
                yield f"{path} asks {name} in line {', '.join(map(str, at))}: that is for " \
                      f"{', '.join(sorted(owners)) or 'nobody'}" + \
                      (f", and the list of known ones has {allowed[path]}" if path in allowed else "")
        for path in sorted(set(allowed) - asked):
            yield f"{path} asks {name} no more: take it out of KNOWN_QUESTIONS"


def faults(root, build=None, known_questions=None, known_circles=None):
    """All faults of the sources in root; those that only a build shows if there is one."""
    edges, taken = calls(root, build) if build else ({}, {})
    yield from level_faults(root, edges, taken)
    yield from question_faults(root, known_questions or {})
    yield from circle_faults(root, edges, known_circles or [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", metavar="DIR", help="a build, whose objects tell who calls whom")
    parser.add_argument("root", nargs="?", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    chosen = parser.parse_args()
    # Circles of calls are not seen without a build, so they cannot be missed either.
    circles = KNOWN_CIRCLES if chosen.build else []
    found = list(faults(os.path.normpath(chosen.root), chosen.build, KNOWN_QUESTIONS, circles))
    for fault in found:
        print(fault)
    print(f"check_layers: {len(found)} faults")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
