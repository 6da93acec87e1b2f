#!/usr/bin/env python3
"""Makes Tests/Fixtures/checkpoints: small damaged and hostile checkpoints, and expected.json with the
words that refusing each must say (null: it is in order). Needs nothing but Python. They are also the
corpus of the mutation tests."""

import io
import json
import pickle
import pickletools
import struct
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "checkpoints"
VALUES = struct.pack("<6f", 1, 2, 3, 4, 5, 6)


def safetensors(header, values=VALUES, length=None):
    text = json.dumps(header, separators=(",", ":")).encode() if isinstance(header, dict) else header
    return struct.pack("<Q", len(text) if length is None else length) + text + values


def entry(shape, start, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value):
    return b"J" + struct.pack("<i", value)


def name(module, last):
    return b"c" + module.encode() + b"\n" + last.encode() + b"\n"


def tensor(shape=(2, 3), strides=(3, 1), offset=0, count=6, key="0", kind="FloatStorage"):
    """_rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())"""
    storage = (b"(" + text("storage") + name("torch", kind) + text(key) + text("cpu") + number(count)
               + b"tQ")
    size = b"(" + b"".join(map(number, shape)) + b"t"
    step = b"(" + b"".join(map(number, strides)) + b"t"
    return (name("torch._utils", "_rebuild_tensor_v2") + b"(" + storage + number(offset) + size + step
            + b"\x89" + name("collections", "OrderedDict") + b")RtR")


def state(*items):
    """A dictionary of names and values, as a whole pickle."""
    return b"\x80\x02}(" + b"".join(text(k) + v for k, v in items) + b"u."


def archive(data, values=VALUES, method=zipfile.ZIP_STORED, order=b"little"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        def write(entry, content, how=zipfile.ZIP_STORED):
            # One fixed date: the same bytes each time.
            file.writestr(zipfile.ZipInfo("archive/" + entry), content, how)
        write("data.pkl", data)
        write("byteorder", order)
        write("data/0", values, method)
    return buffer.getvalue()


def legacy(data, values=VALUES, keys=("0",)):
    head = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    start = b"".join(pickle.dumps(part, protocol=2) for part in head)
    stored = b"".join(struct.pack("<q", len(values) // 4) + values for _ in keys)
    return start + data + pickle.dumps(list(keys), protocol=2) + stored


class Call:
    """What a hostile pickle carries: a call of something by its name."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def calling(function, *arguments):
    data = pickle.dumps({"w": Call(function, *arguments)}, protocol=2)
    pickletools.dis(data, out=io.StringIO())
    return data


def files():
    good = {"w": entry([2, 3], 0, 24)}
    yield "good.safetensors", safetensors(good), None
    yield "good.pth", archive(state(("w", tensor()))), None
    yield "transposed.pth", archive(state(("w", tensor((2, 3), (1, 2))))), None
    yield "good_legacy.bin", legacy(state(("w", tensor()))), None
    yield "settings.pth", archive(state(
        ("model", state(("w", tensor()))[2:-1]),
        ("args", name("argparse", "Namespace") + b")\x81}b"))), None
    yield "empty.safetensors", b"", "0 bytes, expected at least 8"
    yield "header_beyond.safetensors", safetensors(good, length=10 ** 6), "its header claims 1000000"
    yield "header_4gb.safetensors", safetensors(good, length=4 << 30), "its header claims 4294967296"
    yield "header_no_json.safetensors", safetensors(b"{{{{"), "not a JSON object"
    yield "overlap.safetensors", safetensors(
        {"a": entry([4], 0, 16), "b": entry([4], 8, 24)}), "starts at byte 8 behind the header"
    yield "gap.safetensors", safetensors(
        {"a": entry([2], 0, 8), "b": entry([2], 16, 24)}), "starts at byte 16 behind the header"
    yield "out_of_range.safetensors", safetensors({"a": entry([8], 0, 32)}), "the bytes 0 to 32"
    yield "wrong_size.safetensors", safetensors({"a": entry([2, 3], 0, 24, "F16")}), "expected 12"
    yield "overflow.safetensors", safetensors(
        {"a": entry([1 << 62, 1 << 62], 0, 24)}), "more than there is memory"
    yield "system.pth", archive(calling(__import__("os").system, "exit 1")), ".system"
    yield "eval.pth", archive(calling(eval, "1")), "__builtin__.eval"
    yield "getattr_legacy.bin", legacy(calling(getattr, "a", "b")), "__builtin__.getattr"
    yield "stack_global.pth", archive(
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x01a\x85R."), "posix.system"
    yield "inst.pth", archive(b"\x80\x02(iposix\nsystem\n."), "the opcode INST"
    yield "extension.pth", archive(b"\x80\x02\x82\x01."), "the opcode EXT1"
    yield "called_settings.pth", archive(
        b"\x80\x02" + text("a") + b")R."), "a call of something that is no name"
    yield "bomb.pth", archive(state(("w", tensor())), bytes(1 << 20), zipfile.ZIP_DEFLATED), \
        "is compressed (method 8"
    yield "big_endian.pth", archive(state(("w", tensor())), order=b"big"), "big-endian"
    yield "short_storage.pth", archive(state(("w", tensor(count=6))), VALUES[:20]), "shorter"
    yield "no_storage.pth", archive(state(("w", tensor(key="7")))), "missing or shorter"
    yield "outside.pth", archive(state(("w", tensor((3, 3), (3, 1))))), "lies outside its storage"
    yield "negative.pth", archive(state(("w", tensor((2, 3), (-3, 1))))), "described wrongly"
    yield "cut.pth", archive(state(("w", tensor())))[:-40], "no zip directory"
    yield "cut_legacy.bin", legacy(state(("w", tensor())))[:-8], "the file was cut off"
    yield "no_stop.pth", archive(state(("w", tensor()))[:-1]), "ends before its STOP"
    yield "nothing.pth", archive(b"\x80\x02}."), "no tensors lie in it"
    # Ten thousand lists, each in the next.
    yield "deep.pth", archive(b"\x80\x02" + b"]" * 10000 + b"a" * 9999 + b"."), "no dictionary"
    yield "cycle.pth", archive(b"\x80\x02}q\x00" + text("a") + b"h\x00s."), "no tensors lie in it"


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    expected = {}
    for file, content, words in files():
        (FOLDER / file).write_bytes(content)
        expected[file] = words
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


main()
