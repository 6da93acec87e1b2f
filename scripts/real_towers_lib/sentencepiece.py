"""A SentencePiece model of pieces, scores and a map of characters."""

import struct

from .protobuf import encoded, message

NORMAL, UNKNOWN, CONTROL = 1, 2, 3
# TrainerSpec: model_type UNIGRAM, unk_id, bos_id, eos_id, pad_id (none).
MODEL_TYPE, UNK_ID, BOS_ID, EOS_ID, PAD_ID = 3, 40, 41, 42, 43


def model(pieces, scores, characters):
    """In the order of XLM-R's: <unk>, <s>, </s>, pieces. `pieces` are in the tokenizer's order: <s>, <pad>,
    </s>, <unk>, pieces, <mask>. It has no trainer's settings but the kind and the special ids."""
    rows = [("<unk>", 0.0, UNKNOWN), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)]
    rows += [
        (piece, score, NORMAL) for piece, score in zip(pieces[4:], scores[4:]) if piece != "<mask>"]
    out = bytearray()
    for piece, score, kind in rows:
        body = message(1, piece.encode()) + b"\x15" + struct.pack("<f", score)
        if kind != NORMAL:
            body += b"\x18" + bytes([kind])
        out += message(1, body)
    trainer = encoded(MODEL_TYPE << 3) + b"\x01"
    for number, value in ((UNK_ID, 0), (BOS_ID, 1), (EOS_ID, 2), (PAD_ID, (1 << 64) - 1)):
        trainer += encoded(number << 3) + encoded(value)
    out += message(2, trainer)
    # A space in front, runs of white space to one, white space to U+2581.
    normalizer = message(1, b"nmt_nfkc") + message(2, characters) + b"\x18\x01\x20\x01\x28\x01"
    return bytes(out + message(3, normalizer))
