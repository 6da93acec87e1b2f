#!/usr/bin/env python3
"""Writes languages/spellings.tsv: by which other codes data sets know a language.

One row a language: its code (BCP 47), the script it is written in when no other is named, and other
codes for it. Facts come from a table of language facts (family.tsv, with columns bcp47, iso639_3,
iso639_3_member, script, flores200) and from Unicode CLDR's supplementalMetadata.xml (Debian package
unicode-cldr-core). Standard library only.

Usage: scripts/generate_language_spellings.py FAMILY.TSV [CLDR folder] [output]
"""
import csv
import os
import sys
import xml.etree.ElementTree as ET

HEADER = """\
# Other codes for a language, as data sets write them. Written by scripts/generate_language_spellings.py.
# "code" is BCP 47, in CLDR's canonical form, but no for Bokmal, zh for Chinese in simplified characters;
# "script" (ISO 15924) is left out of a tag of the language; "also" are other codes, lower case, "-" for "_".
# Sources: codes, macrolanguages, deprecated and bibliographic codes: Unicode CLDR 41, languageAlias
# (Unicode License); scripts: CLDR 41, likelySubtags (Unicode License), FLORES-200 (facebookresearch/flores
# @ a6c830c, CC BY-SA 4.0) and GlotScript; codes of FLORES-200 that follow from no rule: the same README.
"""

# What data sets write by mistake for a country, where no language has the code; and two that CLDR joins.
BY_HAND = {
    "cs": ["cz"], "da": ["dk"], "el": ["gr"], "ja": ["jp"], "ko": ["ko-hang"], "uk": ["ua"],
    "vi": ["vn"], "no": ["nb", "nob", "no-bok", "no-bokmal"], "nn": ["no-nyn", "no-nynorsk"],
    "zh": ["cn", "cmn", "zh-cn", "zh-hans-cn"], "zh-Hant": ["zh-tw", "zh-hant-tw"],
    "ku": ["kmr"], "fil": ["tgl"], "fa-AF": ["prs"], "ps": ["pbt"], "lzh": ["zh-classical"], "sgs": ["bat-smg"],
    "vro": ["fiu-vro"], "rup": ["roa-rup"],
}
# Kept as they are: sh is a macrolanguage of its own here, Chinese dialects with private parts stay.
NOT_MAPPED = {"sh", "no", "cnr", "zh-min", "i-default", "i-enochian", "i-mingo"}
# Rows of the facts that are another row's language.
JOINED = {"kmr"}
# The facts call the likely script of zh Hans; these have no row of a language alone.
EXTRA_CODES = ["zh-Hant", "fa-AF"]


def family(path):
    with open(path, encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def aliases(cldr):
    root = ET.parse(os.path.join(cldr, "supplemental", "supplementalMetadata.xml")).getroot()
    for alias in root.iter("languageAlias"):
        yield alias.get("type").replace("_", "-"), alias.get("replacement").replace("_", "-")


def resolve(tag, rows, owner):
    """What a reader makes of a tag: the rule that LanguageSpellings has."""
    key = tag.lower().replace("_", "-")
    if key in owner:
        return owner[key]
    head, *rest = key.split("-")
    code = owner.get(head, head)
    if rest and code in rows and rest[0] == rows[code][0].lower():
        rest = rest[1:]
    parts = [part.title() if len(part) == 4 else part for part in rest]
    return "-".join([code] + parts)


def main():
    facts = family(sys.argv[1])
    cldr = sys.argv[2] if len(sys.argv) > 2 else "/usr/share/unicode/cldr/common"
    output = sys.argv[3] if len(sys.argv) > 3 else "languages/spellings.tsv"
    rows, owner = {}, {}
    for fact in facts:
        code = fact["bcp47"]
        if ("-" not in code or code in EXTRA_CODES) and code not in JOINED:
            rows[code] = (fact["script"], [])

    def add(code, spelling):
        spelling = spelling.lower().replace("_", "-")
        if code not in rows or spelling in NOT_MAPPED or spelling in {row.lower() for row in rows}:
            return
        if owner.setdefault(spelling, code) == code and spelling not in rows[code][1]:
            rows[code][1].append(spelling)

    for code, spellings in BY_HAND.items():
        for spelling in spellings:
            add(code, spelling)
    # Codes of one's own before those of a member, which two macrolanguages may share.
    for column in ("iso639_3", "iso639_3_member"):
        for fact in facts:
            if fact[column] and fact["bcp47"] in rows and fact["bcp47"] not in EXTRA_CODES:
                add(fact["bcp47"], fact[column])
    for spelling, code in aliases(cldr):
        if not spelling.startswith("und"):
            # nb and zh-Hans are no and zh here.
            add({"nb": "no", "zh-Hans": "zh"}.get(code, code), spelling)
    wrong = [(fact["flores200"], resolve(fact["flores200"], rows, owner), fact["bcp47"])
             for fact in facts if fact["flores200"]]
    wrong = [row for row in wrong if row[1].lower() != resolve(row[2], rows, owner).lower()]
    for flores, _, code in wrong:
        add(resolve(code, rows, owner), flores)
    left = [row for row in wrong if owner.get(row[0].lower().replace("_", "-")) is None]
    if left:
        sys.exit(f"FLORES codes that no row explains: {left}")
    with open(output, "w", encoding="utf-8", newline="\n") as table:
        table.write(HEADER + "code\tscript\talso\n")
        for code in sorted(rows):
            script, also = rows[code]
            if script or also:
                table.write(f"{code}\t{script}\t{' '.join(also)}\n")
    print(f"{len(rows)} languages, {len(owner)} other codes", file=sys.stderr)


if __name__ == "__main__":
    main()
