"""Runs onto file systems that are too small, and then large enough."""

import os
import shutil
import subprocess

from . import kills
from .bench import digest, gold, names, npy, rows, said, store_complaints

SIZES_KB = (16, 64, 128, 256, 512, 1024, 2048, 3072, 4096, 6144, 8192, 10240, 12288, 16384, 20480)


def mount(folder, kilobytes):
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", folder], capture_output=True
    ).returncode == 0


def resize(folder, kilobytes):
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", folder], check=True)


class Filling:
    """`arguments` are typed in the small file system `disk`, beside which `set`, `runs/one` and
    `lines.txt` lie. `result` are the files that have to be there and the same; none where the store
    holds the result."""

    def __init__(self, name, tries, arguments, result, resume=(), status=None):
        self.name, self.tries, self.arguments, self.result = name, tries, arguments, result
        self.resume, self.status = list(resume), status


def fillings(bench):
    run = str(bench.folder / "runs" / "one")
    data = str(bench.folder / "set")
    lines = str(bench.folder / "lines.txt")
    picture = data + "/images/p00000.png"
    text = kills.tower(bench)
    return [
        Filling("align", 15, ["align", "--method", "lwa", "--data", data, *"--steps 20 --batch-size 4 "
                "--checkpoint-every 6 --validate-every 6 --threads 1 --output runs/new --store runs/xling.sqlite".split()],
                ["runs/new/model.safetensors"], ["--resume"],
                lambda disk: rows(disk / "runs/xling.sqlite", "SELECT status FROM runs")
                == [("finished",)]),
        Filling("eval", 10, ["eval", run, "--data", data, "--lang", "all", "--store", "s.sqlite"],
                [], (), lambda disk: rows(disk / "s.sqlite", "SELECT count(*) FROM evaluations")
                == [(16,)]),
        Filling("trec", 5, ["eval", run, "--data", data, "--lang", "all", "--trec", "trec", "--store",
                str(bench.folder / "trec.sqlite")], ["trec"]),
        Filling("export", 7, ["export", run, "--output", "exported"], ["exported"]),
        Filling("embed", 7, ["embed", "--tower", text, "--input", lines, "--output", "rows.npy"],
                ["rows.npy"], ["--resume"]),
        Filling("pixels", 5, ["pixels", picture, "--size", "512", "--output", "p.st"], ["p.st"]),
        Filling("build", 6, "data build scenes --train 16 --val 2 --test 4 --output built".split(),
                ["built"]),
        Filling("train", 4, ["tokenizer", "train", "wordpiece", "--size", "1000", "--output", "vocab",
                             lines], ["vocab"]),
        Filling("count", 5, ["eval", "--image-embeddings", str(bench.folder / "a.npy"),
                "--text-embeddings", str(bench.folder / "b.npy"), "--gold",
                str(bench.folder / "gold.jsonl"), "--shard", "1/2", "--output", "share"], ["share"]),
    ]


def run(bench):
    disk = bench.folder / "disk"
    if os.geteuid() != 0 or not mount(disk, 1024):
        bench.skip("disks", "mounting a small file system is not allowed here")
        return
    try:
        kills.with_run(bench, bench.folder)
        kills.with_lines(bench, bench.folder)
        for number, name in enumerate("ab"):
            npy(bench.folder / f"{name}.npy", 2_000, 16, number)
        gold(bench.folder / "gold.jsonl", 2_000)
        for filling in fillings(bench):
            if bench.wants(filling.name):
                fill(bench, filling, disk)
    finally:
        subprocess.run(["umount", "-l", disk])


def contents(disk, paths):
    """Digests of files and of all files of folders."""
    found = {}
    for path in paths:
        for name in [path] + [f"{path}/{n}" for n in sorted(names(disk / path))]:
            if (disk / name).is_file():
                found[name] = digest(disk / name)
    return found


def empty(disk):
    for path in disk.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def fill(bench, filling, disk):
    resize(disk, 400 << 10)
    empty(disk)
    bench.must(filling.arguments, disk)
    right, calm = contents(disk, filling.result), names(disk)
    draw = bench.random("disks", filling.name)
    sizes = sorted(draw.sample(SIZES_KB, min(len(SIZES_KB), bench.tries(filling.tries))))
    for size in sizes:
        empty(disk)
        resize(disk, size)
        complaints = []
        status = bench.run(filling.arguments, disk)
        if status == 0:
            if contents(disk, filling.result) != right:
                complaints.append("status 0, and the result is not there")
        elif status != 74:
            complaints.append(f"status {status}: {said(disk)}")
        resize(disk, 400 << 10)
        if status != 0:
            status = bench.run(filling.arguments + filling.resume, disk)
            if status != 0:
                complaints.append(f"with more room it ends with {status}: {said(disk)}")
            elif contents(disk, filling.result) != right:
                complaints.append("with more room the result is another")
        if filling.status and not complaints and not filling.status(disk):
            complaints.append("the store does not say what was done")
        left = names(disk) - calm
        if left:
            complaints.append(f"left behind: {', '.join(sorted(left)[:4])}")
        for store in disk.rglob("*.sqlite"):
            complaints += store_complaints(store)
        bench.verdict(f"disks, {filling.name}, {size} KB", complaints)
