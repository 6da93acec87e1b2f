#!/usr/bin/env python3
"""Evaluates embeddings of growing size by `xling eval`: time a pair, peak memory, kill and resume.

usage: retrieval_scale.py XLING [--sizes 62500 125000 250000] [--width 64] [--threads 1] [--folder DIR]

Needs numpy. Each size is that many captions against as many pictures, random unit vectors, caption i
belonging to picture i: ranks lie anywhere, so no score is decided early. Time is processor time of the
whole process, memory its peak beside that of the embeddings alone. The smallest size is then evaluated
again with --checkpoint, interrupted once by SIGINT and killed once by SIGKILL: it must go on to the same
bytes.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np


def make(folder, size, width):
    """Writes embeddings and gold, unless they are there, and returns the arguments for them."""
    generator = np.random.default_rng(size)
    arguments = []
    for option, name in (("--text-embeddings", "T"), ("--image-embeddings", "I")):
        path = f"{folder}/{name}-{size}-{width}.npy"
        if not os.path.exists(path):
            rows = generator.standard_normal((size, width), dtype=np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            np.save(path, rows)
        arguments += [option, path]
    gold = f"{folder}/gold-{size}.jsonl"
    if not os.path.exists(gold):
        with open(gold, "w", encoding="utf-8") as file:
            file.writelines(f'{{"text": {row}, "images": [{row}]}}\n' for row in range(size))
    return arguments + ["--gold", gold]


def evaluate(command, output):
    """Seconds of wall clock and processor, peak megabytes."""
    began = time.perf_counter()
    with open(output, "wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.PIPE)
        messages = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(messages.decode())
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def stopped(command, seconds, number):
    """Runs a command for some seconds, then sends it a signal; returns its status."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.send_signal(number)
    return process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--sizes", type=int, nargs="+", default=[62_500, 125_000, 250_000])
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", help="keeps the embeddings here")
    options = parser.parse_args()
    os.environ["XLING_THREADS"] = str(options.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or temporary
        for size in options.sizes:
            data = make(folder, size, options.width)
            command = [options.binary, "eval", "--json", *data]
            wall, processor, peak = evaluate(command, f"{temporary}/whole-{size}")
            alone = 2 * size * options.width * 4 / 1024 / 1024
            print(
                f"{size} x {size} x {options.width}: {wall:.1f} s, processor {processor:.1f} s, "
                f"{1e9 * processor / size**2:.3f} ns a pair; peak {peak:.0f} MiB, embeddings "
                f"{alone:.0f} MiB",
                flush=True,
            )
            if size == options.sizes[0]:
                kept = f"{temporary}/kept"
                again = [*command, "--checkpoint", kept]
                for number in (signal.SIGINT, signal.SIGKILL):
                    status = stopped(again, 0.6 * wall, number)
                    print(f"{number.name}: status {status}, file kept: {os.path.exists(kept)}")
                evaluate(again, f"{temporary}/resumed")
                with open(f"{temporary}/whole-{size}", "rb") as one:
                    with open(f"{temporary}/resumed", "rb") as other:
                        print(f"resumed: the same bytes: {one.read() == other.read()}", flush=True)


main()
