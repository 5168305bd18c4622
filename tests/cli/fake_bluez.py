#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A BlueZ that does as it is told: org.bluez on a private bus, so that each failure of Bluetooth can be had at will.

    fake_bluez.py STORY       STORY is a JSON object; DBUS_SYSTEM_BUS_ADDRESS names the bus. Prints "ready", ends with its standard input.

Written from BlueZ's D-Bus documents, apart from the program under test. The story's keys, all optional:

    adapters   [{"name": "hci0", "powered": true}]; "scan": error name that StartDiscovery gives; "deaf": the first rounds that see nothing
    devices    [{"name", "address", "rssi", "smp", "paired", "type", "hidden": never seen, "connected", "udp": its own server}]
    connect    "ok", "fail", "hang", "drop": comes and goes
    services   "smp", "other", "never", "drop": the connection ends meanwhile, "drop once"
    notify     "ok", "hang", "auth", "busy", "unsupported"; with "auth" and "hang" a pairing makes it ok, if "paired_helps"
    paired_helps  true
    pair       "ok", "refuse", "hang", "passkey" (123456), "confirm" (123456), "foreign": asks about another device
    mtu        517
    udp        port of the SMP server behind the device; without it the device echoes
    silent     "always", "unpaired": requests vanish
    eatt       the device tells that it can have several channels
    whole      messages are taken in one piece only
    lose       after so many writes the connection is lost, once
    lose_at    messages with which the connection is lost, each once: [kind, "before" | "after" the device has heard it]; kind: upload, test,
               confirm, reset, state, last (of an upload)
    moves      the address after that, if another
    stays_away seconds after a loss in which it isn't seen
    call       method name: "hang" """
import asyncio
import json
import os
import socket
import sys

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

sys.dont_write_bytecode = True
from requests_seen import kind_of, number_after

SMP_SERVICE = "8d53dc1d-1db7-4cd3-868b-8a527460aa84"
SMP_CHARACTERISTIC = "da2e7828-fbce-4e01-ae9e-261174997c48"
SHORT = "0000%s-0000-1000-8000-00805f9b34fb"
HANG = object()


class Refused(Exception):
    def __init__(self, name, words=""):
        super().__init__(words)
        self.name, self.words = name if "." in name else f"org.bluez.Error.{name}", words


class Device:
    def __init__(self, fake, told):
        self.fake, self.told = fake, told
        self.rename(told["address"])
        self.paired = told.get("paired", False)
        self.connected = self.resolved = told.get("connected", False)
        self.seen = False
        self.notify = self.write = None  # our ends of the sockets
        self.signals = False             # StartNotify
        self.message = b""               # from the central, not whole yet
        self.port = told.get("udp", fake.story.get("udp"))
        self.server = None               # the socket to it

    def rename(self, address):
        self.address = address
        self.path = f"/org/bluez/hci0/dev_{address.replace(':', '_')}"
        self.characteristic = f"{self.path}/service000a/char000b"

    def interfaces(self):
        told, properties = self.told, {}
        properties.update(Address=Variant("s", self.address), AddressType=Variant("s", told.get("type", "public")), Paired=Variant("b", self.paired),
                          Connected=Variant("b", self.connected), ServicesResolved=Variant("b", self.resolved), Alias=Variant("s", told["name"]),
                          UUIDs=Variant("as", [SHORT % "1801"] + ([SMP_SERVICE] if told.get("smp", True) else [])),
                          ManufacturerData=Variant("a{qv}", {0x59: Variant("ay", b"\x01\x02")}))
        if told["name"]:
            properties["Name"] = Variant("s", told["name"])
        if self.seen:
            properties["RSSI"] = Variant("n", told.get("rssi", -50))
        return {"org.freedesktop.DBus.Properties": {}, "org.bluez.Device1": properties}

    def parts(self):
        story = self.fake.story
        if not self.resolved:
            return {}
        found = {f"{self.path}/service0001": {"org.bluez.GattService1": {"UUID": Variant("s", SHORT % "1801"), "Primary": Variant("b", True)}}}
        if story.get("eatt"):
            found[f"{self.path}/service0001/char0005"] = {"org.bluez.GattCharacteristic1": {"UUID": Variant("s", SHORT % "2b3a"), "Flags": Variant("as", ["read"])}}
        if story.get("services", "smp") in ("smp", "drop once"):
            found[f"{self.path}/service000a"] = {"org.bluez.GattService1": {"UUID": Variant("s", SMP_SERVICE)}}
            found[self.characteristic] = {"org.bluez.GattCharacteristic1": {
                "UUID": Variant("s", SMP_CHARACTERISTIC), "MTU": Variant("q", story.get("mtu", 517)),
                "Flags": Variant("as", story.get("flags", ["write-without-response", "notify"]))}}
        return found

    def set(self, **changed):
        for name, value in changed.items():
            setattr(self, name, value)
        names = {"connected": "Connected", "resolved": "ServicesResolved", "paired": "Paired"}
        self.fake.changed(self.path, "org.bluez.Device1", {names[name]: Variant("b", value) for name, value in changed.items()})

    def disconnect(self):
        for end in (self.notify, self.write):
            if end is not None:
                asyncio.get_running_loop().remove_reader(end)
                end.close()
        self.notify = self.write = None
        self.signals, self.message = False, b""
        self.set(connected=False, resolved=False)

    # --- SMP -----------------------------------------------------------------------------------------------------------------

    def readable(self):
        try:
            data = self.write.recv(600)
        except BlockingIOError:
            return
        if not data:
            asyncio.get_running_loop().remove_reader(self.write)
            return
        assert len(data) <= 510, f"a write of {len(data)} bytes"
        assert len(data) <= self.fake.story.get("mtu", 517) - 3, f"a write of {len(data)} bytes"
        self.written(data)

    def written(self, data):
        story = self.fake.story
        if self.fake.lose():
            self.fake.loop.create_task(self.fake.lost(self))
            return
        if story.get("silent") == "always" or (story.get("silent") == "unpaired" and not self.paired):
            return
        if story.get("whole") and 8 + int.from_bytes(data[2:4], "big") != len(data):
            return
        self.message += data
        while len(self.message) >= 8 and len(self.message) >= 8 + int.from_bytes(self.message[2:4], "big"):
            size = 8 + int.from_bytes(self.message[2:4], "big")
            message, self.message = self.message[:size], self.message[size:]
            when = self.fake.lose_at(message)
            if when != "before":
                self.fake.ask(self, message)
            if when is not None:
                self.fake.loop.create_task(self.fake.lost(self, deaf_s=0.1 if when == "after" else 0))
                return

    def send(self, reply):
        if self.fake.deaf:
            return
        piece = min(self.fake.story.get("mtu", 517) - 3, 509)
        for at in range(0, len(reply), piece):
            if self.notify is not None:
                self.notify.send(reply[at:at + piece])
            elif self.signals:
                self.fake.changed(self.characteristic, "org.bluez.GattCharacteristic1", {"Value": Variant("ay", reply[at:at + piece])})


class Fake:
    def __init__(self, story):
        self.story, self.loop = story, asyncio.get_running_loop()
        self.adapters = story.get("adapters", [{"name": "hci0", "powered": True}])
        self.devices = [Device(self, told) for told in story.get("devices", [{"name": "Thermometer", "address": "00:AA:01:01:00:24"}])]
        self.agent = None
        self.writes = self.rounds = self.connects = 0
        self.was_lost = self.deaf = False
        self.upload_bytes = 0

    # --- what is told ----------------------------------------------------------------------------------------------------------

    def changed(self, path, interface, properties):
        self.bus.send(Message(message_type=MessageType.SIGNAL, path=path, interface="org.freedesktop.DBus.Properties", member="PropertiesChanged",
                              signature="sa{sv}as", body=[interface, properties, []]))

    def objects(self):
        found = {"/org/bluez": {"org.bluez.AgentManager1": {}}}
        for adapter in self.adapters:
            found[f"/org/bluez/{adapter['name']}"] = {"org.bluez.Adapter1": {"Address": Variant("s", "00:AA:01:00:00:00"),
                                                                            "Powered": Variant("b", adapter.get("powered", True))}}
        for device in self.devices:
            if device.seen or device.paired or device.connected or device.told.get("cached"):
                found[device.path] = device.interfaces()
                found.update(device.parts())
        return found

    def show(self, device):
        device.seen = True
        self.bus.send(Message(message_type=MessageType.SIGNAL, path="/", interface="org.freedesktop.DBus.ObjectManager", member="InterfacesAdded",
                              signature="oa{sa{sv}}", body=[device.path, device.interfaces()]))

    # --- SMP -------------------------------------------------------------------------------------------------------------------

    def lose(self):
        self.writes += 1
        if self.was_lost or self.writes != self.story.get("lose"):
            return False
        self.was_lost = True
        return True

    def lose_at(self, message):
        """When: "before", "after", or None: not with this message."""
        kinds = [kind_of(message)]
        if kinds[0] == "upload":
            self.upload_bytes = number_after(message, b"\x63len") or self.upload_bytes
            if number_after(message, b"\x63off") + number_after(message, b"\x64data") == self.upload_bytes:
                kinds.append("last")
        for each in self.story.get("lose_at", []):
            if each[0] in kinds:
                self.story["lose_at"].remove(each)
                return each[1]
        return None

    async def lost(self, device, deaf_s=0):
        self.deaf = True
        await asyncio.sleep(deaf_s)
        self.deaf = False
        device.disconnect()
        device.seen, device.told["hidden"] = False, True
        await asyncio.sleep(self.story.get("stays_away", 0.2))
        if "moves" in self.story:
            device.rename(self.story["moves"])
        device.told["hidden"] = False

    def ask(self, device, message):
        if device.port is None:
            if message[4:6] == b"\0\0" and message[7] == 0:  # echo: {"d": ..} to {"r": ..}
                device.send(bytes([message[0] | 1]) + message[1:10] + b"r" + message[11:])
            else:
                device.send(bytes([message[0] | 1]) + message[1:2] + b"\0\5" + message[4:8] + b"\xa1\x62rc\x08")
            return
        if device.server is None:
            device.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            device.server.setblocking(False)
            device.server.connect(("127.0.0.1", device.port))
            self.loop.add_reader(device.server, self.answered, device)
        device.server.send(message)

    @staticmethod
    def answered(device):
        try:
            device.send(device.server.recv(8192))
        except (BlockingIOError, ConnectionError):
            pass

    # --- methods ---------------------------------------------------------------------------------------------------------------

    def on_message(self, message):
        if message.message_type != MessageType.METHOD_CALL or not (message.path or "").startswith("/"):
            return None
        if self.story.get("call", {}).get(message.member) == "hang":
            return True
        handler = getattr(self, f"do_{message.member}", None)
        if handler is None:
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", f"Method {message.member} doesn't exist")
        self.loop.create_task(self.answer(message, handler))
        return True

    async def answer(self, message, handler):
        device = next((each for each in self.devices if (message.path or "").startswith(each.path)), None)
        try:
            result = await handler(message, device)
        except Refused as refused:
            self.bus.send(Message.new_error(message, refused.name, refused.words))
            return
        if result is HANG:
            return
        signature, body, fds = result or ("", [], [])
        self.bus.send(Message.new_method_return(message, signature, body, fds))

    async def do_GetManagedObjects(self, *_):
        return "a{oa{sa{sv}}}", [self.objects()], []

    async def do_SetDiscoveryFilter(self, message, _):
        assert message.body[0]["Transport"].value == "le"

    async def do_StartDiscovery(self, *_):
        if "scan" in self.story:
            raise Refused(self.story["scan"], "Operation failed")
        self.rounds += 1
        if self.rounds > self.story.get("deaf", 0):
            self.loop.call_later(0.05, lambda: [self.show(each) for each in self.devices if not each.told.get("hidden")])

    async def do_StopDiscovery(self, *_):
        for device in self.devices:
            device.seen = False

    async def do_RemoveDevice(self, message, _):
        if self.story.get("remove") == "fail":
            raise Refused("Failed", "Device is busy")
        for device in self.devices:
            if device.path == message.body[0]:
                device.paired = False
                if device.connected:
                    device.disconnect()

    async def do_RegisterAgent(self, message, _):
        self.agent, self.capability = (message.sender, message.body[0]), message.body[1]

    async def do_RequestDefaultAgent(self, *_):
        pass

    async def do_Connect(self, _, device):
        how = self.story.get("connect", "ok")
        if how == "hang":
            return HANG
        if how == "fail" or device.told.get("hidden"):
            raise Refused("Failed", "le-connection-abort-by-local")
        if how == "drop":
            device.set(connected=True)
            await asyncio.sleep(0.02)
            device.disconnect()
            raise Refused("Failed", "le-connection-abort-by-remote")
        device.set(connected=True)
        services = self.story.get("services", "smp")
        self.connects += 1
        if services == "drop" or (services == "drop once" and self.connects == 1):
            self.loop.call_later(0.1, device.disconnect)
        elif services != "never":
            self.loop.call_later(0.05, lambda: device.set(resolved=True))

    async def do_Disconnect(self, _, device):
        self.loop.call_later(0.1, device.disconnect)

    def may_subscribe(self, device):
        how = self.story.get("notify", "ok")
        if how in ("auth", "hang") and device.paired and self.story.get("paired_helps", True):
            how = "ok"
        if how == "busy":
            raise Refused("NotPermitted", "Notify acquired")
        if how == "auth":
            raise Refused("Failed", "Operation failed with ATT error: 0x05")
        if how == "fail":
            raise Refused("Failed", "Operation failed with ATT error: 0x0e")
        if how == "drop":
            device.disconnect()
            raise Refused("Failed", "Not connected")
        return how

    def pair_of_sockets(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self.loop.call_later(5, theirs.close)
        return ours, theirs

    async def do_AcquireNotify(self, _, device):
        if self.story.get("notify") == "unsupported":
            raise Refused("NotSupported", "Operation is not supported")
        if self.may_subscribe(device) == "hang":
            return HANG
        device.notify, theirs = self.pair_of_sockets()
        return "hq", [0, self.story.get("mtu", 517)], [theirs.detach()]

    async def do_AcquireWrite(self, _, device):
        if self.story.get("notify") == "unsupported":
            raise Refused("NotSupported", "Operation is not supported")
        device.write, theirs = self.pair_of_sockets()
        self.loop.add_reader(device.write, device.readable)
        return "hq", [0, self.story.get("mtu", 517)], [theirs.detach()]

    async def do_StartNotify(self, _, device):
        if self.may_subscribe(device) == "hang":
            return HANG
        device.signals = True

    async def do_StopNotify(self, _, device):
        device.signals = False

    async def do_WriteValue(self, message, device):
        data, options = bytes(message.body[0]), message.body[1]
        assert len(data) <= min(510, self.story.get("mtu", 517) - 3)
        wanted = "command" if "write-without-response" in self.story.get("flags", ["write-without-response"]) else "request"
        assert options["type"].value == wanted, options
        if not device.connected:
            raise Refused("Failed", "Not connected")
        device.written(data)

    async def do_ReadValue(self, *_):
        return "ay", [b"\x01"], []

    async def do_CancelPairing(self, *_):
        pass

    async def question(self, member, signature, body):
        """What the agent answered: a value, True for nothing, or the error's words."""
        name, path = self.agent
        reply = await self.bus.call(Message(destination=name, path=path, interface="org.bluez.Agent1", member=member, signature=signature, body=body))
        return reply.body[0] if reply.body else True

    async def do_Pair(self, _, device):
        how = self.story.get("pair", "ok")
        if device.paired:
            raise Refused("AlreadyExists", "Already Exists")
        if how == "hang":
            return HANG
        if not device.connected:
            await self.do_Connect(None, device)
        if how == "refuse":
            raise Refused("AuthenticationFailed", "Authentication Failed")
        if how == "passkey" and (self.capability == "NoInputNoOutput" and not self.story.get("insists") or
                                 await self.question("RequestPasskey", "o", [device.path]) != 123456):
            raise Refused("AuthenticationFailed", "Authentication Failed")
        if how == "confirm" and await self.question("RequestConfirmation", "ou", [device.path, 123456]) is not True:
            raise Refused("AuthenticationCanceled", "Authentication Canceled")
        if how == "foreign":
            other = "/org/bluez/hci0/dev_66_66_66_66_66_66"
            asked = [await self.question(name, "o", [other]) for name in ("RequestPasskey", "RequestAuthorization")]
            assert asked == ["not the device that is worked with"] * 2, asked
        device.set(paired=True)


async def main():
    story = json.loads(sys.argv[1])
    bus = await MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True).connect()
    fake = Fake(story)
    fake.bus = bus
    bus.add_message_handler(fake.on_message)
    await bus.request_name("org.bluez")
    print("ready", flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(0, "rb"))
    await reader.read()
    if story.get("lose_at"):
        print(f"never happened: {story['lose_at']}", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main())
