# SPDX-License-Identifier: MIT
"""The demo applications with Bluetooth of both XIAO boards: built and linked with Nordic's controller, signed as a maker would, and small
enough for two slots. They are not started: the library's licence allows it on Nordic's chips alone, and there is no radio here."""
import json
import os
import re
import subprocess
import sys
import tempfile

from checks import check, count
from virtual_board import BOARDS, CLI, FIRMWARE, evidence, facts_of, read, run

ROOT = os.environ["HOLDFAST_SOURCE_DIR"]
VERSIONS = ("1.0.0", "1.1.0")
SERVICE = bytes.fromhex("84aa6074528a8b86d34cb71d1ddc538d")
LEFT_MIN = 300 * 1024  # of each slot, for the maker's own code


def path_of(board, version):
    return os.path.join(FIRMWARE, f"ble-{board}-two-slots-{version}.bin")


def vectors(board, app):
    """The processor's first two words fit the chip, and the code begins behind the header of its slot."""
    facts, slots = facts_of(board)
    stack, reset = (int.from_bytes(app[at:at + 4], "little") for at in (0, 4))
    start = slots["primary_addr"] + facts["header_bytes"]
    check(0x20000000 < stack <= 0x20040000 and stack % 8 == 0, f"{board}: stack at {stack:#x}")
    check(reset & 1 and start < reset < start + len(app), f"{board}: reset at {reset:#x}")


def signed(board, version, folder):
    facts, slots = facts_of(board)
    into = os.path.join(folder, f"{board}-{version}.bin")
    run(CLI, "sign", path_of(board, version), into, "-v", version, "--board", board, "--pad-header", "-k", os.path.join(folder, "key.pem"))
    run(CLI, "verify", into, "-k", os.path.join(folder, "key.pem"))
    check(os.path.getsize(into) + 8192 < slots["secondary_bytes"], f"{board}: two slots hold it")
    return read(into)


def sizes():
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "size"), FIRMWARE, "--json"], stdout=subprocess.PIPE, text=True, check=False)
    return {row["name"]: row for row in json.loads(done.stdout)}


def main():
    missing = [path for board in BOARDS for version in VERSIONS if not os.path.exists(path := path_of(board, version))]
    if missing:
        print("=" * 100 + f"\nSKIPPED, so this was NOT tested: the demo applications with Bluetooth\n{missing[0]} was not built: Nordic's nrfxlib is "
              "missing (docs/ble.md).\n" + "=" * 100)
        sys.exit(77)
    rows = sizes()
    with tempfile.TemporaryDirectory() as folder:
        run(CLI, "key", "new", os.path.join(folder, "key.pem"))
        for board in BOARDS:
            apps = [read(path_of(board, version)) for version in VERSIONS]
            check(apps[0] != apps[1], f"{board}: two versions differ")
            for version, app in zip(VERSIONS, apps):
                vectors(board, app)
                check(SERVICE in app and f"Holdfast {board}".encode() in app and version.encode() in app, f"{board}: service, name, version")
                signed(board, version, folder)
            row = rows[f"ble-{board}-two-slots-1.0.0"]
            check(row["left_bytes"] >= LEFT_MIN, f"{board}: {row['left_bytes']} bytes left of a slot")
            check(not row["problems"], f"{board}: {row['problems']}")
            print(f"{board}: {row['flash_bytes']} bytes of flash, {row['ram_bytes']} of RAM, {row['left_bytes']} left of each slot")
    tracked = subprocess.run(["git", "-C", ROOT, "ls-files"], stdout=subprocess.PIPE, text=True, check=False).stdout.splitlines()
    check(not [name for name in tracked if re.search(r"\.a$|(^|/)(sdc|mpsl)[a-z_]*\.h$", name)], "nothing of Nordic's is in the repository")
    evidence("ble_firmware", "demo applications with Bluetooth, linked with Nordic's controller for both XIAO boards, signed, in two slots", count())
    print(f"{count()} checks")


if __name__ == "__main__":
    main()
