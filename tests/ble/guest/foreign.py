# SPDX-License-Identifier: MIT
"""A central that others wrote - smpclient on bleak on bluetoothd - against `holdfast serve --ble`. Runs in the machine; one process, because
Python takes long to start there. Each argument names a part (a function of this file that begins with do_)."""
import asyncio
import hashlib
import logging
import os
import re
import subprocess
import sys
import time

from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError
from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, method
from smpclient import SMPClient
from smpclient.exceptions import SMPClientException
from smpclient.generics import success
from smpclient.requests import image_management as img
from smpclient.requests import os_management as smp_os
from smpclient.transport.ble import SMPBLETransport

ADDRESS = "00:AA:01:01:00:01"
CHARACTERISTIC = "da2e7828-fbce-4e01-ae9e-261174997c48"
failures = 0
logging.disable(logging.CRITICAL)


def check(what, condition, detail=""):
    global failures
    failures += not condition
    print(f"ok {what}" if condition else f"FAILED {what}: {detail}", flush=True)
    return condition


class Device:
    """`holdfast serve --ble` in the background."""

    def __init__(self, *options, image="old.bin"):
        self.log = open("/tmp/device.log", "w")
        self.process = subprocess.Popen(["holdfast", "serve", *([image] if image else []), "--key", "release.pem", "--ble", "Bench", "--hci", "hci1",
                                         *options], stdout=self.log, stderr=subprocess.STDOUT)
        self.wait("listening")

    def said(self):
        with open("/tmp/device.log") as log:
            return log.read()

    def wait(self, pattern, times=1, seconds=30):
        for _ in range(seconds * 10):
            if len(re.findall(pattern, self.said())) >= times:
                return True
            time.sleep(0.1)
        raise SystemExit(f"FAILED the device never said {pattern}: {self.said()}")

    def stop(self):
        self.process.terminate()
        self.process.wait()


async def connected(tries=6):
    """bluetoothd's first connect often fails, and one more try does it."""
    for left in reversed(range(tries)):
        client = SMPClient(SMPBLETransport(), ADDRESS)
        try:
            await client.connect(20)
            return client
        except (SMPClientException, BleakError, TimeoutError, asyncio.TimeoutError, EOFError) as problem:
            if left == 0:
                raise
            print(f"# connecting once more: {type(problem).__name__} {problem}"[:150], flush=True)
            await asyncio.sleep(0.5)


async def states(client):
    reply = await client.request(img.ImageStatesRead())
    return [(s.slot, s.version, bool(s.active), bool(s.pending), bool(s.confirmed)) for s in reply.images] if success(reply) else reply


async def upload(client, file):
    """Chunks one after the other, as smpclient does. Returns kB/s."""
    data = open(file, "rb").read()
    began = time.monotonic()
    async for _ in client.upload(data, use_sha=True):
        pass
    return len(data) / (time.monotonic() - began) / 1000


def hash_of(file):
    """TLV 0x10 of the image: the hash of header and payload."""
    data = open(file, "rb").read()
    head, size = int.from_bytes(data[8:10], "little"), int.from_bytes(data[12:16], "little")
    return hashlib.sha256(data[:head + size]).digest()


async def left(client):
    try:
        await client.disconnect()
    except (BleakError, SMPClientException, EOFError):
        pass


async def restarted(client):
    reply = await client.request(smp_os.ResetWrite())
    check("the reset is answered", success(reply), reply)
    await left(client)
    return await connected()


async def whole_update(name, file, version):
    """Upload, test, reset, confirm; and it stays after one more reset."""
    client = await connected()
    speed = await upload(client, file)
    print(f"figure {name}.smpclient {speed:.1f} kB/s", flush=True)
    reply = await client.request(img.ImageStatesWrite(hash=hash_of(file), confirm=False))
    check(f"{name}: marked for a test", success(reply), reply)
    client = await restarted(client)
    now = await states(client)
    check(f"{name}: on trial", (0, version, True, False, False) in now, now)
    reply = await client.request(img.ImageStatesWrite(confirm=True))
    check(f"{name}: confirmed", success(reply), reply)
    client = await restarted(client)
    now = await states(client)
    check(f"{name}: it stays", (0, version, True, False, True) in now, now)
    return client


# --- parts -----------------------------------------------------------------------------------------------------------------------


async def do_open():
    """No pairing; a firmware-sized image; then one that is not confirmed and taken back."""
    device = Device()
    found = await BleakScanner.discover(timeout=4, return_adv=True, service_uuids=["8D53DC1D-1DB7-4CD3-868B-8A527460AA84"])
    names = {address: data.local_name for address, (_, data) in found.items()}
    check("found by its service, with its name", names.get(ADDRESS) == "Bench", names)
    client = await whole_update("large", "large.bin", "2.0.0")
    reply = await client.request(smp_os.MCUMgrParametersRead())
    check("it says how long a message may be", success(reply) and reply.buf_size == 2048, reply)
    await upload(client, "small.bin")
    reply = await client.request(img.ImageStatesWrite(hash=hash_of("small.bin"), confirm=False))
    check("the next one is marked for a test", success(reply), reply)
    client = await restarted(client)
    now = await states(client)
    check("the next one is on trial", (0, "3.0.0", True, False, False) in now, now)
    client = await restarted(client)
    now = await states(client)
    check("not confirmed, it was taken back", (0, "2.0.0", True, False, True) in now, now)
    await left(client)
    device.stop()


async def do_small():
    """The smallest MTU."""
    device = Device("--mtu", "65")
    client = await whole_update("mtu65", "small.bin", "3.0.0")
    check("packets are small", client._transport.mtu == 62, client._transport.mtu)
    await left(client)
    device.stop()


async def main():
    for part in sys.argv[1:]:
        await globals()[f"do_{part}"]()


asyncio.run(main())
os._exit(1 if failures else 0)
