#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""USB ports that come and go: discovery, and a board that is followed by its USB serial number through a reset, by the program itself.

The kernel's USB is not needed: in a mount namespace of its own this test has a /dev and a /sys/class/tty in which pseudo-terminals of fake
devices stand as ttyACM0 and so on, as udev and sysfs show a board; libserialport and the program read them as they read any."""
import atexit
import ctypes
import os
import sys
import tempfile
import threading

import harness
from harness import FILE, Device, fails, ok

NEW_USER, NEW_MOUNTS = 0x10000000, 0x20000
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 0x1000, 0x4000, 0x40000, 2
LIBC = ctypes.CDLL(None, use_errno=True)
TTYS = "/sys/class/tty"
ROOM = tempfile.mkdtemp(prefix="holdfast-usb-")


def mount(source, target, kind=None, flags=0, data=None):
    """None: done; else why not."""
    source, target, kind, data = (word.encode() if word else None for word in (source, target, kind, data))
    return None if LIBC.mount(source, target, kind, ctypes.c_ulong(flags), data) == 0 else os.strerror(ctypes.get_errno())


def text(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)


def own_machine():
    """A /dev and a /sys/class/tty for this process and its children. Why not, if it may not be."""
    user, group = os.getuid(), os.getgid()
    if LIBC.unshare(NEW_MOUNTS | (NEW_USER if user else 0)) != 0:
        return os.strerror(ctypes.get_errno())
    if user:
        text("/proc/self/setgroups", "deny")
        text("/proc/self/uid_map", f"0 {user} 1")
        text("/proc/self/gid_map", f"0 {group} 1")
    problem = mount(None, "/", None, MS_REC | MS_PRIVATE) or mount("tmpfs", ROOM, "tmpfs")
    for name in ("null", "zero", "random", "urandom", "tty"):
        if not problem:
            text(f"{ROOM}/dev/{name}", "")
        problem = problem or mount(f"/dev/{name}", f"{ROOM}/dev/{name}", None, MS_BIND)
    if problem:
        return problem
    os.makedirs(f"{ROOM}/dev/pts")
    os.symlink("pts/ptmx", f"{ROOM}/dev/ptmx")
    os.makedirs(f"{ROOM}/tty", exist_ok=True)
    return (mount("devpts", f"{ROOM}/dev/pts", "devpts", 0, "ptmxmode=0666") or mount(f"{ROOM}/dev", "/dev", None, MS_BIND | MS_REC) or
            mount(f"{ROOM}/tty", TTYS, None, MS_BIND))


def plug(name, line, serial, ids=("2886", "0066"), words="XIAO nRF54L15", interface=0):
    """line, a pseudo-terminal, is the port `name` of a USB board."""
    text(f"/dev/{name}", "")
    assert mount(line, f"/dev/{name}", None, MS_BIND) is None
    board = f"{TTYS}/tree/usb1/1-{serial}"
    for file, content in (("busnum", "1"), ("devnum", "7"), ("idVendor", ids[0]), ("idProduct", ids[1]), ("product", words),
                          ("manufacturer", "Seeed"), ("serial", serial)):
        text(f"{board}/{file}", content + "\n")
    port = f"{board}/1-{serial}:1.{interface}/tty/{name}"
    os.makedirs(port, exist_ok=True)
    os.symlink("../..", f"{port}/device")
    os.symlink(os.path.relpath(port, TTYS), f"{TTYS}/{name}")


def unplug(name):
    port = os.path.join(TTYS, os.readlink(f"{TTYS}/{name}"))
    os.unlink(f"{TTYS}/{name}")
    os.unlink(f"{port}/device")
    os.rmdir(port)
    assert LIBC.umount2(f"/dev/{name}".encode(), MNT_DETACH) == 0
    os.unlink(f"/dev/{name}")


class Stranger:
    """A port that answers nothing and remembers what it was told."""

    def __init__(self):
        self.end, self.line_end = os.openpty()
        self.line = os.ttyname(self.line_end)
        os.set_blocking(self.end, False)

    def told(self):
        try:
            return os.read(self.end, 4096)
        except BlockingIOError:
            return b""


def prepare():
    ok("key", "new", "k.pem", "--force")
    return harness.signed("old", "1.0.0", "k.pem"), harness.signed("new", "1.1.0", "k.pem")


def test_discovery():
    old, _ = prepare()
    with Device("k.pem", old) as line:
        plug("ttyACM0", line, "AB12")
        stranger = Stranger()
        plug("ttyACM1", stranger.line, "ZZ99", ("2fe3", "0004"), "Zephyr")
        ports = ok("devices", "--json").json()["ports"]
        assert [(row["path"], row["usb_ids"], row["usb_serial"], row["board"]) for row in ports] == [
            ("/dev/ttyACM0", "2886:0066", "AB12", "Seeed XIAO nRF54L15, UART bridge"),
            ("/dev/ttyACM1", "2fe3:0004", "ZZ99", "Zephyr application, USB serial")], ports
        said = ok("devices").out
        assert "usb:AB12" in said and "XIAO nRF54L15" in said, said
        assert "hello" in ok("echo", "usb:AB12", "hello").out and "hello" in ok("echo", "/dev/ttyACM0", "hello").out
        ok("device", "save", "desk", "usb:AB12")
        assert "hello" in ok("echo", "desk", "hello").out
        fails(FILE, "HOST_PORT_OPEN", "echo", "usb:XY", "x", holds=["XY"])
        fails(FILE, "HOST_PORT_OPEN", "echo", "/dev/ttyACM7", "x", holds=["/dev/ttyACM0", "XIAO nRF54L15", "/dev/ttyACM1"])
        assert not stranger.told()
        for name in ("ttyACM0", "ttyACM1"):
            unplug(name)


def follow(address, away_ms):
    """An update; at its reset the board goes, another board takes its name, and it comes back under another name, as the reset of a trial goes."""
    old, new = prepare()
    device, stranger = Device("k.pem", old, "renumber", away_ms), Stranger()
    with device as line:
        plug("ttyACM0", line, "AB12")

        def reset_seen():
            again = device.process.stdout.readline().strip()
            unplug("ttyACM0")
            plug("ttyACM0", stranger.line, "ZZ99")
            plug("ttyACM1", again, "AB12")

        hand = threading.Thread(target=reset_seen)
        hand.start()
        ok("update", address, new)
        hand.join()
        images = ok("image", "list", "usb:AB12", "--json").json()["images"]
        assert images[0]["version"] == "1.1.0" and images[0]["confirmed"], images
        assert not stranger.told(), "another board was spoken to"
        for name in ("ttyACM0", "ttyACM1"):
            unplug(name)


def test_followed_by_its_number_from_a_path():
    follow("serial:/dev/ttyACM0", 10)


def test_followed_by_its_number_after_a_while():
    follow("usb:AB12", 1200)


def test_second_port_of_a_board():
    old, _ = prepare()
    stranger = Stranger()
    with Device("k.pem", old) as line:
        plug("ttyACM0", stranger.line, "AB12")
        plug("ttyACM1", line, "AB12", interface=2)
        assert "hello" in ok("echo", "usb:AB12?port=1", "hello").out
        fails(FILE, "HOST_PORT_OPEN", "echo", "usb:AB12?port=2", "x")
        assert not stranger.told()
        for name in ("ttyACM0", "ttyACM1"):
            unplug(name)


def clean():
    LIBC.umount2(ROOM.encode(), MNT_DETACH)
    os.rmdir(ROOM)


atexit.register(clean)
WHY_NOT = own_machine()
if WHY_NOT:
    print(f"skipped: no mount namespace may be made here: {WHY_NOT}")
    sys.exit(77)
harness.main(globals())
