#!/usr/bin/env python3
"""Finds circles between the folders of a target.

A type that is declared at the top of a file of folder B and named in a file of folder A is an arrow
A -> B; comments and texts do not count, what is interpolated into texts does. Files that lie in no
folder of their target are not counted: a target's failures lie below all its folders, its entry above.
What an extension adds is not counted, only the type that it names.

`scripts/check-arrows` calls this. By hand: `scripts/folder_circles.py FOLDER ...` for targets' folders,
`--self-check` for a made-up target. Exit status 0 without a circle, 65 otherwise, a line for each.
"""

import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

DECLARATION = re.compile(
    r"(?<![.\w`])(?:struct|class|enum|actor|protocol|typealias)\s+(?!func\b|var\b|let\b)(\w+)"
)
HIDDEN = re.compile(r"(?:private|fileprivate)\s+(?:\w+\s+)*$")
NAME = re.compile(r"(?<![\w.`])(?:Xling\w+\.)?([A-Z]\w*)")
OPENING = re.compile(r'(#*)("""|")')


def code(text):
    """`text` without comments and without the texts in it, as long and with the same lines."""
    out = []
    i, length = 0, len(text)
    # Of each text that an interpolation interrupts: its end, and the parentheses open since.
    waiting = []

    def blank(first, last):
        out.append("".join(c if c == "\n" else " " for c in text[first:last]))

    def skip_text(i, closing, hashes):
        """From within a text to behind its end, or to the code of an interpolation."""
        interpolation, first = "\\" + hashes + "(", i
        while i < length:
            if text.startswith(closing, i):
                blank(first, i + len(closing))
                return i + len(closing)
            if text.startswith(interpolation, i):
                blank(first, i + len(interpolation))
                waiting.append([closing, hashes, 0])
                return i + len(interpolation)
            i += 2 if not hashes and text[i] == "\\" else 1
        blank(first, length)
        return length

    while i < length:
        if text.startswith("//", i):
            end = text.find("\n", i)
            end = length if end < 0 else end
            blank(i, end)
            i = end
        elif text.startswith("/*", i):
            first, depth = i, 0
            while i < length:
                if text.startswith("/*", i):
                    depth, i = depth + 1, i + 2
                elif text.startswith("*/", i):
                    depth, i = depth - 1, i + 2
                else:
                    i += 1
                if depth == 0:
                    break
            blank(first, i)
        elif opening := OPENING.match(text, i):
            blank(i, opening.end())
            i = skip_text(opening.end(), opening.group(2) + opening.group(1), opening.group(1))
        elif waiting and text[i] == ")" and waiting[-1][2] == 0:
            closing, hashes, _ = waiting.pop()
            out.append(" ")
            i = skip_text(i + 1, closing, hashes)
        else:
            if waiting and text[i] in "()":
                waiting[-1][2] += 1 if text[i] == "(" else -1
            out.append(text[i])
            i += 1
    return "".join(out)


def declared(text):
    """(names declared at the top and seen elsewhere, names declared at any depth)."""
    top, every = set(), set()
    depth, at = 0, 0
    for found in DECLARATION.finditer(text):
        depth += text.count("{", at, found.start()) - text.count("}", at, found.start())
        at = found.start()
        every.add(found.group(1))
        line = text[text.rfind("\n", 0, at) + 1 : at]
        if depth == 0 and not HIDDEN.search(line):
            top.add(found.group(1))
    return top, every


def place(file, root):
    return file.relative_to(root).parts[0]


def arrows(root):
    """{(folder, other folder): {(file, type, file that declares it)}} of one target."""
    files = {
        file: code(file.read_text(encoding="utf-8")) for file in sorted(root.glob("*/**/*.swift"))
    }
    own, home = {}, defaultdict(set)
    for file, text in files.items():
        top, own[file] = declared(text)
        for name in top:
            home[name].add(file)
    found = defaultdict(set)
    for file, text in files.items():
        for name in set(NAME.findall(text)) - own[file]:
            for other in home.get(name, ()):
                if place(file, root) != place(other, root):
                    found[place(file, root), place(other, root)].add((file, name, other))
    return found


def shortest_way(graph, start, goal):
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop(0)
        for step in sorted(graph[way[-1]]):
            if step == goal:
                return way + [step]
            if step not in seen:
                seen.add(step)
                ways.append(way + [step])
    return None


def circles(root):
    """A shortest circle through each arrow that is part of one, as lists of folders, each once."""
    found = arrows(root)
    graph = defaultdict(set)
    for one, other in found:
        graph[one].add(other)
    lines = {}
    for one, other in sorted(found):
        back = shortest_way(graph, other, one)
        if back:
            least = back.index(min(back))
            lines[tuple(back[least:] + back[:least])] = None
    for circle in lines:
        yield circle, [found[pair] for pair in zip(circle, circle[1:] + circle[:1])]


def failures(root, shown=None):
    """A line for each circle of the target in `root`."""
    for circle, ways in circles(root):
        reasons = []
        for folder, names in zip(circle, ways):
            file, name, other = sorted(names)[0]
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            reasons.append(
                f"{file.relative_to(root)} names {name} of {other.relative_to(root)}{more}"
            )
        way = " -> ".join(circle + circle[:1])
        yield f"{shown or root}: folders in a circle, {way}: " + "; ".join(reasons)


MADE_UP = {
    "Below/Word.swift": "public struct Word { struct Inner {} }\n",
    "Above/Sentence.swift": "struct Sentence { let words: [Word] }\nprivate struct Hidden {}\n"
    "struct Inner {}\n",
    # None of these is an arrow back.
    "Below/Quiet.swift": '// Sentence\n/* Sentence /* and */ Sentence */\nlet a = "Sentence \\"Sentence"\n'
    'let b = #"Sentence \\(Sentence)"#\nlet c = """\n  "Sentence"\n  """\nlet d = Word.Sentence\n'
    "let e = Hidden()\n",
    "Entry.swift": "func main() { Sentence() }\n",
    "Failure.swift": "enum Failure {}\n",
    "Below/Failing.swift": "let f = Failure.self\n",
}
BACK = 'let g = "a \\(h(Sentence())) b"\n'


def self_check():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)

        def write(name, text):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")

        for name, text in MADE_UP.items():
            write(name, text)
        assert list(failures(root)) == [], list(failures(root))
        write("Below/Back.swift", BACK)
        lines = list(failures(root, "made-up"))
        assert lines == [
            "made-up: folders in a circle, Above -> Below -> Above: Above/Sentence.swift names Word of "
            "Below/Word.swift; Below/Back.swift names Sentence of Above/Sentence.swift"
        ], lines
        write("Below/Back.swift", "extension Entry {}\n")
        write("Middle/Entry.swift", "struct Entry { let sentence: Sentence }\n")
        assert [line.split(": ")[1] for line in failures(root)] == [
            "folders in a circle, Above -> Below -> Middle -> Above"
        ], list(failures(root))


def main():
    if sys.argv[1:] == ["--self-check"]:
        self_check()
        print("folder_circles: a made-up target is judged as it should be")
        return
    lines = [line for folder in sys.argv[1:] for line in failures(Path(folder))]
    for line in lines:
        print(line, file=sys.stderr)
    sys.exit(65 if lines else 0)


if __name__ == "__main__":
    main()
