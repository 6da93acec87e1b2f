#!/usr/bin/env python3
"""Eight methods, three seeds, six languages on photographs: aligned on Flickr8k's English captions alone.

    benchmarks/flickr8k_study.py [--binary .build/release/xling] [--shared ../shared] [--work runs/flickr8k]
                                 [--steps 150] [--seeds 3] [--threads N]

Pretrains a text tower on ../shared/data/text and an image tower on the training pictures, from the
shipped ones; aligns, evaluates on test in every language, and writes benchmarks/results/flickr8k.md
and .json. What is there already in the work folder is not done again: a killed study goes on with the
same command. Learning rates are the methods' own; nothing is chosen on the data's test split.
"""
import argparse
import json
import os
import platform
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
METHODS = ["projection", "layernorm", "bitfit", "lwa", "da", "lit", "ape", "full"]
LANGUAGES = ["en", "de", "fr", "cs", "zh", "pt"]
METRICS = ["R@1", "R@5", "R@10"]
TEXT = ["--steps", "1600", "--decay-steps", "900", "--rate", "7e-4"]
IMAGE = ["--steps", "800", "--decay-steps", "500", "--rate", "5e-4"]


def xling(chosen, *arguments, capture=False):
    print("xling", *arguments, flush=True)
    done = subprocess.run(
        [chosen.binary, *map(str, arguments)], check=True, text=True, capture_output=capture,
        cwd=chosen.work, env={"XLING_HOME": str(ROOT), **os.environ})
    return done.stdout


def pretrain(chosen):
    data = chosen.shared / "data"
    if not (chosen.work / "text-tower/card.json").exists():
        xling(chosen, "pretrain", "text", "--text", data / "text", "--from", ROOT / "towers/mini-text",
              "--output", "text-tower", *TEXT)
    if not (chosen.work / "image-tower/card.json").exists():
        xling(chosen, "pretrain", "image", "--data", data / "flickr8k", "--from",
              ROOT / "towers/mini-image", "--output", "image-tower", *IMAGE)


def align(chosen, method, seed):
    """The run's name; aligned and evaluated unless it is already."""
    name = f"{method}-{seed}"
    data = chosen.shared / "data/flickr8k"
    record = chosen.work / "runs" / name / "run.json"
    if not record.exists() or not json.loads(record.read_text())["isFinished"]:
        xling(chosen, "align", "--method", method, "--data", data, "--text-tower", "text-tower",
              "--image-tower", "image-tower", "--steps", chosen.steps, "--seed", seed, "--threads",
              chosen.threads, "--output", f"runs/{name}", *(["--resume"] if record.exists() else []))
    done = chosen.work / "runs" / name / "evaluated"
    if not done.exists():
        languages = [part for language in LANGUAGES for part in ("--lang", language)]
        xling(chosen, "eval", f"runs/{name}", "--data", data, "--threads", chosen.threads, *languages,
              capture=True)
        done.touch()
    return name


def estimate(value):
    return f"{100 * value['value']:.1f} % [{100 * value['low']:.1f}, {100 * value['high']:.1f}], n {value['n']:,}"


def report(chosen, names):
    text = json.loads((chosen.work / "text-tower/card.json").read_text())
    image = json.loads((chosen.work / "image-tower/card.json").read_text())
    records = {method: json.loads((chosen.work / "runs" / f"{method}-1" / "run.json").read_text())
               for method in METHODS}
    blocks = [
        "# Eight methods on Flickr8k", "",
        f"Written by `benchmarks/flickr8k_study.py --steps {chosen.steps} --seeds {chosen.seeds}` on "
        f"{machine()}. Aligned on the English captions of 6,348 training pictures, {chosen.steps} steps of 64 "
        f"pairs, {chosen.seeds} seeds; measured on the 1,000 test pictures: 5 captions a picture in English and Chinese, "
        "one in German, French, Czech and Portuguese. The German, French and Czech captions are translations "
        "of one of the English ones, the Portuguese ones as well; the Chinese ones were written to the pictures.",
        "", "Towers, pretrained from the shipped mini towers:", "",
        f"- text: {text['data']}; {text['seconds'] / 60:.0f} minutes. Translations kept apart found first: "
        f"{estimate(text['quality']['sentenceMean'])} queries.",
        f"- image: {image['data']}; {image['seconds'] / 60:.0f} minutes. Mean average precision on "
        f"{image['quality']['pictures']} val pictures: {estimate(image['quality']['meanAveragePrecision'])} words.",
        "", "| method | trained parameters | of all | seconds a run |", "|---|---|---|---|"]
    for method in METHODS:
        record = records[method]
        share = 100 * record["trainedParameters"] / record["allParameters"]
        blocks.append(f"| {method} | {record['trainedParameters']:,} | {share:.2f} % | {record['seconds']:.0f} |")
    rows = []
    data = chosen.shared / "data/flickr8k"
    for metric in METRICS:
        common = ["compare", *names, "--data", data, "--pool-seeds", "--metric", metric]
        tables = xling(chosen, *common, capture=True).split("\n\nfirst: ")[0]
        rows += json.loads(xling(chosen, *common, "--json", capture=True))
        blocks += ["", f"## {metric}", "", "```", tables, "```", "",
                   "Mean of the five languages but English, against `full`:", "",
                   "| method | direction | its mean | sd over seeds | mean of full | difference | p (Holm) |",
                   "|---|---|---|---|---|---|---|"]
        for row in rows:
            if row["language"] == "mean" and row["metric"] == metric:
                blocks.append(
                    f"| {row['second']} | {row['direction']} | {row['secondValue']:.1f} | "
                    f"{row['secondSpread']:.1f} | {row['firstValue']:.1f} | "
                    f"{-row['difference']:+.1f} [{-row['high']:+.1f}, {-row['low']:+.1f}] | {row['pHolm']:.4f} |")
    results = HERE / "results"
    (results / "flickr8k.md").write_text("\n".join(blocks) + "\n")
    (results / "flickr8k.json").write_text(json.dumps(
        {"schema": "xling.flickr8k-study/1", "steps": chosen.steps, "seeds": chosen.seeds, "rows": rows},
        indent=1) + "\n")


def machine():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':', 1)[1].strip()}, {os.cpu_count()} cores"
    return platform.machine()


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--binary", default=ROOT / ".build/release/xling", type=Path)
    options.add_argument(
        "--shared", type=Path, default=os.environ.get("XLING_SHARED", ROOT.parent / "shared"))
    options.add_argument("--work", type=Path, default=ROOT / "runs/flickr8k")
    options.add_argument("--steps", type=int, default=150)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--threads", type=int, default=os.cpu_count())
    chosen = options.parse_args()
    for key in ("binary", "shared", "work"):
        setattr(chosen, key, Path(getattr(chosen, key)).resolve())
    chosen.work.mkdir(parents=True, exist_ok=True)
    pretrain(chosen)
    names = {method: [] for method in METHODS}
    for seed in range(1, chosen.seeds + 1):
        for method in METHODS:
            names[method].append(align(chosen, method, seed))
    full = names.pop("full")
    report(chosen, full + [name for group in names.values() for name in group])


if __name__ == "__main__":
    main()
