#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fuzzes targets by CPU time and keeps what came of it: a minimised corpus and the figures that docs/evidence.md shows.

./dev fuzz-hours [TARGET...] is the way to start it. It works in rounds and can be stopped and started again: the time adds up in
WORK/TARGET/state.json. A finding ends the target; its input lies in WORK/TARGET/findings."""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(HERE, "hours.json")
SMALL_BYTES = 1400  # of a kept input: larger ones are cut apart by the fuzzer anyway and each is replayed with every truncation
KEPT = 150          # inputs a target


def run(words):
    """(exit code, output, CPU seconds)"""
    with tempfile.TemporaryFile(mode="w+", errors="replace") as log:
        child = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        return child.returncode, log.read(), used.ru_utime + used.ru_stime


class Target:
    def __init__(self, name, wish):
        self.name = name
        self.program = os.path.join(wish.build, "tests", "fuzz", f"fuzz_{name}")
        self.seeds = os.path.join(HERE, "corpus", name)
        self.work = os.path.join(wish.work, name)
        self.grown = os.path.join(self.work, "corpus")
        self.findings = os.path.join(self.work, "findings") + "/"
        self.state_path = os.path.join(self.work, "state.json")
        for folder in (self.grown, self.findings):
            os.makedirs(folder, exist_ok=True)
        self.state = {"cpu_seconds": 0.0, "executions": 0, "edges": 0, "features": 0, "findings": 0}
        if os.path.exists(self.state_path):
            with open(self.state_path, encoding="utf-8") as file:
                self.state = json.load(file)

    def options(self, *more):
        dictionary = [f"-dict={os.path.join(HERE, 'smp.dict')}"] if self.name.startswith("smp") else []
        return [self.program, *dictionary, "-print_final_stats=1", "-timeout=20", f"-artifact_prefix={self.findings}", *more]

    def round(self, seconds):
        code, text, used = run(self.options(f"-max_total_time={seconds}", "-max_len=3000", self.grown, self.seeds))
        done = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
        seen = re.findall(r"cov: (\d+) ft: (\d+)", text)
        self.state["cpu_seconds"] += used
        self.state["executions"] += int(done.group(1)) if done else 0
        if seen:
            self.state["edges"], self.state["features"] = (max(int(a), b) for a, b in zip(seen[-1], (self.state["edges"], self.state["features"])))
        if code != 0:
            self.state["findings"] += 1
            with open(os.path.join(self.work, f"finding-{int(time.time())}.log"), "w", encoding="utf-8") as file:
                file.write(text)
        with open(self.state_path, "w", encoding="utf-8") as file:
            json.dump(self.state, file)
        return code == 0

    def keep(self):
        """A minimised corpus beside the seeds with telling names: the smallest inputs that between them reach every edge."""
        with tempfile.TemporaryDirectory() as folder:
            code, text, _ = run(self.options("-merge=1", "-use_value_profile=0", f"-max_len={SMALL_BYTES}", folder, self.seeds, self.grown))
            if code != 0:
                raise SystemExit(f"{self.name}: merging failed\n{text[-2000:]}")
            found = sorted((os.path.getsize(os.path.join(folder, name)), name) for name in os.listdir(folder))
            for name in os.listdir(self.seeds):
                if re.fullmatch(r"found-[0-9a-f]{8}", name):
                    os.remove(os.path.join(self.seeds, name))
            for _, name in found[:KEPT]:
                with open(os.path.join(folder, name), "rb") as source, open(os.path.join(self.seeds, "found-" + name[:8]), "wb") as into:
                    into.write(source.read())
        names = [os.path.join(self.seeds, name) for name in os.listdir(self.seeds)]
        results = {}
        if os.path.exists(RESULTS):
            with open(RESULTS, encoding="utf-8") as file:
                results = json.load(file)
        results[self.name] = {**self.state, "cpu_seconds": round(self.state["cpu_seconds"]), "corpus_files": len(names),
                              "corpus_bytes": sum(os.path.getsize(path) for path in names)}
        with open(RESULTS, "w", encoding="utf-8") as file:
            json.dump(dict(sorted(results.items())), file, indent=1)
            file.write("\n")


def main():
    parser = argparse.ArgumentParser(prog="./dev fuzz-hours", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("targets", nargs="*", default=["smp_server", "smp_client", "smp_frame", "smp_cbor"])
    parser.add_argument("--build", default="build/fuzz", help=argparse.SUPPRESS)
    parser.add_argument("--work", default="build/fuzz/hours", help=argparse.SUPPRESS)
    parser.add_argument("--cpu-seconds", type=int, default=3600, help="of each target, all rounds together (default: 3600)")
    parser.add_argument("--round", type=int, default=120, help="seconds of a round")
    parser.add_argument("--keep-only", action="store_true", help="no fuzzing: minimise and record what there is")
    wish = parser.parse_args()
    bad = []
    for name in wish.targets:
        target = Target(name, wish)
        good = True
        while good and not wish.keep_only and target.state["cpu_seconds"] < wish.cpu_seconds:
            good = target.round(wish.round)
            print(name, json.dumps(target.state), flush=True)
        if not good:
            bad.append(f"{name}: see {target.findings}")
            continue
        target.keep()
    if bad:
        sys.exit("\n".join(bad))


main()
