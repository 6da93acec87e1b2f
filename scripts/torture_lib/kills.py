"""Runs that a signal ends at a random moment, once to three times, and that are then done again."""

import hashlib
import json
import re
import shutil
import signal

from .bench import (
    SIGNALS, dataset, digest, end, gold, names, npy, rows, said, store_complaints, uptime,
)

STORE = "runs/xling.sqlite"
ALIGN = "--data set --batch-size 4 --threads 1 --output runs/one".split()


class Scenario:
    """`arguments` are typed first and after every signal; `resume` are added from the second time on.
    `result` tells everything that has to be the same, from a folder."""

    def __init__(self, name, tries, arguments, result, prepare=None, resume=(), store=STORE,
                 statuses=(0,)):
        self.name, self.tries, self.arguments, self.result = name, tries, arguments, result
        self.prepare = prepare or (lambda bench, folder: None)
        self.resume, self.store, self.statuses = list(resume), store, statuses


def weights(folder):
    """The weights, and the whole curve in the store and in the log."""
    return {
        "weights": digest(folder / "runs/one/model.safetensors"),
        "curve": rows(folder / STORE, "SELECT step, loss, learning_rate, temperature FROM "
                      "train_steps ORDER BY run, step"),
        "validations": rows(folder / STORE, "SELECT step, loss FROM validations ORDER BY step"),
        "log": [
            (line["step"], line["loss"])
            for line in map(json.loads, (folder / "runs/one/log.jsonl").read_text().splitlines())
        ],
        "status": rows(folder / STORE, "SELECT name, status FROM runs"),
    }


def evaluations(store):
    def result(folder):
        found = rows(
            folder / store,
            "SELECT runs.name, language, direction, n, hex(above), hex(tied_wrong), hex(gold_count) "
            "FROM evaluations JOIN ranks ON ranks.evaluation = evaluations.id "
            "JOIN runs ON runs.id = evaluations.run ORDER BY 1, 2, 3, evaluations.id")
        metrics = rows(
            folder / store,
            "SELECT runs.name, language, direction, metrics.name, value, low, high FROM metrics "
            "JOIN evaluations ON evaluations.id = metrics.evaluation "
            "JOIN runs ON runs.id = evaluations.run ORDER BY 1, 2, 3, 4, evaluations.id")
        text = json.dumps([found, metrics]).encode()
        return {"cells": len(found), "figures": hashlib.sha256(text).hexdigest()}

    return result


def files(*paths):
    return lambda folder: {path: digest(folder / path) for path in paths}


def tree(path):
    def result(folder):
        return {name: digest(folder / path / name) for name in sorted(names(folder / path))
                if (folder / path / name).is_file()}

    return result


def counted(folder):
    return {"result": (folder / "out").read_text()}


def with_set(bench, folder):
    dataset(folder / "set")


def with_run(bench, folder):
    dataset(folder / "set", languages=("en", "tr", "de", "fr", "ru", "ko", "zh", "it"))
    bench.must("align --method lwa --data set --steps 4 --batch-size 4 --threads 1 "
               "--output runs/one".split(), folder)


def with_lines(bench, folder):
    (folder / "lines.txt").write_text(
        "".join(f"line {i} of a text that takes some time, number {i}\n" for i in range(900)))


STUDY = """
[study]
name = "tiny"
question = "Is nothing lost?"
[axes]
method = ["projection", "layernorm"]
seed = { count = 2, from = 1 }
[train]
batch_size = 4
[budget]
steps = 12
[evaluate]
data = "set"
languages = "all"
[limits]
checkpoint_every = 3
"""


def with_study(bench, folder):
    dataset(folder / "set")
    (folder / "tiny.toml").write_text(STUDY)


def studied(folder):
    store = folder / "runs/studies/tiny/study.sqlite"
    scores = rows(store, "SELECT cell, language, direction, metric, value, sums FROM scores "
                  "ORDER BY 1, 2, 3, 4")
    return {
        "states": rows(store, "SELECT hash, state, attempts, process FROM cells ORDER BY hash"),
        "scores": hashlib.sha256(json.dumps(scores).encode()).hexdigest(),
        "weights": {name: digest(folder / "runs/studies/tiny/runs" / name)
                    for name in sorted(names(folder / "runs/studies/tiny/runs"))
                    if name.endswith("model.safetensors") and "checkpoints" not in name},
    }


def with_counts(bench, folder):
    for number, side in enumerate(("pictures", "texts")):
        npy(folder / f"{side}.npy", 12_000, 16, number)
    gold(folder / "gold.jsonl", 12_000)


def with_scenes(bench, folder):
    """A small dataset under the standard one's definition, which quickstart takes as built."""
    bench.must("data build scenes --train 64 --val 4 --test 8 --output small".split(), folder)
    path = folder / "small" / "dataset.json"
    text = path.read_text()
    summary = json.loads(text)

    def definition(counts, revision):
        parts = ["scenes", f"revision {revision}", "cldr " + summary["cldr"], summary["font"],
                 "seed 0", "counts " + counts]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    revision = next(r for r in range(1, 100)
                    if definition("64 4 8", r) == summary["definition"])
    path.write_text(text.replace(summary["definition"], definition("8000 500 1000", revision)))


def tower(bench):
    root = bench.binary.parent
    for place in ("../share/xling", "../..", "../../.."):
        found = (root / place / "towers" / "mini-text").resolve()
        if found.is_dir():
            return str(found)
    raise SystemExit("torture: no towers beside the binary")


def scenarios(bench):
    text = tower(bench)
    return [
        Scenario("align", 70, "align --method lwa --steps 60 --checkpoint-every 10 "
                 "--validate-every 20".split() + ALIGN, weights, with_set, ["--resume"]),
        Scenario("align, early stopping", 40, "align --method layernorm --steps 80 "
                 "--checkpoint-every 15 --validate-every 10 --patience 3".split() + ALIGN, weights,
                 with_set, ["--resume"]),
        Scenario("eval", 60, "eval runs/one --data set --lang all".split(), evaluations(STORE),
                 with_run),
        Scenario("quickstart", 15, "quickstart --data small --output quick --steps 1".split(),
                 evaluations("quick/xling.sqlite"), with_scenes, store="quick/xling.sqlite"),
        Scenario("study", 25, "study run tiny.toml --threads 1".split(), studied, with_study,
                 store="runs/studies/tiny/xling.sqlite"),
        Scenario("data build", 35, "data build scenes --train 60 --val 8 --test 8 --output "
                 "built".split(), tree("built")),
        Scenario("embed", 40, ["embed", "--tower", text, "--input", "lines.txt", "--output",
                               "rows.npy", "--batch-size", "16"], files("rows.npy"), with_lines,
                 ["--resume"]),
        Scenario("tokenizer train", 20, "tokenizer train wordpiece --size 1000 --output "
                 "vocab lines.txt".split(), tree("vocab"), with_lines),
        Scenario("count", 20, "eval --image-embeddings pictures.npy --text-embeddings texts.npy "
                 "--gold gold.jsonl --json --resamples 100 --threads 1 --checkpoint kept".split(),
                 counted, with_counts),
    ]


def run(bench):
    for scenario in scenarios(bench):
        if bench.wants(scenario.name):
            Kills(bench, scenario).run()


class Kills:
    def __init__(self, bench, scenario):
        self.bench, self.scenario = bench, scenario
        self.place = bench.folder / scenario.name.replace(" ", "-").replace(",", "")
        self.ready = self.place / "ready"

    def run(self):
        bench, scenario = self.bench, self.scenario
        self.ready.mkdir(parents=True)
        scenario.prepare(bench, self.ready)
        calm = self.fresh("calm")
        began = uptime()
        bench.must(scenario.arguments, calm)
        self.seconds = uptime() - began
        self.right, self.names = scenario.result(calm), names(calm)
        for number in range(bench.tries(scenario.tries)):
            draw = bench.random("kills", scenario.name, number)
            self.one(draw, f"kills, {scenario.name}, {number}")
        shutil.rmtree(self.place)

    def fresh(self, name):
        folder = self.place / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.ready, folder)
        return folder

    def one(self, draw, name):
        bench, scenario = self.bench, self.scenario
        folder = self.fresh("rough")
        complaints = []
        store = folder / scenario.store
        for time in range(draw.choice((1, 1, 2, 3))):
            arguments = scenario.arguments + (scenario.resume if time else [])
            number = draw.choice(SIGNALS)
            status = end(bench.start(arguments, folder), number,
                         draw.uniform(0, self.seconds * 1.05))
            allowed = (0, 130, -number)
            if status not in allowed:
                complaints.append(f"{number.name} gave status {status}: {said(folder)}")
            complaints += store_complaints(store)
            before = self.cells(store)
        status = bench.run(scenario.arguments + scenario.resume, folder)
        if status != 0:
            complaints.append(f"done again it ends with {status}: {said(folder)}")
        else:
            complaints += self.differences(folder)
        lost = before - self.cells(store)
        if lost:
            complaints.append(f"{len(lost)} stored evaluations are gone")
        bench.verdict(name, complaints)

    def cells(self, store):
        if not store.exists() or not rows(
            store, "SELECT 1 FROM sqlite_master WHERE name = 'evaluations'"
        ):
            return set()
        return set(rows(store, "SELECT id, run, language, direction FROM evaluations"))

    def differences(self, folder):
        found = self.scenario.result(folder)
        complaints = [f"{key} differ" for key in self.right if found.get(key) != self.right[key]]
        left = sorted(n for n in names(folder) - self.names if not re.search(r"/step-\d+", n))
        if left:
            complaints.append(f"left behind: {', '.join(left[:4])}")
        gone = sorted(n for n in self.names - names(folder) if not re.search(r"/step-\d+", n))
        if gone:
            complaints.append(f"missing: {', '.join(gone[:4])}")
        return complaints + store_complaints(folder / self.scenario.store)
