# SPDX-License-Identifier: MIT
"""A peripheral that others wrote: BlueZ's own GATT server on hci1, with the SMP service as an application of it. What is written goes to
the SMP server at 127.0.0.1:1337 (`holdfast serve --udp`), its replies come back in notifications.
Source: bluez/bluez: doc/gatt-api.txt, doc/advertising-api.txt."""
import asyncio
import socket

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

ADAPTER = "/org/bluez/hci1"
SERVICE, CHARACTERISTIC = "8d53dc1d-1db7-4cd3-868b-8a527460aa84", "da2e7828-fbce-4e01-ae9e-261174997c48"
OBJECTS = {
    "/app/service": {"org.bluez.GattService1": {"UUID": Variant("s", SERVICE), "Primary": Variant("b", True)}},
    "/app/service/smp": {"org.bluez.GattCharacteristic1": {"UUID": Variant("s", CHARACTERISTIC), "Service": Variant("o", "/app/service"),
                                                           "Flags": Variant("as", ["write-without-response", "notify"])}},
}
ADVERTISEMENT = {"Type": Variant("s", "peripheral"), "ServiceUUIDs": Variant("as", [SERVICE]), "LocalName": Variant("s", "Foreign")}
PIECE_BYTES = 244  # less than any MTU that is agreed on here


class Server:
    def __init__(self, bus):
        self.bus, self.message, self.notifies = bus, b"", False
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.setblocking(False)
        self.server.connect(("127.0.0.1", 1337))
        asyncio.get_running_loop().add_reader(self.server, self.answered)

    def answered(self):
        reply = self.server.recv(8192)
        for at in range(0, len(reply), PIECE_BYTES):
            value = {"Value": Variant("ay", reply[at:at + PIECE_BYTES])}
            self.bus.send(Message(message_type=MessageType.SIGNAL, path="/app/service/smp", interface="org.freedesktop.DBus.Properties",
                                  member="PropertiesChanged", signature="sa{sv}as", body=["org.bluez.GattCharacteristic1", value, []]))

    def written(self, data):
        self.message += data
        while len(self.message) >= 8 and len(self.message) >= 8 + int.from_bytes(self.message[2:4], "big"):
            size = 8 + int.from_bytes(self.message[2:4], "big")
            self.server.send(self.message[:size])
            self.message = self.message[size:]

    def asked(self, message):
        if message.message_type != MessageType.METHOD_CALL or not message.path.startswith("/app"):
            return None
        answers = {"GetManagedObjects": ("a{oa{sa{sv}}}", [OBJECTS]), "GetAll": ("a{sv}", [ADVERTISEMENT])}
        if message.member == "WriteValue":
            self.written(bytes(message.body[0]))
        elif message.member == "StartNotify":
            self.message = b""
        signature, body = answers.get(message.member, ("", []))
        return Message.new_method_return(message, signature, body)


async def main():
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    bus.add_message_handler(Server(bus).asked)
    for interface, member, path in (("GattManager1", "RegisterApplication", "/app"), ("LEAdvertisingManager1", "RegisterAdvertisement", "/app/advertisement")):
        reply = await bus.call(Message(destination="org.bluez", path=ADAPTER, interface=f"org.bluez.{interface}", member=member, signature="oa{sv}",
                                       body=[path, {}]))
        assert reply.message_type == MessageType.METHOD_RETURN, reply.body
    print("ready", flush=True)
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
