# SPDX-License-Identifier: MIT
"""virtual_board.py - what the tests of this folder share that need a board: demo applications, loaders, the board itself."""
import json
import os
import subprocess

CLI = os.environ.get("HOLDFAST_CLI", "")
PROGRAM = os.environ.get("HOLDFAST_BOARD", "")
FIRMWARE = os.environ.get("HOLDFAST_LOADER_DIR", "")
BOARDS = ("xiao_nrf52840", "xiao_nrf54l15")


def run(*words, good=True):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert (done.returncode == 0) == good, f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}"
    return done.stdout


def facts_of(board):
    """The board's row of `holdfast board list` and its first layout."""
    listed = json.loads(run(CLI, "board", "list", "--json"))["boards"]
    facts = next(row for row in listed if row["name"] == board)
    return facts, facts["layouts"][0]


def payload(board, version):
    return os.path.join(FIRMWARE, f"demo-{board}-two-slots-{version}.bin")


def make_loader(board, key, folder):
    path = os.path.join(folder, f"loader-{board}-{os.path.basename(key)}.hex")
    run(CLI, "bootloader", "--board", board, "--key", key, "-o", path)
    return path


def imgtool_sign(python, board, version, key, into, *options):
    """As a Zephyr build would call it."""
    facts, layout = facts_of(board)
    run(python, "-m", "imgtool.main", "sign", "-k", key, "-v", version, "-H", hex(facts["header_bytes"]), "-S", hex(layout["primary_bytes"]),
        "--align", str(facts["write_unit_bytes"]), "--pad-header", *options, payload(board, version), into)


def boot(board, loader, image, until, instructions=400_000_000):
    """Runs the board without waiting until it prints the text. True: it did. Also gives what was printed."""
    _, layout = facts_of(board)
    done = subprocess.run([PROGRAM, "--board", board, "--load", loader, "--load", f"{image}@{layout['primary_addr']:#x}", "--batch",
                           "--until", until, "--max-instructions", str(instructions)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode == 0, done.stdout.decode(errors="replace")
