"""What a bench found, as one Markdown table."""
from . import goals


def seconds(value):
    return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"


def ratio(found, digits=2):
    if found is None:
        return "–"
    return f"{found['value']:.{digits}f} ({found['least']:.{digits}f}-{found['most']:.{digits}f})"


def times(row):
    ours = seconds(row["ours"]["seconds"])
    return f"{seconds(row['theirs']['seconds'])} / {ours}" if row["peer"] else ours


def memory(row):
    ours = row["ours"]["megabytes"]
    theirs = row["theirs"]["megabytes"] if row["peer"] else None
    if ours is None:
        return "–"
    return f"{theirs:.0f} / {ours:.0f}" if theirs is not None else f"{ours:.0f}"


def goal(row, instructions):
    wanted = goals.goal(row.get("goal"), instructions)
    if wanted is None or not row["peer"]:
        return ""
    return f"{wanted:g}" + ("" if row["ratio"]["value"] >= wanted else ", missed")


def line(row, instructions):
    note = f" ({row['note']})" if row.get("note") else ""
    return (f"| {row['work']}{note} | {row['peer'] or '–'} | {times(row)} | {ratio(row.get('ratio'))} | "
            f"{ratio(row.get('ratio_processor'))} | {memory(row)} | {goal(row, instructions)} |")


def markdown(report):
    machine = report["machine"]
    peers = ", ".join(f"{name} {found}" for name, found in machine["peers"].items() if found)
    others = report["others"]
    lines = [
        f"# xling beside its peers{', the quick rows' if report['quick'] else ''}", "",
        f"{report['date']}; {machine['processor']}, {machine['cores']} cores, {machine['memory_GB']} GB, "
        f"{', '.join(machine['instructions'])}; {machine['system']}; {machine['xling']}, commit {machine['commit']}; "
        f"Python {machine['python']}; {peers}. Load average {report['load'][0]} before, {report['load'][1]} after; other work took "
        f"{100 * others:.0f} % of the machine" + (": **wall times and their ratios say little**." if others > 0.05 else ".")
        + f" {report['seconds']:.0f} s. Written by `benchmarks/bench.py`.", "",
        "Each row is measured in turns with its peer. Ratios are the peer's time over ours, of medians, with the least "
        "and the most of a round in brackets; in processor time, of all threads, other work disturbs them less. MB is "
        "the most resident at once; of tokenizers, what loading took.", "",
        "| work | peer | peer's time / ours | ratio | in processor time | MB, peer's / ours | goal |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [line(row, machine["instructions"]) for row in report["rows"]]
    if report["missing"]:
        lines += ["", "Not measured:"] + [f"- {row['words']}: {row['reason']}" for row in report["missing"]]
    lines += ["", "Goals that this machine cannot test:"] + [f"- {words}" for words in report["untestable"]]
    return "\n".join(lines) + "\n"
