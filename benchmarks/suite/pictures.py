"""JPEG files to normalized tensors at 224, on one core, beside Pillow, with torchvision's steps restated."""
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .turns import Sample, in_turns, rows, run

PEER = Path(__file__).parents[1] / "peers/read_pictures.py"
PACKAGES = ["pillow", "torch", "numpy"]
COUNT = 96
RATE = re.compile(r"([0-9.]+) pictures/s of processor time")


def compare(material, rounds):
    """By processor time: neither starting a process nor writing the result counts."""
    with TemporaryDirectory() as folder:
        subprocess.run([sys.executable, PEER, "make", folder, str(COUNT)], check=True)
        paths = sorted(Path(folder).glob("*.jpg"))

        def ours():
            whole, _, messages = run([material.binary, "pixels", *paths, "--preset", "clip", "--threads", 1,
                                      "--output", "out.safetensors"], folder)
            seconds = COUNT / float(RATE.search(messages)[1])
            return Sample(seconds, seconds, whole.megabytes)

        def peer():
            whole, output, _ = run([sys.executable, PEER, "read", folder, COUNT])
            return Sample(float(output), float(output), whole.megabytes)

        samples = in_turns(ours, {"Pillow": peer}, rounds)
    return rows(f"{COUNT} JPEG files of 640 x 480 to tensors, one core", samples)
