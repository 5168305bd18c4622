# SPDX-License-Identifier: MIT
"""A central that others wrote - smpclient on bleak on bluetoothd - against `holdfast serve --ble`. Runs in the machine; one process, because
Python takes long to start there. Each argument names a part (a function of this file that begins with do_)."""
import asyncio
import ctypes
import hashlib
import logging
import os
import re
import socket
import struct
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

CENTRAL, ADDRESS = "00:AA:01:00:00:00", "00:AA:01:01:00:01"
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
        client = SMPClient(SMPBLETransport(), ADDRESS, timeout_s=20)
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
    device = Device("--mtu", "517")
    found = await BleakScanner.discover(timeout=4, return_adv=True, service_uuids=["8D53DC1D-1DB7-4CD3-868B-8A527460AA84"])
    names = {address: data.local_name for address, (_, data) in found.items()}
    check("found by its service, with its name", names.get(ADDRESS) == "Bench", names)
    client = await whole_update("large", "large.bin", "2.0.0")
    check("packets are large", client._transport.mtu == 509, client._transport.mtu)
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


class Agent(ServiceInterface):
    """Who answers bluetoothd's questions when a pairing runs: reads the passkey off the device."""

    def __init__(self, device):
        super().__init__("org.bluez.Agent1")
        self.device, self.wrong, self.asked = device, False, 0

    @method()
    def Release(self):  # noqa: N802
        pass

    @method()
    def RequestPasskey(self, device: "o") -> "u":  # noqa: N802, F821
        self.asked += 1
        self.device.wait("passkey [0-9]{6}", self.asked)
        shown = int(re.findall("passkey ([0-9]{6})", self.device.said())[-1])
        return (shown + 1) % 1000000 if self.wrong else shown

    @method()
    def RequestAuthorization(self, device: "o"):  # noqa: N802, F821
        pass

    @method()
    def Cancel(self):  # noqa: N802
        pass


async def call(bus, path, interface, member, signature="", body=()):
    reply = await bus.call(Message(destination="org.bluez", path=path, interface=interface, member=member, signature=signature, body=list(body)))
    return None if reply.message_type == MessageType.METHOD_RETURN else f"{reply.error_name} {reply.body}"


async def agent_for(device, capability):
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    agent = Agent(device)
    bus.export("/agent", agent)
    for member, signature, body in [("RegisterAgent", "os", ["/agent", capability]), ("RequestDefaultAgent", "o", ["/agent"])]:
        trouble = await call(bus, "/org/bluez", "org.bluez.AgentManager1", member, signature, body)
        check(f"{member} {capability}", trouble is None, trouble)
    return bus, agent


async def forgotten():
    """bluetoothd's side of the bond is removed."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    await call(bus, "/org/bluez/hci0", "org.bluez.Adapter1", "RemoveDevice", "o", ["/org/bluez/hci0/dev_" + ADDRESS.replace(":", "_")])
    bus.disconnect()


async def paired(tries=6):
    """Whether pairing went well; the connection alone is tried again."""
    for left in reversed(range(tries)):
        found = await BleakScanner.find_device_by_address(ADDRESS, timeout=15)
        client = BleakClient(found, timeout=20)
        try:
            await client.connect()
        except (BleakError, TimeoutError, asyncio.TimeoutError, EOFError):
            if left == 0:
                raise
            continue
        try:
            await client.pair()
            return True
        except (BleakError, EOFError) as problem:
            print(f"# pairing: {problem}"[:150], flush=True)
            return False
        finally:
            await left_alone(client)
    return False


async def left_alone(client):
    try:
        await client.disconnect()
    except (BleakError, EOFError):
        pass


async def do_encrypted():
    """Just Works; the bond is kept over the device's resets and over a new start on the same flash."""
    device = Device("--policy", "encrypted", "--flash", "/tmp/flash")
    bus, _ = await agent_for(device, "NoInputNoOutput")
    check("paired, Just Works", await paired())
    client = await whole_update("encrypted", "small.bin", "3.0.0")
    await left(client)
    device.stop()
    check("the bonds are their owner's alone", os.stat("/tmp/flash.bonds").st_mode & 0o777 == 0o600, oct(os.stat("/tmp/flash.bonds").st_mode))
    device = Device("--policy", "encrypted", "--flash", "/tmp/flash", image=None)
    client = await connected()
    now = await states(client)
    check("known again after a new start", (0, "3.0.0", True, False, True) in now, now)
    await left(client)
    device.stop()
    bus.disconnect()
    await forgotten()


async def do_authenticated():
    """A passkey, shown in the device's terminal: a wrong one is refused, the right one lets in."""
    device = Device("--policy", "authenticated")
    bus, agent = await agent_for(device, "KeyboardOnly")
    agent.wrong = True
    check("a wrong passkey is refused", not await paired())
    agent.wrong = False
    check("the right passkey pairs", await paired())
    check("it was asked for twice", agent.asked == 2, agent.asked)
    client = await connected()
    now = await states(client)
    check("a peer with the passkey is served", (0, "1.0.0", True, False, True) in now, now)
    await left(client)
    device.stop()
    bus.disconnect()
    await forgotten()


class Raw:
    """The kernel's fixed channel of the attribute protocol, without bluetoothd: nothing pairs here unless it is asked to.
    Source: Linux include/net/bluetooth/bluetooth.h, l2cap.h; Bluetooth Core 5.4 Vol 3 Part F 3.4."""

    def __init__(self, tries=6):
        ours, theirs = (struct.pack("<HH6sHBx", 31, 0, bytes.fromhex(address.replace(":", ""))[::-1], 4, 1) for address in (CENTRAL, ADDRESS))
        libc = ctypes.CDLL(None, use_errno=True)
        for left in reversed(range(tries)):
            self.socket = socket.socket(31, socket.SOCK_SEQPACKET, 0)
            if libc.bind(self.socket.fileno(), ours, len(ours)) == 0 and libc.connect(self.socket.fileno(), theirs, len(theirs)) == 0:
                break
            self.socket.close()
            if left == 0:
                raise SystemExit(f"FAILED no connection: {os.strerror(ctypes.get_errno())}")
            time.sleep(1)
        self.socket.settimeout(5)

    def ask(self, pdu):
        """The answer, past what the device says by itself."""
        self.socket.send(pdu)
        while True:
            answer = self.socket.recv(600)
            if answer[0] not in (0x1B, 0x1D, 0x02):
                return answer

    def hears(self, seconds=1):
        """Whether a notification comes; a request that is answered in between shows that the device is alive."""
        for _ in range(seconds * 10):
            self.socket.send(b"\x0a\x03\x00")
            while (answer := self.socket.recv(600))[0] != 0x0B:
                if answer[0] == 0x1B:
                    return True
            time.sleep(0.1)
        return False


def handles(raw):
    """Of the SMP characteristic's value and of its configuration, by the services' own answers."""
    start, wanted = 1, bytes.fromhex(CHARACTERISTIC.replace("-", ""))[::-1]
    while (found := raw.ask(struct.pack("<BHHH", 0x08, start, 0xFFFF, 0x2803)))[0] == 0x09:
        for at in range(2, len(found), found[1]):
            declared = found[at:at + found[1]]
            start = int.from_bytes(declared[:2], "little") + 1
            if declared[5:] == wanted:
                value = int.from_bytes(declared[3:5], "little")
                return value, value + 1
    raise SystemExit("FAILED no SMP characteristic")


async def do_strangers():
    """Who does not pair is not served: by hand, where nothing pairs by itself; and smpclient with a bluetoothd that has no passkey to give."""
    for policy, served in (("open", True), ("encrypted", False)):
        device = Device("--policy", policy)
        raw = Raw()
        value, configuration = handles(raw)
        message = bytes.fromhex("0a00000a00000100") + b"\xbf\x61d\x65hello\xff"
        refused = (0x05, 0x0F)
        answer = raw.ask(struct.pack("<BHH", 0x12, configuration, 1))
        check(f"{policy}: a stranger subscribes: {served}", answer == b"\x13" if served else answer[0] == 1 and answer[4] in refused, answer.hex())
        answer = raw.ask(struct.pack("<BH", 0x12, value) + message)
        check(f"{policy}: he writes: {served}", answer == b"\x13" if served else answer[0] == 1 and answer[4] in refused, answer.hex())
        raw.hears()
        raw.socket.send(struct.pack("<BH", 0x52, value) + message)
        check(f"{policy}: he writes without response and is answered: {served}", raw.hears() == served)
        raw.socket.send(struct.pack("<BH", 0x52, value) + bytes.fromhex("0a00000200000205") + b"\xbf\xff")
        if served:
            device.wait("boot", 2)
        else:
            raw.hears()
        check(f"{policy}: he resets the device: {served}", ("boot 2" in device.said()) == served, device.said())
        raw.socket.close()
        device.stop()
    device = Device("--policy", "authenticated")
    reply = None
    try:
        client = SMPClient(SMPBLETransport(), ADDRESS, timeout_s=5)
        await client.connect(20)
        reply = await client.request(smp_os.EchoWrite(d="hello"))
    except (SMPClientException, BleakError, TimeoutError, asyncio.TimeoutError, EOFError) as problem:
        print(f"# smpclient: {type(problem).__name__} {problem}"[:150], flush=True)
    check("authenticated: smpclient without a passkey is not served", reply is None, reply)
    device.stop()
    await forgotten()


def bluetoothctl(*lines):
    """Types into bluetoothctl as a person does, one line after the other."""
    typed = "; ".join(["sleep 1"] + [f"echo '{line}'; sleep 1" for line in lines] + ["echo quit"])
    done = subprocess.run(["sh", "-c", f"({typed}) | bluetoothctl"], capture_output=True, text=True, timeout=60, check=False)
    return re.sub("\x1b\\[[0-9;]*[A-Za-z]|[\x01\x02\r]", "", done.stdout)


async def do_services():
    """What bluetoothctl sees."""
    device = Device()
    client = await connected()
    said = bluetoothctl("menu gatt", f"list-attributes {ADDRESS}", "select-attribute 00002a24-0000-1000-8000-00805f9b34fb", "read",
                        "select-attribute 00002a26-0000-1000-8000-00805f9b34fb", "read", "back")
    for name, uuid in [("SMP service", "8d53dc1d-1db7-4cd3-868b-8a527460aa84"), ("SMP characteristic", CHARACTERISTIC),
                       ("Device Information", "0000180a-0000-1000"), ("Generic Attribute Profile", "00001801-0000-1000"),
                       ("Service Changed", "00002a05-0000-1000"), ("Database Hash", "00002b2a-0000-1000")]:
        check(f"bluetoothctl lists {name}", uuid in said, said[-3000:])
    check("bluetoothctl reads the model", "demonstratio" in said, said[-3000:])
    check("bluetoothctl reads the version", re.search(r"31 2e 30 2e 30 .*1\.0\.0", said), said[-3000:])
    await left(client)
    device.stop()


async def main():
    for part in sys.argv[1:]:
        await globals()[f"do_{part}"]()


asyncio.run(main())
os._exit(1 if failures else 0)
