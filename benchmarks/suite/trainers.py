"""Tokenizer trainers beside Hugging Face tokenizers (WordPiece) and sentencepiece (Unigram, BPE): vocabularies of one
size from lines of eleven languages, none twice, each in a process of its own on one thread, with memory."""
import sys
from tempfile import TemporaryDirectory

from .tokenizing import text
from .turns import in_turns, rows, run

PACKAGES = ["tokenizers", "sentencepiece"]
SIZE = 8_000
WORDPIECE = """
import sys
from tokenizers import BertWordPieceTokenizer
tokenizer = BertWordPieceTokenizer(lowercase=False)
tokenizer.train([sys.argv[1]], vocab_size=int(sys.argv[2]), min_frequency=2, show_progress=False)
tokenizer.save("peer.json")
"""
SENTENCEPIECE = """
import sys
from sentencepiece import SentencePieceTrainer
SentencePieceTrainer.train(input=sys.argv[1], model_prefix="peer", vocab_size=int(sys.argv[2]),
                           model_type=sys.argv[3], num_threads=1, minloglevel=1)
"""


def compare(material, kind, megabytes, rounds):
    source = text(material, "varied", megabytes)
    script = WORDPIECE if kind == "wordpiece" else SENTENCEPIECE
    name = "tokenizers" if kind == "wordpiece" else "sentencepiece"
    threads = {"RAYON_NUM_THREADS": "1", "XLING_THREADS": "1", "TOKENIZERS_PARALLELISM": "true"}
    with TemporaryDirectory() as folder:
        samples = in_turns(
            lambda: run([material.binary, "tokenizer", "train", kind, source, "--output", f"{folder}/ours",
                         "--size", SIZE], folder, **threads)[0],
            {name: lambda: run([sys.executable, "-c", script, source, SIZE, kind], folder, **threads)[0]}, rounds)
    return rows(f"{kind} of {SIZE} pieces trained on {megabytes} MB", samples)
