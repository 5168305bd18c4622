#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our client against other people's servers, played by scripts (boards.py): version 1, MCUboot's recovery, direct-XIP, two images, and ports
that come back under another name."""
import os
import time

import boards
import harness
from harness import DEVICE, REFUSED, fails, ok
from smp import IMAGE, OS, READ, WRITE, Scripted, load

BRIEF = ("--timeout", "700", "--tries", "2")


def prepare(size=9000):
    ok("key", "new", "k.pem")
    return harness.signed("old", "1.0.0", "k.pem", 3000), harness.signed("new", "1.1.0", "k.pem", size)


def read(name):
    return harness.read(f"{name}.bin")


def test_reference_vectors():
    prepare()
    sent = []

    def answer(header, body, raw):
        sent.append(raw)
        if header.key == (WRITE, OS, 0):
            return boards.vector("echo", header.sequence)
        if header.key == (WRITE, IMAGE, 1):
            return boards.vector("v1 error 6" if header.version == 0 else "v2 error image 27", header.sequence)
        return {"rc": 8}

    with Scripted(answer) as peer:
        assert ok("echo", peer.line, "hello", "--json").json()["echo"] == "hello"
        hello = bytes.fromhex("a161646568656c6c6f")
        assert load(sent[0][8:]) == load(hello) and sent[0][0] == 0x0A, sent[0]
        fails(DEVICE, "HOST_DEVICE_REFUSED", "image", "upload", peer.line, "new.bin", holds=["image error 27", "CURRENT_VERSION_IS_NEWER"])
        fails(DEVICE, "HOST_DEVICE_REFUSED", "image", "upload", peer.line, "new.bin", "--smp-v1", holds=["error 6", "EBADSTATE"])
        sent.clear()
        ok("echo", peer.line, "hello", "--smp-v1")
        assert sent[0][0] == 0x02, sent[0]


def test_old_server():
    prepare()
    board = boards.OldServer({0: read("old")})
    with Scripted(board.answer) as peer:
        listed = ok("image", "list", peer.line, "--json").json()["images"]
        assert listed[0]["version"] == "1.0.0" and listed[0]["active"], listed
        done = ok("update", peer.line, "new.bin", *BRIEF, "--json").json()
        assert done["outcome"] == "version 1.1.0, confirmed" and board.slots[0] == read("new") and not board.trial, done
        assert board.resets == 1
        assert ok("info", peer.line, "--json").json()["ok"]
        fails(DEVICE, "HOST_DEVICE_REFUSED", "tasks", peer.line, holds=["ENOTSUP"])
        fails(DEVICE, "HOST_DEVICE_REFUSED", "groups", peer.line, holds=["ENOTSUP"])


def test_server_that_knows_version_1_only():
    prepare()
    board = boards.OldServer({0: read("old")})
    with Scripted(lambda header, body, raw: {"rc": 13} if header.version else board.answer(header, body, raw)) as peer:
        ok("update", peer.line, "new.bin", *BRIEF)
        assert board.slots[0] == read("new")
    with Scripted(lambda header, body, raw: None if header.version else board.answer(header, body, raw)) as peer:
        fails(DEVICE, "HOST_DEVICE_SILENT", "echo", peer.line, "x", "--timeout", "200", "--tries", "1")
        ok("echo", peer.line, "x", "--smp-v1")


def test_message_size_is_found_out_where_params_are_unknown():
    prepare(20000)
    for limit, largest in ((1020, 1020), (508, 508), (500, 380), (256, 252), (130, 89)):
        board = boards.Recovery({0: read("old")})
        board.BUFFER = limit
        with Scripted(board.answer) as peer:
            sent = ok("image", "upload", peer.line, "new.bin", *BRIEF, "-v")
            assert ("which is slow" in sent.out) == (largest < 128) and f"messages of up to {largest} bytes, up to 1 at a time" in sent.err, sent.text()
            sizes = [entry[4] for entry in board.log if entry[1:3] == (IMAGE, 1)]
            assert board.slots[0] == read("new") and largest - 32 < max(sizes) <= largest, (limit, max(sizes))


def test_commands_that_a_device_ignores_do_not_stop_an_update():
    """Not refused but never answered: params, bootloader info, slot info."""
    prepare()
    board = boards.OldServer({0: read("old")})
    deaf = {(READ, OS, 6), (READ, OS, 8), (READ, OS, 7), (READ, IMAGE, 6)}
    with Scripted(lambda header, body, raw: None if header.key in deaf else board.answer(header, body, raw)) as peer:
        ok("update", peer.line, "new.bin", "--timeout", "800", "--tries", "2")
        assert board.slots[0] == read("new")


def test_recovery():
    """The usual one: hashes, no states. What is sent lies where the bootloader starts from."""
    prepare()
    for params in (False, True):
        board = boards.Recovery({0: read("old")}, params=params)
        with Scripted(board.answer) as peer:
            assert not ok("image", "list", peer.line, "--json").json()["images"][0]["active"]
            done = ok("update", peer.line, "new.bin", *BRIEF, "--wait", "2", "--json").json()
            assert done["outcome"] == "written" and "recovery" in done["steps"][1], done
            assert board.slots[0] == read("new") and board.resets == 1 and board.count(WRITE, IMAGE, 0) == 0


def test_recovery_then_application():
    prepare()
    board = boards.Recovery({0: read("old")}, application=boards.OldServer)
    with Scripted(board.answer) as peer:
        done = ok("update", peer.line, "new.bin", *BRIEF, "--json").json()
        assert done["outcome"] == "runs" and done["images"][0]["version"] == "1.1.0", done


def test_recovery_of_an_empty_board():
    prepare()
    board = boards.Recovery({})
    with Scripted(board.answer) as peer:
        assert "lists no images" in ok("image", "list", peer.line).out
        ok("update", peer.line, "new.bin", *BRIEF, "--wait", "1")
        assert board.slots[0] == read("new")


def test_recovery_without_hashes_and_with_states():
    prepare()
    plain = boards.Recovery({0: read("old")}, hashes=False)
    with Scripted(plain.answer) as peer:
        ok("update", peer.line, "new.bin", *BRIEF, "--wait", "1")
        assert plain.slots[0] == read("new") and plain.resets == 1
    states = boards.Recovery({0: read("old")}, states=True)
    with Scripted(states.answer) as peer:
        done = ok("update", peer.line, "new.bin", *BRIEF, "--wait", "1", "--json").json()
        assert done["outcome"] == "written" and states.slots[0] == read("new") and states.count(WRITE, IMAGE, 0) == 0, done


def test_recovery_that_does_not_trust_the_image():
    prepare()
    board = boards.Recovery({0: read("old")}, trusts=lambda data: data == read("old"))
    with Scripted(board.answer) as peer:
        fails(DEVICE, "HOST_RECOVERY_REFUSED", "update", peer.line, "new.bin", *BRIEF, holds=["new.bin"])
        assert board.resets == 0


class Application(boards.OldServer):
    """It knows the info command, which no bootloader does."""

    def reply(self, header, body):
        return {"output": "Zephyr"} if header.key == (READ, OS, 7) else super().reply(header, body)


def test_recover_when_the_application_answers_or_nobody():
    prepare()
    board = Application({0: read("old")})
    with Scripted(board.answer) as peer:
        fails(DEVICE, "HOST_RECOVER_ABSENT", "recover", peer.line, "new.bin", "--board", "nrf52840dk", *BRIEF, "--wait", "1", holds=["the application answers"])
    with Scripted(lambda *_: None) as peer:
        fails(DEVICE, "HOST_RECOVER_ABSENT", "recover", peer.line, "new.bin", "--board", "nrf52840dk", *BRIEF, "--wait", "1", holds=["nobody answers"])


class Stubborn(boards.Recovery):
    """Its bootloader does not start what was uploaded: it is in recovery again after each reset."""

    def reset(self):
        self.resets += 1
        self.off_until = time.monotonic() + 0.1


def test_recover_that_ends_in_recovery_again():
    prepare()
    board = Stubborn({})
    with Scripted(board.answer) as peer:
        fails(REFUSED, "HOST_RECOVER_REFUSED", "recover", peer.line, "new.bin", "--board", "nrf52840dk", *BRIEF)
        assert board.slots[0] == read("new") and board.resets == 1


def test_direct_xip():
    prepare()
    harness.write("other.raw", harness.payload(8000))
    ok("sign", "other.raw", "other.bin", "-v", "1.1.0", "-H", "0x200", "-S", "0x20000", "--pad-header", "-k", "k.pem")
    ok("zip", "-o", "pair.zip", "new.bin@0.0", "other.bin@0.1")
    for active, wanted in ((0, "other"), (1, "new")):
        board = boards.Xip({active: read("old")})
        board.active = active
        with Scripted(board.answer) as peer:
            done = ok("update", peer.line, "pair.zip", *BRIEF, "--json").json()
            assert board.active == 1 - active and board.slots[1 - active] == read(wanted) and "runs" in done["outcome"], done
            assert board.count(WRITE, IMAGE, 0) == 0 and board.resets == 1
    ok("zip", "-o", "mine.zip", "new.bin@0.0")
    board = boards.Xip({0: read("old")})
    with Scripted(board.answer) as peer:  # nothing in it for the slot that does not run
        fails(REFUSED, "HOST_PACKAGE_NO_FIT", "update", peer.line, "mine.zip", *BRIEF)
        assert board.resets == 0 and 1 not in board.slots
    revert = boards.Xip({0: read("old")}, revert=True)
    with Scripted(revert.answer) as peer:
        done = ok("update", peer.line, "new.bin", *BRIEF, "--json").json()
        assert revert.active == 1 and revert.confirmed == {0, 1} and done["outcome"].endswith("confirmed"), done
    lost = boards.Xip({0: read("old")}, revert=True)
    with Scripted(lost.answer) as peer:
        ok("update", peer.line, "new.bin", *BRIEF, "--no-confirm")
        ok("reset", peer.line)
        time.sleep(0.4)
        assert lost.active == 0 and 1 not in lost.slots


def test_two_images_through_confirm():
    prepare()
    second = harness.signed("net", "3.0.0", "k.pem", 5000)
    first_net = harness.signed("net0", "2.0.0", "k.pem", 2000)
    ok("zip", "-o", "both.zip", "new.bin", second)
    for flat in (False, True):
        board = boards.TwoImages({0: read("old"), 2: harness.read(first_net)}, flat=flat)
        with Scripted(board.answer) as peer:
            done = ok("update", peer.line, "both.zip", *BRIEF, "--json").json()
            assert board.slots[0] == read("new") and board.slots[2] == read("net"), board.numbers
            assert not board.trial and board.resets == 1 and board.numbers[1] == (4 if flat else 1), (board.trial, board.numbers)
            assert [entry["confirmed"] for entry in done["images"] if entry["slot"] == 0] == [True, True]
            assert "nothing was to be done" in ok("update", peer.line, "both.zip", "--json").json()["outcome"]


def test_port_that_comes_back_under_another_name():
    """Over the reset of an update; a link of /dev/serial/by-id names the board all the time."""
    prepare()
    board = boards.OldServer({0: read("old")})
    with Scripted(lambda header, body, raw: board.answer(header, body, raw)) as peer:
        os.symlink(peer.line, "port")
        plain = board.reset

        def reset():
            plain()
            peer.replug_wanted = True
        board.reset = reset
        replied = peer.reply

        def reply(header, answer):
            replied(header, answer)
            if getattr(peer, "replug_wanted", False):
                peer.replug_wanted = False
                peer.replug("port")
        peer.reply = reply
        ok("update", os.path.abspath("port"), "new.bin", *BRIEF)
        assert board.slots[0] == read("new")
        assert board.count(READ, IMAGE, 0) >= 2


harness.main(globals())
