#!/usr/bin/env python3
"""Whether docs/configuration.md says of every option what the program does.

    tools/check_options.py PROGRAM [--write]

PROGRAM is tests/print_options as it was built.  What stands in the page between <!-- options: SECTION --> and
<!-- end of options --> must be the rows of that section, "top" being all that is in no section of its own.  Schedules
are listed once, in train.  --write puts the rows in.  Every option must be in one of the tables.
"""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"
MARKED = re.compile(r"(<!-- options: (\w+) -->\n).*?(<!-- end of options -->)", re.S)
HEAD = "| key | value | default | what it says |\n|---|---|---|---|\n"


def rows_of(program):
    """[(path, row)] of all options, without the schedules of other sections than train."""
    text = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    rows = [(re.match(r"\| (?:\*\*)?`([^`]+)`", line)[1], line) for line in text.splitlines()]
    return [(path, line) for path, line in rows if ".schedule." not in path or path.startswith("train.")]


def table(rows, section, sections):
    """The rows of a section as a table; the keys begin inside of it."""
    lines = []
    for path, line in rows:
        inside = path.split(".")[0]
        if (inside if inside in sections and path != inside else "top") == section:
            lines.append(line.replace(f"`{section}.", "`", 1))
    return HEAD + "\n".join(lines) + "\n"


def renew(page, rows):
    sections = {name for _, name, _ in MARKED.findall(page)}
    return MARKED.sub(lambda m: m[1] + table(rows, m[2], sections) + m[3], page)


def main():
    words = [word for word in sys.argv[1:] if word != "--write"]
    if len(words) != 1:
        sys.exit(__doc__)
    page = PAGE.read_text(encoding="utf-8")
    renewed = renew(page, rows_of(words[0]))
    if "--write" in sys.argv:
        PAGE.write_text(renewed, encoding="utf-8")
    elif page != renewed:
        old, new = page.splitlines(), renewed.splitlines()
        print(*[f"- {line}" for line in old if line not in new], *[f"+ {line}" for line in new if line not in old], sep="\n")
        print("check_options: docs/configuration.md is not what the options are; --write renews it")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
