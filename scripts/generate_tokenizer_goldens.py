#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenizers: small tokenizer.json files and what Hugging Face's tokenizers
make of some lines with them.

Needs tokenizers 0.23.3, sentencepiece 0.2.3 and protobuf:

    python3 scripts/generate_tokenizer_goldens.py Tests/Fixtures/tokenizers

The Unigram and BPE models are trained by sentencepiece and converted as transformers converts them;
lines are those on which both libraries agree, for xling follows sentencepiece where they do not.
"""
import io
import json
import sys
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

LINES = [
    "A red bicycle leans against the garden wall.",
    "Two dogs are playing with a yellow ball on the beach.",
    "Ein kleines Mädchen füttert die Enten am See.",
    "Une femme lit un journal à la terrasse d'un café.",
    "Un niño salta a la piscina mientras su madre mira.",
    "Красный велосипед стоит у стены сада.",
    "Две собаки играют с мячом на пляже.",
    "Küçük kız gölün kıyısında ördekleri besliyor.",
    "Mały pies śpi pod drewnianym stołem.",
    "红色的自行车靠在花园的墙上。",
    "两只狗在海滩上玩球。",
    "빨간 자전거가 정원 벽에 기대어 있다.",
    "赤い自転車が庭の壁に立てかけてある。",
    "एक लाल साइकिल दीवार के पास खड़ी है।",
    "จักรยานสีแดงพิงกำแพงสวน",
    "دراجة حمراء متكئة على جدار الحديقة.",
]
TEXTS = LINES + [
    "", " ", "  two   spaces ", "Café CAFÉ cafe\u0301", "dogs, ducks; (walls)!", "a[MASK]b",
    "the dog  <mask> sleeps", "<mask><mask> dog", "x" * 101, "tab\there", "½ kg of ﬁsh",
    "new<new>token", "  <new>  word",
]


def rows(tokenizer):
    for text in TEXTS:
        encoding = tokenizer.encode(text)
        yield {"text": text, "tokens": encoding.tokens, "ids": encoding.ids,
               "offsets": [list(span) for span in encoding.offsets]}


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(
        LINES, trainers.WordPieceTrainer(vocab_size=600, special_tokens=special))
    tokenizer.add_special_tokens([
        AddedToken("<new>", lstrip=True, normalized=False, special=True),
        AddedToken("<mask>", rstrip=True, normalized=False, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def trained(folder, kind, **options):
    rules = folder / "rules.tsv"
    # Full-width A, the fi ligature, one half, a composed é, TAB and the ideographic space.
    rules.write_text("FF21\t41\nFB01\t66 69\nBD\t31 2F 32\n65 301\tE9\n9\t20\n3000\t20\n")
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=model, model_type=kind,
        normalization_rule_tsv=str(rules), hard_vocab_limit=False, minloglevel=2, num_threads=1,
        character_coverage=1.0, **options)
    rules.unlink()
    return sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())


def unigram(folder):
    """As XLM-R: <s> $A </s>, a mask that takes the space ahead of it."""
    proto = trained(folder, "unigram", vocab_size=300)
    pieces = [(piece.piece, piece.score) for piece in proto.pieces]
    vocabulary = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + pieces[3:]
    vocabulary.append(("<mask>", 0.0))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
        normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    names = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer.add_special_tokens(
        [AddedToken(name, normalized=False, special=True) for name in names]
        + [AddedToken("<mask>", lstrip=True, normalized=False, special=True),
           AddedToken("<new>", normalized=False, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def bpe(folder):
    """As Llama and Gemma: bytes for unknown characters, spaces kept, ▁ ahead of the text."""
    proto = trained(folder, "bpe", vocab_size=600, byte_fallback=True,
                    remove_extra_whitespaces=False)
    vocabulary = {piece.piece: index for index, piece in enumerate(proto.pieces)}
    scores = {piece.piece: piece.score for piece in proto.pieces}
    merges = []
    for piece in vocabulary:
        if proto.pieces[vocabulary[piece]].type != 1:
            continue
        splits = [(piece[:at], piece[at:]) for at in range(1, len(piece))]
        merges += [(left, right) for left, right in splits
                   if left in vocabulary and right in vocabulary]
    merges.sort(key=lambda pair: -scores[pair[0] + pair[1]])
    tokenizer = Tokenizer(models.BPE(
        vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.add_special_tokens(
        [AddedToken(name, normalized=False, special=True) for name in ["<unk>", "<s>", "</s>"]])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return tokenizer


def main(target):
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    for name, tokenizer in [("wordpiece", word_piece()), ("unigram", unigram(folder)),
                            ("bpe", bpe(folder))]:
        (folder / f"{name}.json").write_text(tokenizer.to_str(pretty=False) + "\n")
        with open(folder / f"{name}.rows.jsonl", "w", encoding="utf-8") as file:
            for row in rows(tokenizer):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
