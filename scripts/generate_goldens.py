#!/usr/bin/env python3
"""Makes Tests/Fixtures/parity: small random towers as Hugging Face folders, their inputs, and what
PyTorch computes from them. Needs: pip install torch transformers safetensors numpy.

  generate_goldens.py                    writes the fixtures (versions in versions.json)
  generate_goldens.py check BERT VIT     loads two folders that xling saved in transformers, strictly,
                                         and compares their outputs with the fixtures

Weights are float32; everything expected is computed in float64 and rounded to float32. To get
folders for `check`: XLING_SAVED_TOWERS=FOLDER swift test --filter XlingTowersTests, then
`check FOLDER/bert FOLDER/vit`.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, ViTConfig, ViTModel

FIXTURES = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "parity"
LENGTHS = [7, 1, 12, 4, 9]
# transformers 5 calls the ViT's parts otherwise in memory than in checkpoints.
VIT_NAMES = {
    "layers.": "encoder.layer.", "attention.q_proj": "attention.attention.query",
    "attention.k_proj": "attention.attention.key", "attention.v_proj": "attention.attention.value",
    "attention.o_proj": "attention.output.dense", "mlp.fc1": "intermediate.dense",
    "mlp.fc2": "output.dense"}


def rounded(tensors):
    return {name: tensor.detach().to(torch.float32).contiguous() for name, tensor in tensors.items()}


def randomize(model, generator):
    """Larger than any initialization, so that a wrong epsilon, mask or GELU shows."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            norm = "norm" in name.lower() and name.endswith(".weight")
            parameter.copy_(1 + 0.3 * noise if norm else 0.25 * noise)


def bert(generator):
    configuration = BertConfig(
        vocab_size=61, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=16, type_vocab_size=2,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    configuration._attn_implementation = "eager"
    model = BertModel(configuration, add_pooling_layer=False)
    randomize(model, generator)
    ids = torch.randint(1, 61, (len(LENGTHS), max(LENGTHS)), generator=generator)
    mask = torch.tensor([[1] * n + [0] * (max(LENGTHS) - n) for n in LENGTHS])
    return model, {"input_ids": ids * mask, "attention_mask": mask}


def vit(generator):
    configuration = ViTConfig(
        hidden_size=24, num_hidden_layers=3, num_attention_heads=3, intermediate_size=56,
        image_size=16, patch_size=4, num_channels=3, layer_norm_eps=1e-6,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    configuration._attn_implementation = "eager"
    model = ViTModel(configuration, add_pooling_layer=False)
    randomize(model, generator)
    return model, {"pixel_values": torch.randn(4, 3, 16, 16, generator=generator)}


def outputs(model, inputs):
    inputs = {k: v.double() if v.is_floating_point() else v for k, v in inputs.items()}
    return model(**inputs, output_hidden_states=True)


def gradients(model, loss, stored):
    """By the names of the checkpoint, which must be the same set."""
    model.zero_grad()
    loss.backward(retain_graph=True)
    result = {}
    for name, parameter in model.named_parameters():
        for memory, checkpoint in VIT_NAMES.items():
            name = name.replace(memory, checkpoint) if name not in stored else name
        result[name] = parameter.grad
    assert set(result) == set(stored), set(result) ^ set(stored)
    return rounded(result)


def tower(name, make, seed):
    generator = torch.Generator().manual_seed(seed)
    model, inputs = make(generator)
    folder = FIXTURES / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    model = model.double().eval()
    result = outputs(model, inputs)
    hidden = result.last_hidden_state
    cls = hidden[:, 0]
    weight = torch.randn(cls.shape, generator=generator)
    everywhere = torch.randn(hidden.shape, generator=generator)
    if name == "bert":
        everywhere = everywhere * inputs["attention_mask"].unsqueeze(-1)
    expected = {f"hidden_{i}": h for i, h in enumerate(result.hidden_states)}
    expected |= {"last_hidden_state": hidden, "cls": cls, "weight.cls": weight,
                 "weight.hidden": everywhere}
    save_file(inputs, folder / "inputs.safetensors")
    save_file(rounded(expected), folder / "expected.safetensors")
    stored = load_file(folder / "model.safetensors")
    losses = {"cls": (cls * weight).sum()}
    if name == "bert":
        losses["hidden"] = (hidden * everywhere).sum()
    for kind, loss in losses.items():
        save_file(gradients(model, loss, stored), folder / f"gradients_{kind}.safetensors")


def contrastive():
    """Six AdamW steps on two projections and the temperature, as LilT's loop does them."""
    generator = torch.Generator().manual_seed(3)

    def noise(*shape):
        return torch.randn(*shape, generator=generator)

    start = {"image.weight": 0.4 * noise(8, 12), "image.bias": 0.2 * noise(8),
             "text.weight": 0.4 * noise(8, 10), "text.bias": 0.2 * noise(8),
             "temperature": torch.tensor(0.07)}
    data = {"images": noise(6, 5, 12), "texts": noise(6, 5, 10)}
    p = {k: torch.nn.Parameter(v.double()) for k, v in start.items()}
    decayed = [v for k, v in p.items() if v.ndim != 1]
    optimizer = torch.optim.AdamW(
        [{"params": [v for v in p.values() if v.ndim == 1], "weight_decay": 0.0},
         {"params": decayed, "weight_decay": 0.02}], lr=1e-2)
    tensors = {f"start.{k}": v for k, v in start.items()} | data
    losses = []
    for step in range(6):
        with torch.no_grad():
            p["temperature"].clamp_(0.001, 0.5)
        normal = torch.nn.functional.normalize
        image = normal(data["images"][step].double() @ p["image.weight"].T + p["image.bias"], dim=-1)
        text = normal(data["texts"][step].double() @ p["text.weight"].T + p["text.bias"], dim=-1)
        logits = image @ text.T / p["temperature"]
        gold = torch.arange(len(logits))
        cross = torch.nn.functional.cross_entropy
        loss = (cross(logits, gold) + cross(logits.T, gold)) / 2
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.detach())
        if step == 0:
            tensors |= {f"gradient.{k}": v.grad.clone() for k, v in p.items()}
        optimizer.step()
    tensors |= {f"end.{k}": v for k, v in p.items()} | {"losses": torch.stack(losses)}
    save_file(rounded(tensors), FIXTURES / "contrastive.safetensors")


def check(folders):
    for (name, model_class), folder in zip([("bert", BertModel), ("vit", ViTModel)], folders):
        model, info = model_class.from_pretrained(
            folder, add_pooling_layer=False, output_loading_info=True, dtype=torch.float64,
            attn_implementation="eager")
        problems = {k: v for k, v in info.items() if v}
        if problems:
            sys.exit(f"{folder}: {problems}")
        inputs = load_file(FIXTURES / name / "inputs.safetensors")
        expected = load_file(FIXTURES / name / "expected.safetensors")["cls"].double()
        found = outputs(model.eval(), inputs).last_hidden_state[:, 0]
        difference = (found - expected).abs().max().item()
        print(f"{name}: loaded strictly, largest difference of [CLS] {difference:.1e}")
        if difference > 1e-6:
            sys.exit(1)


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "check":
        check(sys.argv[2:])
    elif len(sys.argv) == 1:
        FIXTURES.mkdir(parents=True, exist_ok=True)
        tower("bert", bert, 1)
        tower("vit", vit, 2)
        contrastive()
        versions = {"torch": torch.__version__, "transformers": transformers.__version__}
        (FIXTURES / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")
    else:
        sys.exit(__doc__)


main()
