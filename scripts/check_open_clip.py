"""Compares what open_clip computes from an exported folder with xling.

    python scripts/check_open_clip.py RUN PICTURES XLING

Needs open_clip_torch 2.32 or later and transformers. RUN is a run whose image tower is locked; PICTURES
is a folder. The vectors compared with are those of `XLING embed`: of the run's text side as exported to
sentence-transformers, of its image tower as it was given, projected here by the run's heads. open_clip
computes the same from the files and the texts alone.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
import open_clip
import torch
from PIL import Image
from safetensors.numpy import load_file

TEXTS = [
    "a dog and a pizza", "Ein Hund.", "一只狗", "два кота", "bir köpek ve pizza", "x",
    "Un chat dort sur le canapé", "zwei Kinder spielen am Strand",
]


def unit(vectors):
    return vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)


def embed(xling, tower, work, text=None, pictures=None):
    output = work / "pooled.npy"
    subprocess.run(
        [xling, "embed", "--tower", tower, "--input", pictures or "-", "--output", output],
        input=text, text=True, check=True, stdout=subprocess.DEVNULL)
    return numpy.load(output)


def main() -> None:
    run, pictures = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    xling = str(pathlib.Path(sys.argv[3]).resolve())
    record = json.loads((run / "run.json").read_text())
    files = sorted(pictures.iterdir())[:8]
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        for form in ["open_clip", "sentence-transformers"]:
            subprocess.run(
                [xling, "export", run, "--format", form, "--output", work / form], check=True,
                stdout=subprocess.DEVNULL)
        dense = load_file(work / "sentence-transformers/2_Dense/model.safetensors")
        texts = embed(xling, work / "sentence-transformers", work, text="\n".join(TEXTS) + "\n")
        texts = unit(texts @ dense["linear.weight"].T + dense["linear.bias"])
        few = work / "pictures"
        few.mkdir()
        for file in files:
            (few / file.name).symlink_to(file.resolve())
        weights = load_file(run / "model.safetensors")
        images = embed(xling, record["identity"]["image"]["folder"], work, pictures=few)
        images = unit(
            images @ weights["image_projection.weight"].T + weights["image_projection.bias"])
        os.chdir(work / "open_clip")
        model, _, prepare = open_clip.create_model_and_transforms("local-dir:.")
        tokenizer = open_clip.get_tokenizer("local-dir:.")
        model.eval()
        with torch.no_grad():
            their_texts = model.encode_text(tokenizer(TEXTS), normalize=True).numpy()
            batch = torch.stack([prepare(Image.open(few / file.name)) for file in files])
            their_images = model.encode_image(batch, normalize=True).numpy()
    apart = {
        "texts": float(numpy.abs(their_texts - texts).max()),
        "images": float(numpy.abs(their_images - images).max()),
    }
    print(json.dumps({"width": texts.shape[1], "largest": apart}))
    sys.exit(max(apart.values()) > 1e-5)


if __name__ == "__main__":
    main()
