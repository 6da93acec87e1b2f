#!/usr/bin/env python3
"""Writes Tests/Fixtures/versions: what one version of xling leaves behind, for tests that it keeps opening.

    scripts/generate_version_fixtures.py VERSION BINARY

`set/` is the dataset: coloured squares with captions in two languages, the same bytes every time.
`VERSION/` is made once, by that version's binary, and never again: `run.json` of a run of `lwa`, the
store with that run and one of `full`, both evaluated, and the store of embeddings. Beside them `weights.json`, the
SHA-256 of both runs' tensors by the kernel set of OpenBLAS, is of today's numerics number (4): where that rises, delete it
and run this with today's binary. For another kernel set, run it again with OPENBLAS_CORETYPE: only that line of
`weights.json` is added.

All is done in /project, so that no path of a machine is stored.
"""

import hashlib
import json
import shutil
import sqlite3
import struct
import subprocess
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "Tests" / "Fixtures" / "versions"
PROJECT = Path("/project")
METHODS = ("lwa", "full")
ALIGN = "--steps 12 --batch-size 4 --validate-every 6 --threads 1".split()
WORDS = "red green blue dark pale warm cold deep soft plain thin wide".split()


def png(colour, side=32):
    def chunk(kind, body):
        body = kind + body
        return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))

    rows = (b"\0" + bytes(colour) * side) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def dataset(folder):
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with open(folder / "captions.jsonl", "w") as lines:
        for number in range(26):
            split = "train" if number < 16 else "val" if number < 20 else "test"
            name = f"p{number:05d}.png"
            colour = (number * 53 % 256, number * 101 % 256, number * 197 % 256)
            (folder / "images" / name).write_bytes(png(colour))
            said = f"{WORDS[number % 12]} {WORDS[number // 12]} {number}"
            captions = {code: [f"{code} {said}"] for code in ("en", "tr")}
            lines.write(json.dumps({"image": name, "split": split, "captions": captions}) + "\n")


def vacuum(source, target):
    database = sqlite3.connect(source)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    target.unlink(missing_ok=True)
    database.execute("VACUUM INTO ?", (str(target),))
    database.close()


def tensors(path):
    """SHA-256 of what lies behind a safetensors header, in which towers stand by their paths."""
    data = path.read_bytes()
    return hashlib.sha256(data[8 + struct.unpack("<Q", data[:8])[0]:]).hexdigest()


def main(version, binary):
    dataset(FIXTURES / "set")
    if PROJECT.exists():
        sys.exit(f"{PROJECT} is there already: move it away")
    # Beside its assets as `make install` puts them.
    (PROJECT / "xling" / "bin").mkdir(parents=True)
    shutil.copy(binary, PROJECT / "xling" / "bin" / "xling")
    for name in ("languages", "methods", "datasets", "prompts", "tokenizers", "towers"):
        shutil.copytree(ROOT / name, PROJECT / "xling" / "share" / "xling" / name)
    shutil.copytree(FIXTURES / "set", PROJECT / "set")

    def xling(*arguments):
        subprocess.run([PROJECT / "xling" / "bin" / "xling", *arguments], cwd=PROJECT, check=True)

    hashes = {}
    for method in METHODS:
        run = f"runs/{method}"
        xling("align", "--method", method, "--data", "set", "--output", run, *ALIGN)
        xling("eval", run, "--data", "set", "--lang", "en", "--lang", "tr")
        hashes[method] = tensors(PROJECT / run / "model.safetensors")
    core = json.loads((PROJECT / "runs" / "lwa" / "run.json").read_text())["blasCore"]
    folder = FIXTURES / version
    folder.mkdir(exist_ok=True)
    known = folder / "weights.json"
    weights = json.loads(known.read_text()) if known.exists() else {}
    if not (folder / "run.json").exists():
        shutil.copy(PROJECT / "runs" / "lwa" / "run.json", folder / "run.json")
        for name in ("xling.sqlite", "xling.embeddings.sqlite"):
            vacuum(PROJECT / "runs" / name, folder / name)
    weights[core] = hashes
    known.write_text(json.dumps(weights, indent=2, sort_keys=True) + "\n")
    shutil.rmtree(PROJECT)


main(*sys.argv[1:])
