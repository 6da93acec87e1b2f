"""Compares what sentence-transformers computes from an exported folder with xling.

    python scripts/check_sentence_transformers.py FOLDER XLING

Needs sentence-transformers. The vectors compared with are those of `XLING embed` on the folder,
projected here by the exported head; sentence-transformers computes the same from the texts alone.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer

TEXTS = ["a dog and a pizza", "Ein Hund.", "一只狗", "два кота", "bir köpek ve pizza", "x"]


def main() -> None:
    folder, xling = pathlib.Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as temporary:
        output = pathlib.Path(temporary) / "pooled.npy"
        subprocess.run(
            [xling, "embed", "--tower", folder, "--output", output],
            input="\n".join(TEXTS) + "\n", text=True, check=True, stdout=subprocess.DEVNULL)
        vectors = numpy.load(output)
    dense = folder / "2_Dense" / "model.safetensors"
    if dense.exists():
        head = load_file(dense)
        vectors = vectors @ head["linear.weight"].T + head["linear.bias"]
    vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
    found = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    distance = float(numpy.abs(found - vectors).max())
    print(json.dumps({"texts": len(TEXTS), "width": vectors.shape[1], "largest": distance}))
    sys.exit(distance > 1e-5)


if __name__ == "__main__":
    main()
