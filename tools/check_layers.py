#!/usr/bin/env python3
"""Compares the #includes with who may include whom (docs/architecture.md)."""
import os
import re
import sys

# Folder of src/ -> folders it may include, besides itself and pln/.
ALLOWED = {
    "base": set(),
    "kernel": {"base"},
    "tensor": {"kernel", "base"},
    "format": {"tensor", "kernel", "base"},
    "nn": {"tensor", "kernel", "base"},
    "learn": {"nn", "tensor", "kernel", "base"},
    "data": {"format", "tensor", "kernel", "base"},
    "exchange": {"nn", "format", "tensor", "kernel", "base"},
    "train": {"learn", "data", "exchange", "nn", "format", "tensor", "kernel", "base"},
}
# Folder of cli/ -> folders it may include, besides itself and the headers that lie in cli/.
ALLOWED_CLI = {
    "yaml": set(),
    "sets": set(),
    "config": {"yaml", "sets"},
    "run": {"config", "sets"},
    "train": {"run", "config", "sets"},
    "sweep": {"run", "config", "sets", "yaml"},
}
# The context holds the table of kernels, which is all it knows of them.
EXCEPTIONS = {("src/base/context.c", "kernel/kernel.h")}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def includes(path):
    with open(path, encoding="utf-8") as file:
        return INCLUDE.findall(file.read())


def sources(root, folder):
    for place, _, names in os.walk(os.path.join(root, folder)):
        for name in sorted(names):
            if name.endswith((".c", ".h", ".def")):
                yield os.path.relpath(os.path.join(place, name), root)


def faults(root):
    for path in sources(root, "src"):
        room = path.split(os.sep)[1]
        for target in includes(os.path.join(root, path)):
            other = target.split("/")[0]
            if other == "pln" or other == room or (path, target) in EXCEPTIONS:
                continue
            if other not in ALLOWED[room]:
                yield f"{path} includes {target}: {room} may include {sorted(ALLOWED[room])}"
    for path in sources(root, "include"):
        for target in includes(os.path.join(root, path)):
            if not target.startswith("pln/"):
                yield f"{path} includes {target}: public headers include public headers"
    for path in sources(root, "cli"):
        room = path.split(os.sep)[1]
        for target in includes(os.path.join(root, path)):
            other = target.split("/")[0] if "/" in target else None
            if other and room in ALLOWED_CLI and other != room and other not in ALLOWED_CLI[room]:
                yield f"{path} includes {target}: {room} may include {sorted(ALLOWED_CLI[room])}"
            if target != "planaria.h" and not os.path.exists(os.path.join(root, "cli", target)):
                yield f"{path} includes {target}: the command knows planaria.h and its own headers"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    found = list(faults(root))
    for fault in found:
        print(fault)
    print(f"check_layers: {len(found)} faults")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
