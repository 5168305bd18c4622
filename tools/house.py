# SPDX-License-Identifier: MIT
"""house.py - what the checkers of tools/ share: the tracked files, the findings, the exit code.

Why      A rule that isn't run decays; each checker is a test (tests/meta) and prints file:line: sentence.
Shapes   --root FOLDER checks another tree: tests/meta/catches.py seeds a violation of each rule there.
"""
import argparse
import os
import subprocess
import sys


class House:
    def __init__(self, description, options=None):
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        parser = argparse.ArgumentParser(description=description.split("\n")[0])
        parser.add_argument("--root", default=here, help="the tree to check")
        if options:
            options(parser)
        self.arguments = parser.parse_args()
        self.root = os.path.abspath(self.arguments.root)
        self.findings = 0
        self.files = self._tracked()

    def _tracked(self):
        """Tracked files; in a tree that is no repository (a release archive) all but what a build makes."""
        listed = None
        if os.path.exists(os.path.join(self.root, ".git")):
            listed = subprocess.run(["git", "-C", self.root, "ls-files", "-z"], stdout=subprocess.PIPE, check=False)
        if listed and listed.returncode == 0:
            paths = [name.decode() for name in listed.stdout.split(b"\0") if name]
            return sorted(path for path in paths if os.path.isfile(os.path.join(self.root, path)))
        paths = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if name not in (".git", "build", "__pycache__")]
            paths += [os.path.relpath(os.path.join(folder, name), self.root) for name in names]
        return sorted(path.replace(os.sep, "/") for path in paths)

    def ending(self, *suffixes):
        return [path for path in self.files if path.endswith(suffixes)]

    def read(self, path):
        """The text of a file, or None if it is no text."""
        with open(os.path.join(self.root, path), "rb") as file:
            data = file.read()
        try:
            return None if b"\0" in data else data.decode()
        except UnicodeDecodeError:
            return None

    def find(self, path, line, sentence):
        self.findings += 1
        print(f"{path}:{line}: {sentence}")

    def close(self, good):
        if self.findings:
            sys.exit(f"{self.findings} finding{'s' if self.findings > 1 else ''}")
        print(good)
