#!/usr/bin/env python3
"""Made-up photographs, and reading them by Pillow as torchvision's transforms do: BICUBIC to 224 x 224, to a tensor,
normalized with CLIP's statistics.

    read_pictures.py make|read FOLDER COUNT

`make` writes COUNT pictures, 640 x 480, 4:2:0, quality 90. `read` reads them twice and prints the processor seconds of
the second time. One core. Needs: pip install pillow numpy torch.
"""
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073])[:, None, None]
DEVIATION = torch.tensor([0.26862954, 0.26130258, 0.27577711])[:, None, None]


def photograph(seed):
    """Smooth areas, edges and grain, which compress about as photographs do."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((640, 480), Image.Resampling.BICUBIC), dtype=np.float64)
    y, x = np.mgrid[0:480, 0:640]
    for _ in range(12):
        cx, cy, r = random.uniform(0, 640), random.uniform(0, 480), random.uniform(20, 120)
        smooth[(x - cx) ** 2 + (y - cy) ** 2 < r * r] *= random.uniform(0.4, 1.4)
    return Image.fromarray(np.clip(smooth + random.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8))


def tensor(path):
    with Image.open(path) as image:
        resized = image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.array(resized, np.uint8)).permute(2, 0, 1).contiguous()
    return pixels.float().div(255).sub_(MEAN).div_(DEVIATION)


def main():
    what, folder, count = sys.argv[1:]
    torch.set_num_threads(1)
    paths = [Path(folder) / f"{index:04}.jpg" for index in range(int(count))]
    if what == "make":
        for seed, path in enumerate(paths):
            photograph(seed).save(path, quality=90)
        return
    for _ in range(2):
        began = time.process_time()
        for path in paths:
            tensor(path)
    print(time.process_time() - began)


if __name__ == "__main__":
    main()
