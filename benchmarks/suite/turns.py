"""Two ways to the same end, timed in turns: what disturbs one round disturbs both."""
import os
import subprocess
import time
from statistics import median
from typing import NamedTuple, Optional


class Sample(NamedTuple):
    """One measurement."""
    seconds: float
    # Of all threads.
    processor: float
    # The most memory resident at once.
    megabytes: Optional[float] = None


class Missing(Exception):
    """A row that cannot be measured here, and why."""


def run(command, folder=None, **variables):
    """A process from start to end: its cost, and what it wrote to stdout and stderr. Throws CalledProcessError."""
    command = [str(part) for part in command]
    began = time.perf_counter()
    with open(os.path.join(folder or "/tmp", f"bench-{os.getpid()}.out"), "w+b") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, env=dict(os.environ, **variables))
        messages = process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        output.seek(0)
        text = output.read().decode(errors="replace")
    os.unlink(output.name)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command, text, messages)
    return Sample(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), text, messages


def in_turns(ours, peers, rounds):
    """Samples of ours, and of each peer by its name, a round after another. `ours` and peers are functions that
    give a Sample."""
    samples = {"": [], **{name: [] for name in peers}}
    for _ in range(rounds):
        for name, peer in peers.items():
            samples[name].append(peer())
        samples[""].append(ours())
    return samples


def rows(work, samples, **more):
    """A row a peer, of what ``in_turns`` gave; one without a ratio where there is no peer."""
    ours = samples[""]
    peers = [(name, them) for name, them in samples.items() if name]
    return [row(work, ours, name, them, more) for name, them in peers] or [
        {"work": work, "peer": None, "ours": figures(ours), **more}]


def row(work, ours, name, theirs, more):
    return {
        "work": work, "peer": name, "ours": figures(ours), "theirs": figures(theirs),
        "ratio": ratio(ours, theirs, "seconds"), "ratio_processor": ratio(ours, theirs, "processor"),
        "ratio_memory": ratio(theirs, ours, "megabytes"), **more}


def figures(samples):
    """Each sample, and their medians."""
    middle = lambda key: None if getattr(samples[0], key) is None else median(
        getattr(sample, key) for sample in samples)
    return {"seconds": middle("seconds"), "processor": middle("processor"), "megabytes": middle("megabytes"),
            "samples": [list(sample) for sample in samples]}


def ratio(ours, theirs, key):
    """Of the medians, theirs over ours, with the least and the most of a round; None where nothing was measured."""
    mine, other = ([getattr(sample, key) for sample in samples] for samples in (ours, theirs))
    if None in mine or None in other or min(mine) <= 0:
        return None
    rounds = [b / a for a, b in zip(mine, other)]
    return {"value": median(other) / median(mine), "least": min(rounds), "most": max(rounds)}
