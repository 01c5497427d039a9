#!/usr/bin/env python3
"""Checks what pages and comments refer to: sections of docs/theory.md, links between pages, and files that pages name.

Comments cite equations as "theory 2.4", or several as "theory 4.1 to 4.3, 12.6"."""
import os
import re
import sys

THEORY = os.path.join("docs", "theory.md")
FOLDERS = ("include", "src", "cli", "tests", "bench", "examples", "tools", "presets", "sweeps", "docs", ".ci")
ENDS = (".c", ".h", ".cc", ".def", ".py", ".sh", ".sed", ".md", ".yaml", ".txt", ".in", "Makefile", "run")
# They name what they look for.
EXCEPTIONS = ("tools/check_theory.py", "tools/test_check_theory.py")

# What may stand between two words of a sentence: spaces, or a line's end and the next line's mark of a comment.
GAP = r"(?:[ \t]|\n[ \t]*(?:\*|#|//)?)+"
NUMBER = r"\d+(?:\.\d+)?(?![\d.]*\d)"
CITED = re.compile(rf"\btheory{GAP}({NUMBER}(?:(?:,{GAP}|{GAP}to{GAP}|{GAP}and{GAP})\d+\.\d+(?![\d.]*\d))*)", re.I)
PAGE_AND_NUMBER = re.compile(r"\btheory\.md[`)]*,?\s+(?:section\s+)?\d")
DOCUMENT = re.compile(r"\bspecifications?\b|\bthe\s+specs?\b", re.I)

FENCE = re.compile(r"^ *(```|~~~).*?^ *\1[^\n]*$", re.M | re.S)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)")
# A source that a page names, perhaps from below one of these folders; NAME stands for the reader's.
SOURCE = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:c|h|def|py|sh|md))`")
BELOW = ("", "src", "include", "cli", "tests")
HEADING = re.compile(r"^#+[ \t]+(.*?)[ \t#]*$", re.M)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def files(root):
    for name in sorted(os.listdir(root)):
        if name.endswith(ENDS) and os.path.isfile(os.path.join(root, name)):
            yield name
    for folder in FOLDERS:
        for place, below, names in os.walk(os.path.join(root, folder)):
            below[:] = sorted(name for name in below if name not in ("corpus", "__pycache__"))
            for name in sorted(names):
                if name.endswith(ENDS):
                    yield os.path.relpath(os.path.join(place, name), root)


def without_code(page):
    """The page with its blocks of code emptied; lines keep their numbers."""
    return FENCE.sub(lambda block: "\n" * block.group().count("\n"), page)


def headings(page):
    return HEADING.findall(without_code(page))


def anchors(page):
    """What GitHub makes of the headings: lower case, no punctuation, hyphens for spaces, numbered when repeated."""
    seen, found = {}, set()
    for heading in headings(page):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
        seen[slug] = seen.get(slug, 0) + 1
    return found


def line(text, at):
    return text.count("\n", 0, at) + 1


def sections(page):
    return [match.group(1) for heading in headings(page) if (match := re.match(r"(\d+(?:\.\d+)?)\s", heading))]


def faults_of_sections(page):
    numbers = sections(page)
    for number in sorted(set(numbers)):
        if numbers.count(number) > 1:
            yield f"{THEORY}: section {number} stands there {numbers.count(number)} times"


def faults_of_citations(path, text, known):
    for match in CITED.finditer(text):
        for number in re.findall(NUMBER, match.group(1)):
            if number not in known:
                yield f"{path}:{line(text, match.start())}: {THEORY} has no section {number}"
    for match in PAGE_AND_NUMBER.finditer(text):
        yield f"{path}:{line(text, match.start())}: cite a section as 'theory 2.4'"
    for match in DOCUMENT.finditer(text):
        yield f"{path}:{line(text, match.start())}: '{match.group()}' is no document; cite a section as 'theory 2.4'"


def faults_of_links(root, path, text):
    text = CODE.sub(lambda code: " " * len(code.group()), without_code(text))
    for match in LINK.finditer(text):
        target, where = match.group(1), f"{path}:{line(text, match.start())}"
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        to = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if to.startswith("..") or not os.path.exists(os.path.join(root, to)):
            yield f"{where}: there is no {to}"
        elif anchor and to.endswith(".md") and anchor not in anchors(read(root, to)):
            yield f"{where}: {to} has no heading #{anchor}"


def faults_of_sources(root, path, text, names):
    text = without_code(text)
    for match in SOURCE.finditer(text):
        source = match.group(1)
        beside = os.path.join(os.path.dirname(path), source)
        found = source in names if "/" not in source else \
            any(os.path.exists(os.path.join(root, to)) for to in (beside, *(os.path.join(f, source) for f in BELOW)))
        if not found and "NAME" not in source:
            yield f"{path}:{line(text, match.start())}: there is no file {source}"


def faults(root):
    theory = read(root, THEORY)
    known, names = set(sections(theory)), {os.path.basename(path) for path in files(root)}
    yield from faults_of_sections(theory)
    for path in files(root):
        text = read(root, path)
        if path not in EXCEPTIONS:
            yield from faults_of_citations(path, text, known)
        if path.endswith(".md"):
            yield from faults_of_links(root, path, text)
            yield from faults_of_sources(root, path, text, names)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    found = list(faults(root))
    for fault in found:
        print(fault)
    print(f"check_theory: {len(found)} faults")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
