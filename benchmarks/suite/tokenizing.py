"""Tokenizers beside their peers: cold (a fresh process, every text new) and warm (the same texts again), with and
without offsets, loading and its memory. One thread."""
import itertools
import json
import sys
from pathlib import Path
from statistics import median

from .turns import Sample, rows, run

PEER = Path(__file__).parents[1] / "peers/encode_texts.py"
PACKAGES = ["tokenizers", "nanotoken", "sentencepiece", "gigatoken"]

# Name; kind; file in ../shared; options of ours; peers with what they give.
MODELS = {
    "mBERT": ("wordpiece", "bert-base-multilingual-cased/vocab.txt", ["--no-lowercase"],
              ["tokenizers offsets", "tokenizers ids", "nanotoken ids"]),
    "BERT uncased": ("wordpiece", "bert-base-uncased/vocab.txt", ["--lowercase"],
                     ["tokenizers offsets", "nanotoken ids"]),
    "XLM-R": ("unigram", "xlmr/xlmr_rebuilt.spm.model", [], ["sentencepiece offsets", "sentencepiece ids"]),
    "T5": ("unigram", "t5/spiece.model", [], ["sentencepiece offsets", "sentencepiece ids"]),
    "Mistral": ("bpe", "mistral-v1/tokenizer.model", [], ["sentencepiece ids", "gigatoken ids"]),
    "byte-level BPE": ("json", None, [], ["tokenizers offsets", "tokenizers ids", "gigatoken ids"]),
}
WARM = 3


def captions(material, size):
    """XTD10's captions of all languages, again and again."""
    files = sorted(material.given("data/xtd10/XTD10").glob("test_1kcaptions_*.txt"))
    text = b"".join(file.read_bytes().replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n" for file in files)
    return text * max(1, size // len(text))


def varied(material, size):
    """Lines of eleven languages by turns, none twice."""
    files = sorted(material.given("data/text").glob("*.txt"))
    columns = []
    for file in files:
        taken, left, seen = [], size // len(files), set()
        for line in file.read_bytes().split(b"\n"):
            if left <= 0:
                break
            if line and line not in seen:
                seen.add(line)
                taken.append(line)
                left -= len(line) + 1
        columns.append(taken)
    mixed = itertools.zip_longest(*columns)
    return b"\n".join(line for group in mixed for line in group if line is not None) + b"\n"


TEXTS = {"captions": captions, "varied": varied}


def text(material, name, megabytes):
    path = material.folder / f"{name}-{megabytes}MB.txt"
    if not path.exists():
        content = TEXTS[name](material, int(megabytes * 1e6))
        path.write_bytes(content)
    return path


def byte_level(material):
    """A byte-level vocabulary of GPT-2's kind, trained on the varied text: none of those that are published is ours
    to ship."""
    folder = material.folder / "byte-level"
    if not folder.exists():
        from tokenizers import ByteLevelBPETokenizer
        tokenizer = ByteLevelBPETokenizer()
        tokenizer.train([str(text(material, "varied", 10))], vocab_size=30_000, show_progress=False)
        folder.mkdir()
        tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


def ours(material, path, options, source):
    """What a process of `xling tokenizer bench` says."""
    _, output, _ = run([material.binary, "tokenizer", "bench", "--tokenizer", path, *options, "--threads", 1,
                        "--rounds", WARM, "--json", source])
    said = json.loads(output)
    both = lambda entry: [entry["seconds"], entry["processorSeconds"]]
    return {"tokens": said["tokens"], "load": both(said["load"]), "cold": both(said["cold"]),
            "warm": [both(entry) for entry in said["rounds"]], "bytes": said["memoryBytes"]}


def peer(library, kind, path, options, what, source):
    case = "lower" if "--lowercase" in options else "keep"
    _, output, _ = run([sys.executable, PEER, library, kind, path, case, what, source, WARM])
    return json.loads(output.splitlines()[-1])


def sample(said, phase):
    megabytes = said["bytes"] / 1e6 if phase == "load" else None
    if phase == "warm":
        return Sample(*(median(entry[at] for entry in said["warm"]) for at in (0, 1)))
    return Sample(*said[phase], megabytes)


def compare(material, model, source_name, megabytes, rounds, peers=None):
    kind, file, options, usual = MODELS[model]
    path = material.given(f"data/tokenizers/{file}") if file else byte_level(material)
    source = text(material, source_name, megabytes)
    said = {"": [], **{name: [] for name in peers or usual}}
    for _ in range(rounds):
        for name, them in said.items():
            them.append(peer(name.split()[0], kind, path, options, name.split()[1], source) if name
                        else ours(material, path, options, source))
    tokens = {name: them[0]["tokens"] for name, them in said.items()}
    found = []
    for phase in ("cold", "warm", "load"):
        samples = {name: [sample(one, phase) for one in them] for name, them in said.items()}
        what = "loading" if phase == "load" else f"{source_name}, {megabytes} MB, {phase}"
        for row in rows(f"{model}: {what}", samples):
            about = source_name if kind == "unigram" and phase != "load" else phase
            found.append({**row, "goal": f"{model} {row['peer']} {about}"})
    for row in found:
        row["tokens"] = [tokens[""], tokens[row["peer"]]]
        if tokens[""] != tokens[row["peer"]]:
            row["note"] = f"{tokens['']} tokens against {tokens[row['peer']]}"
    return found
