#!/usr/bin/env python3
"""Times xling's tokenizer trainers and their peers in one run: Hugging Face tokenizers (WordPiece) and
sentencepiece (Unigram and BPE).

    benchmarks/compare_trainers.py [--binary .build/release/xling] [--shared ../shared]
        [--megabytes 24] [--size 8000] [--threads 1] [--rounds 1]

Trains vocabularies of one size on lines of eleven languages, none twice. Peer and xling alternate,
each in a process of its own, with the same number of threads; ratios are of the best round in
processor time, which a busy machine disturbs less than wall time. Memory is the most resident at
once. Writes benchmarks/results/trainers.json and .md.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compare_tokenizers import HERE, PEERS, in_venv, processor_name, varied

KINDS = [("wordpiece", "WordPiece"), ("bpe", "BPE"), ("unigram", "Unigram")]
WORDPIECE = """
import sys
from tokenizers import BertWordPieceTokenizer
tokenizer = BertWordPieceTokenizer(lowercase=False)
tokenizer.train([sys.argv[1]], vocab_size=int(sys.argv[3]), min_frequency=2, show_progress=False)
tokenizer.save(sys.argv[2] + ".json")
"""
SENTENCEPIECE = """
import sys
from sentencepiece import SentencePieceTrainer
SentencePieceTrainer.train(
    input=sys.argv[1], model_prefix=sys.argv[2], vocab_size=int(sys.argv[3]), model_type=sys.argv[4],
    num_threads=int(sys.argv[5]), minloglevel=1)
"""


def peer(kind, text, folder, size, threads):
    script = WORDPIECE if kind == "wordpiece" else SENTENCEPIECE
    return [sys.executable, "-c", script, text, folder / f"peer-{kind}", size, kind, threads]


def xling(binary, kind, text, folder, size):
    return [binary, "tokenizer", "train", kind, text, "--output", folder / f"xling-{kind}",
            "--size", size]


def run(command, threads):
    """Wall seconds, processor seconds of all threads, and the most MB resident at once."""
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads), XLING_THREADS=str(threads),
                       TOKENIZERS_PARALLELISM="true")
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], env=environment,
                               stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"exit code {process.returncode} from {command[:4]}")
    return (time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(kind, name, binary, text, folder, chosen):
    theirs, ours = [], []
    for _ in range(chosen.rounds):
        theirs.append(run(peer(kind, text, folder, chosen.size, chosen.threads), chosen.threads))
        ours.append(run(xling(binary, kind, text, folder, chosen.size), chosen.threads))
    best = lambda rows, at: min(row[at] for row in rows)
    return {
        "trainer": name, "peer": PEERS[0] if kind == "wordpiece" else PEERS[1],
        "peer_wall_s": round(best(theirs, 0), 1), "wall_s": round(best(ours, 0), 1),
        "peer_processor_s": round(best(theirs, 1), 1), "processor_s": round(best(ours, 1), 1),
        "ratio_processor": round(best(theirs, 1) / best(ours, 1), 2),
        "peer_MB": round(best(theirs, 2)), "MB": round(best(ours, 2)),
    }


def table(report):
    lines = [
        "# Trainers against their peers", "",
        f"{report['size']:,} pieces from {report['megabytes']} MB of eleven languages; "
        f"{report['machine']}, {report['threads']} threads, load average {report['load_before']} "
        f"before and {report['load_after']} after; commit {report['commit']}. Best of "
        f"{report['rounds']} rounds, taken in turns. Written by `benchmarks/compare_trainers.py`.", "",
        "| trainer | peer | peer's processor s | xling's | ratio | peer's memory MB | xling's |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in report["rows"]:
        lines.append(
            f"| {row['trainer']} | {row['peer']} | {row['peer_processor_s']} | {row['processor_s']} | "
            f"{row['ratio_processor']}x | {row['peer_MB']} | {row['MB']} |")
    return "\n".join(lines) + "\n"


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--binary", default=HERE.parent / ".build/release/xling", type=Path)
    options.add_argument(
        "--shared", type=Path, default=os.environ.get("XLING_SHARED", HERE.parent.parent / "shared"))
    options.add_argument("--megabytes", type=float, default=24)
    options.add_argument("--size", type=int, default=8000)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--rounds", type=int, default=1)
    chosen = options.parse_args()
    in_venv(Path(__file__))
    load = os.getloadavg()[0]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, text=True,
                            capture_output=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        text.write_bytes(varied(chosen.shared, int(chosen.megabytes * 1e6)))
        rows = [compare(kind, name, chosen.binary.resolve(), text, Path(folder), chosen)
                for kind, name in KINDS]
    report = {
        "schema": "xling.trainer-comparison/1", "machine": processor_name(), "size": chosen.size,
        "megabytes": chosen.megabytes, "threads": chosen.threads, "rounds": chosen.rounds,
        "load_before": round(load, 1), "load_after": round(os.getloadavg()[0], 1),
        "commit": commit, "rows": rows,
    }
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results/trainers.json").write_text(json.dumps(report, indent=2) + "\n")
    (HERE / "results/trainers.md").write_text(table(report))
    print(table(report), end="")


if __name__ == "__main__":
    main()
