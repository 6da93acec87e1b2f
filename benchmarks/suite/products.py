"""What of a step is matrix products, and how near these come to the fastest that the library does alone: calls of
cblas_sgemm are counted and timed inside the process (peers/sgemm_calls.c), and each shape is measured by itself when
it ends, by as many threads and the same kernels. All in processor time."""
import shutil
import struct
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from .steps import align, logged
from .stepping import Stepped
from .turns import Missing, Sample, rows

SOURCE = Path(__file__).parents[1] / "peers/sgemm_calls.c"
PACKAGES = ["safetensors", "numpy"]
# struct entry of sgemm_calls.c: two transpositions, m, n, k, nothing; calls; seconds; ceiling.
ENTRY = struct.Struct("=6iqdd")


def library(folder):
    """Builds what is preloaded. Throws Missing."""
    compiler = next((found for found in map(shutil.which, ("cc", "gcc", "clang")) if found), None)
    if not compiler:
        raise Missing("needs a C compiler")
    built = Path(folder) / "sgemm_calls.so"
    made = subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", built, SOURCE, "-ldl", "-lpthread"],
                          capture_output=True, text=True)
    if made.returncode != 0:
        raise Missing(f"{SOURCE.name} does not compile: {made.stderr.strip()[-300:]}")
    return built


def entries(path):
    """By shape: calls, their seconds, and the operations a second of the shape alone (0: not measured)."""
    found = {}
    for *shape, _, count, seconds, ceiling in ENTRY.iter_unpack(path.read_bytes()):
        if count == 0:
            break
        found[tuple(shape)] = (count, seconds, ceiling)
    return found


def during(before, after, ceilings):
    """Seconds inside the calls between two looks, and how long the same calls of the measured shapes take alone.
    Calls of shapes that are not worth a measurement of their own count as fast as the others."""
    inside, measured, alone = 0.0, 0.0, 0.0
    for shape, (count, seconds, _) in after.items():
        old_count, old_seconds, _ = before.get(shape, (0, 0.0, 0.0))
        inside += seconds - old_seconds
        ceiling = ceilings[shape][2]
        if ceiling > 0:
            m, n, k = shape[2:]
            measured += seconds - old_seconds
            alone += 2.0 * m * n * k * (count - old_count) / ceiling
    return inside, alone * inside / measured if measured else 0.0


def compare(material, method, pairs, steps):
    """`steps` are measured, after a first one."""
    with TemporaryDirectory() as folder:
        counts = Path(folder) / "calls"
        stepped = Stepped(
            align(material, method, folder, pairs, "fp32", "--steps", steps + 2, "--checkpoint-every", 1_000,
                  "--augment", "none", "--no-cache"),
            folder, logged, LD_PRELOAD=str(library(folder)), SGEMM_CALLS=str(counts))
        try:
            stepped.wait()
            looks, taken = [entries(counts)], []
            for _ in range(steps):
                taken.append(stepped.step())
                looks.append(entries(counts))
            stepped.finish()
        finally:
            stepped.close()
        ceilings = entries(counts)
    if not ceilings:
        raise Missing("the program made no call of cblas_sgemm that can be seen from outside")
    spent = [during(before, after, ceilings) for before, after in zip(looks, looks[1:])]
    inside = [Sample(seconds, seconds) for seconds, _ in spent]
    alone = [Sample(seconds, seconds) for _, seconds in spent]
    whole = [Sample(step.processor, step.processor) for step in taken]
    name = f"{method} step, fp32, {pairs} pairs: "
    note = "processor time"
    return (rows(name + "products", {"": inside, "sgemm alone": alone}, goal="products rate", note=note)
            + rows(name + "all of it", {"": whole, "its products": inside}, goal="products share", note=note))
