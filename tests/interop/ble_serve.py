#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`holdfast serve --ble` without a radio or a machine of its own: its HCI user channel is a socket (hci_socket.c) to bumble's controller, and
bumble's central updates it, from upload to confirmation and back. Its JSON against docs/schema; how it ends; what it says of an adapter that
can't be used. The same on Linux's own Bluetooth: tests/ble."""
import asyncio
import contextlib
import errno
import json
import os
import re
import signal
import socket
import sys
import tempfile

from checks import check, count
from virtual_board import CLI, evidence, need, run as run_tool

SHIM = sys.argv[1]
need("bumble", "smpclient", "cryptography")
from ble_bumble import (PATIENCE, UUID, Air, Device, Host, MemoryKeyStore, PacketParser, Peer, Radio, World, ask, echo, hci, img, pairs,  # noqa: E402
                        read_all, run, smp_of, smp_os, success)
from bumble.pairing import PairingDelegate  # noqa: E402

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))  # behind the others: it has an smp of its own
import harness  # noqa: E402
import schemas  # noqa: E402

FIRMWARE_REVISION = UUID.from_16_bits(0x2A26)


class Served:
    """The tool as a process behind its controller."""

    def __init__(self, controller, ours, process):
        self.controller, self.ours, self.process = controller, ours, process
        controller.host = self
        self.parser = PacketParser(controller)
        asyncio.get_running_loop().add_reader(ours, self.readable)

    def on_packet(self, packet):
        with contextlib.suppress(OSError):
            self.ours.send(packet)

    def readable(self):
        try:
            packet = self.ours.recv(2048)
        except OSError:
            packet = b""
        if packet:
            self.parser.feed_data(packet)
        else:
            asyncio.get_running_loop().remove_reader(self.ours)

    def unplug(self):
        asyncio.get_running_loop().remove_reader(self.ours)
        self.ours.close()

    async def object(self):
        """What it prints once it listens."""
        text = ""
        while not text.endswith("\n}\n"):
            line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
            check(line, f"serve ended: {text}")
            text += line.decode()
        said = json.loads(text)
        schemas.check("serve", said)
        return said

    async def line(self, pattern, stream):
        while True:
            text = (await asyncio.wait_for(stream.readline(), PATIENCE)).decode()
            check(text, f"ended before {pattern}")
            if match := re.search(pattern, text):
                return match

    async def end(self, number=None):
        """Exit code and the rest of standard error."""
        if number is not None:
            self.process.send_signal(number)
        said = (await asyncio.wait_for(self.process.stderr.read(), PATIENCE)).decode()
        return await asyncio.wait_for(self.process.wait(), PATIENCE), said


def serve_words(folder, *options):
    return [CLI, "serve", f"{folder}/old.bin", "-k", f"{folder}/k.pem", "--ble", "Bench", "--hci", "hci1", *options]


def environment(**more):
    return {**os.environ, "LD_PRELOAD": SHIM, **more}


@contextlib.asynccontextmanager
async def world(folder, *options):
    link = Air()
    radio, other = Radio("device", link, "F0:F1:F2:F3:F4:F5", 251, 8), Radio("central", link, "E0:E1:E2:E3:E4:E5", 251, 8)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    process = await asyncio.create_subprocess_exec(*serve_words(folder, "--boot-ms", "50", *options), stdin=-1, stdout=-1, stderr=-1,
                                                   pass_fds=[theirs.fileno()], env=environment(HOLDFAST_HCI_FD=str(theirs.fileno())))
    theirs.close()
    device = Served(radio, ours, process)
    central = Device(name="central", address=hci.Address("E6:E1:E2:E3:E4:E5"), host=Host(other, other))
    other.host, central.keystore = central.host, MemoryKeyStore()
    try:
        await central.power_on()
        yield World(central, device, radio, other)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        with contextlib.suppress(OSError, ValueError):
            device.unplug()


def prepare(folder):
    os.chdir(folder)
    run_tool(CLI, "key", "new", "k.pem")
    harness.signed("old", "1.0.0", "k.pem")
    return harness.read(harness.signed("new", "1.1.0", "k.pem", 30000))


async def again(w):
    """The device goes with its link at a reset, and advertises again."""
    for _ in range(PATIENCE * 10):
        if not w.radio.le_connections:
            break
        await asyncio.sleep(0.1)
    peer = await w.connect()
    return peer, (await smp_of(peer, await peer.request_mtu(498)))[0]


def versions(listed):
    return [(each.slot, each.version, bool(each.active), bool(each.confirmed)) for each in listed]


async def updates(folder):
    data = prepare(folder)
    async with world(folder, "--json") as w:
        said = await w.device.object()
        check(said["ble"] == {"name": "Bench", "address": said["ble"]["address"], "adapter": "hci1", "policy": "open"}, f"its JSON: {said}")
        check(re.fullmatch("([0-9A-F]{2}:){5}[0-9A-F]{2}", said["ble"]["address"]) and said["running"] and said["udp"] == [], f"its JSON: {said}")
        peer, client = await again(w)
        await echo(client, "over its user channel")
        values, _ = await read_all(peer)
        check(values[FIRMWARE_REVISION] == b"1.0.0", f"firmware revision {values[FIRMWARE_REVISION]}")
        for confirm in (False, True):
            async for _ in client.upload(data, slot=0):
                pass
            digest = (await ask(client, img.ImageStatesRead())).images[1].hash
            check(success(await ask(client, img.ImageStatesWrite(hash=digest))), "test")
            check(success(await ask(client, smp_os.ResetWrite())), "reset")
            peer, client = await again(w)
            listed = versions((await ask(client, img.ImageStatesRead())).images)
            check((0, "1.1.0", True, False) in listed, f"on trial: {listed}")
            if confirm:
                check(success(await ask(client, img.ImageStatesWrite(hash=digest, confirm=True))), "confirm")
            check(success(await ask(client, smp_os.ResetWrite())), "reset")
            peer, client = await again(w)
            listed = versions((await ask(client, img.ImageStatesRead())).images)
            check((0, "1.1.0" if confirm else "1.0.0", True, True) in listed, f"{'kept' if confirm else 'taken back'}: {listed}")
        code, said = await w.device.end(signal.SIGTERM)
        check((code, "HF-1132" in said) == (130, True), f"stopped: {code} {said}")
        for _ in range(50):
            await asyncio.sleep(0.02)
        check(not w.radio.le_connections, "it leaves with its links ended")


async def passkey(folder):
    """Under --json the passkey is standard error's; without, it is said with the rest."""
    for options in (("--json",), ()):
        async with world(folder, "--policy", "authenticated", *options) as w:
            if options:
                check((await w.device.object())["ble"]["policy"] == "authenticated", "its JSON")
            stream = w.device.process.stderr if options else w.device.process.stdout

            async def shown():
                return int((await w.device.line(r"passkey (\d{6})", stream)).group(1))

            peer = await w.connect()
            pairs(w.central, PairingDelegate.KEYBOARD_INPUT_ONLY, mitm=True, number=shown)
            await asyncio.wait_for(w.connection.pair(), PATIENCE)
            client, _ = await smp_of(peer, await peer.request_mtu(498))
            await echo(client, "with a passkey")


async def unplugged(folder):
    async with world(folder, "--json") as w:
        await w.device.object()
        w.device.unplug()
        code, said = await w.device.end()
        check(code == 3 and "hci1" in said and "HF-1476" in said, f"an adapter that goes: {code} {said}")


async def refusals(folder):
    """What an adapter can say instead, each with its number, its exit code and, for programs, its JSON."""
    number, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for error, wanted in ((errno.ENODEV, "HF-1471"), (errno.EBUSY, "HF-1472"), (errno.EPERM, "HF-1473"), (errno.ERFKILL, "HF-1475"),
                          (errno.EAFNOSUPPORT, "HF-1470"), (errno.EIO, "HF-1476")):
        for options in ((), ("--json",)):
            process = await asyncio.create_subprocess_exec(
                *serve_words(folder, *options), stdout=-1, stderr=-1, pass_fds=[theirs.fileno()],
                env=environment(HOLDFAST_HCI_FD=str(theirs.fileno()), HOLDFAST_HCI_ERRNO=str(error)))
            out, said = await asyncio.wait_for(process.communicate(), PATIENCE)
            check(process.returncode == 3, f"{wanted}: exit code {process.returncode}")
            check(f"holdfast: hci1: " in said.decode() and wanted in said.decode(), f"{wanted}: {said}")
            if options:
                schemas.check("serve", json.loads(out))
                check(json.loads(out)["reason"]["number"] == int(wanted[3:]), f"{wanted}: {out}")
    number.close()
    theirs.close()


async def silent(folder):
    """A controller that never answers is given up on, with its word."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = await asyncio.create_subprocess_exec(*serve_words(folder), stdout=-1, stderr=-1, pass_fds=[theirs.fileno()],
                                                   env=environment(HOLDFAST_HCI_FD=str(theirs.fileno())))
    theirs.close()
    _, said = await asyncio.wait_for(process.communicate(), PATIENCE)
    check(process.returncode == 3 and b"HF-1404" in said, f"a silent controller: {process.returncode} {said}")
    ours.close()


async def main():
    with tempfile.TemporaryDirectory() as folder:
        for scenario in (updates, passkey, unplugged, refusals, silent):
            await run(scenario.__name__, lambda scenario=scenario: scenario(folder))
        os.chdir("/")
    evidence("ble_serve", "`holdfast serve --ble` on bumble's controller: updates by bumble's central, revert, passkey, JSON, how it ends", count())
    print(f"{count()} checks")


if __name__ == "__main__":
    asyncio.run(main())
