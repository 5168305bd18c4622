#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The clients that board_update.py does not use, on virtual boards with the binaries that ship, over their PTY: mcumgr-toolkit,
mcumgr-client, and mcumgr where it is. Echo, list, upload, test, reset, trial, taken back, confirm, erase, and what else the demo has."""
import os
import tempfile
import time

import smp_raw
from checks import check, count
from other_clients import kinds_here, story
from virtual_board import BOARDS, CLI, Live, evidence, imgtool_key, make_loader, need, run, signed

need("imgtool")


def asks_around(client, board):
    """mcumgr-toolkit: what the demo serves beside images."""
    c = client.client
    c.check_connection()
    check(c.os_mcumgr_parameters().buf_size == 1028 and board in c.os_application_info("i"), f"{board}: params, info")
    check("mcuboot" in str(c.os_bootloader_info()).lower(), f"{board}: {c.os_bootloader_info()}")
    check([len(image.slots) for image in c.image_slot_info()] == [2], f"{board}: slots")
    try:
        c.shell_execute(["help"])
        check(False, f"{board}: the demo has no shell")
    except RuntimeError as problem:
        check("ENOTSUP: HF-0903" in str(problem), f"{board}: {problem}")


def comes_twice(live, image, board):
    """An erase that comes once more right away, as from a client that missed the reply, is not carried out again; later it is."""
    erase = smp_raw.lines(smp_raw.message(2, 1, 5, smp_raw.cbor({"slot": 1}), sequence=77))
    for turn in range(2):
        run(CLI, "image", "upload", live.port, image)
        counts, replies = [live.control("status")["erases"]], []
        with smp_raw.Line(live.port) as line:
            for _ in range(3):
                line.write(erase)
                replies.append(line.read(20))
                counts.append(live.control("status")["erases"])
        check(replies[0] and replies == [replies[0]] * 3, f"{board}, {turn}: {replies}")
        check(counts[0] < counts[1] == counts[2] == counts[3], f"{board}, {turn}: erases {counts}")


def main():
    wanted = {name: kind for name, kind in kinds_here().items() if name not in ("smpclient", "smpmgr")}
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, kind) in enumerate(wanted.items()):
            # mcumgr-toolkit on both boards, the others on one of them in turn.
            for board in BOARDS if name == "mcumgr-toolkit" else BOARDS[(number + 1) % 2 :][:1]:
                began = time.monotonic()
                key = imgtool_key(folder, "ed25519", f"{name}-{board}")
                images = {version: os.path.join(folder, f"{version}.bin") for version in ("1.0.0", "1.1.0")}
                for version, path in images.items():
                    signed(board, version, key, path)
                with Live(folder, board, "--loader", make_loader(board, key, folder), "--app", images["1.0.0"]) as live:
                    client = kind("serial", live.port)
                    story(client, images, f"{name}, {board}")
                    if name == "mcumgr-toolkit":
                        asks_around(client, board)
                    client.close()
                    if name == "mcumgr-client":
                        comes_twice(live, images["1.0.0"], board)
                    found = live.control("status")
                    check(not found["findings"] and not found["overwrites"] and not found["lost_lines"], f"{board}: {found['findings']}")
                print(f"{name}, {board}: {time.monotonic() - began:.1f} s", flush=True)
    evidence("board_clients.py", f"{', '.join(wanted)} update virtual boards over their PTY: trial, taken back, confirm, erase", count())


main()
