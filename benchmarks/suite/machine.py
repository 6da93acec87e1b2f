"""The machine that a bench runs on, and the versions of what it compares."""
import os
import platform
import resource
import subprocess
from importlib import metadata
from pathlib import Path

# From the least to the most: which goals can be tested.
KINDS = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"]


def processor():
    """The name of the processor, and those of KINDS that it has."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    field = lambda name: next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")
    flags = set(field("flags").split())
    return field("model name") or platform.machine(), [kind for kind in KINDS if kind in flags]


def memory():
    """Bytes of memory, and of those the ones that are free to be taken."""
    values = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return tuple(1024 * int(values[key].split()[0]) for key in ("MemTotal", "MemAvailable"))


def version(package):
    """Of an installed package; None where it is missing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def describe(binary, packages):
    """All that a figure depends on besides the code."""
    name, kinds = processor()
    said = lambda *command: subprocess.run(
        command, text=True, capture_output=True, cwd=Path(__file__).parent).stdout.strip()
    return {
        "processor": name, "cores": os.cpu_count(), "instructions": kinds,
        "memory_GB": round(memory()[0] / 1e9, 1), "system": f"{platform.system()} {platform.release()}",
        "xling": said(binary, "--version"), "commit": said("git", "describe", "--always", "--dirty"),
        "python": platform.python_version(),
        "peers": {package: version(package) for package in packages},
    }


def busy():
    """Processor seconds that all processes of the machine have used since it started."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    # Without idle and waiting for disks.
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def own():
    """Those of this process and its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(entry.ru_utime + entry.ru_stime for entry in used)


def load():
    """The load average of the last minute."""
    return round(os.getloadavg()[0], 1)
