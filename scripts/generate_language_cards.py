#!/usr/bin/env python3
"""Writes languages/<code>.toml, one card a language, from tables of facts, Unicode CLDR and ICU.

Facts are five tables joined by their column bcp47 (family, pretraining, resource_class, wikipedia and
evaluation_sets .tsv; sources in languages/README.md). Names and native names are CLDR's (Debian package
unicode-cldr-core); locales are those that ICU has (Debian libicu72). What none of them knows is left out
of a card. Standard library only.

Usage: scripts/generate_language_cards.py FACTS [CLDR folder] [languages folder]
FACTS is the folder of the tables; spellings.tsv of the languages folder must be there already.
"""
import csv
import ctypes
import os
import sys
import xml.etree.ElementTree as ET

# Variants that CLDR's annotations hold apart; other regional annotations (en_GB, es_MX) are no languages.
KEPT_SCRIPTS = {"zh_Hant", "sr_Latn"}
# Languages of Tux Paint's stamps (tuxpaint-stamps-default 2022.06.04) that no other set here has. Three more,
# ach, shs and son, are in no table of facts, and have no card.
STAMPS = ["an", "ff", "iu"]
# Codes that a language is known by beside those of spellings.tsv.
ALIASES = {"no": ["nb"], "fil": ["tl"], "he": ["iw"], "id": ["in"], "zh": ["zh-Hans"], "sr": ["sr-Cyrl"]}
# CLDR's parentLocale, where it is no truncation.
PARENTS = {"nn": "no"}
# Rows of the facts that are one card: what the first does not know, the second may.
JOINED = {"zh": "zh-Hans"}
# Facts of another language: Dari's row was looked up by Iranian Persian.
NOT_TAKEN = {("fa-AF", "glottocode")}
# ISO 639-1 where it is not the code itself: "no" is Bokmål here.
ISO639_1 = {"no": "nb"}

# Column of pretraining.tsv -> what a card calls the model.
MODELS = {"mbert": "mbert", "xlmr": "xlm-r", "mt5": "mt5", "mbart25": "mbart-25", "mbart50": "mbart-50",
          "m2m100": "m2m-100", "nllb200": "nllb-200", "labse": "labse", "mmbert": "mmbert"}
AMOUNTS = {"xlmr_gib": "cc100_gib", "xlmr_mtokens": "cc100_mtokens", "mt5_gtokens": "mc4_gtokens",
           "mmbert": "mmbert_phase"}
# Column of evaluation_sets.tsv -> what a card calls the set.
SETS = {"xtd10": "xtd10", "xm3600": "xm3600", "xflickrco": "xflickr-co", "wit_iglue": "wit-iglue",
        "multi30k": "multi30k", "xgqa": "xgqa", "marvl": "marvl", "xvnli": "xvnli",
        "flickr30k_200": "flickr30k-200", "xtd200": "xtd200", "babel_imagenet_core": "babel-imagenet"}
# Every language of these has a card.
WHOLE = ["xtd10", "xm3600", "xflickrco", "wit_iglue", "multi30k", "xgqa", "marvl", "xvnli", "flickr30k_200",
         "babel_imagenet_core"]

# Scripts without spaces between words for which ICU cuts words by a dictionary, and those for which it has
# none: Tibetan's tsheg stands between syllables.
DICTIONARY = {"Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai"}
NO_WORDS = {"Tibt"}

DIGRAPHS = {"sr", "sr-Latn", "hr", "bs"}
DOTTED_I = {"tr", "az"}


def table(folder, name):
    with open(os.path.join(folder, name + ".tsv"), encoding="utf-8", newline="") as rows:
        return {row["bcp47"]: row for row in csv.DictReader(rows, delimiter="\t") if row["bcp47"]}


def spellings(path):
    with open(path, encoding="utf-8") as rows:
        fields = [row.rstrip("\n").split("\t") for row in rows if row.strip() and not row.startswith("#")]
    return {code: also.split() for code, _, also in fields[1:]}


def icu_locales():
    library = ctypes.CDLL("libicuuc.so.72")
    library.uloc_getAvailable_72.restype = ctypes.c_char_p
    return {library.uloc_getAvailable_72(index).decode() for index in range(library.uloc_countAvailable_72())}


class CLDR:
    def __init__(self, folder):
        self.folder = folder
        self.english = self.main("en")

    def main(self, locale):
        path = os.path.join(self.folder, "main", locale + ".xml")
        return ET.parse(path).getroot() if os.path.exists(path) else None

    def annotated(self):
        names = (name[:-4] for name in os.listdir(os.path.join(self.folder, "annotations"))
                 if name.endswith(".xml"))
        return [name for name in names if name != "root" and ("_" not in name or name in KEPT_SCRIPTS)]

    @staticmethod
    def display(root, group, code):
        for entry in root.findall(f"localeDisplayNames/{group}/*"):
            if entry.get("type") == code and entry.get("alt") is None and entry.text:
                return None if entry.text == "↑↑↑" else entry.text
        return None

    def name(self, code, root):
        """In the words of `root`: of the whole code, else composed of language and script."""
        if root is None:
            return None
        whole = self.display(root, "languages", code.replace("-", "_"))
        if whole or "-" not in code:
            return whole
        language, part = code.split("-")
        base = self.display(root, "languages", language)
        of_part = self.display(root, "scripts" if len(part) == 4 else "territories", part)
        return f"{base} ({of_part})" if base and of_part else None

    def native(self, code):
        """In its own words, or those of the locale that its own inherits from."""
        own = code.replace("-", "_")
        if self.main(own) is None:
            return None
        parent = PARENTS.get(own, own.split("_")[0] if len(own.split("_")[-1]) == 2 else None)
        return self.name(code, self.main(own)) or (parent and self.name(code, self.main(parent)))


def wanted(facts, cldr):
    codes = {name.replace("_", "-") for name in cldr.annotated()} | set(STAMPS)
    codes |= {code for code, row in facts["evaluation_sets"].items() if any(row[column] for column in WHOLE)}
    return sorted(codes - set(JOINED.values()))


def branch(row, genera):
    """WALS's genus, else the part of CLDR's path that is one of the same family."""
    if row["branch_wals_genus"]:
        return row["branch_wals_genus"]
    for part in row["group_path_cldr"].split(" > ")[1:]:
        name = part.replace(" languages", "").replace(" (family)", "")
        if (row["family"], name) in genera:
            return name
    return None


def traps(code, script):
    return [name for name, has in [
        ("dotted-i", code in DOTTED_I), ("digraph-letters", code in DIGRAPHS),
        ("presentation-forms", script == "Arab"), ("hangul-forms", script == "Kore")] if has]


def whole(text):
    return int(text) if text else None


def number(text):
    return (float(text) if "." in text else int(text)) if text else None


class Facts:
    """The tables; a joined row fills what its card's own row does not know."""

    NAMES = ["family", "pretraining", "resource_class", "wikipedia", "evaluation_sets"]

    def __init__(self, folder):
        self.tables = {name: table(folder, name) for name in self.NAMES}
        family = self.tables["family"].values()
        self.columns = {name: next(iter(rows.values())).keys() for name, rows in self.tables.items()}
        self.genera = {(row["family"], row["branch_wals_genus"]) for row in family if row["branch_wals_genus"]}

    def __getitem__(self, name):
        return self.tables[name]

    def row(self, name, code):
        rows = [self.tables[name].get(each, {}) for each in [code, JOINED.get(code)]]
        return {column: rows[0].get(column) or rows[1].get(column) or "" for column in self.columns[name]}


def card(code, facts, cldr, also, locales):
    row = facts.row("family", code)
    script = row["script"]
    scripts = [script] if "-" in code and len(code.split("-")[1]) == 4 else list(
        dict.fromkeys([script] + row["scripts_cldr"].split()))
    language = code.split("-")[0]
    flores = row["flores200"].split()
    aliases = [each for each in dict.fromkeys(ALIASES.get(code, []) + also.get(code, []))
               if each.lower() != code.lower()]
    locale = code.replace("-", "_")
    breaks = "none" if script in NO_WORDS else "dictionary" if script in DICTIONARY else "spaces"
    pretraining = facts.row("pretraining", code)
    wikipedia = facts.row("wikipedia", code)
    sets = facts.row("evaluation_sets", code)
    top = {
        "code": code, "name": cldr.name(code, cldr.english) or row["name"], "native_name": cldr.native(code),
        "iso639_1": ISO639_1.get(code, language if len(language) == 2 else None),
        "iso639_3": row["iso639_3"], "flores200": flores, "aliases": aliases, "script": script,
        "scripts": scripts, "direction": row["direction"], "icu_locale": locale if locale in locales else None,
        "word_breaks": breaks,
        "glottocode": None if (code, "glottocode") in NOT_TAKEN else row["glottocode"], "family": row["family"],
        "branch": branch(row, facts.genera), "speakers_log10": whole(row["speakers_log10_floor"]),
        "joshi_class": whole(facts.row("resource_class", code)["joshi_class"]),
        "traps": traps(code, script)}
    tables = {
        "pretraining": {
            "models": [name for column, name in MODELS.items() if pretraining[column]],
            **{name: number(pretraining[column]) for column, name in AMOUNTS.items()}},
        "wikipedia": {
            "edition": wikipedia["edition"], "date": "2025-12-03" if wikipedia["articles"] else None,
            "articles": whole(wikipedia["articles"]), "active_users": whole(wikipedia["active_users"]),
            "articles_2020": whole(wikipedia["articles_2020"]),
            # `wc -w` counts no words where no spaces stand between them.
            "words_2020": whole(wikipedia["tokens_2020"]) if breaks == "spaces" else None},
        "evaluation": {
            "sets": [name for column, name in SETS.items() if sets[column]],
            "babel_imagenet_classes": whole(sets["babel_imagenet_classes"])}}
    return top, tables


def toml(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def lines(values):
    return [f"{key} = {toml(value)}" for key, value in values.items() if value not in (None, "", [])]


def main():
    facts = Facts(sys.argv[1])
    cldr = CLDR(sys.argv[2] if len(sys.argv) > 2 else "/usr/share/unicode/cldr/common")
    folder = sys.argv[3] if len(sys.argv) > 3 else "languages"
    also, locales = spellings(os.path.join(folder, "spellings.tsv")), icu_locales()
    codes = wanted(facts, cldr)
    for code in codes:
        top, tables = card(code, facts, cldr, also, locales)
        text = lines(top)
        for name, values in tables.items():
            inner = lines(values)
            text += ["", f"[{name}]"] + inner if inner else []
        with open(os.path.join(folder, code + ".toml"), "w", encoding="utf-8", newline="\n") as out:
            out.write("\n".join(text) + "\n")
    print(f"{len(codes)} cards", file=sys.stderr)


if __name__ == "__main__":
    main()
