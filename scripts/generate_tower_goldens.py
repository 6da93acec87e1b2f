#!/usr/bin/env python3
"""Makes Tests/Fixtures/parity/towers: a small random tower of every family and container, its inputs,
and what `transformers` and timm compute from them. Needs: pip install torch transformers timm
safetensors numpy.

  generate_tower_goldens.py                 writes the set (library versions in versions.json)
  generate_tower_goldens.py check FOLDER    loads towers that xling saved, FOLDER/NAME for each NAME of
                                            the set, strictly, and compares their outputs

Each folder holds a checkpoint, inputs.safetensors (b0.input_ids, ...) and expected.safetensors
(b0.layer_input_0, b0.layer_output_N, b0.last_hidden_state, b0.cls, and pooler_output or head_logits
where the checkpoint has them). Weights are float32; what is expected is computed in float64 and
rounded to float32 (T5's norms and softmax stay float32 in transformers). gradients_cls.safetensors: of
sum(cls * weight.cls), by the names xling has; of mT5, gradients_mean of its tokens' mean. For
folders to check: XLING_SAVED_TOWERS=FOLDER swift test --filter TowerCheckpointTests.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

import timm
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (BertConfig, BertForMaskedLM, BertModel, DeiTConfig, DeiTModel,
                          DistilBertConfig, DistilBertForMaskedLM, DistilBertModel, MT5Config,
                          MT5EncoderModel, MT5ForConditionalGeneration, ViTConfig, ViTModel,
                          XLMRobertaConfig, XLMRobertaModel)
from transformers.models.t5.modeling_t5 import T5Attention

TOWERS = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "parity" / "towers"
DEIT3 = "deit3_small_patch16_224"
SIZES = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40)


def rounded(tensors):
    return {k: v.detach().to(torch.float32).contiguous() for k, v in tensors.items()}


def randomize(model, seed):
    """Larger than any initialization, so that a wrong epsilon, mask or GELU shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            centred = "norm" in name.lower() and name.endswith(".weight") or "gamma" in name
            parameter.copy_(1 + 0.3 * noise if centred else 0.25 * noise)
    return model.eval()


def texts(seed, words, padding=0, types=0):
    """A batch padded on the right, one of them with holes, and a batch padded on the left."""
    generator = torch.Generator().manual_seed(seed)
    inputs = {}
    for batch, (lengths, left) in enumerate([([7, 1, 4], False), ([6, 3], True)]):
        longest = max(lengths)
        ids = torch.randint(3, words, (len(lengths), longest), generator=generator)
        mask = torch.tensor([[1] * n + [0] * (longest - n) for n in lengths])
        mask = mask.flip(1) if left else mask
        inputs[f"b{batch}.input_ids"] = ids * mask + padding * (1 - mask)
        if batch == 0:
            mask[0, 3] = 0
        inputs[f"b{batch}.attention_mask"] = mask
        if types:
            inputs[f"b{batch}.token_type_ids"] = torch.randint(
                0, types, ids.shape, generator=generator)
    return inputs


def pictures(seed, size):
    generator = torch.Generator().manual_seed(seed)
    return {f"b{b}.pixel_values": torch.randn(n, 3, size, size, generator=generator)
            for b, n in enumerate([2, 1])}


def batches(inputs):
    for prefix in sorted({name.split(".")[0] for name in inputs}):
        yield prefix, {k.split(".")[1]: v.double() if v.is_floating_point() else v
                       for k, v in inputs.items() if k.startswith(prefix + ".")}


def hidden_states(model, batch):
    """What enters the first layer, each layer's output, the last hidden state, and the rest."""
    if hasattr(model, "blocks"):
        states = []
        hooks = [model.blocks[0].register_forward_pre_hook(lambda _, x: states.append(x[0]))]
        hooks += [b.register_forward_hook(lambda _, x, y: states.append(y)) for b in model.blocks]
        last = model.forward_features(batch["pixel_values"])
        for hook in hooks:
            hook.remove()
        rest = {"head_logits": model.forward_head(last)} if model.num_classes else {}
        return states, last, rest
    layers = next(m for n, m in model.named_modules()
                  if isinstance(m, torch.nn.ModuleList) and len(m) == 2)
    states = []
    hooks = [layers[0].register_forward_pre_hook(
        lambda _, x, kw: states.append(x[0] if x else kw["hidden_states"]), with_kwargs=True)]
    hooks += [b.register_forward_hook(
        lambda _, x, y: states.append(y[0] if isinstance(y, tuple) else y)) for b in layers]
    result = model(**batch)
    for hook in hooks:
        hook.remove()
    pooled = getattr(result, "pooler_output", None)
    return states, result.last_hidden_state, {} if pooled is None else {"pooler_output": pooled}


def outputs(model, inputs):
    expected = {}
    for prefix, batch in batches(inputs):
        states, last, rest = hidden_states(model, batch)
        named = {"layer_input_0": states[0], "last_hidden_state": last, "cls": last[:, 0]} | rest
        named |= {f"layer_output_{i}": s for i, s in enumerate(states[1:])}
        expected |= {f"{prefix}.{k}": v for k, v in named.items()}
    return expected


def write(folder, model, inputs):
    save_file(inputs, folder / "inputs.safetensors")
    save_file(rounded(outputs(model.double(), inputs)), folder / "expected.safetensors")


def fresh(name):
    folder = TOWERS / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def eager(configuration):
    configuration._attn_implementation = "eager"
    return configuration


def hugging_face(name, model, inputs, **saving):
    folder = fresh(name)
    model.save_pretrained(folder, **saving)
    write(folder, model, inputs)
    return folder


def stored(folder):
    return load_file(folder / "model.safetensors")


def pickled(name, file, state, configuration=None, legacy=False):
    folder = fresh(name)
    torch.save(state, folder / file, _use_new_zipfile_serialization=not legacy)
    if configuration:
        shutil.copy(configuration / "config.json", folder / "config.json")


def text_towers():
    sizes = dict(vocab_size=31, max_position_embeddings=16, **SIZES)
    bert = randomize(BertModel(eager(BertConfig(type_vocab_size=2, **sizes))), 1)
    folder = hugging_face("bert", bert, texts(2, 31, types=2))
    weights = stored(folder)
    old = {("bert." + k).replace("LayerNorm.weight", "LayerNorm.gamma")
           .replace("LayerNorm.bias", "LayerNorm.beta"): v for k, v in weights.items()}
    words = old["bert.embeddings.word_embeddings.weight"]
    old |= {"bert.embeddings.position_ids": torch.arange(16)[None],
            "cls.predictions.decoder.weight": words, "cls.predictions.bias": torch.zeros(31)}
    pickled("bert_legacy_bin", "pytorch_model.bin", old, folder, legacy=True)
    bert.float().save_pretrained(fresh("bert_sharded"), max_shard_size="8KB")
    tanh = BertModel(eager(BertConfig(type_vocab_size=2, hidden_act="gelu_new", **sizes)),
                     add_pooling_layer=False)
    hugging_face("bert_tanh_bf16", randomize(tanh, 3).bfloat16(), texts(4, 31, types=2))
    sizes["max_position_embeddings"] = 18
    roberta = XLMRobertaModel(eager(XLMRobertaConfig(
        type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5, **sizes)))
    hugging_face("xlmr", randomize(roberta, 5), texts(6, 31, padding=1))
    distilled = DistilBertForMaskedLM(eager(DistilBertConfig(
        vocab_size=31, max_position_embeddings=16, dim=24, n_layers=2, n_heads=3, hidden_dim=40)))
    randomize(distilled, 7)
    folder = hugging_face("distilbert", distilled.distilbert, texts(8, 31))
    pickled("distilbert_mlm", "pytorch_model.bin", distilled.float().state_dict(), folder)
    quick = BertModel(eager(BertConfig(vocab_size=31, max_position_embeddings=16, type_vocab_size=2,
                                       hidden_act="quick_gelu", **SIZES)), add_pooling_layer=False)
    hugging_face("bert_quick_gelu", randomize(quick, 21).bfloat16(), texts(22, 31, types=2))


MT5 = {"shared": "embeddings.word_embeddings", "block.": "layer.",
       "layer.0.SelfAttention.relative_attention_bias": "attention.relative_attention_bias",
       "layer.0.SelfAttention.q": "attention.self.query",
       "layer.0.SelfAttention.k": "attention.self.key",
       "layer.0.SelfAttention.v": "attention.self.value",
       "layer.0.SelfAttention.o": "attention.output.dense",
       "layer.0.layer_norm": "attention.output.LayerNorm",
       "layer.1.DenseReluDense.wi_0": "intermediate.dense",
       "layer.1.DenseReluDense.wi_1": "intermediate.factor.dense",
       "layer.1.DenseReluDense.wo": "output.dense", "layer.1.layer_norm": "output.LayerNorm",
       "encoder.final_layer_norm": "layernorm"}


def mt5():
    """Heads that do not make up the width, buckets of several distances, and the whole model."""
    whole = randomize(MT5ForConditionalGeneration(eager(MT5Config(
        vocab_size=31, d_model=24, d_kv=10, num_heads=3, d_ff=40, num_layers=2,
        relative_attention_num_buckets=8, relative_attention_max_distance=6))), 23)
    encoder = MT5EncoderModel(eager(whole.config))
    encoder.load_state_dict({k: v for k, v in whole.state_dict().items()
                             if k in encoder.state_dict()})
    inputs = texts(24, 31)
    folder = hugging_face("mt5", encoder.eval(), inputs)
    pickled("mt5_whole", "pytorch_model.bin", whole.state_dict(), folder)
    batch = dict(batches(inputs))["b0"]
    keep = batch["attention_mask"][..., None]
    encoder.zero_grad()
    mean = (hidden_states(encoder, batch)[1] * keep).sum(1) / keep.sum(1)
    weight = torch.randn(mean.shape, generator=torch.Generator().manual_seed(9))
    (mean * weight).sum().backward()
    result = {"weight.mean": weight, "mean": mean}
    for name, parameter in encoder.named_parameters():
        for theirs, ours in MT5.items():
            name = name.replace(theirs, ours)
        result[name] = parameter.grad
    save_file(rounded(result), folder / "gradients_mean.safetensors")
    offsets = torch.arange(-1100, 1101)
    save_file({f"{count}_{distance}": T5Attention._relative_position_bucket(
        offsets, num_buckets=count, max_distance=distance).to(torch.int32)
        for count, distance in [(32, 128), (8, 6), (9, 1000)]}, folder / "buckets.safetensors")


OURS = {"blocks.": "encoder.layer.", "attn.proj": "attention.output.dense",
        "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense", "norm1": "layernorm_before",
        "norm2": "layernorm_after", "ls1.gamma": "layer_scale_attention.weight",
        "ls2.gamma": "layer_scale_feed_forward.weight", "patch_embed.proj":
        "embeddings.patch_embeddings.projection", "cls_token": "embeddings.cls_token",
        "pos_embed": "embeddings.position_embeddings", "norm.": "layernorm."}
TRANSFORMERS = {"layers.": "encoder.layer.", "attention.q_proj": "attention.attention.query",
                "attention.k_proj": "attention.attention.key",
                "attention.v_proj": "attention.attention.value",
                "attention.o_proj": "attention.output.dense", "mlp.fc1": "intermediate.dense",
                "mlp.fc2": "output.dense"}


def gradients(folder, model, inputs, names):
    """Of sum(cls * weight.cls) over batch b0, by xling's names, queries, keys and values apart."""
    model.double().zero_grad()
    batch = dict(batches(inputs))["b0"]
    cls = hidden_states(model, batch)[1][:, 0]
    weight = torch.randn(cls.shape, generator=torch.Generator().manual_seed(9))
    (cls * weight).sum().backward()
    result = {"weight.cls": weight}
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            continue
        for theirs, ours in names.items():
            name = name.replace(theirs, ours) if ours not in name else name
        if "attn.qkv" in name:
            for part, third in zip(["query", "key", "value"], parameter.grad.chunk(3)):
                result[name.replace("attn.qkv", f"attention.attention.{part}")] = third
        else:
            result[name] = parameter.grad
    save_file(rounded(result), folder / "gradients_cls.safetensors")


def image_towers():
    sizes = dict(image_size=16, patch_size=4, **SIZES)
    deit = randomize(DeiTModel(eager(DeiTConfig(**sizes)), add_pooling_layer=False), 11)
    inputs = pictures(12, 16)
    folder = hugging_face("deit", deit, inputs)
    gradients(folder, deit, inputs, TRANSFORMERS)
    plain = ViTModel(eager(ViTConfig(qkv_bias=False, layer_norm_eps=1e-5, **sizes)))
    hugging_face("vit_noqkvbias", randomize(plain, 13), pictures(14, 16))
    for name, architecture, seed, classes in [
            ("timm_vit", "vit_tiny_patch16_224", 15, 3), ("timm_deit3", DEIT3, 17, 0)]:
        arguments = dict(img_size=16, patch_size=4, embed_dim=24, depth=2, num_heads=3)
        model = randomize(timm.create_model(architecture, num_classes=classes, **arguments), seed)
        folder = fresh(name)
        save_file(model.state_dict(), folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps({
            "architecture": architecture, "num_classes": classes, "num_features": 24,
            "model_args": arguments}, indent=2) + "\n")
        inputs = pictures(seed + 1, 16)
        write(folder, model, inputs)
        if architecture == DEIT3:
            gradients(folder, model, inputs, OURS)
            state = {k.replace("ls1.gamma", "gamma_1").replace("ls2.gamma", "gamma_2"): v.float()
                     for k, v in model.state_dict().items()}
            pickled("deit3_pth", "deit_3_small_224_1k.pth",
                    {"model": state, "args": argparse.Namespace(lr=1e-3, seed=0), "epoch": 3})


def interpolations():
    folder = fresh("pos_interp")
    generator = torch.Generator().manual_seed(19)
    inputs, expected = {}, {}
    for case, source, target, prefix in [(2, 16, (14, 14), 1), (3, 3, (4, 4), 2), (4, 14, (10, 20), 0)]:
        name = f"case{case}_prefix{prefix}"
        table = torch.randn(1, prefix + source * source, 3, generator=generator)
        inputs[name] = table
        grid = table[:, prefix:].double().reshape(1, source, source, 3).permute(0, 3, 1, 2)
        for kind, antialias in [("torch_bicubic", False), ("timm_bicubic_antialias", True)]:
            moved = torch.nn.functional.interpolate(
                grid, size=target, mode="bicubic", align_corners=False, antialias=antialias)
            moved = moved.permute(0, 2, 3, 1).reshape(1, target[0] * target[1], 3)
            expected[f"{name}.{kind}"] = torch.cat([table[:, :prefix].double(), moved], 1)
    save_file(inputs, folder / "inputs.safetensors")
    save_file(rounded(expected), folder / "expected.safetensors")


def check(folder):
    found = 0
    for saved in sorted(p for p in Path(folder).iterdir() if (TOWERS / p.name / "expected.safetensors").exists()):
        configuration = json.loads((saved / "config.json").read_text())
        if "architecture" in configuration:
            model = timm.create_model(f"local-dir:{saved}", pretrained=True)
        else:
            # AutoModel would add a decoder to mT5's encoder.
            kind = getattr(transformers, configuration["architectures"][0])
            model, info = kind.from_pretrained(
                saved, output_loading_info=True, dtype=torch.float64, attn_implementation="eager")
            problems = {k: [n for n in v if "pooler." not in n] for k, v in info.items() if v}
            if any(problems.values()):
                sys.exit(f"{saved}: {problems}")
        model = model.double().eval()
        expected = load_file(TOWERS / saved.name / "expected.safetensors")
        result = outputs(model, load_file(TOWERS / saved.name / "inputs.safetensors"))
        difference = max((result[k] - v.double()).abs().max().item() for k, v in expected.items()
                         if "pooler" not in k and "head" not in k)
        print(f"{saved.name}: loaded strictly, largest difference {difference:.1e}")
        if difference > 1e-6:
            sys.exit(1)
        found += 1
    if not found:
        sys.exit(f"{folder} holds no tower of the set")


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "check":
        check(sys.argv[2])
    elif len(sys.argv) == 1:
        text_towers()
        mt5()
        image_towers()
        interpolations()
        versions = {"torch": torch.__version__, "transformers": transformers.__version__,
                    "timm": timm.__version__}
        (TOWERS / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")
    else:
        sys.exit(__doc__)


main()
