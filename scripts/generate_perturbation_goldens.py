#!/usr/bin/env python3
"""Writes Tests/Fixtures/perturbations.json: what perturbations make of texts, without ICU where it can be.

Forms and categories are Python's unicodedata, capitals str.upper (no language's rules), full-width forms and
line ends arithmetic; for translit ICU 72 is called through its C interface. Standard library only.

Usage: scripts/generate_perturbation_goldens.py [output]
"""
import ctypes
import json
import sys
import unicodedata

TEXTS = [
    "", "a", "Two dogs run on the beach.", "Ein Kätzchen auf der Straße", "Crème brûlée à l'été",
    "Cre\u0300me", "Việt Nam đẹp lắm", "Łódź i Ørsted", "İstanbul'da ılık bir gün", "Ёж и йод", "Άνθρωπος και σκύλος",
    "שָׁלוֹם עֲלֵיכֶם", "كِتَابٌ جَمِيل", "दो कुत्ते क़िला", "เด็กผู้ชายสองคน", "がぎぐ パピプ", "한국어 강아지 두 마리",
    "两只狗在海滩上", "ქართული ენა", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "A\u030a\u0323 \u212b", "ﬁne ǆ", "☕️ coffee 👩\u200d🚀", "one\ntwo\r\nthree\rfour",
    "100% of $5 ~ [x]", "\u1e9b\u0323", "e\u0301\u0327\u0301",
]

# Nonspacing marks of Script Inherited or Hebrew (Scripts.txt 15.0) with a combining class; no kana marks.
MARKS = [(0x300, 0x36F), (0x485, 0x486), (0x591, 0x5BD), (0x5BF, 0x5BF), (0x5C1, 0x5C2), (0x5C4, 0x5C5),
         (0x5C7, 0x5C7), (0x64B, 0x655), (0x670, 0x670), (0x951, 0x954), (0x1AB0, 0x1ACE), (0x1DC0, 0x1DFF),
         (0x20D0, 0x20F0), (0x302A, 0x302D), (0xFE20, 0xFE2D), (0xFB1E, 0xFB1E)]


def no_diacritics(text):
    kept = [c for c in unicodedata.normalize("NFD", text) if not (
        unicodedata.category(c) == "Mn" and unicodedata.combining(c)
        and any(low <= ord(c) <= high for low, high in MARKS))]
    return unicodedata.normalize("NFC", "".join(kept))


def fullwidth(text):
    return "".join("\u3000" if c == " " else chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def crlf(text):
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return (lines if lines.endswith("\n") else lines + "\n").replace("\n", "\r\n")


def any_latin():
    library = ctypes.CDLL("libicui18n.so.72")
    library.utrans_openU_72.restype = ctypes.c_void_p
    error = ctypes.c_int(0)

    def units(text, capacity):
        raw = text.encode("utf-16-le")
        return (ctypes.c_uint16 * capacity).from_buffer_copy(raw + bytes(2 * capacity - len(raw)))

    name = "Any-Latin"
    transform = ctypes.c_void_p(library.utrans_openU_72(
        units(name, len(name)), len(name), 0, None, 0, None, ctypes.byref(error)))

    def apply(text):
        length = ctypes.c_int32(len(text.encode("utf-16-le")) // 2)
        limit, buffer, status = ctypes.c_int32(length.value), units(text, 4096), ctypes.c_int(0)
        library.utrans_transUChars_72(transform, buffer, ctypes.byref(length), 4096, 0, ctypes.byref(limit),
                                      ctypes.byref(status))
        if status.value > 0:
            sys.exit(f"ICU error {status.value} at {text!r}")
        return unicodedata.normalize("NFC", bytes(buffer)[:2 * length.value].decode("utf-16-le"))

    return apply


def main():
    output = sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures/perturbations.json"
    latin = any_latin()
    rows = [{
        "text": text, "nfd": unicodedata.normalize("NFD", text), "nfc": unicodedata.normalize("NFC", text),
        "no-diacritics": no_diacritics(text), "case": text.upper(), "fullwidth": fullwidth(text),
        "crlf": crlf(text), "translit": latin(text)} for text in TEXTS]
    with open(output, "w", encoding="utf-8", newline="\n") as out:
        json.dump({"unicodedata": unicodedata.unidata_version, "python": sys.version.split()[0], "rows": rows}, out,
                  ensure_ascii=True, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
