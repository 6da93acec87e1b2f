"""A text tower of mBERT's shape, 711 MB of float32: looking at it, and loading it beside safetensors.

Loading has no command of its own: `xling forward` of one text of four tokens is timed whole, process, mapping, a look
at every weight for NaN, and the computation. Its peer is safetensors' load_file to numpy with such a look; starting
Python does not count."""
import json
import sys
from tempfile import TemporaryDirectory

from .turns import Sample, in_turns, rows, run

PACKAGES = ["safetensors", "numpy"]
LOAD = """
import json, resource, sys, time, numpy
from safetensors.numpy import load_file
wall, used = time.perf_counter(), time.process_time()
assert all(numpy.isfinite(tensor).all() for tensor in load_file(sys.argv[1]).values())
print(json.dumps([time.perf_counter() - wall, time.process_time() - used]))
"""


def compare(material, rounds):
    import numpy
    from safetensors.numpy import save_file
    tower = material.tower("text")
    with TemporaryDirectory() as folder:
        save_file({"input_ids": numpy.array([[101, 5, 7, 102]], dtype=numpy.int64)}, f"{folder}/in.safetensors")

        def load():
            whole, output, _ = run([sys.executable, "-c", LOAD, tower / "model.safetensors"])
            return Sample(*json.loads(output), whole.megabytes)

        forward = [material.binary, "forward", "--tower", tower, "--input", "in.safetensors", "--output",
                   "out.safetensors", "--threads", 1]
        loading = in_turns(lambda: run(forward, folder)[0], {"safetensors": load}, rounds)
        looking = in_turns(lambda: run([material.binary, "inspect", tower], folder)[0], {}, 3 * rounds)
    return (rows("711 MB of weights loaded and checked", loading)
            + rows("`xling inspect` of 711 MB of weights", looking, goal="inspect"))
