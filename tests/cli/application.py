#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The commands for files, settings, statistics, shell, tasks and clock, against the example application of `holdfast serve`."""
import contextlib
import hashlib
import os
import random
import re
import signal
import socket
import subprocess
import time
import zlib

import harness
from harness import DEVICE, FILE, OK, USAGE, fails, free_port, ok, serve
from proxy import Proxy


@contextlib.contextmanager
def device(*more):
    if not os.path.exists("k.pem"):
        ok("key", "new", "k.pem")
        harness.signed("old", "1.0.0", "k.pem")
    port = free_port()
    with serve("old.bin", "--udp", str(port), "--pty", "-k", "k.pem", *more) as said:
        yield f"udp:127.0.0.1:{port}", said["pty"]


def blob(name, size, seed=1):
    return harness.write(name, random.Random(seed).randbytes(size))


def test_files_there_and_back():
    with device() as wires:
        for wire in wires:
            for size in (0, 1, 100, 2047, 5000, 200000):
                blob("a", size)
                sent = ok("fs", "upload", wire, "a", "/lfs/a", "--json").json()
                assert sent["size_bytes"] == size and sent["checked_by"] == ("sha256" if size else ""), sent
                assert ok("fs", "status", wire, "/lfs/a", "--json").json()["size_bytes"] == size
                got = ok("fs", "download", wire, "/lfs/a", "b", "--json").json()
                assert got["size_bytes"] == size and harness.read("a") == harness.read("b")
        blob("a", 30000)
        for window in ("1", "2", "16"):
            ok("fs", "upload", wires[1], "a", "/lfs/w", "--window", window)
            ok("fs", "download", wires[1], "/lfs/w", "--window", window)
            assert harness.read("w") == harness.read("a")
        assert ok("fs", "hash", wires[0], "/lfs/w", "--json").json()["hash"] == f"{zlib.crc32(harness.read('a')):08x}"
        part = ok("fs", "hash", wires[0], "/lfs/w", "--type", "sha256", "--offset", "5", "--length", "10", "--json").json()
        assert part["hash"] == hashlib.sha256(harness.read("a")[5:15]).hexdigest() and part["size_bytes"] == 10
        assert [row["type"] for row in ok("fs", "hashes", wires[0], "--json").json()["hashes"]] == ["crc32", "sha256"]
        ok("fs", "close", wires[0])


def test_files_over_ipv6():
    port = free_port(socket.AF_INET6, "::1")
    with device("--udp", f"[::1]:{port}") as (four, _):
        blob("a", 30000)
        ok("fs", "upload", f"udp:[::1]:{port}", "a", "/lfs/a")
        ok("fs", "download", four, "/lfs/a", "b")
        ok("fs", "download", f"udp:[::1]:{port}", "/lfs/a", "c")
        assert harness.read("a") == harness.read("b") == harness.read("c")


def test_progress_of_transfers():
    with device() as (wire, _), Proxy(port_of(wire), 1) as proxy:
        plain = proxy.pass_on
        proxy.pass_on = lambda to_device, data, client: (time.sleep(0.002), plain(to_device, data, client))
        blob("a", 60000)
        for words, label in ((("upload", through(proxy), "a", "/lfs/a"), "uploading"), (("download", through(proxy), "/lfs/a", "b"), "downloading")):
            code, drawn = harness.on_terminal("fs", *words)
            assert code == OK and re.search(label + r" \[[#.]+\] +\d+%  [\d.]+ KB/s", drawn) and "100%" in drawn, drawn
            assert harness.run("fs", *words).err == ""


def test_file_refusals():
    with device() as (wire, _):
        blob("a", 100)
        for name, code in (("/lfs/none", "FILE_NOT_FOUND"), ("/other", "MOUNT_POINT_NOT_FOUND"), ("/lfs", "FILE_IS_DIRECTORY"),
                           ("/lfs/../x", "FILE_INVALID_NAME")):
            fails(DEVICE, "HOST_DEVICE_REFUSED", "fs", "download", wire, name, "out", holds=[code])
            assert not os.path.exists("out") and not os.path.exists("out.part")
        fails(DEVICE, "HOST_DEVICE_REFUSED", "fs", "upload", wire, "a", "/other/a", holds=["MOUNT_POINT_NOT_FOUND"])
        fails(DEVICE, "HOST_DEVICE_REFUSED", "fs", "hash", wire, "/lfs/hello.txt", "--type", "md5", holds=["CHECKSUM_HASH_NOT_FOUND"])
        fails(FILE, "HOST_FILE_MISSING", "fs", "upload", wire, "absent", "/lfs/a")
        fails(USAGE, "HOST_OPTION_MISSING", "fs", "upload", wire, "a")
        fails(USAGE, "HOST_OPTION_MISSING", "fs", "download", wire, "/lfs/")
        fails(USAGE, "HOST_OPTION_VALUE", "fs", "download", wire, "/lfs/a", "--window", "17")
        harness.write("kept", b"kept")
        os.chmod(".", 0o700)
        fails(FILE, "HOST_FILE_WRITE", "fs", "download", wire, "/lfs/hello.txt", "absent/x")
        fails(FILE, "HOST_FILE_WRITE", "fs", "download", wire, "/lfs/hello.txt", "/dev/full")
        fails(DEVICE, "HOST_DEVICE_REFUSED", "fs", "download", wire, "/lfs/none", "kept")
        assert harness.read("kept") == b"kept" and not harness.leftovers()


def through(proxy):
    return f"udp:127.0.0.1:{proxy.port}?mtu=576"


def port_of(wire):
    return int(wire.rsplit(":", 1)[1])


def test_files_over_a_bad_network():
    for seed, faults in enumerate(({"loss": 0.08}, {"double": 0.5}, {"late": 0.08}, {"loss": 0.04, "double": 0.3, "late": 0.06})):
        with device() as (wire, _), Proxy(port_of(wire), seed + 1, **faults) as proxy:
            blob("a", 25000, seed)
            ok("fs", "upload", through(proxy), "a", "/lfs/a", "--timeout", "250", "--tries", "20")
            ok("fs", "download", through(proxy), "/lfs/a", "b", "--timeout", "250", "--tries", "20")
            assert harness.read("a") == harness.read("b")
            time.sleep(0.45)  # what the proxy still holds goes to the device now, and must not harm the file
            ok("fs", "download", wire, "/lfs/a", "c")
            assert harness.read("a") == harness.read("c"), faults
            assert sum(proxy.counts[name] for name in ("lost", "doubled", "late")) > 8, proxy.counts


def test_replayed_datagrams_change_nothing():
    with device() as (wire, _), Proxy(port_of(wire), 1) as proxy:
        plain, seen = proxy.pass_on, []
        proxy.pass_on = lambda to_device, data, client: (to_device and seen.append(data), plain(to_device, data, client))
        blob("a", 5000)
        ok("fs", "upload", through(proxy), "a", "/lfs/a")
        ok("settings", "write", through(proxy), "x/y", "1")
        for data in seen:
            if data[4:6] != b"\x00\x00":  # all but OS commands
                for back in proxy.backs.values():
                    back.send(data)
        ok("fs", "download", wire, "/lfs/a", "b")
        assert harness.read("a") == harness.read("b")


def cut_after(proxy, count):
    """The network passes so many datagrams, then none."""
    plain, seen = proxy.pass_on, []
    proxy.pass_on = lambda to_device, data, client: (seen.append(1), len(seen) <= count and plain(to_device, data, client))
    return plain


def test_resume():
    with device() as (wire, _), Proxy(port_of(wire), 1) as proxy:
        blob("a", 60000)
        plain = cut_after(proxy, 40)
        failure = harness.run("fs", "upload", through(proxy), "a", "/lfs/a", "--timeout", "150", "--tries", "2")
        assert failure.code == DEVICE and f"HF-{harness.number_of('SMP_FILE_STUCK'):04d}" in failure.err, failure.text()
        proxy.pass_on = plain
        again = ok("fs", "upload", through(proxy), "a", "/lfs/a", "--resume", "--timeout", "1000", "--tries", "20", "--json").json()
        assert 0 < again["resumed_off"] < 60000
        ok("fs", "upload", wire, "a", "/lfs/other")  # the file that was gone on with is complete, so it is no one's any more
        plain = cut_after(proxy, 40)
        failure = harness.run("fs", "download", through(proxy), "/lfs/a", "b", "--resume", "--timeout", "150", "--tries", "2")
        assert failure.code == DEVICE and os.path.getsize("b.part") > 1000 and not os.path.exists("b"), failure.text()
        proxy.pass_on = plain
        again = ok("fs", "download", through(proxy), "/lfs/a", "b", "--resume", "--json").json()
        assert 1000 < again["resumed_off"] < 60000 and harness.read("a") == harness.read("b") and not os.path.exists("b.part")
        # What is there is another file: all is sent, or fetched, anew.
        harness.write("b.part", b"other" * 100)
        assert ok("fs", "download", wire, "/lfs/a", "b", "--resume", "--json").json()["resumed_off"] == 0
        blob("a", 70000, 9)
        assert ok("fs", "upload", wire, "a", "/lfs/a", "--resume", "--json").json()["resumed_off"] == 0
        ok("fs", "download", wire, "/lfs/a", "b")
        assert harness.read("a") == harness.read("b")


def test_file_that_changes_meanwhile():
    """After the last byte, before the hash of the whole is asked for."""
    os.mkdir("lfs")
    with device("--files", "lfs") as (wire, _), Proxy(port_of(wire), 1) as proxy:
        plain = proxy.pass_on

        def spoil(to_device, data, client):
            if to_device and data[4:8:3] == b"\x00\x02" and data[5] == 8:  # hash of a file
                harness.write("lfs/a", b"another")
            plain(to_device, data, client)
        proxy.pass_on = spoil
        blob("a", 9000)
        fails(DEVICE, "HOST_FILE_DIFFERS", "fs", "upload", through(proxy), "a", "/lfs/a")
        blob("lfs/a", 9000)
        fails(DEVICE, "HOST_FILE_CHANGED", "fs", "download", through(proxy), "/lfs/a", "b")
        assert not os.path.exists("b")


def test_interrupted_download_leaves_the_local_file():
    with device() as (_, line):
        blob("a", 3000000)
        ok("fs", "upload", line, "a", "/lfs/a")
        harness.write("b", b"before")
        process = subprocess.Popen([harness.CLI, "fs", "download", line, "/lfs/a", "b", "--window", "1"], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        time.sleep(0.15)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode in (harness.INTERRUPTED, OK)
        assert harness.read("b") == (b"before" if process.returncode else harness.read("a")) and not harness.leftovers()


def test_settings():
    with device() as (wire, _):
        assert ok("settings", "read", wire, "demo/name").out == "holdfast\n"
        assert "little-endian number: 7" in ok("settings", "read", wire, "demo/count").out
        ok("settings", "write", wire, "demo/count", "0x01020304", "--as", "u32")
        assert ok("settings", "read", wire, "demo/count", "--json").json()["value"] == "04030201"
        ok("settings", "write", wire, "a/hex", "00 ff:10", "--as", "hex")
        ok("settings", "read", wire, "a/hex", "-o", "value")
        assert harness.read("value") == b"\x00\xff\x10"
        ok("settings", "write", wire, "a/file", "value", "--as", "file")
        assert ok("settings", "read", wire, "a/file", "--max", "2", "--json").json()["value"] == "00ff"
        ok("settings", "save", wire, "a/hex")
        ok("settings", "load", wire)
        ok("settings", "commit", wire)
        assert ok("settings", "read", wire, "a/hex", "--json").json()["size_bytes"] == 3
        fails(DEVICE, "HOST_DEVICE_REFUSED", "settings", "read", wire, "a/file", holds=["KEY_NOT_FOUND"])
        ok("settings", "delete", wire, "a/hex")
        fails(DEVICE, "HOST_DEVICE_REFUSED", "settings", "delete", wire, "a/hex", holds=["KEY_NOT_FOUND"])
        ok("settings", "save", wire)
        fails(USAGE, "HOST_OPTION_VALUE", "settings", "write", wire, "a", "0x100", "--as", "u8")
        fails(USAGE, "HOST_OPTION_VALUE", "settings", "write", wire, "a", "0g", "--as", "hex")
        fails(USAGE, "HOST_OPTION_VALUE", "settings", "write", wire, "a", "1", "--as", "float")
        ok("storage", "erase", wire)
        fails(DEVICE, "HOST_DEVICE_REFUSED", "settings", "read", wire, "demo/name")


def test_command_meant_again_is_run_again():
    """Program after program with the same bytes: none is taken for one that came twice."""
    with device() as wires:
        for number in range(1, 21):
            assert ok("shell", wires[number % 2], "count").out.strip() == str(number)
    with serve("old.bin", "--pty", "--raw", "-k", "k.pem") as said:
        for number in range(1, 4):
            assert ok("shell", f"serial:{said['pty']}?framing=raw", "count").out.strip() == str(number)


def test_shell():
    with device() as (wire, _):
        assert ok("shell", wire, "--", "echo", "-n", "a b").out == "-n a b\n"
        assert ok("shell", wire, "fail", "0", "--json").json() == {"output": "", "code": 0, "ok": True}
        failed = fails(DEVICE, "HOST_SHELL_CODE", "shell", wire, "--json", "--", "fail", "-3", holds=["ended with -3"])
        assert failed.json()["code"] == -3
        assert "command not found" in harness.run("shell", wire, "nothing").out
        fails(DEVICE, "HOST_DEVICE_REFUSED", "shell", wire, "x" * 300, holds=["COMMAND_TOO_LONG"])
        fails(USAGE, "HOST_OPTION_MISSING", "shell", wire)


def test_what_a_device_says_of_itself():
    with device() as (wire, _):
        groups = {row["group"]: row for row in ok("groups", wire, "--json").json()["groups"]}
        assert groups[8]["handlers"] == 5 and groups[1]["name"] == "image" and 0x4846 in groups
        tasks = {row["name"]: row for row in ok("tasks", wire, "--json").json()["tasks"]}
        assert tasks["idle"]["priority"] == 15 and tasks["idle"]["stack_bytes"] == 320
        assert ok("memory", wire, "--json").json()["pools"][0] == {"name": "packets", "block_bytes": 2048, "blocks": 4, "free": 3, "least_free": 1}
        assert [row["name"] for row in ok("stat", "list", wire, "--json").json()["statistics"]] == ["smp", "files", "settings"]
        shown = ok("stat", "show", wire, "files", "--json").json()["statistics"]
        assert len(shown) == 1 and {row["name"] for row in shown[0]["fields"]} == {"reads", "writes", "written_bytes"}
        assert "requests" in ok("stat", "show", wire).out and "stack used" in ok("tasks", wire).out
        fails(DEVICE, "HOST_DEVICE_REFUSED", "stat", "show", wire, "none", holds=["INVALID_GROUP"])
        assert re.match(r"20\d\d-\d\d-\d\dT", ok("datetime", wire, "--json").json()["datetime"])
        assert ok("datetime", wire, "2031-02-03T04:05:06", "--json").json()["datetime"].startswith("2031-02-03T04:05:0")
        ok("datetime", wire, "now")
        for bad in ("tomorrow", "2031-13-01T00:00:00"):
            fails(USAGE, "HOST_OPTION_VALUE", "datetime", wire, bad)
        said = ok("info", wire, "--json").json()
        assert said["system"]["kernel"] == "holdfast" and said["base"]["sector_bytes"] == 4096 and said["buf_count"] == 16
        assert "boot mode 1" in ok("reset", wire, "--recovery").out
        assert ok("echo", wire, "x", "--tries", "5", "--json").json()["echo"] == "x"


def test_names_of_other_tools_are_understood():
    for theirs, ours in (("taskstat", "tasks"), ("mpstat", "memory"), ("upgrade", "update"), ("file", "fs download"), ("enum", "groups")):
        fails(USAGE, "HOST_COMMAND_UNKNOWN", theirs, "x", holds=[f"`holdfast {ours}`"])
    fails(USAGE, "HOST_COMMAND_UNKNOWN", "stat", "udp:192.0.2.7", holds=["`holdfast stat show`"])
    fails(USAGE, "HOST_COMMAND_UNKNOWN", "settings", "raed", holds=["`holdfast settings read`"])


harness.main(globals())
