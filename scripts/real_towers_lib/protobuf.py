"""Protocol Buffers' wire format, as far as ONNX and SentencePiece files need it."""

from .failure import BAD_DATA, Failure


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fields(data):
    """(number, wire type, value) of a message; bytes stay views of it."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        else:
            if wire == 2:
                size, at = varint(data, at)
            elif wire in (1, 5):
                size = 8 if wire == 1 else 4
            else:
                raise Failure(BAD_DATA, f"wire type {wire} in a message, expected 0, 1, 2 or 5")
            value, at = data[at:at + size], at + size
        yield number, wire, value


def encoded(value):
    """A varint."""
    out = bytearray()
    while True:
        low = value & 127
        value >>= 7
        out.append(low | (128 if value else 0))
        if not value:
            return bytes(out)


def message(number, payload):
    """A field of bytes."""
    return encoded(number << 3 | 2) + encoded(len(payload)) + payload
