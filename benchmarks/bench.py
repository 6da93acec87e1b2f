#!/usr/bin/env python3
"""Times xling and its peers in turns, in one run: steps of an alignment, embedding, tokenizing, ranking, and more.

    benchmarks/bench.py [--quick] [--only GROUP,...] [--binary .build/release/xling] [--shared ../shared]
        [--output FOLDER] [--list]

--quick has the rows that matter, in under three minutes; without it all are measured, in about half an hour. Writes
bench.json and bench.md, with --quick bench-quick.json and .md, to benchmarks/results. Peers are Python packages, of
the versions in peers/requirements.txt, in a virtual environment that is made here the first time; a row whose peer
is missing is named as not measured. Nothing else may run on the machine: the load average is written down.
"""
import argparse
import json
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from suite import goals, machine, plan, table
from suite.towers import Material
from suite.turns import Missing

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
REQUIREMENTS = HERE / "peers/requirements.txt"


def packages():
    """Names of the peers."""
    return [line.split("==")[0] for line in REQUIREMENTS.read_text().splitlines() if "==" in line]


def in_environment():
    """Goes on in a virtual environment with the peers; those that cannot be installed are missing there."""
    python, made = VENV / "bin/python", VENV / "requirements.txt"
    if not made.exists() or made.read_text() != REQUIREMENTS.read_text():
        print(f"bench: installing the peers into {VENV}", file=sys.stderr)
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        pip = [python, "-m", "pip", "-q", "install"]
        if subprocess.run([*pip, "-r", REQUIREMENTS]).returncode != 0:
            for line in REQUIREMENTS.read_text().splitlines():
                if "==" in line and subprocess.run([*pip, line]).returncode != 0:
                    print(f"bench: {line} cannot be installed", file=sys.stderr)
        made.write_text(REQUIREMENTS.read_text())
    if Path(sys.prefix).resolve() != VENV:
        os.execv(python, [str(python), str(HERE / "bench.py"), *sys.argv[1:]])


def measure(parts, material):
    """Rows, and what was not measured."""
    rows, missing = [], []
    for part in parts:
        lacking = [package for package in part.needs if machine.version(package) is None]
        print(f"bench: {part.group}: {part.words}", file=sys.stderr)
        began = time.monotonic()
        try:
            if lacking:
                raise Missing("not installed: " + ", ".join(lacking))
            rows += [{"group": part.group, **row} for row in part.measure(material)]
        except Missing as reason:
            missing.append({"words": part.words, "reason": str(reason)})
            print(f"bench: not measured: {reason}", file=sys.stderr)
        except subprocess.CalledProcessError as failure:
            raise SystemExit(f"bench: status {failure.returncode} of {' '.join(map(str, failure.cmd))}\n"
                             f"{(failure.stderr or '')[-2000:]}")
        print(f"bench: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return rows, missing


def arguments():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--quick", action="store_true")
    options.add_argument("--only", help="groups, with commas between; see --list")
    options.add_argument("--list", action="store_true", help="what would be measured")
    options.add_argument("--binary", default=HERE.parent / ".build/release/xling", type=Path)
    options.add_argument(
        "--shared", type=Path, default=os.environ.get("XLING_SHARED", HERE.parent.parent / "shared"))
    options.add_argument("--output", type=Path, default=HERE / "results")
    return options.parse_args()


def main():
    chosen = arguments()
    instructions = machine.processor()[1]
    parts = (plan.quick if chosen.quick else plan.whole)(instructions)
    if chosen.only:
        wanted = set(chosen.only.split(","))
        unknown = wanted - {part.group for part in parts}
        if unknown:
            raise SystemExit(f"bench: no group {', '.join(sorted(unknown))}; see --list")
        parts = [part for part in parts if part.group in wanted]
    if chosen.list:
        print("\n".join(f"{part.group}: {part.words}" for part in parts))
        return
    if not chosen.binary.exists():
        raise SystemExit(f"bench: no {chosen.binary}: make build")
    in_environment()
    material = Material(chosen.binary.resolve(), (HERE.parent / ".build/bench").resolve(), chosen.shared.resolve())
    load, began, before = machine.load(), time.monotonic(), machine.busy() - machine.own()
    rows, missing = measure(parts, material)
    seconds = time.monotonic() - began
    others = (machine.busy() - machine.own() - before) / seconds / os.cpu_count()
    report = {
        "schema": "xling.bench/1", "quick": chosen.quick, "date": date.today().isoformat(),
        "machine": machine.describe(material.binary, packages()), "load": [load, machine.load()],
        "others": round(max(0, others), 3), "seconds": round(seconds, 1), "rows": rows, "missing": missing,
        "untestable": goals.untestable(instructions),
    }
    chosen.output.mkdir(exist_ok=True)
    name = "bench-quick" if chosen.quick else "bench"
    (chosen.output / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
    (chosen.output / f"{name}.md").write_text(table.markdown(report))
    print(table.markdown(report), end="")


if __name__ == "__main__":
    main()
