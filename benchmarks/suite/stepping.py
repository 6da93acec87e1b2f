"""A process that does the same over and over, let go for one step at a time: it is stopped (SIGSTOP) as soon as a
step is done, so that two such processes can take turns step by step, each having loaded its model once."""
import os
import signal
import subprocess
import time
from pathlib import Path

from .turns import Missing, Sample

TICKS = os.sysconf("SC_CLK_TCK")


class Stepped:
    """`steps` tells how many are done, by looking at what the process writes."""

    # Between two looks: a hundredth of the shortest step, and nothing that the process would feel.
    LOOK = 0.003

    def __init__(self, command, folder, steps, **variables):
        self.command, self.steps, self.folder = [str(part) for part in command], steps, folder
        self.output = open(Path(folder) / f"stepped-{time.monotonic_ns()}.log", "w+b")
        self.process = subprocess.Popen(
            self.command, cwd=folder, stdout=self.output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=dict(os.environ, **variables))
        self.done = 0

    def text(self):
        """What it wrote so far."""
        return Path(self.output.name).read_text(errors="replace")

    def wait(self, limit=600):
        """Until one more step is done; the process is stopped then."""
        ends = time.monotonic() + limit
        while self.steps(self) <= self.done:
            if self.process.poll() is not None:
                raise Missing(f"{self.command[0]} ended with {self.process.returncode}: {self.text()[-1500:]}")
            if time.monotonic() > ends:
                raise Missing(f"no step of {self.command[0]} in {limit} s")
            time.sleep(self.LOOK)
        self.process.send_signal(signal.SIGSTOP)
        self.done = self.steps(self)

    def step(self):
        """One step."""
        before, began = self.processor(), time.perf_counter()
        first = self.done
        self.process.send_signal(signal.SIGCONT)
        self.wait()
        seconds, processor = time.perf_counter() - began, self.processor() - before
        count = self.done - first
        return Sample(seconds / count, processor / count, self.megabytes())

    def finish(self, limit=600):
        """All that is left to do. Throws Missing where it fails."""
        self.process.send_signal(signal.SIGCONT)
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise Missing(f"{self.command[0]} did not end in {limit} s") from None
        if status != 0:
            raise Missing(f"{self.command[0]} ended with {status}: {self.text()[-1500:]}")

    def processor(self):
        """Seconds of all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def megabytes(self):
        """The most that was resident at once."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        return None

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.output.close()
