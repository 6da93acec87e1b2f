#!/usr/bin/env python3
"""Pictures a second from JPEG files to normalized tensors at 224, on one core: `xling pixels`
against Pillow and torchvision, in turns, in one run. Needs: pip install pillow torch torchvision.

  benchmarks/pictures.py XLING [ROUNDS, default 7]

Both read the same made-up photographs (640 x 480, 4:2:0, quality 90) from the page cache, resize
them with BICUBIC to 224 x 224 and normalize with CLIP's statistics. Neither starting the process
nor writing the result counts. The last line is the ratio of the medians, with the machine's load."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from torchvision import transforms

COUNT = 96


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


def peer(paths):
    chain = transforms.Compose([
        transforms.Resize((224, 224), transforms.InterpolationMode.BICUBIC), transforms.ToTensor(),
        transforms.Normalize((0.48145466, 0.4578275, 0.40821073),
                             (0.26862954, 0.26130258, 0.27577711))])
    began = time.process_time()
    for path in paths:
        with Image.open(path) as image:
            chain(image.convert("RGB"))
    return len(paths) / (time.process_time() - began)


def ours(binary, paths, output):
    done = subprocess.run(
        [binary, "pixels", *paths, "--preset", "clip", "--threads", "1", "--output", output],
        check=True, capture_output=True, text=True)
    return float(re.search(r"([0-9.]+) pictures/s of processor time", done.stderr).group(1))


def main():
    binary = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{index}.jpg" for index in range(COUNT)]
        for seed, path in enumerate(paths):
            photograph(seed).save(path, quality=90)
        size = sum(Path(path).stat().st_size for path in paths) / COUNT / 1024
        print(f"{COUNT} pictures of {size:.0f} KiB")
        rates = {"Pillow + torchvision": [], "xling": []}
        peer(paths)
        for _ in range(rounds):
            rates["Pillow + torchvision"].append(peer(paths))
            rates["xling"].append(ours(binary, paths, folder + "/out.safetensors"))
    for name, values in rates.items():
        print(f"{name:22} median {median(values):7.1f} pictures/s, "
              f"least {min(values):7.1f}, most {max(values):7.1f}")
    theirs, our = (median(values) for values in rates.values())
    print(f"ratio {our / theirs:.2f}, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main()
