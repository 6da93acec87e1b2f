#!/usr/bin/env python3
"""Times a step of `xling align` beside PyTorch's, in turns, and the memory of both.

    benchmarks/training_peers.py [--binary .build/release/xling] [--methods lwa,da,lit,full]
        [--precisions fp32,bf16] [--pairs 16] [--steps 3] [--rounds 3]

Towers have mBERT-base's and ViT-B/16's shapes and random weights. A step of xling's is the difference of runs
of STEPS + 1 steps and of one, decoding included. In bf16 the peer is bf16 by autocast. Ratios are of medians of
processor time, which a busy machine disturbs less, and of wall time. Writes benchmarks/results/training.json and
.md. Needs: pip install torch transformers.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
PEER = HERE / "peers/torch_step.py"
PEER_PRECISION = {"fp32": "fp32", "bf16": "autocast"}
WORDS = 119_547


def towers(folder):
    """Random towers, the text tower with the shipped word pieces and words that no text has."""
    from transformers import BertConfig, BertModel, ViTConfig, ViTModel
    text, image = folder / "text", folder / "image"
    BertModel(BertConfig(vocab_size=WORDS), add_pooling_layer=False).save_pretrained(text)
    ViTModel(ViTConfig(), add_pooling_layer=False).save_pretrained(image)
    pieces = (HERE.parent / "towers/mini-text/vocab.txt").read_text().splitlines()
    (text / "vocab.txt").write_text(
        "\n".join(pieces + [f"[unused-{i}]" for i in range(WORDS - len(pieces))]) + "\n")
    (text / "tokenizer_config.json").write_text('{"do_lower_case": false}\n')
    return text, image


def run(command, folder, **variables):
    """Wall seconds, processor seconds, and the most MB resident at once."""
    began = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], cwd=folder, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, env=dict(os.environ, **variables))
    message = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"exit code {process.returncode} from {command}: {message[-2000:]}")
    return (time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def ours(chosen, place, method, precision, mark):
    folder, (text, image) = place
    def align(steps):
        return run([chosen.binary.resolve(), "align", "--method", method, "--data", "scenes", "--text-tower", text,
                    "--image-tower", image, "--batch-size", chosen.pairs, "--steps", steps, "--seed", 1,
                    "--precision", precision, "--augment", "lilt" if method == "lit" else "none", "--no-cache",
                    "--output", f"runs/{method}-{precision}-{mark}-{steps}"], folder)
    one, more = align(1), align(chosen.steps + 1)
    return [(more[0] - one[0]) / chosen.steps, (more[1] - one[1]) / chosen.steps, more[2]]


def theirs(chosen, method, precision):
    line = subprocess.run([sys.executable, PEER, method, PEER_PRECISION[precision], str(chosen.pairs),
                           str(chosen.steps + 1)], text=True, capture_output=True, check=True).stdout
    found = json.loads(line.splitlines()[-1])
    return [median(found["seconds"][1:]), median(found["processor"][1:]), found["MB"]]


def compare(chosen, place, method, precision):
    rows = {"ours": [], "peer": []}
    for index in range(chosen.rounds):
        rows["peer"].append(theirs(chosen, method, precision))
        rows["ours"].append(ours(chosen, place, method, precision, index))
    middle = {who: [median(row[i] for row in them) for i in range(3)] for who, them in rows.items()}
    ratios = [middle["peer"][i] / middle["ours"][i] for i in range(3)]
    spread = [[p[i] / o[i] for p, o in zip(rows["peer"], rows["ours"])] for i in range(2)]
    return {
        "method": method, "precision": precision, "rounds": rows,
        "wall_s": middle["ours"][0], "peer_wall_s": middle["peer"][0],
        "processor_s": middle["ours"][1], "peer_processor_s": middle["peer"][1],
        "MB": middle["ours"][2], "peer_MB": middle["peer"][2], "ratio_wall": ratios[0],
        "ratio_processor": ratios[1], "memory_share": 1 / ratios[2],
        "spread_wall": [min(spread[0]), max(spread[0])],
        "spread_processor": [min(spread[1]), max(spread[1])],
    }


def table(report):
    lines = [
        "# Training steps beside PyTorch", "",
        f"{report['pairs']} pairs, {report['machine']}, instructions {', '.join(report['instructions'])}; load average "
        f"{report['load'][0]} before, {report['load'][1]} after; {report['rounds']} rounds in turns, medians, in "
        "brackets the least and most ratio of a round. Written by `benchmarks/training_peers.py`.", "",
        "| method | precision | PyTorch s / xling s | ratio | processor s | ratio | MB | share |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in report["rows"]:
        lines.append(
            f"| {row['method']} | {row['precision']} | {row['peer_wall_s']:.2f} / {row['wall_s']:.2f} | "
            f"{row['ratio_wall']:.2f} ({row['spread_wall'][0]:.2f}-{row['spread_wall'][1]:.2f}) | "
            f"{row['peer_processor_s']:.2f} / {row['processor_s']:.2f} | {row['ratio_processor']:.2f} "
            f"({row['spread_processor'][0]:.2f}-{row['spread_processor'][1]:.2f}) | "
            f"{row['peer_MB']:.0f} / {row['MB']:.0f} | {100 * row['memory_share']:.0f} % |")
    if "amx_bf16" not in report["instructions"]:
        lines += ["", "No AMX here: the goals in bf16 cannot be tested on this machine."]
    return "\n".join(lines) + "\n"


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--binary", default=HERE.parent / ".build/release/xling", type=Path)
    options.add_argument("--methods", default="lwa,da,lit,full")
    options.add_argument("--precisions", default="fp32,bf16")
    options.add_argument("--pairs", type=int, default=16)
    options.add_argument("--steps", type=int, default=3)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    processor = Path("/proc/cpuinfo").read_text()
    flags = set(next(line for line in processor.splitlines() if line.startswith("flags")).split())
    load, rows = os.getloadavg()[0], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        place = (folder, towers(folder))
        run([chosen.binary.resolve(), "data", "build", "scenes", "--train", 64, "--val", 4, "--test", 4], folder)
        for method in chosen.methods.split(","):
            for precision in chosen.precisions.split(","):
                rows.append(compare(chosen, place, method, precision))
    report = {
        "schema": "xling.training-comparison/1", "pairs": chosen.pairs, "rounds": chosen.rounds,
        "machine": next(line.split(":")[1].strip() for line in processor.splitlines() if "model name" in line),
        "instructions": [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags],
        "load": [round(load, 1), round(os.getloadavg()[0], 1)], "rows": rows,
    }
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results/training.json").write_text(json.dumps(report, indent=2) + "\n")
    (HERE / "results/training.md").write_text(table(report))
    print(table(report), end="")


if __name__ == "__main__":
    main()
