"""Steps of an alignment beside PyTorch's, one at a time in turns."""
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from . import machine
from .stepping import Stepped
from .towers import PICTURES
from .turns import Missing, in_turns, rows, run

PEER = Path(__file__).parents[1] / "peers/torch_step.py"
PEER_PRECISION = {"fp32": ["fp32"], "bf16": ["autocast"]}
PACKAGES = ["torch", "transformers", "safetensors", "numpy"]
# What both processes take together at 4 and at 16 pairs, in GB.
MEMORY = {"full": (10, 16)}


def align(material, method, folder, pairs, precision, *more):
    return [material.binary, "align", "--method", method, "--data", material.dataset(), "--text-tower",
            material.tower("text"), "--image-tower", material.tower("image"), "--batch-size", pairs, "--seed", 1,
            "--precision", precision, "--output", "run", *more]


def logged(stepped):
    """Lines of the run's log, each written before the next step begins."""
    log = Path(stepped.folder) / "run/log.jsonl"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def printed(stepped):
    return stepped.text().count("\n")


def compare(material, method, pairs, precision, rounds, cached=False):
    """`cached`: what is measured comes after an epoch, when the states of frozen layers are kept."""
    few, many = MEMORY.get(method, (7, 10))
    needed = few if pairs <= 4 else many
    if machine.memory()[1] < needed * 1e9:
        raise Missing(f"needs {needed} GB of free memory for both at once")
    caching = ["--cache-trunk"] if cached and method == "da" else [] if cached else ["--no-cache"]
    augment = "lilt" if method == "lit" and not cached else "none"
    with TemporaryDirectory() as folder:
        ours = Stepped(
            align(material, method, folder, pairs, precision, "--steps", 1_000, "--checkpoint-every", 1_000,
                  "--augment", augment, *caching), folder, logged)
        peer = Stepped([sys.executable, PEER, method, *PEER_PRECISION[precision], pairs], folder, printed)
        try:
            # The first steps touch memory for the first time; with a cache the whole first epoch counts as that.
            for _ in range(1 + (PICTURES // pairs if cached else 0)):
                ours.step() if ours.done else ours.wait()
            peer.wait()
            samples = in_turns(ours.step, {"PyTorch": peer.step}, rounds)
        finally:
            ours.close()
            peer.close()
    name = f"{method} step, {precision}, {pairs} pairs" + (", frozen layers kept" if cached else "")
    goal = f"{method}{' cached' if cached else ''} {precision}"
    return rows(name, samples, goal=goal)


def second(material, rounds):
    """Another method, or another seed, on the towers of a first one: whole processes of 8 steps on 64 pairs."""
    def process(folder, method, seed):
        sample, _, _ = run(
            [material.binary, "align", "--method", method, "--data", material.dataset(), "--text-tower",
             material.tower("text"), "--image-tower", material.tower("image"), "--batch-size", 32, "--steps", 8,
             "--seed", seed, "--output", f"runs/{method}-{seed}"], folder)
        return sample

    found = {method: [] for method in ("projection, another seed", "ape", "lit")}
    first = []
    for _ in range(rounds):
        with TemporaryDirectory() as folder:
            first.append(process(folder, "projection", 1))
            for name, them in found.items():
                them.append(process(folder, name.split(",")[0], 2))
    return [row for name, them in found.items()
            for row in rows(f"{name}, after projection", {"": them, "projection, first": first}, goal="second")]
