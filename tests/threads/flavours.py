#!/usr/bin/env python3
"""Runs flavour with each flavour of OpenBLAS that Debian has and this machine has installed.

The weights must be the same for 1, 2 and 3 threads.  OpenBLAS must have been told to take one
thread, and OpenMP must start none, but would start as many for the application as before.
"""
import os
import re
import subprocess
import sys

SKIPPED = 77                          # what CTest knows as "not run"
FLAVOURS = {"serial": 0, "pthread": 1, "openmp": 2}


def flavours(program):
    """Folders of the flavours that fit what the program is linked with."""
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    found = re.search(r"=> (\S+)/libopenblas\.so", linked)
    if not found:
        return
    for name in FLAVOURS:
        folder = os.path.join(found[1], "openblas-" + name)
        if os.path.exists(os.path.join(folder, "libopenblas.so.0")):
            yield name, folder


def run(program, folder, threads):
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_", "OPENBLAS_"))}
    more = {"LD_LIBRARY_PATH": folder, "OMP_NUM_THREADS": "4"}
    done = subprocess.run([program, str(threads)], env={**keep, **more}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None, f"it ends with {done.returncode}: {done.stderr.strip()}"
    weights, *rest = done.stdout.split()
    return weights, [int(n) for n in rest]


def main():
    program = sys.argv[1]
    wrong, ran = 0, 0
    for name, folder in flavours(program):
        first = None
        for threads in (1, 2, 3):
            weights, rest = run(program, folder, threads)
            first = first or weights
            faults = []
            if weights is None:
                faults.append(rest)
            else:
                kind, blas, alive, now, before = rest
                faults += ["it is another flavour"] * (kind != FLAVOURS[name])
                faults += ["other weights than with 1 thread"] * (weights != first)
                if name == "openmp":
                    faults += [f"{alive} threads are there"] * (alive != threads)
                else:
                    faults += [f"OpenBLAS takes {blas} threads"] * (blas != 1)
                faults += [f"OpenMP would start {now} threads, {before} before"] * (now != before)
            print(f"{name}, {threads} threads: {weights} {'; '.join(faults)}")
            wrong += bool(faults)
        ran += 1
    if not ran:
        print("no flavour of OpenBLAS is installed as Debian does it: skipped")
        return SKIPPED
    print(f"{ran} of {len(FLAVOURS)} flavours, {wrong} faults")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
