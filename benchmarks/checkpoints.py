#!/usr/bin/env python3
"""A checkpoint of mBERT's shape (711 MB of random float32): how long `xling inspect` takes, and what
loading costs beside `safetensors`. Needs: pip install numpy safetensors.

  benchmarks/checkpoints.py XLING [ROUNDS, default 5]

Loading has no command of its own: `xling forward` of one text of four tokens is timed whole, process,
mapping, a look at every weight for NaN, and the computation, which is more than loading. Its peer is
safetensors' load_file to numpy arrays, alone and with a look at every number for NaN; starting Python does
not count. Both in turns, in processor time, which a busy machine changes less than wall time; medians of
all rounds count.
Memory is the peak resident set, which the mapped file is part of; the checkpoint is made by a process of
its own, since a child's peak begins with its parent's."""

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from safetensors.numpy import save_file

LAYERS, WIDTH, INNER, WORDS = 12, 768, 3072, 119547

PEER = """
import sys, time, numpy
from safetensors.numpy import load_file
wall, began = time.perf_counter(), time.process_time()
tensors = load_file(sys.argv[1])
print(time.perf_counter() - wall, time.process_time() - began)
assert all(numpy.isfinite(tensor).all() for tensor in tensors.values())
print(time.perf_counter() - wall, time.process_time() - began)
"""


def checkpoint(folder):
    random = np.random.default_rng(0)

    def weights(*shape):
        return random.standard_normal(shape, dtype=np.float32) * np.float32(0.02)

    tensors = {"embeddings.word_embeddings.weight": weights(WORDS, WIDTH),
               "embeddings.position_embeddings.weight": weights(512, WIDTH),
               "embeddings.token_type_embeddings.weight": weights(2, WIDTH)}
    dense = {"attention.self.query": (WIDTH, WIDTH), "attention.self.key": (WIDTH, WIDTH),
             "attention.self.value": (WIDTH, WIDTH), "attention.output.dense": (WIDTH, WIDTH),
             "intermediate.dense": (INNER, WIDTH), "output.dense": (WIDTH, INNER)}
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for name, shape in dense.items():
            tensors[prefix + name + ".weight"] = weights(*shape)
            tensors[prefix + name + ".bias"] = weights(shape[0])
        norms += [prefix + "attention.output.LayerNorm", prefix + "output.LayerNorm"]
    for name in norms:
        tensors[name + ".weight"] = 1 + weights(WIDTH)
        tensors[name + ".bias"] = weights(WIDTH)
    save_file(tensors, folder + "/model.safetensors", metadata={"format": "pt"})
    with open(folder + "/config.json", "w") as file:
        json.dump({"model_type": "bert", "vocab_size": WORDS, "hidden_size": WIDTH,
                   "num_hidden_layers": LAYERS, "num_attention_heads": 12,
                   "intermediate_size": INNER, "max_position_embeddings": 512,
                   "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu"}, file)
    save_file({"input_ids": np.array([[101, 5, 7, 102]], dtype=np.int64)},
              folder + "/input.safetensors")


def timed(command):
    """Wall seconds, processor seconds and peak resident megabytes of one process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[:2]} ended with {process.returncode}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def medians(rows):
    return [statistics.median(column) for column in zip(*rows)]


def main():
    xling = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        maker = multiprocessing.Process(target=checkpoint, args=(folder,))
        maker.start()
        maker.join()
        weights = folder + "/model.safetensors"
        forward = [xling, "forward", "--tower", folder, "--input", folder + "/input.safetensors",
                   "--output", folder + "/output.safetensors", "--threads", "1"]
        inspections, ours, theirs = [], [], []
        for _ in range(rounds):
            inspections.append(timed([xling, "inspect", folder]))
            ours.append(timed(forward))
            peer = subprocess.check_output([sys.executable, "-c", PEER, weights])
            theirs.append([float(word) for word in peer.split()])
        size = os.path.getsize(weights) / 2 ** 20
        wall, processor, memory = medians(inspections)
        print(f"inspect: {wall:.3f} s ({processor:.3f} s of processor), {memory:.0f} MB resident")
        load_wall, load, resident = medians(ours)
        peer_wall, peer, checked_wall, checked = medians(theirs)
        print(f"load, check and compute: {load:.3f} s of processor, {load_wall:.3f} s")
        print(f"safetensors load_file: {peer:.3f} s of processor, {peer_wall:.3f} s; "
              f"ratios {load / peer:.2f}, {load_wall / peer_wall:.2f}")
        print(f"the same and a look for NaN: {checked:.3f} s of processor, {checked_wall:.3f} s; "
              f"ratios {load / checked:.2f}, {load_wall / checked_wall:.2f}")
        print(f"resident: {resident:.0f} MB of a file of {size:.0f} MB")
        print(f"load of the machine: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
