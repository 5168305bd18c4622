#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Applies one seeded mistake of mutants.txt to the core's sources: mutate.py <mutants.txt> <source dir> <name> <output dir>.

Without a name it lists "name;tier;file,...;mode;geometry;scenario;depth;flips[;forms]" a line. Each old text must occur exactly once."""
import pathlib
import sys


def read_mutants(path):
    mutants, mutant = {}, None
    lines = iter(pathlib.Path(path).read_text().splitlines())
    for line in lines:
        if line.startswith("== "):
            name, tier, run = (part.strip() for part in line[3:].split("|"))
            words = run.split()
            mode = words.pop()[5:] if words[-1].startswith("mode=") else "swap"
            mutant = {"tier": tier, "run": [mode] + words, "edits": []}
            if name in mutants or len(words) not in (4, 5):
                sys.exit(f"mutants.txt: {name}: twice, or not geometry scenario depth flips [forms] [mode=M]")
            mutants[name] = mutant
        elif mutant is not None and line.strip():
            texts, text = [], []
            for part in lines:
                if part == "----" or part == "====":
                    texts.append("".join(one + "\n" for one in text))
                    text = []
                    if part == "====":
                        break
                else:
                    text.append(part)
            if len(texts) != 2:
                sys.exit(f"mutants.txt: an edit of {line} is not old ---- new ====")
            mutant["edits"].append((line.strip(), texts[0], texts[1]))
    return mutants


def main():
    mutants = read_mutants(sys.argv[1])
    if len(sys.argv) == 2:
        for name, m in mutants.items():
            files = ",".join(dict.fromkeys(edit[0] for edit in m["edits"]))
            print(";".join([name, m["tier"], files] + m["run"]))
        return
    source, name, out = pathlib.Path(sys.argv[2]), sys.argv[3], pathlib.Path(sys.argv[4])
    texts = {}
    for file, old, new in mutants[name]["edits"]:
        text = texts.get(file, (source / file).read_text())
        # An old text may end inside a line: its last newline counts only if the source has it too.
        old_found = old if text.count(old) else old.rstrip("\n")
        if text.count(old_found) != 1:
            sys.exit(f"{name}: this text is {text.count(old_found)} times in {file}, not once:\n{old}")
        texts[file] = text.replace(old_found, new if old_found == old else new.rstrip("\n"))
    out.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        (out / pathlib.Path(file).name).write_text(text)


main()
