#!/usr/bin/env python3
"""Vectors of pictures or texts by PyTorch, as a user of transformers writes it: pictures in batches of 16, texts
sorted by length and padded to the longest of a batch of 32.

    torch_embed.py images|texts fp32|autocast|weights TOWER INPUT OUTPUT

INPUT has a path or a text a line. `autocast` is bf16 by torch.autocast, `weights` the whole model in bf16. Embeds
all once, writes them to OUTPUT (.npy) and prints a line; then again and again, a line for each time, until
whoever started it ends it. Loading the model is not part of it, reading the pictures and tokenizing is.
Needs: pip install torch transformers tokenizers pillow numpy.
"""
import os
import sys

import numpy
import torch
from PIL import Image
from transformers import BertModel, ViTModel

BATCH = {"images": 16, "texts": 32}


def pixels(paths, side=224):
    """Squeezed to the tower's square, normalized by half, as `xling embed` does it of a folder that says nothing."""
    rows = []
    for path in paths:
        with Image.open(path) as picture:
            squeezed = picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
        rows.append(torch.from_numpy(numpy.asarray(squeezed).copy()).permute(2, 0, 1).float() / 255)
    return (torch.stack(rows) - 0.5) / 0.5


def reader(tower):
    from tokenizers import BertWordPieceTokenizer
    tokenizer = BertWordPieceTokenizer(tower + "/vocab.txt", lowercase=False)
    return lambda lines: [encoding.ids[:64] for encoding in tokenizer.encode_batch(lines)]


def main():
    side, precision, tower, source, output = sys.argv[1:]
    torch.set_num_threads(int(os.environ.get("XLING_THREADS", os.cpu_count())))
    kind = torch.bfloat16 if precision == "weights" else torch.float32
    model = (ViTModel if side == "images" else BertModel).from_pretrained(tower, add_pooling_layer=False, dtype=kind)
    model.eval()
    with open(source, encoding="utf-8", newline="\n") as file:
        items = file.read().split("\n")[:-1]
    ids_of = reader(tower) if side == "texts" else None

    def vectors():
        out = torch.empty(len(items), model.config.hidden_size)
        read = ids_of(items) if ids_of else items
        order = sorted(range(len(items)), key=lambda item: len(read[item])) if ids_of else list(range(len(items)))
        for start in range(0, len(order), BATCH[side]):
            batch = order[start:start + BATCH[side]]
            if ids_of:
                longest = max(len(read[item]) for item in batch)
                ids = torch.tensor([read[item] + [0] * (longest - len(read[item])) for item in batch])
                mask = torch.tensor([[1] * len(read[item]) + [0] * (longest - len(read[item])) for item in batch])
                inputs = {"input_ids": ids, "attention_mask": mask}
            else:
                inputs = {"pixel_values": pixels([read[item] for item in batch]).to(kind)}
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "autocast"):
                out[batch] = model(**inputs).last_hidden_state[:, 0].float()
        return out.numpy()

    numpy.save(output, vectors())
    print("done", flush=True)
    while True:
        vectors()
        print("done", flush=True)


if __name__ == "__main__":
    main()
