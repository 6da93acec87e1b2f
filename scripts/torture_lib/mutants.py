"""Damaged files for every reader: whatever the bytes, a message and a status of the product's own."""

import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import struct
import tarfile
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

from . import kills
from .bench import gold, npy, png, said

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "checkpoints"
CHECKPOINTS = ("good.pth", "good_legacy.bin", "good.safetensors")
SECONDS = 20
SPARE_MB = 200


class Reader:
    """`file` is damaged, below a folder of its own that holds copies of `needs`; `commands` read it, and
    end with `whole` where it is not damaged."""

    def __init__(self, name, file, *commands, needs=(), weight=1, whole=0):
        self.name, self.file, self.weight, self.whole = name, file, weight, whole
        self.needs = list(needs) or [file.split("/")[0]]
        self.commands = [command.split() for command in commands]


def readers(bench):
    text = kills.tower(bench)
    classify = "classify {base}/runs/one --lang en --data classes --classes classes.jsonl"
    return [
        Reader("captions", "set/captions.jsonl", "data show set",
               "eval {base}/runs/one --data set --lang en --store s.sqlite --no-cache", weight=3),
        Reader("dataset.json", "small/dataset.json", "data show small"),
        Reader("picture png", "set/images/p00000.png", "pixels set/images/p00000.png --output p.st"),
        Reader("coco", "coco.json", "data import --layout coco --test coco.json --images "
               "{base}/set/images --output made", weight=2),
        Reader("karpathy", "karpathy.json", "data import --layout karpathy --test karpathy.json "
               "--images {base}/set/images --output made"),
        Reader("lilt", "lilt.json", "data import --layout lilt --test lilt.json --images "
               "{base}/set/images --output made"),
        Reader("flickr", "captions.txt", "data import --layout flickr --test captions.txt --images "
               "{base}/set/images --output made"),
        Reader("tar", "shard.tar", "data import --layout webdataset --test shard.tar --output made",
               weight=3),
        Reader("tar.gz", "shard.tar.gz",
               "data import --layout webdataset --test shard.tar.gz --output made"),
        Reader("recipe", "recipe.toml", "align --recipe recipe.toml --data {base}/none --steps 1",
               weight=3, whole=66),
        Reader("settings", "xling.toml", "align --method lwa --data {base}/none", weight=2, whole=66),
        Reader("prompts", "prompts.toml", classify + " --prompts ./prompts.toml",
               needs=["prompts.toml", "classes", "classes.jsonl"], weight=2),
        Reader("classes", "classes.jsonl", classify, needs=["classes", "classes.jsonl"]),
        Reader("mat", "digits/test_32x32.mat",
               "classify {base}/runs/one --lang en --data digits", weight=2),
        Reader("safetensors", "runs/one/model.safetensors", "inspect runs/one/model.safetensors",
               weight=2),
        Reader("run.json", "runs/one/run.json", "show runs/one --store {base}/none.sqlite", weight=2),
        Reader("run.json, eval", "runs/one/run.json",
               "eval runs/one --data {base}/set --lang en --store s.sqlite --no-cache"),
        Reader("state.json", "stopped/" + bench.state, " ".join(STOPPED) + " --resume"),
        Reader("config.json", "tower/config.json", "inspect tower"),
        Reader("tokenizer.json", "tokenizer/tokenizer.json", "tokenizer show tokenizer"),
        Reader("tokenizer.json, unigram", "record/tokenizer.json", "tokenizer show record"),
        Reader("vocab.txt", "vocab/vocab.txt", "tokenizer show vocab"),
        Reader("sentencepiece", "unigram.model", "tokenizer show unigram.model", weight=2),
        Reader("lines", "lines.txt", f"tokenize --tokenizer {text} lines.txt"),
        Reader("npy", "a.npy", "eval --image-embeddings a.npy --text-embeddings {base}/b.npy --gold "
               "{base}/gold.jsonl --resamples 100", weight=2),
        Reader("gold", "gold.jsonl", "eval --image-embeddings {base}/a.npy --text-embeddings "
               "{base}/b.npy --gold gold.jsonl --resamples 100"),
        Reader("shard", "share1", "merge share1 {base}/share2"),
        Reader("store", "runs/store.sqlite", "runs --store runs/store.sqlite",
               "show one --store runs/store.sqlite",
               "compare one two --data {base}/set --store runs/store.sqlite", weight=3),
        *(Reader(name, name, f"inspect {name}") for name in CHECKPOINTS),
    ]


STOPPED = ("align --method lwa --data {base}/set --steps 40 --checkpoint-every 2 --batch-size 4 "
           "--output stopped --store s.sqlite").split()


def stop(bench, folder):
    """A run that was interrupted, and the name of its state's file."""
    process = bench.start([word.replace("{base}", str(folder)) for word in STOPPED], folder)
    while process.poll() is None and not list(folder.glob("stopped/checkpoints/step-*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.wait(60)
    newest = sorted(folder.glob("stopped/checkpoints/step-*/state.json"))[-1]
    return str(newest.relative_to(folder / "stopped"))


def prepare(bench):
    folder = bench.folder
    kills.with_run(bench, folder)
    bench.must("align --method lwa --data set --steps 4 --batch-size 4 --seed 2 --output "
               "runs/two".split(), folder)
    for run in ("one", "two"):
        bench.must(f"eval runs/{run} --data set --lang en --lang tr".split(), folder)
    kills.with_lines(bench, folder)
    lines = (folder / "lines.txt").read_text().splitlines(True)[:40]
    (folder / "lines.txt").write_text("".join(lines))
    bench.must("data build scenes --train 8 --val 2 --test 2 --output small".split(), folder)
    for number, name in enumerate("ab"):
        npy(folder / f"{name}.npy", 60, 8, number)
    gold(folder / "gold.jsonl", 60)
    for i in (1, 2):
        bench.must(["eval", "--image-embeddings", "a.npy", "--text-embeddings", "b.npy", "--gold",
                    "gold.jsonl", "--shard", f"{i}/2", "--output", f"share{i}"], folder)
    lists(folder)
    classes(folder)
    toml(folder)
    tokenizers(bench, folder)
    for name in CHECKPOINTS:
        shutil.copy(FIXTURES / name, folder / name)
    bench.state = stop(bench, folder)
    database = sqlite3.connect(folder / "runs/xling.sqlite")
    database.execute("VACUUM INTO ?", (str(folder / "runs/store.sqlite"),))
    database.close()


def lists(folder):
    name, caption = "p00000.png", "a square"
    (folder / "coco.json").write_text(json.dumps(
        {"images": [{"id": 1, "file_name": name}],
         "annotations": [{"image_id": 1, "id": 3, "caption": caption}]}))
    (folder / "karpathy.json").write_text(json.dumps(
        {"images": [{"filename": name, "filepath": "", "split": "test",
                     "sentences": [{"raw": caption}]}]}))
    (folder / "lilt.json").write_text(json.dumps([{"image": name, "caption": [caption, caption]}]))
    (folder / "captions.txt").write_text(f"image,caption\n{name},{caption}\n")
    members = {"one.png": png((9, 99, 199)), "one.txt": b"a caption", "one.json": b'{"a": 1}'}
    for path, mode in (("shard.tar", "w"), ("shard.tar.gz", "w:gz")):
        with tarfile.open(folder / path, mode) as archive:
            for member, body in members.items():
                (folder / member).write_bytes(body)
                archive.add(folder / member, member)


def classes(folder):
    for number, name in enumerate(("one", "two")):
        (folder / "classes" / name).mkdir(parents=True)
        shutil.copy(folder / f"set/images/p0000{number}.png", folder / "classes" / name / "1.png")
    (folder / "classes.jsonl").write_text("".join(
        json.dumps({"class": name, "names": {"en": [name], "tr": [name]}}) + "\n"
        for name in ("one", "two")))
    mat(folder / "digits")


def mat(folder):
    """A MAT-file as SVHN's: 32 x 32 x 3 x 4 pictures and their labels."""
    def element(kind, body):
        return struct.pack("<II", kind, len(body)) + body + b"\0" * (-len(body) % 8)

    def matrix(name, kind, sizes, body):
        inner = element(6, struct.pack("<II", kind, 0))
        inner += element(5, struct.pack(f"<{len(sizes)}i", *sizes)) + element(1, name)
        packed = zlib.compress(element(14, inner + body))
        return struct.pack("<II", 15, len(packed)) + packed

    folder.mkdir()
    pixels = bytes(i * 7 % 256 for i in range(32 * 32 * 3 * 4))
    head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<HH", 0x0100, 0x4D49)
    (folder / "test_32x32.mat").write_bytes(
        head + matrix(b"X", 9, (32, 32, 3, 4), element(2, pixels))
        + matrix(b"y", 6, (4, 1), element(9, struct.pack("<4d", 1, 2, 3, 10))))


def toml(folder):
    shutil.copy(folder / "runs/one/recipe.toml", folder / "recipe.toml")
    (folder / "xling.toml").write_text(
        "[training]\nsteps = 1\nschedule = \"linear\"\nbeta2 = 0.98\ntoken_types = false\n")
    (folder / "prompts.toml").write_text(
        'title = "own"\nsource = "own"\nlicence = "CC0-1.0"\n\n[templates]\nen = ["a {}"]\n')


def tokenizers(bench, folder):
    bench.must("tokenizer train wordpiece --size 400 --output vocab lines.txt".split(), folder)
    bench.must("tokenizer train unigram --size 300 --output spm lines.txt".split(), folder)
    models = sorted((folder / "spm").rglob("*.model"))
    shutil.copy(models[0], folder / "unigram.model")
    tower = kills.tower(bench)
    shutil.copytree(tower, folder / "tower", ignore=shutil.ignore_patterns("*.safetensors"))
    for weights in pathlib.Path(tower).glob("*.safetensors"):
        (folder / "tower" / weights.name).symlink_to(weights)
    (folder / "record").mkdir()
    (folder / "tokenizer").mkdir()
    vocabulary = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "##b": 4}
    text = json.dumps({
        "version": "1.0", "added_tokens": [{"id": 1, "content": "[CLS]", "special": True, "lstrip": False,
                          "rstrip": False, "normalized": False, "single_word": False}],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "lowercase": True,
                       "handle_chinese_chars": True, "strip_accents": None},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": vocabulary,
                  "continuing_subword_prefix": "##", "max_input_chars_per_word": 100},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]}})
    (folder / "tokenizer/tokenizer.json").write_text(text)
    shutil.copy(FIXTURES.parents[2] / "fuzz/tokenizers/unigram.json", folder / "record/tokenizer.json")


NUMBERS = (b"-1", b"0", b"99999999999999999999", b"9223372036854775807", b"-2147483649", b"1e999",
           b"0.5", b"4294967296", b"NaN", b"nul", b"\"x\"", b"[]", b"{}")
BITS = (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\n", b"[",
        b"\"", b"\\u0000", b"\xf0\x9f", b"\xed\xa0\x80", b"../", b"[" * 3000, b"{\"a\":" * 2000)


def mutate(data, draw):
    data = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        at = draw.randrange(len(data) + 1)
        kind = draw.randrange(8)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << draw.randrange(8)
        elif kind == 1 and data:
            data[at % len(data)] = draw.randrange(256)
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            del data[at:at + draw.choice((1, 2, 8, 64))]
        elif kind == 4:
            data[at:at] = draw.choice(BITS)
        elif kind == 5:
            data[at:at] = data[at:at + draw.choice((4, 32, 400))] * draw.choice((1, 2, 9))
        elif kind == 6:
            data[at:at + 4] = draw.choice(BITS)
        else:
            found = list(re.finditer(rb"-?\d+(\.\d+)?", data[:200_000]))
            if found:
                one = draw.choice(found)
                data[one.start():one.end()] = draw.choice(NUMBERS)
    return bytes(data)


def run(bench):
    prepare(bench)
    chosen = [reader for reader in readers(bench) if bench.wants(reader.name)]
    for reader in chosen:
        name, complaints = one(bench, reader, None)
        if complaints:
            raise SystemExit(f"torture: {name}: {'; '.join(complaints)}")
    total = sum(reader.weight for reader in chosen)
    jobs = []
    for reader in chosen:
        count = bench.tries(20_000 * reader.weight / total)
        jobs += [(reader, number) for number in range(count)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, complaints in pool.map(lambda job: one(bench, *job), jobs):
            bench.verdict(name, complaints)


def one(bench, reader, number):
    draw = bench.random("mutants", reader.name, number)
    name = f"mutants, {reader.name}, {number}"
    folder = bench.folder / "mutants" / f"{reader.name.replace(' ', '-')}-{number}"
    folder.mkdir(parents=True)
    size = 0
    for need in reader.needs:
        source = bench.folder / need
        if need == "runs":
            # Only what the damaged file lies beside.
            shutil.copytree(bench.folder / "runs/one", folder / "runs/one",
                            ignore=shutil.ignore_patterns("checkpoints"))
        elif source.is_dir():
            shutil.copytree(source, folder / need, symlinks=True)
        else:
            shutil.copy(source, folder / need)
    damaged = (bench.folder / reader.file).read_bytes()
    if number is not None:
        damaged = mutate(damaged, draw)
    (folder / reader.file).write_bytes(damaged)
    size = len(damaged)
    complaints = []
    for command in reader.commands:
        arguments = [word.replace("{base}", str(bench.folder)) for word in command]
        complaints += watched(bench, arguments, folder, size, number is None and reader.whole)
    if complaints:
        kept = bench.folder.parent / f"xling-torture-{reader.name.replace(' ', '-')}-{number}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        complaints.append(f"kept in {kept}")
    shutil.rmtree(folder)
    return name, complaints


def watched(bench, arguments, folder, size, whole=False):
    """Runs one command; complains of a signal, a defect, time and memory, and of another status than
    `whole`, where that is given."""
    began = time.monotonic()
    process = bench.start(arguments, folder)
    # wait4 tells this child's own peak; a thread of its own ends what does not end.
    deadline = began + SECONDS
    while True:
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() > deadline:
            process.send_signal(signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = -9
            return [f"{arguments[0]}: over {SECONDS} s"]
        time.sleep(0.002)
    process.returncode = os.waitstatus_to_exitcode(status)
    complaints = []
    if whole is not False and process.returncode != whole:
        complaints.append(f"undamaged, {arguments[0]} ends with {process.returncode}: {said(folder)}")
    if process.returncode < 0:
        complaints.append(f"{arguments[0]}: signal {-process.returncode}")
    elif process.returncode not in (0, 1, 64, 65, 66, 74):
        complaints.append(f"{arguments[0]}: status {process.returncode}")
    elif process.returncode != 0 and not (folder / "err").read_bytes():
        complaints.append(f"{arguments[0]}: status {process.returncode} without a word")
    peak = usage.ru_maxrss >> 10
    if peak > 4 * (size >> 20) + SPARE_MB:
        complaints.append(f"{arguments[0]}: {peak} MB of memory")
    return complaints
