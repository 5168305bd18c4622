#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The host tool against servers that others wrote: Zephyr 4.4's SMP server as Linux programs over a serial line, a shell, raw framing,
IPv4 and IPv6, and behind real MCUboots on emulated chips, with updates that swap, that load into RAM, and that go through serial recovery.

The binaries come with the source package of smpclient, which tests itself with them; `./dev setup` fetches it. They are checked against
the sums in there and nothing of them is kept. Chips run in QEMU; the MCUboots check hashes, not signatures."""
import glob
import hashlib
import json
import os
import pty
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tty
import zlib

from checks import check, count
from own_network import own_network
from virtual_board import CLI, evidence, imgtool, need, read, write

need("imgtool", "smp")
from smp import packet  # noqa: E402
from smp.os_management import ResetWriteRequest  # noqa: E402

SERVERS = os.path.join(sys.prefix, "zephyr-servers")
M0 = "zephyr_4.4.0_*_qemu_cortex_m0_serial"
MPS2 = "zephyr_4.4.0_*_mps2_an385_serial_recovery_buf1024"
RECOVERY = "zephyr_f33aa2bc4a43_*_mps2_an385_serial_recovery"
NATIVE = "zephyr_4.4.0_*_native_sim_{}.exe"


def missing(what):
    print(f"skipped: {what}; ./dev setup installs it")
    sys.exit(1 if os.environ.get("CI") else 77)


def holdfast(*words, code=0):
    try:
        done = subprocess.run([CLI, *words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=100)
    except subprocess.TimeoutExpired as problem:
        raise SystemExit(f"FAILED: holdfast {' '.join(words)} does not end\n{problem.stdout}{problem.stderr}") from problem
    check(done.returncode == code, f"holdfast {' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def artifact(pattern):
    """The one file of that name, as its makers summed it."""
    found = glob.glob(os.path.join(SERVERS, pattern))
    assert len(found) == 1, f"{pattern}: {found}"
    name = os.path.basename(found[0])
    with open(os.path.join(SERVERS, "SHA256SUMS"), encoding="utf-8") as file:
        sums = dict(reversed(line.split()) for line in file)
    assert sums[name] == hashlib.sha256(read(found[0])).hexdigest(), f"{name} is damaged"
    return found[0]


class Native:
    """Zephyr as a Linux program; ready says what it prints when it listens. It prints its port's path if it has one."""

    def __init__(self, config, ready):
        self.folder = tempfile.TemporaryDirectory()
        program = shutil.copy(artifact(NATIVE.format(config)), self.folder.name)
        os.chmod(program, 0o755)
        self.process = subprocess.Popen([program], cwd=self.folder.name, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in self.process.stdout:
            found = re.search(ready, line)
            if found:
                self.port = found.group(1).decode() if found.groups() else None
                break
        else:
            raise SystemExit(f"FAILED: {config} has ended")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


class Chip:
    """A chip in QEMU whose serial line is a pseudo-terminal: QEMU's own keeps a frame's last byte back, so bytes come by a socket."""

    def __init__(self, name, *options):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.process = subprocess.Popen(["qemu-system-arm", "-nographic", "-monitor", "none", "-chardev",
                                             f"socket,id=con,host=127.0.0.1,port={listener.getsockname()[1]}", "-serial", "chardev:con", *options],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            listener.settimeout(30)
            self.socket = listener.accept()[0]
        self.name = name
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.text = b""
        threading.Thread(target=self.carry, daemon=True).start()

    def carry(self):
        while True:
            ready = select.select([self.socket, self.master], [], [])[0]
            try:
                if self.socket in ready:
                    data = self.socket.recv(4096)
                    if not data:
                        return
                    self.text += data
                    os.write(self.master, data)
                if self.master in ready:
                    self.socket.sendall(os.read(self.master, 4096))
            except OSError:
                return

    def wait(self, text):
        for _ in range(300):
            if text in self.text:
                return self
            time.sleep(0.1)
        raise SystemExit(f"FAILED: {self.name} does not print {text}: {self.text[-2000:]}")

    def answers(self, turns=40):
        """Some print nothing."""
        for _ in range(turns):
            if subprocess.run([CLI, "echo", f"serial:{self.port}", "x", "--timeout", "500", "--tries", "1"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return self
            time.sleep(0.1)
        raise SystemExit(f"FAILED: {self.name} does not answer")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def chip_m0():
    image = artifact(M0 + ".merged.hex")
    return Chip("nRF51", "-cpu", "cortex-m0", "-machine", "microbit", "-device", f"loader,file={image}").wait(b"smp_sample")


def chip_m3(pattern):
    loader, image = artifact(pattern + ".hex"), artifact(pattern + ".signed.bin")
    return Chip("MPS2", "-cpu", "cortex-m3", "-machine", "mps2-an385", "-serial", "null", "-device", f"loader,file={loader}", "-device",
                f"loader,file={image},addr=0x20050000")


def newer(folder, pattern, version, size_max=1 << 30):
    """The same application under a higher version: those MCUboots check hashes only."""
    image = read(artifact(pattern + ".signed.bin"))
    _, load, header, _, size, flags = struct.unpack("<IIHHII", image[:20])
    payload, out = os.path.join(folder, "payload"), os.path.join(folder, f"{version}.bin")
    write(payload, image[header : header + min(size, size_max)])
    imgtool("sign", "-v", version, "-H", hex(header), "-S", "0x80000", "--align", "4", "--pad-header", *(["--load-addr", hex(load)] if flags & 0x20 else []),
            payload, out)
    return out


# --- wires -----------------------------------------------------------------------------------------------------------------------


def speaks(device, what):
    said = holdfast("info", device)
    if said.get("buf_size") != 96:  # there its words do not fit
        check("Zephyr" in said.get("info", "") and "4.4.0" in said["info"], f"{what}: {said}")
    check(holdfast("echo", device, "Hällo, wie geht's?")["ok"], f"{what}: echo")
    return said


def serial_lines():
    """A console with log text, a shell on the same line, no framing at all, a server without the params command."""
    for config, suffix, buf_size in (("serial", "", 384), ("shell", "", 384), ("serial_raw", "?framing=raw", 384), ("serial_noparams", "", None),
                                     ("serial_buf96", "", 96), ("serial_buf2048", "", 2048)):
        with Native(config, rb"pseudotty: (\S+)") as server:
            said = speaks(f"serial:{server.port}{suffix}", config)
            check(said.get("buf_size") == buf_size, f"{config}: {said}")


def files(device, folder, what):
    sent, back = os.path.join(folder, "sent"), os.path.join(folder, "back")
    write(sent, os.urandom(5000))
    holdfast("fs", "upload", device, sent, "/lfs1/a")
    check(holdfast("fs", "status", device, "/lfs1/a")["size_bytes"] == 5000, f"{what}: size of a file")
    for kind, digest in (("crc32", f"{zlib.crc32(read(sent)):08x}"), ("sha256", hashlib.sha256(read(sent)).hexdigest())):
        check(digest in json.dumps(holdfast("fs", "hash", device, "/lfs1/a", "--type", kind)), f"{what}: {kind}")
    holdfast("fs", "download", device, "/lfs1/a", back)
    check(read(back) == read(sent), f"{what}: the file is another when it comes back")
    os.remove(back)
    holdfast("fs", "close", device)
    holdfast("fs", "status", device, "/lfs1/none", code=4)


def commands(folder):
    """Each group that Zephyr's sample has. It keeps no settings; their refusal is understood by name."""
    with Native("udp", rb"smp_udp: Started"):
        device = "udp:127.0.0.1"
        groups = json.dumps(holdfast("groups", device))
        check(all(name in groups for name in ("os mgmt", "fs mgmt", "settings mgmt", "shell mgmt", "stat mgmt", "zephyr basic mgmt")), groups)
        check("smp_svr_stats" in json.dumps(holdfast("stat", "list", device)), "statistics")
        check("ticks" in json.dumps(holdfast("stat", "show", device, "smp_svr_stats")), "statistics")
        check("idle" in json.dumps(holdfast("tasks", device)), "tasks")
        check("4.4.0" in json.dumps(holdfast("shell", device, "kernel", "version")), "shell")
        files(device, folder, "UDP")
        done = subprocess.run([CLI, "settings", "read", device, "a/b"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        check(done.returncode == 4 and "ROOT_KEY_NOT_FOUND" in done.stdout, f"settings: {done.stdout}")
        for words in (("memory",), ("datetime",)):  # not in this build
            holdfast(*words, device, code=4)
        holdfast("storage", "erase", device)
    with Native("serial_bigrx", rb"pseudotty: (\S+)") as server:
        files(f"serial:{server.port}", folder, "serial line")


def udp():
    for config, device in (("udp", "udp:127.0.0.1"), ("udp6", "udp:[::1]")):
        with Native(config, rb"smp_udp: Started"):
            speaks(device, config)


# --- updates ---------------------------------------------------------------------------------------------------------------------


def states(device):
    return [(e["slot"], e["version"], e["active"], e["confirmed"]) for e in holdfast("image", "list", device)["images"]]


def on_chip(start, part):
    """An emulated chip stops for good now and then, the nRF51 when bytes come while it starts or many at once. Then another is tried; a
    failure with a chip that answers is one."""
    for turn in range(5):
        with start() as chip:
            try:
                part(chip)
                return
            except SystemExit as problem:
                try:
                    chip.answers(5)
                except SystemExit:
                    if turn < 4:
                        print(f"{chip.name} has stopped; once more. Before that: {problem}", flush=True)
                        continue
                raise problem


def swap(folder):
    """An nRF51 with MCUboot, swap using offset: test, trial, confirm in one command; upload, erase. QEMU writes the file into flash again
    at each reset, so only one reset can be looked at."""
    images = [newer(folder, M0, version) for version in ("1.1.0", "1.2.0")]

    def part(chip):
        device = f"serial:{chip.port}"
        check(states(device) == [(0, "0.0.0", True, True)], f"nRF51: {states(device)}")
        said = holdfast("update", device, images[0], "--wait", "15")
        check("1.1.0" in said["outcome"] and "confirmed" in said["outcome"], f"nRF51: {said}")
        check(b"Swap type: test" in chip.text, "nRF51: MCUboot swapped")
        holdfast("image", "upload", device, images[1])
        check(len(states(device)) == 2, f"nRF51, uploaded: {states(device)}")
        holdfast("image", "erase", device)
        check(len(states(device)) == 1, f"nRF51, erased: {states(device)}")
    on_chip(chip_m0, part)


def ram_load(folder):
    """A bootloader without a request to make: the higher version starts where it lies."""
    image = newer(folder, MPS2, "1.1.0")

    def part(chip):
        device = f"serial:{chip.answers().port}"
        said = holdfast("update", device, image, "--wait", "15")
        check("1.1.0, runs" in said["outcome"], f"MPS2: {said}")
        check(states(device) == [(0, "0.0.0", False, False), (1, "1.1.0", True, True)], f"MPS2: {states(device)}")
    on_chip(lambda: chip_m3(MPS2), part)


def recovery(folder):
    """MCUboot's own server: version 1 errors, no resume, `rc` in every reply, one buffer, and no flags in its list. It is slow in QEMU, so
    the image is the beginning of one (which it does not list); QEMU puts the old one back at the reset."""
    image = newer(folder, RECOVERY, "1.1.0", 8000)

    def part(chip):
        device = f"serial:{chip.answers().port}"
        check(states(device) == [(0, "0.0.0", True, True)], f"recovery, before: {states(device)}")
        for line in packet.encode(bytes(ResetWriteRequest(boot_mode=1))):
            chip.socket.sendall(line)
        for _ in range(40):
            done = subprocess.run([CLI, "image", "list", device, "--json", "--timeout", "500"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            if done.returncode == 0 and not json.loads(done.stdout)["images"][0]["active"]:
                break
            time.sleep(0.2)
        said = holdfast("info", device)
        check((said["buf_size"], said["buf_count"]) == (1024, 1), f"recovery: {said}")
        said = holdfast("image", "upload", device, image)
        check(said["size_bytes"] == os.path.getsize(image), f"recovery: {said}")
        check(("0.0.0", True) not in [row[1:3] for row in states(device)], f"recovery, uploaded: {states(device)}")
        holdfast("reset", device)
        chip.answers()
        check(states(device) == [(0, "0.0.0", True, True)], f"recovery, after: {states(device)}")
        # The whole story in one command: the application is asked into MCUboot's recovery, which has no reason to show.
        said = holdfast("recover", device, image, "--enter", "--no-wait", "--timeout", "5000")
        check(said["uploaded_bytes"] == os.path.getsize(image) and "entered_by" not in said, f"recover: {said}")
        check("in recovery" in said["steps"] and said["steps"][-1] == "reset", f"recover: {said}")
        chip.answers()
        check(states(device) == [(0, "0.0.0", True, True)], f"recover, after: {states(device)}")
    on_chip(lambda: chip_m3(RECOVERY), part)


def main():
    if not os.path.exists(os.path.join(SERVERS, "SHA256SUMS")):
        missing("the Zephyr servers of smpclient's source package are not here")
    if not os.path.exists("/lib/ld-linux.so.2"):
        missing("32-bit programs can't run (libc6-i386)")
    if shutil.which("qemu-system-arm") is None:
        missing("qemu-system-arm is not here")
    own_network()
    with tempfile.TemporaryDirectory() as folder:
        for part, arguments in ((serial_lines, ()), (udp, ()), (commands, (folder,)), (swap, (folder,)), (ram_load, (folder,)), (recovery, (folder,))):
            began = time.monotonic()
            part(*arguments)
            print(f"{part.__name__}: {time.monotonic() - began:.1f} s", flush=True)
    evidence("zephyr_servers.py", "holdfast speaks with Zephyr 4.4's servers over every wire, and updates two of its MCUboots and a serial recovery, on emulated chips",
             count())


main()
