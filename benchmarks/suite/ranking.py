"""`xling eval` on embeddings beside the loops of LilT and CLIP_benchmark: the same recalls from the same arrays. Ours
is the whole process, which reads files and has all metrics both ways with 1,000 bootstrap resamples."""
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .turns import Sample, in_turns, rows, run

PEER = Path(__file__).parents[1] / "peers/rank.py"
PACKAGES = ["torch", "numpy"]


def write(folder, images, per_image, width=256):
    import numpy
    generator = numpy.random.default_rng(0)
    pictures = generator.standard_normal((images, width)).astype(numpy.float32)
    captions = numpy.repeat(pictures, per_image, axis=0) * 0.3
    captions += generator.standard_normal(captions.shape).astype(numpy.float32)
    owner = numpy.repeat(numpy.arange(images), per_image)
    for name, rows_ in (("I", pictures), ("T", captions)):
        numpy.save(f"{folder}/{name}.npy", rows_ / numpy.linalg.norm(rows_, axis=1, keepdims=True))
    numpy.save(f"{folder}/owner.npy", owner)
    with open(f"{folder}/gold.jsonl", "w", encoding="utf-8") as file:
        file.writelines(f'{{"text": {text}, "images": [{image}]}}\n' for text, image in enumerate(owner))


def compare(material, images, per_image, loops, rounds):
    found = {}

    def check(figures, slack):
        """A near-tie may fall either way in float32: two queries of the smaller side."""
        for key, value in figures.items():
            if abs(found.setdefault(key, value) - value) > slack:
                raise SystemExit(f"{key} is {value} and {found[key]}")

    with TemporaryDirectory() as folder:
        write(folder, images, per_image)

        def ours():
            sample, output, _ = run(
                [material.binary, "eval", "--json", "--gold", "gold.jsonl", "--image-embeddings", "I.npy",
                 "--text-embeddings", "T.npy"], folder)
            check({f"{row['direction']} {row['metric']}": row["value"] for row in json.loads(output)
                   if row["metric"] in ("R@1", "R@5", "R@10")}, 200 / images)
            return sample

        def peer(loop):
            whole, output, _ = run([sys.executable, PEER, loop, folder])
            said = json.loads(output.splitlines()[-1])
            check(said["found"], 200 / images)
            return Sample(*said["seconds"], whole.megabytes)

        samples = in_turns(ours, {loop: lambda loop=loop: peer(loop) for loop in loops}, rounds)
    return rows(f"ranking, {images * per_image} captions and {images} pictures", samples, goal="ranking")
