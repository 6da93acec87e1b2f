#!/usr/bin/env python3
"""Times xling's tokenizers and their peers in one run: Hugging Face tokenizers (WordPiece, ids and
offsets) and sentencepiece (Unigram and BPE, ids).

    benchmarks/compare_tokenizers.py [--binary .build/release/xling] [--shared ../shared] [--megabytes 10]

Makes benchmarks/.venv with the peers, builds two texts under a temporary folder (XTD10's captions
repeated; lines of eleven languages, none twice), and writes benchmarks/results/tokenizers.json and
.md. Peer and xling alternate, three times; each time xling encodes the text five times over in one
process, with one thread and with two, and the median counts. Ratios are of the best of the three, in
wall time and in processor time, the latter being what a busy machine disturbs less. A ratio belongs to its run: compare no
MB/s of different runs. Loading is that of the library alone, in a process that has started: the median
of five. Memory is what the loaded tables take.
"""
import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = ["tokenizers==0.23.3", "sentencepiece==0.2.3"]
TURNS = 3
ROUNDS = 5
LOADS = 5
MODELS = [
    ("mBERT cased", "WordPiece", "bert-base-multilingual-cased/vocab.txt", ["--no-lowercase"]),
    ("BERT uncased", "WordPiece", "bert-base-uncased/vocab.txt", ["--lowercase"]),
    ("XLM-R", "Unigram", "xlmr/xlmr_rebuilt.spm.model", []),
    ("T5", "Unigram", "t5/spiece.model", []),
    ("Mistral", "BPE", "mistral-v1/tokenizer.model", []),
]


def in_venv(script):
    """Starts a script again in a virtual environment that has the peers."""
    python = HERE / ".venv" / "bin" / "python"
    if Path(sys.prefix) == HERE / ".venv":
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", HERE / ".venv"], check=True)
        subprocess.run([python, "-m", "pip", "-q", "install", *PEERS], check=True)
    os.environ.update(TOKENIZERS_PARALLELISM="false", RAYON_NUM_THREADS="1")
    os.execv(python, [str(python), str(script.resolve()), *sys.argv[1:]])


def captions(shared, size):
    files = sorted((shared / "data/xtd10/XTD10").glob("test_1kcaptions_*.txt"))
    text = b"".join(file.read_bytes().replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n" for file in files)
    return text * max(1, size // len(text))


def varied(shared, size):
    files = sorted((shared / "data/text").glob("*.txt"))
    lines = []
    for file in files:
        taken, left = [], size // len(files)
        for line in file.read_bytes().split(b"\n"):
            if left <= 0:
                break
            if line:
                taken.append(line)
                left -= len(line) + 1
        lines.append(taken)
    mixed = itertools.zip_longest(*lines)
    return b"\n".join(line for group in mixed for line in group if line is not None) + b"\n"


def peer(kind, path, options):
    """A function from lines to their number of tokens."""
    if kind == "WordPiece":
        from tokenizers import BertWordPieceTokenizer
        tokenizer = BertWordPieceTokenizer(str(path), lowercase="--lowercase" in options)
        return lambda lines: sum(
            len(encoding.ids) for encoding in tokenizer.encode_batch(lines, add_special_tokens=False))
    import sentencepiece
    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return lambda lines: sum(map(len, processor.encode(lines, out_type=int, num_threads=1)))


def timed(function, lines):
    wall, processor = time.perf_counter(), time.process_time()
    tokens = function(lines)
    return tokens, time.perf_counter() - wall, time.process_time() - processor


def xling(binary, path, options, text, threads):
    done = subprocess.run(
        [binary, "tokenizer", "bench", "--tokenizer", path, *options, "--threads", str(threads),
         "--rounds", str(ROUNDS), "--json", text], check=True, capture_output=True)
    result = json.loads(done.stdout)
    middle = lambda key: statistics.median(row[key] for row in result["rounds"])
    return result["tokens"], middle("seconds"), middle("processorSeconds")


def loading(binary, path, options, folder):
    """Milliseconds to load, in wall time and in processor time, each the median of five processes, and
    the bytes that the tables take."""
    text = Path(folder) / "x.txt"
    text.write_text("x\n")
    results = []
    for _ in range(LOADS):
        done = subprocess.run(
            [binary, "tokenizer", "bench", "--tokenizer", path, *options, "--rounds", "1", "--json", text],
            check=True, capture_output=True)
        results.append(json.loads(done.stdout))
    middle = lambda key: statistics.median(result["load"][key] for result in results)
    return (round(1000 * middle("seconds")), round(1000 * middle("processorSeconds")),
            results[0]["memoryBytes"])


def compare(binary, shared, model, text_name, text, folder):
    name, kind, file, options = model
    path = shared / "data/tokenizers" / file
    lines = text.read_text(encoding="utf-8").split("\n")[:-1]
    function = peer(kind, path, options)
    size = text.stat().st_size / 1e6
    theirs, ours, two = [], [], []
    for _ in range(TURNS):
        theirs.append(timed(function, lines))
        ours.append(xling(binary, path, options, text, 1))
        two.append(xling(binary, path, options, text, 2))
    best = lambda rows, at: min(row[at] for row in rows)
    load, load_processor, memory = loading(binary, path, options, folder)
    return {
        "model": name, "kind": kind, "text": text_name, "megabytes": round(size, 2),
        "peer": PEERS[0] if kind == "WordPiece" else PEERS[1],
        "peer_tokens": theirs[0][0], "tokens": ours[0][0],
        "peer_MB_per_s": round(size / best(theirs, 1), 2),
        "MB_per_s": round(size / best(ours, 1), 2),
        "MB_per_s_two_threads": round(size / best(two, 1), 2),
        "ratio_wall": round(best(theirs, 1) / best(ours, 1), 1),
        "ratio_processor": round(best(theirs, 2) / best(ours, 2), 1),
        "two_threads": round(best(ours, 1) / best(two, 1), 2),
        "two_threads_processor": round(best(two, 2) / best(ours, 2), 2),
        "load_ms": load, "load_processor_ms": load_processor, "memory_bytes": memory,
        "memory_of_file": round(memory / path.stat().st_size, 2),
    }


def processor_name():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def table(report):
    lines = [
        "# Tokenizers against their peers", "",
        f"{report['machine']}, {report['cores']} cores, load average {report['load_before']} before "
        f"and {report['load_after']} after; commit {report['commit']}. One thread where nothing else "
        "is said; best of three turns, of which xling's are medians of five rounds in one process; "
        "loading is the library's alone, median of five. Written by "
        "`benchmarks/compare_tokenizers.py`.", "",
        "| model | text | peer MB/s | xling MB/s | ratio | ratio in processor time | two threads | "
        "their processor time, of one | load | in processor time | memory, of the file |", "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in report["rows"]:
        lines.append(
            f"| {row['model']} ({row['kind']}) | {row['text']}, {row['megabytes']} MB | "
            f"{row['peer_MB_per_s']} | {row['MB_per_s']} | {row['ratio_wall']}x | "
            f"{row['ratio_processor']}x | {row['two_threads']}x | {row['two_threads_processor']}x | {row['load_ms']} ms | "
            f"{row['load_processor_ms']} ms | {row['memory_bytes'] / 1e6:.2f} MB, "
            f"{row['memory_of_file']}x |")
    return "\n".join(lines) + "\n"


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--binary", default=HERE.parent / ".build/release/xling", type=Path)
    options.add_argument(
        "--shared", type=Path, default=os.environ.get("XLING_SHARED", HERE.parent.parent / "shared"))
    options.add_argument("--megabytes", type=float, default=10)
    chosen = options.parse_args()
    in_venv(Path(__file__))
    size = int(chosen.megabytes * 1e6)
    load = os.getloadavg()[0]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, text=True,
                            capture_output=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        texts = []
        for name, make in [("captions", captions), ("varied", varied)]:
            text = Path(folder) / f"{name}.txt"
            text.write_bytes(make(chosen.shared, size))
            texts.append((name, text))
        rows = [compare(chosen.binary.resolve(), chosen.shared, model, *text, folder)
                for model in MODELS for text in texts]
    report = {
        "schema": "xling.tokenizer-comparison/3", "machine": processor_name(),
        "cores": os.cpu_count(), "load_before": round(load, 1),
        "load_after": round(os.getloadavg()[0], 1), "commit": commit, "rows": rows,
    }
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results/tokenizers.json").write_text(json.dumps(report, indent=2) + "\n")
    (HERE / "results/tokenizers.md").write_text(table(report))
    print(table(report), end="")


if __name__ == "__main__":
    main()
