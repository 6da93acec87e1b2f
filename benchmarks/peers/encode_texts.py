#!/usr/bin/env python3
"""Encodes the lines of a file by one library, in a process of its own: the first time with empty caches,
then again and again. Prints one JSON line.

    encode_texts.py LIBRARY KIND PATH lower|keep ids|offsets TEXT ROUNDS

LIBRARY: tokenizers, nanotoken, sentencepiece, gigatoken. KIND: wordpiece (PATH is a vocab.txt), unigram or bpe
(a SentencePiece model), json (a tokenizer.json). One thread.
"""
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(TOKENIZERS_PARALLELISM="false", RAYON_NUM_THREADS="1")


def wordpiece(path, lowercase):
    from tokenizers import BertWordPieceTokenizer
    return BertWordPieceTokenizer(path, lowercase=lowercase, clean_text=True)._tokenizer


def load(library, kind, path, lowercase, offsets):
    """A function from lines to their number of tokens."""
    if library == "tokenizers":
        from tokenizers import Tokenizer
        tokenizer = wordpiece(path, lowercase) if kind == "wordpiece" else Tokenizer.from_file(path)
        encode = tokenizer.encode_batch if offsets else tokenizer.encode_batch_fast
        return lambda lines: sum(len(encoding.ids) for encoding in encode(lines, add_special_tokens=False))
    if library == "nanotoken":
        import nanotoken
        tokenizer = nanotoken.Tokenizer(path)
        return lambda lines: tokenizer.encode_batch(lines, add_special_tokens=False, parallel=False).num_tokens
    if library == "gigatoken":
        import gigatoken
        tokenizer = (gigatoken.Tokenizer(path) if kind == "json"
                     else gigatoken.Tokenizer.from_sentencepiece(path))
        return lambda lines: sum(map(len, tokenizer.encode_batch_list(lines, parallel=False)))
    import sentencepiece
    processor = sentencepiece.SentencePieceProcessor(model_file=path)
    if offsets:
        return lambda lines: sum(
            len(proto.pieces) for proto in processor.encode(lines, return_type="proto", num_threads=1))
    return lambda lines: sum(map(len, processor.encode(lines, num_threads=1)))


def resident():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def timed(function, *arguments):
    wall, processor = time.perf_counter(), time.process_time()
    result = function(*arguments)
    return result, [time.perf_counter() - wall, time.process_time() - processor]


def main():
    library, kind, path, case, what, text, rounds = sys.argv[1:]
    with open(text, encoding="utf-8", newline="\n") as file:
        lines = file.read().split("\n")[:-1]
    __import__(library)
    if library == "nanotoken":
        # It takes every vocab.txt for an uncased one: it is told by the file that it is made for.
        said = wordpiece(path, case == "lower").to_str()
        path = tempfile.NamedTemporaryFile("w", suffix=".json", delete=False).name
        Path(path).write_text(said)
    before = resident()
    count, loading = timed(load, library, kind, path, case == "lower", what == "offsets")
    loaded = resident() - before
    # What a library imports late is no part of encoding.
    count(["x"])
    tokens, cold = timed(count, lines)
    warm = [timed(count, lines)[1] for _ in range(int(rounds))]
    if library == "nanotoken":
        os.unlink(path)
    print(json.dumps({"tokens": tokens, "load": loading, "cold": cold, "warm": warm, "bytes": loaded}))


if __name__ == "__main__":
    main()
