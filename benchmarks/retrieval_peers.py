#!/usr/bin/env python3
"""Times `xling eval` on embeddings against two other evaluation loops, in one run.

usage: retrieval_peers.py XLING [--images 5000] [--captions-per-image 5] [--width 256] [--runs 3]

Needs numpy and torch. The peers are restated from their papers' public code, on the same arrays:

- `lilt`: LilT (Khan and Fu 2023), as ALBEF before it: scores of all pairs, the 128 best of each query
  kept, then one full argsort a query.
- `clip_benchmark`: scores of all pairs, then for each k and direction topk and a one-hot comparison
  with the matrix of correct pairs, 64 queries at a time.

Both get their embeddings in memory and report three recalls. Of xling's whole process, which reads
files and has all metrics in both directions and 1,000 bootstrap resamples, the median of several runs is
taken, in wall clock and in processor time; of the ranking alone, as its progress line has it, too. What all
three report must be equal.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch


def embeddings(images, per_image, width):
    generator = np.random.default_rng(0)
    pictures = generator.standard_normal((images, width)).astype(np.float32)
    captions = np.repeat(pictures, per_image, axis=0) * 0.3
    captions += generator.standard_normal(captions.shape).astype(np.float32)
    for rows in (pictures, captions):
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return pictures, captions, np.repeat(np.arange(images), per_image)


def best_only(sims, keep):
    kept = torch.full(sims.shape, -100.0)
    for row, scores in enumerate(sims):
        values, places = scores.topk(k=keep, dim=0)
        kept[row, places] = values
    return kept.numpy()


def lilt(pictures, captions, owner, ks):
    sims = torch.from_numpy(pictures) @ torch.from_numpy(captions).t()
    keep = min(128, *sims.shape)
    to_text, to_image = best_only(sims, keep), best_only(sims.t(), keep)
    correct = [[] for _ in range(len(pictures))]
    for caption, picture in enumerate(owner):
        correct[picture].append(caption)
    text_ranks = np.zeros(len(to_text))
    for index, scores in enumerate(to_text):
        order = np.argsort(scores)[::-1]
        text_ranks[index] = min(np.where(order == item)[0][0] for item in correct[index])
    image_ranks = np.zeros(len(to_image))
    for index, scores in enumerate(to_image):
        order = np.argsort(scores)[::-1]
        image_ranks[index] = np.where(order == owner[index])[0][0]
    return {
        **{f"image-to-text R@{k}": 100 * np.mean(text_ranks < k) for k in ks},
        **{f"text-to-image R@{k}": 100 * np.mean(image_ranks < k) for k in ks},
    }


def fraction_found(scores, correct, k):
    best = torch.topk(scores, k, dim=1)[1]
    one_hot = torch.nn.functional.one_hot(best, num_classes=scores.shape[1])
    hits = (one_hot * correct.view(len(scores), 1, scores.shape[1])).sum(dim=(1, 2))
    return hits / correct.sum(dim=1)


def in_batches(scores, correct, k, size=64):
    parts = range(0, len(scores), size)
    return torch.cat([fraction_found(scores[i : i + size], correct[i : i + size], k) for i in parts])


def clip_benchmark(pictures, captions, owner, ks):
    scores = torch.from_numpy(captions) @ torch.from_numpy(pictures).t()
    correct = torch.zeros_like(scores, dtype=torch.bool)
    correct[torch.arange(len(scores)), torch.from_numpy(owner)] = True
    found = {}
    for k in ks:
        text = (in_batches(scores, correct, k) > 0).float().mean().item()
        image = (in_batches(scores.T, correct.T, k) > 0).float().mean().item()
        found[f"text-to-image R@{k}"] = 100 * text
        found[f"image-to-text R@{k}"] = 100 * image
    return found


# Waits for a command in a process of its own, which is small: a child's peak memory begins with that
# of the process that it was forked from, and this one holds the peers' matrices.
WAIT = """
import os, sys, time
began = time.perf_counter()
pid = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
taken = time.perf_counter() - began
processor = usage.ru_utime + usage.ru_stime
print(f"\\n{status} {taken} {processor} {usage.ru_maxrss / 1024}", file=sys.stderr)
"""


def xling(binary, pictures, captions, owner, ks):
    """Results; seconds of the whole process, of its processor time and of ranking; peak megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/I.npy", pictures)
        np.save(f"{folder}/T.npy", captions)
        with open(f"{folder}/gold.jsonl", "w", encoding="utf-8") as file:
            for caption, picture in enumerate(owner):
                file.write(f'{{"text": {caption}, "images": [{picture}]}}\n')
        command = [binary, "eval", "--json", "--gold", f"{folder}/gold.jsonl"]
        command += ["--image-embeddings", f"{folder}/I.npy"]
        command += ["--text-embeddings", f"{folder}/T.npy"]
        with open(f"{folder}/out.json", "w", encoding="utf-8") as output:
            command = [sys.executable, "-S", "-c", WAIT, *command]
            messages = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True)
        status, seconds, processor, peak = messages.stderr.split("\n")[-2].split()
        if int(status) != 0:
            sys.exit(messages.stderr)
        per_second = float(re.search(r"([\d.]+) captions/s", messages.stderr)[1])
        with open(f"{folder}/out.json", encoding="utf-8") as file:
            rows = json.load(file)
    names = {f"R@{k}" for k in ks}
    found = {f"{r['direction']} {r['metric']}": r["value"] for r in rows if r["metric"] in names}
    return found, float(seconds), float(processor), len(captions) / per_second, float(peak)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--captions-per-image", type=int, default=5)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--runs", type=int, default=3, help="of xling, at three times")
    options = parser.parse_args()
    data = embeddings(options.images, options.captions_per_image, options.width)
    ks = [1, 5, 10]
    print(f"load before: {os.getloadavg()[0]:.1f}, torch threads: {torch.get_num_threads()}")

    # Before, between and after the peers, since neighbours come and go.
    runs = [xling(options.binary, *data, ks) for _ in range(options.runs)]
    times = {}
    for peer in (lilt, clip_benchmark):
        began, began_processor = time.perf_counter(), time.process_time()
        found = peer(*data, ks)
        taken = time.perf_counter() - began, time.process_time() - began_processor
        times[peer.__name__] = taken
        # A near-tie may fall either way in float32: one query of the smaller side.
        apart = max(abs(found[key] - runs[0][0][key]) for key in found)
        print(f"{peer.__name__}: {taken[0]:.1f} s, processor {taken[1]:.1f} s;", end=" ")
        print(f"figures within {apart:.4f} points")
        runs += [xling(options.binary, *data, ks) for _ in range(options.runs)]
    whole, processor, ranking, peak = (statistics.median(column) for column in list(zip(*runs))[1:])
    print(f"xling, medians of {len(runs)}: {whole:.2f} s, processor {processor:.2f} s, of the wall", end=" ")
    print(f"clock {ranking:.2f} s ranking; {peak:.0f} MB")
    for peer, taken in times.items():
        print(f"{peer} / xling: whole process {taken[0] / whole:.1f},", end=" ")
        print(f"in processor time {taken[1] / processor:.1f}; ranking {taken[0] / ranking:.1f}")
    print(f"load after: {os.getloadavg()[0]:.1f}")


main()
