"""What every shell completion, script loop and test pays: loading the program and its libraries."""
from .turns import in_turns, rows, run

PACKAGES = []


def compare(material, rounds):
    for _ in range(3):
        run([material.binary, "--version"])
    samples = in_turns(lambda: run([material.binary, "--version"])[0], {}, 10 * rounds)
    return rows("`xling --version`", samples)
