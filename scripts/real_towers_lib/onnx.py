"""ONNX files, as far as weights need them."""

from .protobuf import fields, varint

# ModelProto.graph; GraphProto.node and .initializer; TensorProto.dims, .data_type, .name, .raw_data;
# NodeProto.input, .name, .op_type.
GRAPH, NODE, INITIALIZER = 7, 1, 5
DIMS, DATA_TYPE, NAME, RAW_DATA = 1, 2, 8, 9
INPUT, NODE_NAME, OP_TYPE = 1, 3, 4
FLOAT = 1


def read(data):
    """Float initializers, name to (shape, bytes), and nodes as (name, operator, inputs)."""
    tensors, nodes = {}, []
    graph = next(value for number, _, value in fields(memoryview(data)) if number == GRAPH)
    for number, _, value in fields(graph):
        if number == INITIALIZER:
            name, tensor = _tensor(value)
            if tensor:
                tensors[name] = tensor
        elif number == NODE:
            nodes.append(_node(value))
    return tensors, nodes


def _tensor(data):
    shape, kind, name, raw = [], 0, "", None
    for number, wire, value in fields(data):
        if number == DIMS and wire == 0:
            shape.append(value)
        elif number == DIMS:
            at = 0
            while at < len(value):
                size, at = varint(value, at)
                shape.append(size)
        elif number == DATA_TYPE:
            kind = value
        elif number == NAME:
            name = bytes(value).decode()
        elif number == RAW_DATA:
            raw = value
    return name, (tuple(shape), raw) if kind == FLOAT and raw is not None else None


def _node(data):
    name, operator, inputs = "", "", []
    for number, _, value in fields(data):
        if number == INPUT:
            inputs.append(bytes(value).decode())
        elif number == NODE_NAME:
            name = bytes(value).decode()
        elif number == OP_TYPE:
            operator = bytes(value).decode()
    return name, operator, inputs
