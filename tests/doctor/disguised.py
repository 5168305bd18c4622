#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What terminals do to a log changes nothing: every case of cases/*.txt that has a log, with other line ends, prefixes, stamps, colours,
lines broken at a width, or all of it in one line."""
import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True
import cases


def each(text, make):
    return "".join(make(number, line) + "\n" for number, line in enumerate(text.rstrip("\n").split("\n")))


def wrapped(text, width=60):
    return "".join(line[at:at + width] + "\n" for line in text.rstrip("\n").split("\n") for at in range(0, max(len(line), 1), width))


DISGUISES = {
    "other line ends": lambda text: text.replace("\n", "\r\n"),
    "RTT's prefix": lambda text: each(text, lambda _, line: "00> " + line),
    "a terminal's stamps": lambda text: each(text, lambda number, line: f"[15:03:{number // 60 % 60:02d}.{number % 1000:03d}] {line}"),
    "colours": lambda text: each(text, lambda _, line: f"\x1b[1;32m{line}\x1b[0m"),
    "broken lines": wrapped,
}


def result(case, disguise):
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, lines in case.files.items():
            if "/" in name:
                os.makedirs(os.path.dirname(name), exist_ok=True)
            text = "\n".join(lines) + "\n"
            with open(name, "w", encoding="utf-8", newline="") as file:
                file.write(disguise(text) if name.endswith(".log") else text)
        said = cases.doctor(folder)
        os.chdir(cases.HERE)
    return said["verdict"], sorted(finding["code"] for finding in said["findings"])


def main():
    failed = count = 0
    for path in ("boots.txt", "boards.txt", "uploads.txt", "keys.txt"):
        for case in cases.cases_of(os.path.join(cases.HERE, "cases", path)):
            if case.makers or not any(name.endswith(".log") for name in case.files):
                continue
            plain = result(case, lambda text: text)
            for name, disguise in DISGUISES.items():
                count += 1
                other = result(case, disguise)
                if other != plain:
                    failed += 1
                    print(f"FAIL {case.where} {case.code}, {name}: {json.dumps(other)}, plain {json.dumps(plain)}")
    print(f"{count} disguised logs, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
