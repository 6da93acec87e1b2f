#!/usr/bin/env python3
"""Two evaluation loops restated from their papers' public code, on the same arrays:

- `lilt`: LilT (Khan and Fu 2023), as ALBEF before it: scores of all pairs, the 128 best of each query
  kept, then one full argsort a query.
- `clip_benchmark`: scores of all pairs, then for each k and direction topk and a one-hot comparison
  with the matrix of correct pairs, 64 queries at a time.

    rank.py lilt|clip_benchmark FOLDER

FOLDER has I.npy, T.npy and owner.npy, the picture of each caption. Prints one JSON line: seconds, processor
seconds, three recalls each way. Reading the files is no part of it. Needs: pip install numpy torch.
"""
import json
import os
import sys
import time

import numpy as np
import torch

KS = [1, 5, 10]


def best_only(sims, keep):
    kept = torch.full(sims.shape, -100.0)
    for row, scores in enumerate(sims):
        values, places = scores.topk(k=keep, dim=0)
        kept[row, places] = values
    return kept.numpy()


def lilt(pictures, captions, owner):
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
        **{f"image-to-text R@{k}": 100 * np.mean(text_ranks < k) for k in KS},
        **{f"text-to-image R@{k}": 100 * np.mean(image_ranks < k) for k in KS},
    }


def fraction_found(scores, correct, k):
    best = torch.topk(scores, k, dim=1)[1]
    one_hot = torch.nn.functional.one_hot(best, num_classes=scores.shape[1])
    hits = (one_hot * correct.view(len(scores), 1, scores.shape[1])).sum(dim=(1, 2))
    return hits / correct.sum(dim=1)


def in_batches(scores, correct, k, size=64):
    parts = range(0, len(scores), size)
    return torch.cat([fraction_found(scores[i : i + size], correct[i : i + size], k) for i in parts])


def clip_benchmark(pictures, captions, owner):
    scores = torch.from_numpy(captions) @ torch.from_numpy(pictures).t()
    correct = torch.zeros_like(scores, dtype=torch.bool)
    correct[torch.arange(len(scores)), torch.from_numpy(owner)] = True
    found = {}
    for k in KS:
        text = (in_batches(scores, correct, k) > 0).float().mean().item()
        image = (in_batches(scores.T, correct.T, k) > 0).float().mean().item()
        found[f"text-to-image R@{k}"] = 100 * text
        found[f"image-to-text R@{k}"] = 100 * image
    return found


def main():
    loop, folder = sys.argv[1:]
    torch.set_num_threads(int(os.environ.get("XLING_THREADS", os.cpu_count())))
    pictures, captions, owner = (np.load(f"{folder}/{name}.npy") for name in ("I", "T", "owner"))
    began, used = time.perf_counter(), time.process_time()
    found = {"lilt": lilt, "clip_benchmark": clip_benchmark}[loop](pictures, captions, owner)
    seconds = [time.perf_counter() - began, time.process_time() - used]
    print(json.dumps({"seconds": seconds, "found": found}))


if __name__ == "__main__":
    main()
