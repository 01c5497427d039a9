#!/usr/bin/env python3
"""boards.py - exported networks compute the same bits on small processors, at the costs of the committed table

    boards.py PLANARIA [--write]

Networks of nets.py are exported, built for each processor of targets.py and run by QEMU: each parity check must end with 0,
and flash, RAM and mean instructions must be at most 1 % above those of costs.json, if that is of the same versions of the
compilers.  --write commits what is counted.  Ends with 77 where a compiler or QEMU is missing.
"""
import argparse
import concurrent.futures
import json
import pathlib
import tempfile

import nets
import targets

COSTS = pathlib.Path(__file__).resolve().parent / "costs.json"
MORE = 0.01
SAMPLES = 16


def mean(counts):
    return round(sum(counts) / len(counts))


def measure(name, folder, target, counter):
    """The figures of a network on a target."""
    program = folder.parent / f"{name}.{target}"
    flash, ram = targets.build(target, sorted(folder.glob("*.c")), folder, program)
    code, counts = targets.run(target, program, counter)
    if code:
        raise SystemExit(f"{name} on {target}: the parity check ended with {code}: other bits than on the host")
    figures = {"flash": flash, "ram": ram, "stack": targets.stack(program), "instructions": mean(counts[:SAMPLES])}
    if counts[SAMPLES:]:
        figures["instructions of a learning step"] = mean(counts[SAMPLES:])
    return f"{name} on {target}", figures


def compare(found, committed):
    """What is more than it was."""
    faults = [f"{where}: {what} {value}, not {committed.get(where, {}).get(what)}" for where, figures in found.items()
              for what, value in figures.items() if value > committed.get(where, {}).get(what, 0) * (1 + MORE)]
    return faults + [f"{where} was not measured" for where in committed if where not in found]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("planaria")
    arguments.add_argument("--write", action="store_true")
    options = arguments.parse_args()
    why = targets.missing()
    if why:
        print(f"SKIP: {why}")
        return 77
    with tempfile.TemporaryDirectory(prefix="planaria-boards-") as folder:
        folder = pathlib.Path(folder)
        counter = targets.build_counter(folder)
        exported = nets.make(str(pathlib.Path(options.planaria).resolve()), folder)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(measure, name, where, target, counter) for name, where in exported.items() for target in targets.TARGETS]
            found = dict(job.result() for job in jobs)
        reports = {name: json.loads((where / "report.json").read_text()) for name, where in exported.items()}
    compilers = targets.versions()
    if options.write:
        COSTS.write_text(json.dumps({"compilers": compilers, "costs": found}, indent=1) + "\n")
    committed = json.loads(COSTS.read_text())
    same = committed["compilers"] == compilers
    faults = compare(found, committed["costs"]) if same else []
    for name, report in reports.items():
        figures = dict(found[f"{name} on m3"])
        figures["stack"] = max(costs["stack"] for where, costs in found.items() if where.startswith(name))
        for what in ("flash", "ram", "stack"):
            if not 0.9 * report[f"{what}_bytes"] - 256 <= figures[what] <= report[f"{what}_bytes"]:
                faults.append(f"{name}: the report says {report[f'{what}_bytes']} bytes of {what}, and it takes {figures[what]}")
    what = "at the committed costs" if same else f"; their costs are not compared, since the table is of {committed['compilers']}"
    print("\n".join(faults) or f"{len(found)} programs compute the host's bits {what}")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
