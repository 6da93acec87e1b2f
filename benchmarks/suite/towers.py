"""Towers of mBERT-base's and ViT-B/16's shapes with random weights, a small dataset, and captions: made once, kept
under .build/bench."""
import json
import subprocess
from pathlib import Path

from .turns import Missing

LAYERS, WIDTH, INNER, WORDS = 12, 768, 3_072, 119_547
PICTURES = 64


def dense(tensors, weights, prefix, names):
    for name, shape in names.items():
        tensors[f"{prefix}{name}.weight"] = weights(*shape)
        tensors[f"{prefix}{name}.bias"] = weights(shape[0])


def norms(tensors, prefix, names):
    import numpy
    for name in names:
        tensors[f"{prefix}{name}.weight"] = numpy.ones(WIDTH, numpy.float32)
        tensors[f"{prefix}{name}.bias"] = numpy.zeros(WIDTH, numpy.float32)


def text(weights):
    tensors = {"embeddings.word_embeddings.weight": weights(WORDS, WIDTH),
               "embeddings.position_embeddings.weight": weights(512, WIDTH),
               "embeddings.token_type_embeddings.weight": weights(2, WIDTH)}
    norms(tensors, "embeddings.", ["LayerNorm"])
    square = (WIDTH, WIDTH)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        dense(tensors, weights, prefix, {
            "attention.self.query": square, "attention.self.key": square, "attention.self.value": square,
            "attention.output.dense": square, "intermediate.dense": (INNER, WIDTH), "output.dense": (WIDTH, INNER)})
        norms(tensors, prefix, ["attention.output.LayerNorm", "output.LayerNorm"])
    return tensors, {
        "model_type": "bert", "architectures": ["BertModel"], "vocab_size": WORDS, "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS, "num_attention_heads": 12, "intermediate_size": INNER,
        "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def image(weights):
    tensors = {"embeddings.cls_token": weights(1, 1, WIDTH), "embeddings.position_embeddings": weights(1, 197, WIDTH),
               "embeddings.patch_embeddings.projection.weight": weights(WIDTH, 3, 16, 16),
               "embeddings.patch_embeddings.projection.bias": weights(WIDTH)}
    square = (WIDTH, WIDTH)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        dense(tensors, weights, prefix, {
            "attention.attention.query": square, "attention.attention.key": square,
            "attention.attention.value": square, "attention.output.dense": square,
            "intermediate.dense": (INNER, WIDTH), "output.dense": (WIDTH, INNER)})
        norms(tensors, prefix, ["layernorm_before", "layernorm_after"])
    norms(tensors, "", ["layernorm"])
    return tensors, {
        "model_type": "vit", "architectures": ["ViTModel"], "image_size": 224, "patch_size": 16, "num_channels": 3,
        "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": 12, "intermediate_size": INNER,
        "layer_norm_eps": 1e-12, "hidden_act": "gelu", "qkv_bias": True, "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0}


def write(folder, tensors, configuration):
    from safetensors.numpy import save_file
    partial = folder.with_suffix(".partial")
    partial.mkdir(parents=True, exist_ok=True)
    save_file(tensors, partial / "model.safetensors", metadata={"format": "pt"})
    (partial / "config.json").write_text(json.dumps(configuration))
    partial.rename(folder)


class Material:
    """Everything that rows need besides the peers, under `folder`; `shared` has the texts and vocabularies that are
    not ours to ship."""

    def __init__(self, binary, folder, shared):
        self.binary, self.folder, self.shared = binary, folder, shared
        folder.mkdir(parents=True, exist_ok=True)

    def tower(self, side):
        import numpy
        folder = self.folder / side
        if not folder.exists():
            random = numpy.random.default_rng(1 if side == "text" else 2)
            weights = lambda *shape: random.standard_normal(shape, numpy.float32) * numpy.float32(0.02)
            write(folder, *(text if side == "text" else image)(weights))
        if side == "text" and not (folder / "vocab.txt").exists():
            # The shipped word pieces, and words that no text has.
            pieces = (Path(__file__).parents[2] / "towers/mini-text/vocab.txt").read_text().splitlines()
            rest = [f"[unused-{index}]" for index in range(WORDS - len(pieces))]
            (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}\n')
            (folder / "vocab.txt").write_text("\n".join(pieces + rest) + "\n")
        return folder

    def dataset(self):
        folder = self.folder / "data/scenes"
        if not folder.exists():
            subprocess.run([self.binary, "data", "build", "scenes", "--train", str(PICTURES), "--val", "4", "--test",
                            "4"], cwd=self.folder, check=True, capture_output=True)
        return folder

    def pictures(self, count):
        """A file with the paths of so many pictures."""
        files = sorted((self.dataset() / "images").glob("*.jpg"))[:count]
        listing = self.folder / f"pictures-{len(files)}.txt"
        listing.write_text("".join(f"{file}\n" for file in files))
        return listing, len(files)

    def given(self, path):
        """A path in ../shared. Throws Missing."""
        path = self.shared / path
        if not path.exists():
            raise Missing(f"needs {path}")
        return path

    def captions(self, count):
        """A file with so many captions of XTD10, in its languages by turns. Throws Missing."""
        files = sorted(self.given("data/xtd10/XTD10").glob("test_1kcaptions_*.txt"))
        columns = [file.read_text(encoding="utf-8").split("\n") for file in files]
        lines = [line.strip() for group in zip(*columns) for line in group if line.strip()][:count]
        listing = self.folder / f"captions-{count}.txt"
        listing.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return listing, len(lines)
