"""Which rows a bench has: the few that matter in under three minutes, or all."""
from functools import partial
from typing import Callable, NamedTuple

from . import checkpoints, embedding, pictures, products, ranking, starting, steps, tokenizing, trainers


class Part(NamedTuple):
    """Rows that are measured together."""
    # What --only names.
    group: str
    # What it does, while it is done.
    words: str
    # Python packages of its peers.
    needs: list
    # Gives rows, of the suite's material. Throws Missing.
    measure: Callable


def part(module, words, function, *arguments, needs=None):
    group = module.__name__.rsplit(".", 1)[1]
    return Part(group, words, module.PACKAGES if needs is None else needs, partial(call, function, arguments))


def call(function, arguments, material):
    return function(material, *arguments)


def step(method, precision, pairs, rounds, cached=False):
    return part(steps, f"{method} steps, {precision}", steps.compare, method, pairs, precision, rounds, cached)


def quick(instructions):
    precisions = ["fp32"] + (["bf16"] if "amx_bf16" in instructions else [])
    parts = [step(method, precision, 4, rounds) for precision in precisions
             for method, rounds in (("lwa", 3), ("full", 2), ("da", 2))]
    parts.append(part(products, "products of lwa steps", products.compare, "lwa", 4, 1))
    for precision in precisions:
        peers = ["fp32"] if precision == "fp32" else ["autocast", "weights"]
        for side, count in (("images", 12), ("texts", 128)):
            parts.append(part(embedding, f"{side} embedded, {precision}", embedding.compare, side, count, precision,
                              peers, 2))
    parts += [
        part(tokenizing, "WordPiece", tokenizing.compare, "mBERT", "varied", 1, 2,
             ["tokenizers offsets", "nanotoken ids"], needs=["tokenizers", "nanotoken"]),
        part(tokenizing, "Unigram", tokenizing.compare, "XLM-R", "varied", 1, 2, ["sentencepiece offsets"],
             needs=["sentencepiece"]),
        part(ranking, "ranking", ranking.compare, 1_000, 5, ["clip_benchmark"], 2),
    ]
    return parts


def whole(instructions):
    precisions = ["fp32"] + (["bf16"] if "amx_bf16" in instructions else [])
    parts = [step(method, precision, 16, 3) for method in ("lwa", "full", "da", "lit") for precision in precisions]
    parts += [step(method, precision, 16, 3, cached=True) for method in ("da", "lit") for precision in precisions]
    parts += [part(products, f"products of {method} steps", products.compare, method, 16, 3)
              for method in ("lwa", "full", "da")]
    parts.append(part(steps, "second methods", steps.second, 3, needs=["safetensors", "numpy"]))
    for precision in precisions:
        peers = ["fp32"] if precision == "fp32" else ["autocast", "weights"]
        for side, count in (("images", 32), ("texts", 400)):
            parts.append(part(embedding, f"{side} embedded, {precision}", embedding.compare, side, count, precision,
                              peers, 5))
    for model, (kind, *_) in tokenizing.MODELS.items():
        for text in tokenizing.TEXTS:
            needs = {peer.split()[0] for peer in tokenizing.MODELS[model][3]} | (
                {"tokenizers"} if kind in ("wordpiece", "json") else set())
            parts.append(part(tokenizing, f"{model}, {text}", tokenizing.compare, model, text, 10, 3,
                              needs=sorted(needs)))
    parts += [part(trainers, f"training {kind}", trainers.compare, kind, 8, 1)
              for kind in ("wordpiece", "bpe", "unigram")]
    parts += [
        part(ranking, "ranking", ranking.compare, 5_000, 5, ["lilt", "clip_benchmark"], 2),
        part(pictures, "pictures", pictures.compare, 5),
        part(checkpoints, "checkpoints", checkpoints.compare, 5),
        part(starting, "starting", starting.compare, 3),
    ]
    return parts
