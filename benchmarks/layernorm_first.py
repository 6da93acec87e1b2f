#!/usr/bin/env python3
"""LayerNorm first: the design of Kim's poster (2022) on emoji, fine-tuned from aligned runs.

    benchmarks/layernorm_first.py [--binary .build/release/xling] [--work runs/layernorm-first]
                                  [--steps 80] [--seeds 5] [--shots 8] [--least 8] [--hold-out 10]
                                  [--rates 0.003,0.01] [--batch 32] [--threads N]

Of each seed: a run aligned on scenes, classifiers of CLDR's subgroups of emoji with few shots and with all
pictures, LayerNorm tuning alone, together with and as initialization of linear probe, prompt, adapter and
compacter, and full tuning; measured in distribution, on shifted pictures, on classes held out. Learning rates
are chosen on val by the first seed among the same rates for every method (--rates card: the cards' own). What is there already is not done
again: a killed study goes on with the same command. Writes benchmarks/results/layernorm-first.csv and .md from
the results of all classifiers; intervals are a crossed bootstrap over seeds and pictures.
"""
import argparse
import csv
import json
import os
import platform
import random
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
METHODS = ["linear-probe", "prompt", "lwa", "compacter"]
SHIFTS = ["emoji-background-3", "emoji-size-2", "emoji-rendering-2", "scenes"]
REGIMES = ["low", "high"]
DRAWS = 2_000


def xling(chosen, *arguments, capture=True):
    done = subprocess.run(
        [chosen.binary, *map(str, arguments)], text=True, capture_output=capture, cwd=chosen.work,
        env={"XLING_HOME": str(ROOT), **os.environ})
    if done.returncode:
        raise SystemExit(f"xling {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def cells():
    """(method, mode): mode is none, with or init."""
    yield "layernorm", "none"
    yield "full", "none"
    for method in METHODS:
        for mode in ["none", "with", "init"]:
            yield method, mode


def name(method, mode, regime, seed):
    return f"{method}-{mode}-{regime}-{seed}"


def finetune(chosen, method, mode, regime, seed, rates):
    """The learning rate; fine-tuned and measured unless it was already."""
    folder = f"runs/{name(method, mode, regime, seed)}"
    key = (method, mode, regime)
    done = chosen.work / folder / "measured.json"
    if done.exists():
        stored = json.loads(done.read_text())
        rates.setdefault(key, stored["rate"])
        return stored
    tries = [] if chosen.rates == "card" else ["--choose-rate", chosen.rates]
    rate = ["--rate", rates[key]] if key in rates else tries
    command = ["finetune", f"runs/aligned-{seed}", "--data", "emoji", "--method", method, "--least", chosen.least,
               "--steps", chosen.steps, "--batch-size", chosen.batch, "--seed", seed, "--shots-seed", seed, "--output", folder,
               "--threads", chosen.threads, "--json", *rate]
    if regime == "low":
        command += ["--shots", chosen.shots]
    if mode == "with":
        command += ["--with", "layernorm"]
    if mode == "init":
        command += ["--start-from", f"runs/{name('layernorm', 'none', regime, seed)}"]
    held = chosen.work / "held-out.txt"
    command += ["--hold-out-classes", held if held.exists() else chosen.hold_out]
    for data in SHIFTS:
        command += ["--eval-data", data]
    began = time.time()
    result = json.loads(xling(chosen, *command))
    identity = result["record"]["identity"]
    if not held.exists():
        held.write_text("\n".join(identity["heldOut"]) + "\n")
    stored = {"rate": identity["configuration"]["training"]["peakRate"], "rows": result["rows"],
              "trained": result["record"]["trainedParameters"], "seconds": result["record"]["seconds"],
              "tries": result["record"]["tries"], "wall": time.time() - began,
              "pictures": result["record"]["pictures"], "classes": len(identity["classes"])}
    rates.setdefault(key, stored["rate"])
    done.write_text(json.dumps(stored))
    print(f"{folder}: {stored['wall']:.0f} s, rate {stored['rate']}", flush=True)
    return stored


def run(chosen):
    chosen.work.mkdir(parents=True, exist_ok=True)
    xling(chosen, "data", "build", "scenes")
    xling(chosen, "data", "build", "emoji")
    for data in SHIFTS:
        if data.startswith("emoji-"):
            xling(chosen, "data", "build", "emoji", "--shift", data.removeprefix("emoji-"))
    rates, stored = {}, {}
    for seed in range(1, chosen.seeds + 1):
        if not (chosen.work / f"runs/aligned-{seed}/model.safetensors").exists():
            xling(chosen, "align", "full", "--data", "scenes", "--steps", chosen.steps, "--seed", seed,
                  "--threads", chosen.threads, "--output", f"runs/aligned-{seed}")
        for regime in REGIMES:
            for method, mode in cells():
                stored[method, mode, regime, seed] = finetune(chosen, method, mode, regime, seed, rates)
    return rates, stored


class Scores:
    """Of each cell, data, part and phase: seeds x pictures, 1 where the class came first."""

    def __init__(self, chosen):
        self.first = {}
        self.seeds = range(1, chosen.seeds + 1)
        for regime in REGIMES:
            for method, mode in cells():
                for seed in self.seeds:
                    path = chosen.work / "runs" / name(method, mode, regime, seed) / "results.json"
                    for one in json.loads(path.read_text())["measured"]:
                        key = (method, mode, regime, one["data"], one["part"], one["phase"])
                        own = [int(a == 0 and t == 0) for a, t in zip(one["above"], one["tied"])]
                        self.first.setdefault(key, []).append(own)

    def grid(self, *key):
        return self.first[key]

    def draws(self, seeds, pictures):
        """Seeds and pictures drawn at once; the same draws for all that share both counts."""
        known = self.__dict__.setdefault("_draws", {})
        if (seeds, pictures) not in known:
            stream = random.Random(0)
            known[seeds, pictures] = [
                ([stream.randrange(seeds) for _ in range(seeds)],
                 [stream.randrange(pictures) for _ in range(pictures)]) for _ in range(DRAWS)]
        return known[seeds, pictures]

    def interval(self, grid):
        """Mean and crossed-bootstrap interval of a seeds x pictures grid of numbers, in percent."""
        seeds, pictures = len(grid), len(grid[0])
        mean = sum(map(sum, grid)) / (seeds * pictures)
        means = []
        for drawn_seeds, drawn in self.draws(seeds, pictures):
            column = [sum(grid[s][p] for s in drawn_seeds) for p in range(pictures)]
            means.append(sum(column[p] for p in drawn) / (seeds * pictures))
        means.sort()
        # Two-sided, from the bootstrap's share beyond zero (its resolution is 1 / DRAWS).
        beyond = min(sum(m <= 0 for m in means), sum(m >= 0 for m in means))
        p = min(1, 2 * (beyond + 1) / (DRAWS + 1))
        low, high = means[int(0.025 * DRAWS)], means[int(0.975 * DRAWS) - 1]
        return 100 * mean, 100 * low, 100 * high, p, pictures

    def difference(self, one, other):
        return self.interval([[a - b for a, b in zip(x, y)] for x, y in zip(one, other)])


def holm(ps):
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    out, worst = [0.0] * len(ps), 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1, (len(ps) - rank) * ps[index]))
        out[index] = worst
    return out


def figure(value):
    return f"{value[0]:.1f} [{value[1]:.1f}, {value[2]:.1f}]"


def write(chosen, rates, stored):
    scores = Scores(chosen)
    out = HERE / "results"
    with open(out / "layernorm-first.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["method", "layernorm", "regime", "seed", "rate", "trained", "seconds", "data", "classes",
                        "training", "metric", "value", "n"])
        for (method, mode, regime, seed), cell in sorted(stored.items()):
            for row in cell["rows"]:
                table.writerow([method, mode, regime, seed, cell["rate"], cell["trained"],
                                f"{cell['seconds']:.2f}", row["data"], row["part"], row["phase"], row["metric"],
                                f"{row['value']:.4f}", row["n"]])
    lines = report(chosen, scores, rates, stored)
    (out / "layernorm-first.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def report(chosen, scores, rates, stored):
    example = {regime: stored["layernorm", "none", regime, 1] for regime in REGIMES}
    n = len(scores.grid("layernorm", "none", "low", "emoji", "seen", "after")[0])
    lines = [
        "# LayerNorm first", "",
        f"`benchmarks/layernorm_first.py --steps {chosen.steps} --seeds {chosen.seeds} --shots {chosen.shots} "
        f"--least {chosen.least} --hold-out {chosen.hold_out} --rates {chosen.rates} "
        f"--batch {chosen.batch}` on "
        f"{platform.machine()}, {os.cpu_count()} cores.", "",
        f"Top-1 in percent among {example['low']['classes']} subgroups of emoji that are trained "
        f"(chance {100 / example['low']['classes']:.1f}), n = {n} test pictures of emoji that no training picture "
        f"shows. Low: {chosen.shots} shots a class ({example['low']['pictures']} pictures); high: all "
        f"({example['high']['pictures']}). {chosen.steps} steps, {chosen.seeds} seeds, each with its own aligned run, "
        "draw and order. [95 % interval]: crossed bootstrap over seeds and pictures.", ""]
    zero = scores.interval(scores.grid("layernorm", "none", "low", "emoji", "seen", "before"))
    lines += [f"Zero-shot, before any fine-tuning: {figure(zero)}.", "", "## Table 1 of the poster", ""]
    lines += ["| method | low: none | low: with | low: as start | high: none | high: with | high: as start | trained |",
              "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for method in ["layernorm", *METHODS, "full"]:
        row = [method]
        for regime in REGIMES:
            for mode in ["none", "with", "init"]:
                key = (method, mode, regime, "emoji", "seen", "after")
                row.append(figure(scores.interval(scores.grid(*key))) if key in scores.first else "–")
        row.append(str(stored[method, "none", "low", 1]["trained"]))
        lines.append("| " + " | ".join(row) + " |")
    lines += ["", "## Primary comparison", "",
              "LayerNorm tuning alone minus each method alone, in distribution; Holm over all of the table.", "",
              "| against | regime | difference | p | p Holm |", "|---|---|---:|---:|---:|"]
    family = []
    for regime in REGIMES:
        mine = scores.grid("layernorm", "none", regime, "emoji", "seen", "after")
        for method in [*METHODS, "full"]:
            other = scores.grid(method, "none", regime, "emoji", "seen", "after")
            family.append((method, regime, scores.difference(mine, other)))
    for (method, regime, found), p in zip(family, holm([f[2][3] for f in family])):
        lines.append(f"| {method} | {regime} | {found[0]:+.1f} [{found[1]:+.1f}, {found[2]:+.1f}] | {found[3]:.3f} "
                     f"| {p:.3f} |")
    lines += ["", "## What LayerNorms add (exploratory)", "",
              "The method with LayerNorms, or started from them, minus the method alone, in distribution.", "",
              "| method | low: with | low: as start | high: with | high: as start |", "|---|---:|---:|---:|---:|"]
    for method in METHODS:
        row = [method]
        for regime in REGIMES:
            alone = scores.grid(method, "none", regime, "emoji", "seen", "after")
            for mode in ["with", "init"]:
                found = scores.difference(scores.grid(method, mode, regime, "emoji", "seen", "after"), alone)
                row.append(f"{found[0]:+.1f} [{found[1]:+.1f}, {found[2]:+.1f}]")
        lines.append("| " + " | ".join(row) + " |")
    for part, title in [("seen", "Shifted pictures, trained classes"), ("unseen", "Classes that were not trained on")]:
        for regime in REGIMES:
            lines += ["", f"## {title}: {regime} data (exploratory)", ""]
            data = [d for d in ["emoji", *SHIFTS]
                    if ("layernorm", "none", regime, d, part, "after") in scores.first]
            lines += ["| method | LayerNorms | " + " | ".join(data) + " |", "|---|---|" + "---:|" * len(data)]
            grids = [("zero-shot", "", "before", "layernorm", "none")] + [
                (m, mode, "after", m, mode) for m, mode in cells()]
            for label, shown, phase, method, mode in grids:
                row = [figure(scores.interval(scores.grid(method, mode, regime, d, part, phase))) for d in data]
                lines.append(f"| {label} | {shown} | " + " | ".join(row) + " |")
            counts = ", ".join(
                f"{d} {len(scores.grid('layernorm', 'none', regime, d, part, 'after')[0])}" for d in data)
            lines += ["", f"n: {counts}."]
    lines += ["", "## Learning rates", "",
              ("The cards' own" if chosen.rates == "card" else
               f"Chosen on val by the first seed among {chosen.rates}, the same tries for every method") + "; the tries "
              f"took {sum(t['seconds'] for c in stored.values() for t in c['tries']):.0f} s, all of the study "
              f"{sum(c['wall'] for c in stored.values()):.0f} s.", "",
              "| method | " + " | ".join(f"{r}: {m}" for r in REGIMES for m in ["none", "with", "init"]) + " |",
              "|---|" + "---:|" * 6]
    for method in ["layernorm", *METHODS, "full"]:
        row = [str(rates.get((method, mode, regime), "–")) for regime in REGIMES for mode in ["none", "with", "init"]]
        lines.append(f"| {method} | " + " | ".join(row) + " |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/xling")
    parser.add_argument("--work", type=Path, default=Path("runs/layernorm-first"))
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--shots", type=int, default=8)
    parser.add_argument("--least", type=int, default=8)
    parser.add_argument("--hold-out", type=int, default=10)
    parser.add_argument("--rates", default="0.003,0.01")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    chosen = parser.parse_args()
    chosen.binary, chosen.work = chosen.binary.resolve(), chosen.work.resolve()
    rates, stored = run(chosen)
    write(chosen, rates, stored)


if __name__ == "__main__":
    main()
