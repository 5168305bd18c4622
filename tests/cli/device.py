#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The commands that talk to a device, against a fake one on a pseudo-terminal, and everything that device or line can do wrong."""
import re
import signal
import subprocess
import time

import harness
from harness import DEVICE, FILE, OK, REFUSED, USAGE, Device, fails, ok, run

FAST = ("--timeout", "300", "--tries", "2")


def prepare(size=3000):
    ok("key", "new", "k.pem")
    return harness.signed("old", "1.0.0", "k.pem"), harness.signed("new", "1.1.0", "k.pem", size)


def images(line):
    return {(entry["slot"]): entry for entry in ok("image", "list", line, "--json").json()["images"]}


def test_small_talk():
    old, _ = prepare()
    with Device("k.pem", old) as line:
        assert ok("echo", line, "hello", "--json").json()["echo"] == "hello"
        assert "1.0.0" in ok("image", "list", line).out
        shown = ok("info", line, "--json").json()
        assert shown["bootloader"] == "MCUboot" and shown["mode"] == "swap using move" and shown["cause"] == "nothing changed"
        ok("reset", line)
        assert images(line)[0]["version"] == "1.0.0"


def test_update_confirms():
    old, new = prepare()
    with Device("k.pem", old) as line:
        done = ok("update", line, new, "--json").json()
        assert done["version"] == "1.1.0" and done["images"][0]["confirmed"] and done["images"][0]["version"] == "1.1.0"
        ok("reset", line)
        assert images(line)[0]["version"] == "1.1.0"
        again = ok("update", line, new)
        assert "which is this image" in again.out and "uploaded" not in again.out


def test_update_not_confirmed_goes_back():
    old, new = prepare()
    with Device("k.pem", old) as line:
        ok("update", line, new, "--no-confirm")
        listed = images(line)
        assert listed[0]["version"] == "1.1.0" and not listed[0]["confirmed"]
        other = harness.signed("other", "1.2.0", "k.pem")
        fails(DEVICE, "HOST_UPDATE_TRIAL_OPEN", "update", line, other, holds=["1.1.0"])
        ok("reset", line)
        assert images(line)[0]["version"] == "1.0.0"
        ok("update", line, new)


def test_update_permanent():
    old, new = prepare()
    with Device("k.pem", old) as line:
        ok("update", line, new, "--permanent")
        ok("reset", line)
        assert images(line)[0]["version"] == "1.1.0"


def test_single_steps():
    old, new = prepare()
    with Device("k.pem", old) as line:
        sent = ok("image", "upload", line, new, "--json").json()
        assert sent["size_bytes"] == len(harness.read(new))
        assert images(line)[1]["version"] == "1.1.0" and not images(line)[1]["pending"]
        ok("image", "erase", line)
        assert 1 not in images(line)
        fails(REFUSED, "SLOT_NO_IMAGE", "image", "test", line)
        ok("image", "upload", line, new)
        ok("image", "test", line)
        assert images(line)[1]["pending"]
        ok("reset", line)
        ok("image", "confirm", line, new)
        assert images(line)[0]["confirmed"] and images(line)[0]["version"] == "1.1.0"


def test_tampered_image_is_refused_by_the_loader():
    old, new = prepare()
    with Device("k.pem", old, "stop", 0x300) as line:
        fails(REFUSED, "IMAGE_HASH_WRONG", "update", line, new, holds=["the bootloader refused the image"])
        assert images(line)[0]["version"] == "1.0.0"
        assert ok("info", line, "--json").json()["refusal"]["number"] == 218


def test_image_of_another_key_is_refused_by_the_loader():
    old, _ = prepare()
    ok("key", "new", "foreign.pem")
    foreign = harness.signed("foreign", "2.0.0", "foreign.pem")
    with Device("k.pem", old) as line:
        fails(REFUSED, "KEY_UNKNOWN", "update", line, foreign, holds=["the bootloader refused the image"])
        assert images(line)[0]["version"] == "1.0.0"
        fails(REFUSED, "KEY_UNKNOWN", "update", line, foreign, "--key", "k.pem", holds=["foreign.bin"])


def test_request_that_is_lost():
    old, new = prepare()
    with Device("k.pem", old, "forget") as line:
        fails(REFUSED, "HOST_UPDATE_REVERTED", "update", line, new)


def test_flash_that_does_not_keep_what_was_sent():
    old, new = prepare()
    worn = next(at for at in range(0x300, 0x400) if harness.read(new)[at] & 1)
    with Device("k.pem", old, "worn", worn) as line:
        fails(DEVICE, "SMP_UPLOAD_MATCH", "update", line, new)
        assert images(line)[0]["version"] == "1.0.0" and not images(line).get(1, {}).get("pending")


def test_image_without_hash():
    old, new = prepare()
    data = bytearray(harness.read(new))
    data[0x200 + 3000 + 4] = 0xA5  # the hash TLV becomes one of another type
    data[0x200 + 3000 + 5] = 0x01
    harness.write("nohash.bin", data)
    with Device("k.pem", old) as line:
        fails(REFUSED, "HOST_IMAGE_NO_HASH", "update", line, "nohash.bin")


def test_padded_image_is_sent_without_padding():
    old, _ = prepare()
    padded = harness.signed("padded", "1.1.0", "k.pem", 3000, "--confirm", "--align", "8")
    with Device("k.pem", old) as line:
        sent = ok("image", "upload", line, padded, "--json").json()
        assert sent["size_bytes"] < 5000 and "were not sent" in sent["notes"][0]
        assert not images(line)[1]["pending"]


def test_files_that_are_no_images():
    old, _ = prepare()
    with Device("k.pem", old) as line:
        fails(FILE, "HOST_FILE_MISSING", "update", line, "absent.bin")
        harness.write("noise.bin", bytes(range(256)) * 8)
        fails(REFUSED, "IMAGE_MAGIC", "update", line, "noise.bin")
        harness.write("cut.bin", harness.read("new.bin")[:2000])
        fails(REFUSED, "IMAGE_BEYOND_SLOT", "image", "upload", line, "cut.bin")
        assert 1 not in images(line)


def test_silent_device():
    old, new = prepare()
    with Device("k.pem", old, "silent") as line:
        fails(DEVICE, "HOST_DEVICE_SILENT", "echo", line, "x", *FAST, holds=[line, "2 tries"])
        fails(DEVICE, "HOST_DEVICE_SILENT", "update", line, new, *FAST)
        failure = run("image", "list", line, *FAST, "--json")
        assert failure.json()["reason"]["name"] == "HOST_DEVICE_SILENT" and failure.json()["ok"] is False


def test_garbage():
    old, new = prepare()
    for fault in ("garbage", "crc"):
        with Device("k.pem", old, fault) as line:
            fails(DEVICE, "HOST_DEVICE_GARBAGE", "echo", line, "x", *FAST, holds=[line])
            fails(DEVICE, "HOST_DEVICE_GARBAGE", "update", line, new, *FAST)
    with Device("k.pem", old, "cbor") as line:
        fails(DEVICE, "HOST_DEVICE_GARBAGE", "echo", line, "x", *FAST)
        fails(DEVICE, "HOST_DEVICE_GARBAGE", "image", "list", line, *FAST)


def test_log_text_among_the_replies():
    old, new = prepare()
    with Device("k.pem", old, "log") as line:
        ok("update", line, new)
        assert "HF-0601" in ok("echo", line, "x", "--log").err


def test_trace_verbose_quiet():
    old, new = prepare()
    with Device("k.pem", old) as line:
        traced = ok("echo", line, "hello", "--trace")
        assert re.search(r'^> 0\.\d{3} s  v2 write os echo \(0/0\), sequence \d+, 18 bytes \{"d": "hello"\}$', traced.err, re.M), traced.err
        assert re.search(r'^< \d\.\d{3} s  v2 write reply os echo .* \{"r": "hello"\}$', traced.err, re.M), traced.err
        assert traced.out.startswith("echo")
        assert re.search(r": 1 messages sent, 1 came; requests sent again 0", ok("echo", line, "x", "-v").err)
        quiet = ok("update", line, new, "-q")
        assert quiet.err == "" and "uploaded" not in quiet.out and "1.1.0" in quiet.out, quiet.text()


def test_lossy_line():
    old, new = prepare(20000)
    with Device("k.pem", old, "lossy", 5) as line:
        done = ok("update", line, new, "--timeout", "500", "--tries", "5", "--json").json()
        assert done["images"][0]["confirmed"]


def test_port_vanishes_mid_upload():
    old, new = prepare(60000)
    with Device("k.pem", old, "vanish", 12) as line:
        fails(DEVICE, "HOST_PORT_LOST", "update", line, new, "--wait", "1", *FAST, holds=[line])


def test_device_hangs_mid_upload():
    old, new = prepare(60000)
    with Device("k.pem", old, "hang", 12) as line:
        fails(DEVICE, "SMP_UPLOAD_STUCK", "image", "upload", line, new, *FAST, holds=["of the upload"])


def test_device_does_not_come_back():
    old, new = prepare()
    with Device("k.pem", old, "dead") as line:
        fails(DEVICE, "HOST_DEVICE_NOT_BACK", "update", line, new, "--wait", "3", *FAST, holds=["waited 3 s"])


def test_device_refuses_reset():
    old, new = prepare()
    with Device("k.pem", old, "deny") as line:
        fails(DEVICE, "HOST_DEVICE_REFUSED", "reset", line, holds=["the device says HF-0922"])
        fails(DEVICE, "HOST_DEVICE_REFUSED", "update", line, new, holds=["reset"])
        ok("reset", line, "--force")


def test_image_too_large_for_device():
    old, new = prepare()
    with Device("k.pem", old, "small") as line:
        fails(DEVICE, "HOST_DEVICE_TOO_SMALL", "update", line, new, holds=["expected at most 2048 bytes"])
        assert 1 not in images(line)


def test_ports():
    fails(FILE, "HOST_PORT_OPEN", "echo", "/dev/no-such-port", "x", holds=["/dev/no-such-port"])
    harness.write("file", b"x")
    fails(FILE, "HOST_PORT_OPEN", "echo", "file", "x")
    fails(USAGE, "HOST_OPTION_MISSING", "echo")
    fails(USAGE, "HOST_OPTION_VALUE", "echo", "/dev/null", "x", "--baud", "12345")
    ok("port", "list")


def test_one_program_a_line():
    old, _ = prepare()
    with Device("k.pem", old, "silent") as line:
        with subprocess.Popen([harness.CLI, "echo", line, "x", "--timeout", "3000", "--tries", "1"], stderr=subprocess.DEVNULL) as first:
            time.sleep(0.5)
            fails(FILE, "HOST_PORT_BUSY", "echo", line, "x", holds=["busy"])
            first.wait(timeout=30)


def test_progress_only_on_a_terminal():
    old, new = prepare(60000)
    with Device("k.pem", old, "slow", 15) as line:
        assert ok("image", "upload", line, new).err == ""
        ok("image", "erase", line)
        code, drawn = harness.on_terminal("image", "upload", line, new)
        assert code == OK and re.search(r"uploading \[[#.]+\] +\d+%  [\d.]+ KB/s", drawn), drawn
        assert "left" in drawn, drawn


def test_interrupted_upload_leaves_the_device_alone():
    old, new = prepare(100000)
    with Device("k.pem", old, "slow", 30) as line:
        process = subprocess.Popen([harness.CLI, "update", line, new], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == harness.INTERRUPTED and b"HF-1132" in err
        listed = {entry["slot"]: entry for entry in ok("image", "list", line, "--tries", "5", "--json").json()["images"]}
        assert listed[0]["version"] == "1.0.0" and 1 not in listed
        ok("reset", line, "--tries", "5")


harness.main(globals())
