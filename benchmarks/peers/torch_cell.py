#!/usr/bin/env python3
"""R@10 of a finished run on locked towers, computed anew in PyTorch from its exported weights.

    benchmarks/peers/torch_cell.py RUN --data FOLDER [--languages en,de,…] [--split test]

Reads RUN/run.json and RUN/model.safetensors (linear or two-layer heads), the towers' folders that they name, and
the data's captions.jsonl; nothing of xling computes anything here. Needs torch, transformers, safetensors, pillow.
Covers a BERT- or XLM-R-like text tower with mean pooling, normalized where its folder says so, and a DINOv2 image
tower with `cls+mean`; refuses what else a folder of sentence-transformers has.
"""
import argparse
import json
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer, Dinov2Model


def head(weights, side, vectors, activation):
    """One layer `SIDE_projection`, or several `SIDE_head.0`, `SIDE_head.1`, … with `activation` between, behind
    `SIDE_head.mean` and `SIDE_head.scale` where the head standardizes; rows of unit length."""
    if f"{side}_head.mean" in weights:
        vectors = (vectors - weights[f"{side}_head.mean"]) * weights[f"{side}_head.scale"]
    layers = [f"{side}_projection"] if f"{side}_projection.weight" in weights else []
    while f"{side}_head.{len(layers)}.weight" in weights:
        layers.append(f"{side}_head.{len(layers)}")
    if not layers:
        raise SystemExit(f"torch_cell: the run's weights have neither {side}_projection nor {side}_head.0")
    for place, layer in enumerate(layers):
        vectors = torch.nn.functional.linear(vectors, weights[layer + ".weight"], weights[layer + ".bias"])
        if place + 1 < len(layers):
            vectors = getattr(torch.nn.functional, activation)(vectors)
    return torch.nn.functional.normalize(vectors, dim=-1)


def is_normalized(folder, output):
    """Whether the head reads text vectors of length one: the tower's folder of sentence-transformers ends with that,
    and the run did not leave it out."""
    path = Path(folder) / "modules.json"
    kinds = [module["type"].rsplit(".", 1)[-1] for module in json.loads(path.read_text())] if path.exists() else []
    if kinds and kinds[:2] != ["Transformer", "Pooling"] or set(kinds[2:]) - {"Normalize"}:
        raise SystemExit(f"torch_cell: {path} has {', '.join(kinds)}, expected Transformer, Pooling, Normalize")
    pooling = (output or {}).get("pooling", {})
    if pooling.get("modes") != ["mean"] or not pooling.get("includesPrompt", True):
        raise SystemExit(f"torch_cell: the run pools its texts by {pooling}, expected the mean with the prompt")
    return "Normalize" in kinds and output["head"] != "none"


@torch.inference_mode()
def texts(folder, captions, reading, normalized):
    """Pooled vectors, as wide as the tower. `reading` is what the run records of its captions."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    if reading.get("preprocessing", "none") != "none" or reading.get("lowercases"):
        raise SystemExit("torch_cell: the run preprocesses its captions; expected none")
    prompt = reading.get("prompt") or ""
    rows = [None] * len(captions)
    order = sorted(range(len(captions)), key=lambda at: len(captions[at]))
    for start in range(0, len(order), 64):
        part = order[start:start + 64]
        batch = tokenizer(
            [prompt + captions[at] for at in part], padding=True, truncation=True,
            max_length=reading.get("evaluatedTokens") or 30, return_tensors="pt")
        states = model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).float()
        for at, row in zip(part, (states * mask).sum(1) / mask.sum(1)):
            rows[at] = row
    rows = torch.stack(rows)
    return torch.nn.functional.normalize(rows, dim=-1) if normalized else rows


@torch.inference_mode()
def pictures(folder, paths, statistics, side, shorter):
    model = Dinov2Model.from_pretrained(folder).eval()
    mean, deviation = (torch.tensor(statistics[key]).view(3, 1, 1) for key in ("mean", "deviation"))
    rows = []
    for start in range(0, len(paths), 32):
        batch = []
        for path in paths[start:start + 32]:
            picture = Image.open(path).convert("RGB")
            width, height = picture.size
            scale = shorter / min(width, height)
            size = (shorter if width <= height else int(width * scale),
                    shorter if height <= width else int(height * scale))
            picture = picture.resize(size, Image.BICUBIC)
            left, top = (size[0] - side) // 2, (size[1] - side) // 2
            picture = picture.crop((left, top, left + side, top + side))
            pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)
            pixels = pixels.view(side, side, 3).permute(2, 0, 1).float() / 255
            batch.append((pixels - mean) / deviation)
        states = model(pixel_values=torch.stack(batch)).last_hidden_state
        rows.append(torch.cat([states[:, 0], states[:, 1:].mean(1)], dim=-1))
    return torch.cat(rows)


def recall(queries, gold, gallery, k):
    """Share of queries whose gold row is among the k nearest; equal scores count against it."""
    scores = queries @ gallery.T
    own = scores.gather(1, gold[:, None])
    ranks = (scores >= own).sum(1)
    return (ranks <= k).float().mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--languages", default="en,de,fr,cs,zh,pt")
    parser.add_argument("--split", default="test")
    chosen = parser.parse_args()
    record = json.loads((chosen.run / "run.json").read_text())
    identity, weights = record["identity"], load_file(chosen.run / "model.safetensors")
    form = identity["configuration"]
    preprocessing = form["pictureInput"]["preprocessing"]
    rows = [json.loads(line) for line in (chosen.data / "captions.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["split"] == chosen.split]
    images = pictures(
        identity["image"]["folder"], [chosen.data / "images" / row["image"] for row in rows],
        preprocessing["statistics"], preprocessing["size"],
        preprocessing["resize"]["shorterSide"]["_0"])
    options = {side: form["recipe"][side].get("head_activation", "gelu") for side in ("text", "image")}
    gallery = head(weights, "image", images, options["image"])
    normalized = is_normalized(identity["text"]["folder"], form.get("textOutput"))
    for language in chosen.languages.split(","):
        pairs = [(at, text) for at, row in enumerate(rows) for text in row["captions"].get(language, [])]
        gold = torch.tensor([at for at, _ in pairs])
        vectors = texts(identity["text"]["folder"], [text for _, text in pairs], form["captions"], normalized)
        queries = head(weights, "text", vectors, options["text"])
        print(language, f"R@10 {100 * recall(queries, gold, gallery, 10):.2f} %, n {len(pairs)} queries", flush=True)


if __name__ == "__main__":
    main()
