#!/usr/bin/env python3
"""run.py - run the tests of the command: NAME.sh must print what NAME.stdout holds

    run.py --planaria FILE [--accept] [NAME...]

Each script runs in an empty folder with PLANARIA (the command), DATA (the sets
of make_data.py) and TESTS (this folder) in its environment.  --accept takes the
new output as the right one: read the difference first.  A script that begins
its output with SKIP is skipped.
"""
import argparse
import difflib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77                      # what CTest knows as "not run"
SECONDS = 600


def environment(planaria, data, home):
    keep = {k: v for k, v in os.environ.items()
            if not k.startswith(("PLANARIA", "PLN_", "XDG_")) and k not in ("NO_COLOR", "CFLAGS")}
    return {**keep, "PLANARIA": planaria, "DATA": data, "TESTS": str(HERE), "HOME": home,
            "LC_ALL": "C", "TERM": "dumb", "OPENBLAS_NUM_THREADS": "1"}


def run(script, planaria, data, accept):
    folder = tempfile.mkdtemp(prefix=f"planaria-{script.stem}-")
    os.chmod(folder, 0o755)
    try:
        done = subprocess.run(["sh", str(script)], cwd=folder, timeout=SECONDS, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=environment(planaria, data, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    got = done.stdout.decode(errors="replace")
    if got.startswith("SKIP"):
        print(f"{script.stem}: {got.strip()}")
        return SKIPPED
    expected = script.with_suffix(".stdout")
    wanted = expected.read_text() if expected.exists() else ""
    if got == wanted:
        print(f"{script.stem}: as expected")
        return 0
    sys.stdout.writelines(difflib.unified_diff(wanted.splitlines(True), got.splitlines(True),
                                               expected.name, "what it prints now"))
    if not accept:
        return 1
    expected.write_text(got)
    print(f"{script.stem}: accepted")
    return 0


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--planaria", required=True)
    arguments.add_argument("--accept", action="store_true")
    arguments.add_argument("names", nargs="*")
    options = arguments.parse_args()
    scripts = [HERE / f"{name}.sh" for name in options.names] or sorted(HERE.glob("*.sh"))
    with tempfile.TemporaryDirectory(prefix="planaria-data-") as data:
        os.chmod(data, 0o755)
        subprocess.run([sys.executable, str(HERE / "make_data.py"), data], check=True)
        codes = [run(s, os.path.abspath(options.planaria), data, options.accept) for s in scripts]
    if any(c not in (0, SKIPPED) for c in codes):
        return 1
    return SKIPPED if codes and all(c == SKIPPED for c in codes) else 0


if __name__ == "__main__":
    sys.exit(main())
