"""Vectors of pictures and captions beside PyTorch's: `xling embed`, files to rows, model loaded."""
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .stepping import Stepped
from .turns import Sample, in_turns, rows, run

PEER = Path(__file__).parents[1] / "peers/torch_embed.py"
PACKAGES = ["torch", "transformers", "tokenizers", "pillow", "safetensors", "numpy"]
# The last progress line, without loading.
RATE = re.compile(r"embed: \d+/(\d+) rows, ([\d.]+) rows/s")
# How far vectors may lie apart, of their length: rounding to bf16 is one in 256 at every product.
APART = {"fp32": 1e-4, "bf16": 0.05}


def ours(material, side, source, precision, folder):
    tower = material.tower("image" if side == "images" else "text")
    whole, _, messages = run(
        [material.binary, "embed", "--tower", tower, "--input", source, "--output", "ours.npy", "--precision",
         precision, *(["--batch-size", 16] if side == "images" else [])], folder)
    count, rate = RATE.findall(messages)[-1]
    seconds = int(count) / float(rate)
    # Loading is not told apart in processor time: it is left in, and named.
    return Sample(seconds, whole.processor, whole.megabytes)


def check(folder, precision):
    """Throws where the two do not compute the same."""
    import numpy
    mine, other = numpy.load(folder + "/ours.npy"), numpy.load(folder + "/peer.npy")
    apart = numpy.linalg.norm(mine - other, axis=1) / numpy.linalg.norm(other, axis=1)
    if apart.max() > APART[precision]:
        raise SystemExit(f"vectors of xling and PyTorch are {apart.max():.4f} apart, of their length")


def compare(material, side, count, precision, peers, rounds):
    """`peers`: fp32, autocast, weights."""
    source, count = material.pictures(count) if side == "images" else material.captions(count)
    with TemporaryDirectory() as folder:
        started = {}
        try:
            for peer in peers:
                started[peer] = Stepped(
                    [sys.executable, PEER, side, peer, material.tower("image" if side == "images" else "text"), source,
                     f"{folder}/peer.npy"], folder, lambda stepped: stepped.text().count("done\n"))
                started[peer].wait()
            samples = in_turns(
                lambda: ours(material, side, source, precision, folder),
                {f"PyTorch, {peer}": process.step for peer, process in started.items()}, rounds)
            check(folder, precision)
        finally:
            for process in started.values():
                process.close()
    what = "pictures" if side == "images" else "captions"
    return [{**row, "goal": f"{side} {row['peer'].split(', ')[1]}"}
            for row in rows(f"{count} {what} embedded, {precision}", samples)]
