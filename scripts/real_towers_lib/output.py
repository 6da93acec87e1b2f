"""Folders that are whole or not there, and the files in them."""

import json
import os
import shutil
import struct

from .failure import BAD_DATA, Failure
from .wheels import sha256


class NewFolder:
    """A folder that is written beside its place and moved there when all of it is. With the exception of
    a kill, nothing is left of one that failed; what a kill left is removed by the next run."""

    def __init__(self, path, replaces):
        self.path, self.replaces = path, replaces
        parent, name = os.path.split(os.path.abspath(path))
        self.prefix = os.path.join(parent, f".{name}.partial-")
        self.place = self.prefix + str(os.getpid())

    def __enter__(self):
        parent = os.path.dirname(self.place)
        os.makedirs(parent, exist_ok=True)
        for name in os.listdir(parent):
            path = os.path.join(parent, name)
            if path.startswith(self.prefix) and not _lives(path[len(self.prefix):]):
                shutil.rmtree(path, ignore_errors=True)
        os.mkdir(self.place)
        return self

    def __exit__(self, kind, _, __):
        if kind is None:
            try:
                self._move()
                return
            except BaseException:
                shutil.rmtree(self.place, ignore_errors=True)
                raise
        shutil.rmtree(self.place, ignore_errors=True)

    def _move(self):
        if self.replaces and os.path.lexists(self.path):
            former = self.place + ".former"
            os.rename(self.path, former)
            os.rename(self.place, self.path)
            shutil.rmtree(former, ignore_errors=True)
        else:
            os.rename(self.place, self.path)

    def file(self, name):
        path = os.path.join(self.place, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def write(self, name, data):
        with open(self.file(name), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def write_json(self, name, value):
        text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
        self.write(name, text.encode())

    def write_safetensors(self, name, tensors):
        """`tensors`: name to shape and a function that gives the little-endian float32 values in rows.
        The format by hand: the header's length, a JSON header, the data in the order of the names."""
        header, offset = {"__metadata__": {"format": "pt"}}, 0
        for tensor in sorted(tensors):
            shape = tensors[tensor][0]
            size = 4 * _product(shape)
            header[tensor] = {
                "dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + size]}
            offset += size
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        with open(self.file(name), "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for tensor in sorted(tensors):
                shape, values = tensors[tensor]
                data = values()
                if len(data) != 4 * _product(shape):
                    raise Failure(
                        BAD_DATA, f"{tensor} has {len(data)} bytes, expected "
                        f"{4 * _product(shape)} of {list(shape)} float32 numbers")
                file.write(data)
            file.flush()
            os.fsync(file.fileno())


def differences(path, hashes):
    """Files of a folder that are not those of `hashes`, name to SHA-256; empty: all are there."""
    return [
        name for name, expected in hashes.items()
        if not os.path.isfile(os.path.join(path, name))
        or sha256(os.path.join(path, name)) != expected]


def _product(shape):
    product = 1
    for size in shape:
        product *= size
    return product


def _lives(number):
    if not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
