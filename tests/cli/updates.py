#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The whole update: several devices at once, health commands, packages, what is there already, links and clients that break off."""
import base64
import contextlib
import os
import pty
import select
import signal
import subprocess
import termios
import time
import tty

import harness
from harness import DEVICE, OK, REFUSED, USAGE, Device, fails, free_port, ok, run, serve
from proxy import Between, Proxy
from requests_seen import kind_of

FAST = ("--timeout", "300", "--tries", "2")


def prepare(size=3000):
    ok("key", "new", "k.pem")
    return harness.signed("old", "1.0.0", "k.pem"), harness.signed("new", "1.1.0", "k.pem", size)


def running(where):
    entry = next(row for row in ok("image", "list", where, "--json").json()["images"] if row["slot"] == 0)
    return entry["version"], entry["confirmed"]


@contextlib.contextmanager
def several(old, count):
    with contextlib.ExitStack() as stack:
        ports = [free_port() for _ in range(count)]
        for port in ports:
            stack.enter_context(serve(old, "--udp", str(port), "-k", "k.pem"))
        yield [f"udp:127.0.0.1:{port}" for port in ports]


def test_several_devices_at_once():
    old, new = prepare(40000)
    with several(old, 3) as devices:
        done = ok("update", *devices, new)
        assert [line for line in done.out.splitlines() if "confirmed" in line] == \
            [f"{device}: version 1.1.0, confirmed" for device in devices], done.text()
        assert done.out.splitlines()[-1] == "3 of 3 devices updated"
        assert [running(device) for device in devices] == [("1.1.0", True)] * 3
        again = ok("update", *devices, new, "--json").json()
        assert again["updated"] == 3 and [row["outcome"] for row in again["devices"]] == ["version 1.1.0, nothing was to be done"] * 3
        assert [row["device"] for row in again["devices"]] == devices


def test_one_of_several_fails():
    old, new = prepare()
    with several(old, 2) as devices:
        dead = f"udp:127.0.0.1:{free_port()}"
        done = fails(DEVICE, "HOST_UPDATE_SOME", "update", devices[0], dead, devices[1], new, *FAST, holds=["1 of 3"])
        assert f"{dead}: failed: holdfast: {dead}: " in done.out and "2 of 3 devices updated" in done.out, done.text()
        assert [running(device) for device in devices] == [("1.1.0", True)] * 2
        failed = run("update", devices[0], dead, new, *FAST, "--json")
        rows = failed.json()["devices"]
        assert failed.code == DEVICE and [row["ok"] for row in rows] == [True, False]
        assert rows[1]["reason"]["name"] == "HOST_DEVICE_SILENT"
    fails(USAGE, "HOST_USAGE", "update", "/dev/x", "/dev/x", new)
    fails(REFUSED, "IMAGE_MAGIC", "update", "/dev/x", "/dev/y", "old.raw")


def test_several_devices_on_a_terminal():
    old, new = prepare(100000)
    with several(old, 2) as devices:
        ours, theirs = pty.openpty()
        with subprocess.Popen([harness.CLI, "update", *devices, new], stderr=theirs, stdout=subprocess.PIPE, text=True) as process:
            os.close(theirs)
            drawn = b""
            while select.select([ours], [], [], 60)[0]:
                try:
                    data = os.read(ours, 65536)
                except OSError:
                    break
                drawn += data
            assert process.wait(timeout=60) == OK
        os.close(ours)
        assert b"uploading" in drawn and all(device.encode() in drawn for device in devices), drawn


def test_stopping_the_parent_stops_all():
    old, new = prepare(100000)
    with Device("k.pem", old, "slow", 60) as first, Device("k.pem", old, "slow", 60) as second:
        with subprocess.Popen([harness.CLI, "update", first, second, new], stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            time.sleep(1)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
            assert process.returncode == harness.INTERRUPTED
        assert running(first) == ("1.0.0", True) and running(second) == ("1.0.0", True)


def test_health_command_decides():
    old, new = prepare()
    with Device("k.pem", old) as line:
        health = f'"{harness.CLI}" echo "$HOLDFAST_DEVICE" well >echoed && test "$HOLDFAST_DEVICE" = {line}'
        done = ok("update", line, new, "--confirm-by", health)
        assert "the health command said yes" in done.out and running(line) == ("1.1.0", True)
        assert b"well" in harness.read("echoed")
    with Device("k.pem", old) as line:
        done = run("update", line, new, "--confirm-by", "echo sick; exit 7")
        assert done.code == REFUSED and f"HF-{harness.number_of('HOST_UPDATE_UNHEALTHY')}" in done.err, done.text()
        assert done.err.startswith("sick\n") and "exit code 7" in done.err, done.text()
        deadline = time.monotonic() + 20
        while running(line) != ("1.0.0", True):
            assert time.monotonic() < deadline
    fails(USAGE, "HOST_OPTION_CONFLICT", "update", "/dev/x", new, "--no-confirm", "--confirm-by", "true")


def test_trial_of_an_earlier_run_is_confirmed():
    old, new = prepare()
    with Device("k.pem", old) as line:
        ok("update", line, new, "--no-confirm")
        assert running(line) == ("1.1.0", False)
        done = ok("update", line, new)
        assert "uploaded" not in done.out and running(line) == ("1.1.0", True)


def test_what_is_there_is_not_sent_again():
    old, new = prepare(60000)
    with Device("k.pem", old) as line:
        ok("image", "upload", line, new)
        done = ok("update", line, new)
        assert "is on the device already" in done.out and "uploaded" not in done.out and running(line) == ("1.1.0", True)


def test_damaged_file_is_not_taken_for_the_image_that_is_there():
    """Its hash TLV is that of the good image, its bytes are not."""
    old, new = prepare(60000)
    data = bytearray(harness.read(new))
    data[len(data) // 2] ^= 1
    harness.write("damaged.bin", data)
    with Device("k.pem", old) as line:
        ok("image", "upload", line, new)
        done = run("update", line, "damaged.bin")
        assert done.code == REFUSED and "uploaded" in done.out and running(line) == ("1.0.0", True), done.text()
        assert f"HF-{harness.number_of('IMAGE_HASH_WRONG'):04d}" in done.err, done.text()


def test_what_is_there_but_damaged_is_sent_again():
    """The damage does not touch the hash that the device lists; only its bootloader finds it."""
    old, new = prepare(60000)
    port = free_port()
    with serve(old, "--udp", str(port), "--flash", "flash", "-k", "k.pem"):
        ok("image", "upload", f"udp:127.0.0.1:{port}", new)
    data = bytearray(harness.read("flash"))
    data[0x80000 + 0x1000] &= data[0x80000 + 0x1000] - 1 if data[0x80000 + 0x1000] else 0
    data[0x80000 + 0x1001] ^= 0xFF
    harness.write("flash", data)
    with serve("--udp", str(port), "--flash", "flash", "-k", "k.pem"):
        done = ok("update", f"udp:127.0.0.1:{port}", new)
        assert "was refused; sending it anew" in done.out and "uploaded" in done.out, done.text()
        assert running(f"udp:127.0.0.1:{port}") == ("1.1.0", True)


def test_image_that_already_runs_is_refused_by_the_bootloader():
    """A request that no client of ours makes: both slots hold the same image."""
    old, _ = prepare()
    port = free_port()
    image = harness.read(old)
    slot = bytearray(image.ljust(0x80000, b"\xff"))
    write_off = len(slot) - 16
    slot[write_off:] = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")
    harness.write("flash", image.ljust(0x80000, b"\xff") + bytes(slot))
    with serve("--udp", str(port), "--flash", "flash", "-k", "k.pem"):
        said = ok("info", f"udp:127.0.0.1:{port}").out
        assert f"HF-{harness.number_of('POLICY_SAME_IMAGE'):04d}" in said, said


def test_package():
    old, new = prepare()
    ok("zip", new, "-o", "update.zip")
    with Device("k.pem", old) as line:
        assert "update.zip:new.bin is version 1.1.0" in ok("update", line, "update.zip").out
        assert running(line) == ("1.1.0", True)


def test_package_with_a_second_image_the_device_does_not_have():
    old, new = prepare()
    ok("zip", new, old, "-o", "update.zip")
    with Device("k.pem", old) as line:
        failed = run("update", line, "update.zip", "--wait", "3")
        assert failed.code in (REFUSED, DEVICE), failed.text()
        assert running(line) == ("1.0.0", True)


def test_client_killed_mid_upload_goes_on():
    old, new = prepare(100000)
    with Device("k.pem", old, "slow", 75) as line:
        with subprocess.Popen([harness.CLI, "update", line, new], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
            time.sleep(3)  # of more than seven
            process.kill()
        done = ok("update", line, new, "--json", "--tries", "5").json()
        assert done["resumed_off"] > 0 and done["images"][0]["version"] == "1.1.0", done


def test_port_that_comes_back_mid_upload():
    """The board loses its power during the upload and comes back as another port under the same path."""
    old, new = prepare(60000)
    with Device("k.pem", old, "vanish", 30) as first, Device("k.pem", old) as second:
        os.symlink(first, "port")
        with subprocess.Popen([harness.CLI, "update", "./port", new, "--json"], stdout=subprocess.PIPE, text=True) as process:
            time.sleep(1.5)
            os.remove("port")
            os.symlink(second, "port")
            out, _ = process.communicate(timeout=60)
            assert process.returncode == OK, out
        assert running(second) == ("1.1.0", True)


class Cut(Between):
    """Between the tool and a device's line: the link `port`, which goes at given messages and is there again, with another line behind it."""

    def __init__(self, line, cuts):
        self.device = os.open(line, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.device, termios.TCSANOW)
        self.cuts, self.seen = list(cuts), b""
        self.appear()

    def close(self):
        os.close(self.ours)
        os.close(self.device)

    def appear(self):
        self.ours, theirs = pty.openpty()
        tty.setraw(theirs, termios.TCSANOW)
        os.symlink(os.ttyname(theirs), "port.new")
        os.replace("port.new", "port")
        os.set_blocking(self.ours, False)
        self.theirs = theirs  # held until the tool is there, so that the line isn't at its end before

    def cut_at(self, data):
        """When the link is to go, if a request in this data is one of those: "before", "after"; else None."""
        self.seen += data
        *lines, self.seen = self.seen.split(b"\n")
        for line in lines:
            if line.startswith(b"\x06\x09") and len(line) > 14:
                kind = kind_of(base64.b64decode(line[2:] + b"=" * (-len(line[2:]) % 4))[2:])
                for each in self.cuts:
                    if each[0] == kind:
                        self.cuts.remove(each)
                        return each[1]
        return None

    def go(self):
        os.close(self.theirs)
        os.close(self.ours)
        self.seen = b""
        time.sleep(0.2)
        termios.tcflush(self.device, termios.TCIFLUSH)
        self.appear()

    def run(self):
        while not self.ended:
            for fd in select.select([self.ours, self.device], [], [], 0.05)[0]:
                try:
                    data = os.read(fd, 4096)
                except OSError:
                    continue
                if fd == self.device:
                    os.write(self.ours, data)
                    continue
                when = self.cut_at(data)
                if when != "before":
                    os.write(self.device, data)
                if when is not None:
                    self.go()
                    break


def test_line_that_goes_at_any_message():
    """With each of these messages, heard by the device or not."""
    old, new = prepare()
    for when in ("before", "after"):
        with Device("k.pem", old) as line, Cut(line, [(kind, when) for kind in ("test", "reset", "confirm")]) as cut:
            done = ok("update", "./port", new, "--json").json()
            assert done["outcome"] == "version 1.1.0, confirmed" and cut.cuts == [], (done, cut.cuts)
        os.remove("port")


def test_line_that_stays_away_after_the_upload():
    """Nothing is lost but time: the next run goes on with the request."""
    old, new = prepare()
    with Device("k.pem", old) as line:
        with Cut(line, [("test", "before")] * 6):
            fails(DEVICE, "HOST_PORT_LOST", "update", "./port", new)
        os.remove("port")
        done = ok("update", line, new)
        assert "is on the device already" in done.out and running(line) == ("1.1.0", True), done.text()


class Deaf(Proxy):
    """Loses the first reply to each of these requests."""

    def __init__(self, device_port, kinds):
        super().__init__(device_port, 1)
        self.kinds = list(kinds)

    def pass_on(self, to_device, data, client):
        if to_device:
            self.asked = kind_of(data)
        elif self.asked in self.kinds:
            self.kinds.remove(self.asked)
            return
        super().pass_on(to_device, data, client)


def test_replies_that_are_lost():
    """Of UDP: the request is asked again, but for the reset, of which the next questions tell."""
    old, new = prepare()
    port = free_port()
    with serve(old, "--udp", str(port), "-k", "k.pem"), Deaf(port, ("test", "reset", "confirm")) as proxy:
        done = ok("update", f"udp:127.0.0.1:{proxy.port}", new, "--timeout", "500", "--json").json()
        assert done["outcome"] == "version 1.1.0, confirmed" and proxy.kinds == [], done


harness.main(globals())
