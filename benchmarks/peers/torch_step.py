#!/usr/bin/env python3
"""Steps of an alignment in PyTorch, as a LilT user writes it: transformers' BERT and ViT of mBERT-base's and
ViT-B/16's shapes with random weights, texts padded to the longest of the batch.

    benchmarks/peers/torch_step.py lwa|da|lit|full fp32|autocast PAIRS

`autocast` is bf16 by torch.autocast. Steps without end, a line for each when it is done; whoever started it
ends it. Needs: pip install torch transformers.
"""
import os
import sys

import torch
from torch import nn
from transformers import BertConfig, BertModel, ViTConfig, ViTModel

WIDTH, BOTTLENECK = 768, 192
# Word pieces of English captions of COCO, start and end included.
LENGTHS = [12, 14, 11, 17, 13, 12, 19, 15, 10, 13, 16, 12, 14, 18, 11, 13]


class Adapter(nn.Module):
    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Linear(WIDTH, BOTTLENECK), nn.Linear(BOTTLENECK, WIDTH)

    def forward(self, x):
        return x + self.up(nn.functional.gelu(self.down(x)))


class Adapted(nn.Module):
    """A module with an adapter behind it, or in front of it."""

    def __init__(self, inner, before):
        super().__init__()
        self.inner, self.before, self.adapter = inner, before, Adapter()

    def forward(self, x, *rest, **named):
        if self.before:
            return self.inner(self.adapter(x), *rest, **named)
        return self.adapter(self.inner(x, *rest, **named))


def insert(text, image):
    for layer in text.encoder.layer:
        layer.attention.output.dense = Adapted(layer.attention.output.dense, before=False)
        layer.output.dense = Adapted(layer.output.dense, before=False)
    layers = image.layers if hasattr(image, "layers") else image.encoder.layer
    for layer in layers:
        for name in ("layernorm_before", "layernorm_after"):
            setattr(layer, name, Adapted(getattr(layer, name), before=True))


def train(method, text, image):
    """What the method trains, all else frozen."""
    for parameter in [*text.parameters(), *image.parameters()]:
        parameter.requires_grad = method == "full"
    if method == "lit":
        for parameter in text.parameters():
            parameter.requires_grad = True
    if method == "lwa":
        insert(text, image)
        for module in [*text.modules(), *image.modules()]:
            if isinstance(module, nn.LayerNorm):
                for parameter in module.parameters():
                    parameter.requires_grad = True
    if method == "da":
        for tower in (text, image):
            layers = tower.layers if hasattr(tower, "layers") else tower.encoder.layer
            for parameter in layers[-1].parameters():
                parameter.requires_grad = True


def main():
    method, precision, pairs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(int(os.environ.get("XLING_THREADS", os.cpu_count())))
    torch.manual_seed(1)
    # A deep adapter is a layer on top: twelve frozen ones and a trained one.
    layers = 13 if method == "da" else 12
    text = BertModel(BertConfig(vocab_size=119547, num_hidden_layers=layers, hidden_dropout_prob=0.0,
                                attention_probs_dropout_prob=0.0), add_pooling_layer=False)
    image = ViTModel(ViTConfig(num_hidden_layers=layers), add_pooling_layer=False)
    train(method, text, image)
    heads = nn.ModuleList([nn.Linear(WIDTH, 256), nn.Linear(WIDTH, 256)])
    trained = [p for p in [*text.parameters(), *image.parameters(), *heads.parameters()] if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    lengths = torch.tensor([LENGTHS[i % len(LENGTHS)] for i in range(pairs)])
    ids = torch.randint(1000, 100000, (pairs, int(lengths.max())))
    mask = (torch.arange(ids.shape[1])[None] < lengths[:, None]).long()
    pixels = torch.rand(pairs, 3, 224, 224) * 2 - 1

    def vectors(tower, **inputs):
        return tower(**inputs).last_hidden_state[:, 0]

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "autocast"):
            a = vectors(text, input_ids=ids, attention_mask=mask)
            with torch.set_grad_enabled(method != "lit"):
                b = vectors(image, pixel_values=pixels)
            a, b = heads[0](a), heads[1](b)
        a, b = (nn.functional.normalize(x.float(), dim=-1) for x in (a, b))
        logits = a @ b.T / 0.07
        gold = torch.arange(pairs)
        loss = (nn.functional.cross_entropy(logits, gold) + nn.functional.cross_entropy(logits.T, gold)) / 2
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()

    while True:
        step()
        print("step", flush=True)


if __name__ == "__main__":
    main()
