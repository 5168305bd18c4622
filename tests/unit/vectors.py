#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vectors.py VERDICT_TOOL [--fresh MAKE.PY]: every image of tests/vectors gets the verdict that its manifest names, for the reason that it names.

Images marked `cuts` are also tried at every shorter length, those marked `flips` with every single bit changed. And every reason of
the hundreds 2 and 3 must be met here, or be named below with the test that meets it. --fresh first makes all of them anew in a
folder of its own, with new keys, by that script and the imgtool of the Python that runs this.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

ELSEWHERE = {
    "IMAGE_HEADER_OTHER": "test_verdict.c", "IMAGE_ADDRESS_OTHER": "test_verdict.c", "IMAGE_VECTOR_OUTSIDE": "test_verdict.c",
    "IMAGE_NO_VECTORS": "test_verdict.c", "KEY_NONE": "test_verdict.c", "KEY_FORM": "test_verdict.c",
    "SIG_TYPE_NOT_BUILT": "test_verdict.c", "IMAGE_HASH_NOT_BUILT": "test_verdict.c",
}


def options(entry, folder):
    words = []
    for key in entry["keys"]:
        words += ["--key", os.path.join(folder, "keys", key + ".pub.pem")]
    for name, option in (("limit", "--limit"), ("counter_min", "--counter-min"), ("refused_forms", "--refuse-forms")):
        if name in entry:
            words += [option, str(entry[name])]
    if entry.get("full_key"):
        words.append("--full-key")
    if entry.get("cuts"):
        words.append("--cuts")
    if entry.get("flips"):
        words += ["--flips", entry["flips"]]
    return words


def check(source, folder):
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    with open(os.path.join(source, "core", "include", "holdfast", "reason.def"), encoding="utf-8") as file:
        wanted = set(re.findall(r"^HF_REASON\([23]\d\d, (\w+)", file.read(), re.M))
    met, faults = set(), []
    for entry in manifest:
        command = [sys.argv[1], *options(entry, folder), os.path.join(folder, "images", entry["name"] + ".bin")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        word, reason = (done.stdout.split() + ["", ""])[:2]
        met.add(reason)
        expected = ("accept", "OK") if entry["expect"] == "accept" else ("refuse", entry["expect"])
        if done.returncode != 0 or (word, reason) != expected:
            faults.append(f"{entry['name']}: expected {expected[1]}, got {done.stdout.strip()} {done.stderr.strip()}")
    for reason in sorted(wanted - met - set(ELSEWHERE)):
        faults.append(f"no image meets {reason}")
    for reason in sorted(set(ELSEWHERE) - wanted):
        faults.append(f"{reason} is no reason any more")
    print("\n".join(faults) if faults else f"{len(manifest)} images, {len(met & wanted)} reasons")
    sys.exit(1 if faults else 0)


def main():
    source = os.environ["HOLDFAST_SOURCE_DIR"]
    folder = os.path.join(source, "tests", "vectors")
    if "--fresh" not in sys.argv:
        check(source, folder)
    with tempfile.TemporaryDirectory() as fresh:
        subprocess.run([sys.executable, sys.argv[sys.argv.index("--fresh") + 1], fresh], check=True)
        check(source, fresh)


if __name__ == "__main__":
    main()
