#!/usr/bin/env python3
"""Writes languages/<code>.toml from Unicode CLDR (Debian package unicode-cldr-core).

One card per base language of annotations/ and for zh-Hant and sr-Latn: English name, native name,
script and direction, all as CLDR has them. Standard library only.

Usage: scripts/generate_language_cards.py [CLDR folder] [languages folder]
"""
import os
import sys
import xml.etree.ElementTree as ET

KEPT_SCRIPTS = {"zh_Hant", "sr_Latn"}
# Codes that other data sets write for the same language.
ALIASES = {"no": ["nb"], "fil": ["tl"], "he": ["iw"], "id": ["in"], "zh": ["zh-Hans"],
           "sr": ["sr-Cyrl"]}


def main_file(cldr, locale):
    path = os.path.join(cldr, "main", locale + ".xml")
    return ET.parse(path).getroot() if os.path.exists(path) else None


def display(root, group, code):
    if root is None:
        return None
    for entry in root.findall(f"localeDisplayNames/{group}/*"):
        if entry.get("type") == code and entry.get("alt") is None and entry.text:
            return entry.text
    return None


def likely_scripts(cldr):
    root = ET.parse(os.path.join(cldr, "supplemental", "likelySubtags.xml")).getroot()
    return {tag.get("from"): tag.get("to").split("_")[1] for tag in root.iter("likelySubtag")}


def name_in(root, english, language, script):
    """The language's name: of language and script, else composed, else in English."""
    code = f"{language}_{script}" if script else language
    whole = display(root, "languages", code)
    if whole:
        return whole
    base = display(root, "languages", language)
    if base is None:
        return None if root is english else name_in(english, english, language, script)
    if script is None:
        return base
    return f"{base} ({display(root, 'scripts', script) or script})"


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def card(cldr, locale, english, scripts):
    language, _, script = locale.partition("_")
    script = script or None
    own, base = main_file(cldr, locale), main_file(cldr, language)
    order = None
    for root in (own, base):
        found = None if root is None else root.find("layout/orientation/characterOrder")
        order = order or (None if found is None else found.text)
    lines = [
        f"code = {quoted(locale.replace('_', '-'))}",
        f"name = {quoted(name_in(english, english, language, script))}",
        f"native_name = {quoted(name_in(own if own is not None else english, english, language, script))}",
        f"script = {quoted(script or scripts[language])}",
        f"direction = {quoted('rtl' if order == 'right-to-left' else 'ltr')}",
    ]
    if locale in ALIASES:
        lines.append("aliases = [" + ", ".join(map(quoted, ALIASES[locale])) + "]")
    return "\n".join(lines) + "\n"


def main():
    cldr = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/unicode/cldr/common"
    folder = sys.argv[2] if len(sys.argv) > 2 else "languages"
    english, scripts = main_file(cldr, "en"), likely_scripts(cldr)
    os.makedirs(folder, exist_ok=True)
    names = sorted(name[:-4] for name in os.listdir(os.path.join(cldr, "annotations"))
                   if name.endswith(".xml"))
    locales = [name for name in names
               if name != "root" and ("_" not in name or name in KEPT_SCRIPTS)]
    for locale in locales:
        path = os.path.join(folder, locale.replace("_", "-") + ".toml")
        with open(path, "w", encoding="utf-8", newline="\n") as out:
            out.write(card(cldr, locale, english, scripts))
    print(f"{len(locales)} cards", file=sys.stderr)


if __name__ == "__main__":
    main()
