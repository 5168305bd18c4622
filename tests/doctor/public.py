#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No false alarms on public projects: public.json has for each its source, the commit, the verdict that the doctor gave to the project
itself when it was last read as a whole, and the facts that matter (partitions, update settings), from which files are written here.
Projects whose files do contradict themselves have "faults" and no files: they are no false alarms, and are counted beside them."""
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
CLI = os.environ.get("HOLDFAST_CLI", "holdfast")
HERE = os.path.dirname(os.path.abspath(__file__))
AT_LEAST = 30


def write(path, facts):
    if "settings" in facts:
        text = "".join(line + "\n" for line in facts["settings"])
    else:
        text = ""
        for name, partition in facts["layout"].items():
            text += f"{name}:\n"
            for key, value in partition.items():
                text += f"  {key}: {'[' + ', '.join(value) + ']' if isinstance(value, list) else value}\n"
    if os.path.dirname(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    projects = json.load(open(os.path.join(HERE, "public.json"), encoding="utf-8"))
    healthy = [project for project in projects if "faults" not in project]
    assert len(healthy) >= AT_LEAST, f"only {len(healthy)} projects"
    failed = 0
    for project in healthy:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            for path, facts in project["files"].items():
                write(path, facts)
            done = subprocess.run([CLI, "doctor", "--json", folder], capture_output=True, text=True, timeout=60, check=False)
            os.chdir(HERE)
        said = json.loads(done.stdout)
        faults = [finding for finding in said["findings"] if finding["severity"] == "fault"]
        if faults or project["recorded"] == "fault":
            failed += 1
            print(f"FAIL {project['source']}: {json.dumps(faults, indent=1)}")
    print(f"{len(healthy)} projects, {failed} false alarms")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
