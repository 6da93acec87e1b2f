"""A folder to work in, the binary, small inputs, and the count of what passed."""

import hashlib
import json
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import time
import zlib

WORDS = "red green blue dark pale warm cold deep soft plain thin wide".split()


class Bench:
    def __init__(self, binary, folder, seed, share, only):
        self.binary, self.folder, self.share, self.only = binary, folder, share, only
        self.seed = seed
        self.passed = self.failed = self.skipped = 0

    def random(self, *names):
        """A stream of its own for each purpose: what one part draws does not move another."""
        return random.Random("/".join(map(str, (self.seed,) + names)))

    def tries(self, count):
        return max(1, round(count * self.share))

    def wants(self, name):
        return name.startswith(self.only)

    def verdict(self, name, complaints):
        if complaints:
            self.failed += 1
            print(f"FAILED  {name}: {'; '.join(complaints)[:400]}", flush=True)
        else:
            self.passed += 1

    def skip(self, name, why):
        self.skipped += 1
        print(f"skipped {name}: {why}", flush=True)

    def start(self, arguments, folder, out="out", err="err"):
        environment = {k: v for k, v in os.environ.items() if k != "XLING_STORE"}
        # What one run remembers (of pictures, say) is not to help another.
        environment["XLING_CACHE"] = str(self.folder / "cache")
        environment["SWIFT_BACKTRACE"] = "enable=no"
        with open(folder / out, "wb") as output, open(folder / err, "wb") as errors:
            return subprocess.Popen(
                [self.binary, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=errors, env=environment,
            )

    def run(self, arguments, folder, timeout=120):
        process = self.start(arguments, folder)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return "timeout"

    def must(self, arguments, folder):
        status = self.run(arguments, folder)
        if status != 0:
            sys.exit(f"torture: xling {' '.join(map(str, arguments))} ended with {status}: "
                     + said(folder))


def said(folder):
    lines = (folder / "err").read_text(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "no word"


def end(process, number, seconds):
    """Sends a signal after so many seconds, unless the process ended before; returns its status."""
    try:
        return process.wait(max(0.0, seconds))
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    try:
        return process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "timeout"


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


def dataset(folder, counts=(16, 4, 6), languages=("en", "tr")):
    """Coloured squares with captions."""
    (folder / "images").mkdir(parents=True)
    splits = [split for split, n in zip(("train", "val", "test"), counts) for _ in range(n)]
    with open(folder / "captions.jsonl", "w") as lines:
        for number, split in enumerate(splits):
            name = f"p{number:05d}.png"
            colour = (number * 53 % 256, number * 101 % 256, number * 197 % 256)
            (folder / "images" / name).write_bytes(png(colour))
            words = f"{WORDS[number % 12]} {WORDS[number // 12 % 12]} {number}"
            captions = {code: [f"{code} {words}"] for code in languages}
            lines.write(json.dumps({"image": name, "split": split, "captions": captions}) + "\n")


def npy(path, rows, width, seed):
    draw = random.Random(seed)
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}"
    head += " " * (63 - (len(head) + 10) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode())
        for _ in range(rows):
            file.write(struct.pack(f"<{width}f", *(draw.uniform(-1, 1) for _ in range(width))))


def gold(path, rows):
    path.write_text("".join(f'{{"text": {row}, "images": [{row}]}}\n' for row in range(rows)))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "none"


def names(folder):
    """Every file below, but what SQLite keeps beside an open database."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if not path.name.endswith(("-wal", "-shm")) and path.name not in ("out", "err")
    }


def rows(store, statement):
    if not store.exists():
        return []
    database = sqlite3.connect(store, timeout=30)
    try:
        return database.execute(statement).fetchall()
    finally:
        database.close()


def store_complaints(store):
    """What is wrong with a store between two runs: nothing runs there now."""
    if not store.exists():
        return []
    found = rows(store, "PRAGMA integrity_check")
    complaints = [] if found == [("ok",)] else [f"integrity_check: {found[0][0]}"]
    broken = rows(store, "PRAGMA foreign_key_check")
    return complaints + ([f"{len(broken)} rows lead nowhere"] if broken else [])


SIGNALS = [signal.SIGKILL] * 5 + [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def uptime():
    return time.monotonic()
