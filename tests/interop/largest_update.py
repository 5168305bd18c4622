# SPDX-License-Identifier: MIT
"""The largest image that a layout takes is installed and taken back by the shipped loader, within 2N + 8 sector writes.

The counts are the virtual board's; docs/evidence.md takes its table from the lines printed here.
"""
import json
import os
import random
import subprocess
import tempfile

from virtual_board import BOARDS, CLI, PROGRAM, facts_of, make_loader, payload, run

TLV_BYTES = 160  # hash, key hash and signature, at most


def sign_largest(folder, board, facts, size_max, version, *options):
    with open(payload(board, version), "rb") as file:
        code = file.read()
    filler = random.Random(version).randbytes(size_max - facts["header_bytes"] - TLV_BYTES - len(code))
    raw = os.path.join(folder, "payload.bin")
    with open(raw, "wb") as file:
        file.write(code + filler)
    run(CLI, "sign", raw, os.path.join(folder, version + ".bin"), "-v", version, "--board", board, "--pad-header",
        "-k", os.path.join(folder, "key.pem"), *options)


def boot(folder, board, until, loads):
    """One boot, ended when the application speaks; the flash is kept in a file in between. Returns the counters."""
    report = os.path.join(folder, "report.json")
    words = [PROGRAM, "--board", board, "--flash", os.path.join(folder, "flash.bin"), "--batch", "--until", until, "--report", report]
    for spec in loads:
        words += ["--load", os.path.join(folder, spec)]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, f"{board}: \"{until}\" was not printed\n{done.stdout.decode(errors='replace')}"
    with open(report, encoding="utf-8") as file:
        return json.load(file)


def main():
    for board in BOARDS:
        facts, layout = facts_of(board)
        sectors = -(-layout["size_max"] // facts["sector_bytes"])
        limit = 2 * sectors + 8
        with tempfile.TemporaryDirectory() as folder:
            key = os.path.join(folder, "key.pem")
            run(CLI, "key", "new", key)
            loader = os.path.basename(make_loader(board, key, folder))
            sign_largest(folder, board, facts, layout["size_max"], "1.0.0")
            sign_largest(folder, board, facts, layout["size_max"], "1.1.0", "--test")
            loads = [loader, f"1.0.0.bin@{layout['primary_addr']:#x}", f"1.1.0.bin@{layout['secondary_addr']:#x}"]
            for what, until in (("install", "Holdfast demo 1.1.0"), ("take back", "Holdfast demo 1.0.0"), ("plain start", "Holdfast demo 1.0.0")):
                counts = boot(folder, board, until, loads)
                loads = []
                units = counts["words"] or counts["lines"]
                # RRAM has no erase: the lines written, journal included, as sectors.
                writes = counts["erases"] if facts["write_unit_bytes"] == 4 else counts["lines"] * facts["write_unit_bytes"] / facts["sector_bytes"]
                assert writes <= limit, f"{board}: {what} took {writes} sector writes, {limit} at most"
                assert (writes >= 2 * sectors - 1) == (what != "plain start"), f"{board}: {what} took {writes} sector writes"
                assert not counts["findings"] and not counts["overwrites"], f"{board}: {counts['findings']}"
                print(f"largest: {board} | {what} | {sectors} | {writes:g} | {limit} | {units} | {counts['loader_ms'] / 1000:.2f} s")


main()
