# SPDX-License-Identifier: MIT
"""A peripheral that others wrote: bumble's stack on hci1's user channel, with an SMP device on it whose messages are decoded and encoded by the
PyPI package smp, which takes no field that it does not know. Images are kept in memory; a reset swaps as a bootloader does and ends the connections.

usage: bumble_device.py open|encrypted|authenticated NAME IMAGE"""
import asyncio
import hashlib
import logging
import pathlib
import socket
import sys

# Linux' numbers (include/linux/socket.h, bluetooth.h), for a Python that was built without Bluetooth's header.
vars(socket).setdefault("AF_BLUETOOTH", 31)
vars(socket).setdefault("BTPROTO_HCI", 1)

from bumble.att import Attribute  # noqa: E402
from bumble.core import UUID, AdvertisingData  # noqa: E402
from bumble.device import Device  # noqa: E402
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR, Characteristic, CharacteristicValue, Service  # noqa: E402
from bumble.hci import Address, OwnAddressType  # noqa: E402
from bumble.keys import MemoryKeyStore  # noqa: E402
from bumble.pairing import PairingConfig, PairingDelegate  # noqa: E402
from bumble.transport.hci_socket import open_hci_socket_transport  # noqa: E402
from smp import header, image_management, os_management  # noqa: E402
from smp.error import MGMT_ERR, ErrorV1  # noqa: E402

SERVICE, CHARACTERISTIC = UUID("8D53DC1D-1DB7-4CD3-868B-8A527460AA84"), UUID("DA2E7828-FBCE-4E01-AE9E-261174997C48")
BUFFER_BYTES, BUFFERS = 2048, 4
logging.disable(logging.CRITICAL)


def say(text):
    print(text, flush=True)


def hash_of(data):
    """Of header, payload and protected TLVs, as TLV 0x10 of an MCUboot image has it."""
    head, protected, size = (int.from_bytes(data[off:end], "little") for off, end in ((8, 10), (10, 12), (12, 16)))
    return hashlib.sha256(data[:head + size + protected]).digest()


def version_of(data):
    return f"{data[20]}.{data[21]}.{int.from_bytes(data[22:24], 'little')}"


class Refused(Exception):
    """With an error of SMP's."""


class Images:
    """Two slots, and a bootloader that swaps."""

    def __init__(self, running):
        self.slots, self.marked, self.confirmed = [running, b""], None, True
        self.coming, self.length, self.sha = bytearray(), 0, None

    def states(self):
        found = []
        for slot, data in enumerate(self.slots):
            if data:
                marked = self.marked if slot else None
                found.append(image_management.ImageState(
                    slot=slot, version=version_of(data), hash=hash_of(data), bootable=True, active=slot == 0, pending=marked is not None,
                    permanent=marked == "for good", confirmed=self.confirmed if slot == 0 else not self.confirmed))
        return found

    def upload(self, asked):
        """The next offset that is wanted, whatever was sent; the same file again goes on where it was."""
        if asked.off == 0 and not (self.coming and asked.sha and asked.sha == self.sha):
            if not asked.len or not asked.data:
                raise Refused(MGMT_ERR.EINVAL)
            self.slots[1], self.marked = b"", None
            self.coming, self.length, self.sha = bytearray(), asked.len, asked.sha
        if asked.off == len(self.coming):
            self.coming += asked.data
        off = len(self.coming)
        if off < self.length:
            return {"off": off}
        data, self.coming = bytes(self.coming), bytearray()
        same = off == self.length and hashlib.sha256(data).digest() == self.sha
        self.slots[1] = data if same else b""
        say(f"received {off} bytes, {'whole' if same else 'damaged'}")
        return {"off": off, "match": same}

    def mark(self, asked):
        if asked.hash is None or asked.hash == hash_of(self.slots[0]):
            if not asked.confirm:
                raise Refused(MGMT_ERR.EINVAL)
            self.confirmed = True
            say(f"confirmed {version_of(self.slots[0])}")
        elif self.slots[1] and asked.hash == hash_of(self.slots[1]):
            self.marked = "for good" if asked.confirm else "for a test"
            say(f"marked {version_of(self.slots[1])} {self.marked}")
        else:
            raise Refused(MGMT_ERR.ENOENT)

    def boot(self):
        if self.marked or not self.confirmed:
            self.slots.reverse()
            self.confirmed = self.marked != "for a test"
        self.marked = None
        say(f"boot {version_of(self.slots[0])}{'' if self.confirmed else ' on trial'}")


class Server:
    """SMP requests in, replies out; `reset` is set when one asked for it."""

    def __init__(self, images):
        self.images, self.reset = images, False
        self.commands = {
            (0, 0, 2): (os_management.EchoWriteRequest, os_management.EchoWriteResponse, lambda asked: {"r": asked.d}),
            (0, 5, 2): (os_management.ResetWriteRequest, os_management.ResetWriteResponse, self.restart),
            (0, 6, 0): (os_management.MCUMgrParametersReadRequest, os_management.MCUMgrParametersReadResponse,
                        lambda asked: {"buf_size": BUFFER_BYTES, "buf_count": BUFFERS}),
            (0, 7, 0): (os_management.OSApplicationInfoReadRequest, os_management.OSApplicationInfoReadResponse, lambda asked: {"output": "bumble"}),
            (1, 0, 0): (image_management.ImageStatesReadRequest, image_management.ImageStatesReadResponse,
                        lambda asked: {"images": images.states()}),
            (1, 0, 2): (image_management.ImageStatesWriteRequest, image_management.ImageStatesWriteResponse, self.mark),
            (1, 1, 2): (image_management.ImageUploadWriteRequest, image_management.ImageUploadWriteResponse, images.upload),
        }

    def restart(self, _):
        self.reset = True
        return {}

    def mark(self, asked):
        self.images.mark(asked)
        return {"images": self.images.states()}

    def answer(self, message):
        op, group, sequence, command = message[0] & 7, int.from_bytes(message[4:6], "big"), message[6], message[7]
        version = header.Version(message[0] >> 3 & 3)
        try:
            request, response, act = self.commands[group, command, op]
            fields = act(request.loads(message))
            reply = bytes(response(version=version, sequence=sequence, **fields))
            # The package gives the reply to a write of the image states the operation of a read's.
            return bytes([(reply[0] & 0xF8) | (op + 1)]) + reply[1:]
        except KeyError:
            code = MGMT_ERR.ENOTSUP
        except Refused as refused:
            code = refused.args[0]
        except ValueError as problem:
            say(f"malformed {message[:40].hex()}: {problem}")
            code = MGMT_ERR.EINVAL
        return error(header.OP(op + 1), version, group, sequence, command, code)


def error(op, version, group, sequence, command, code):
    """The old form, which every version may have. Its body is a map of one entry, rc: so short that it is written out."""
    body = b"\xa1\x62rc" + bytes([code])
    return bytes([op | version << 3, 0]) + len(body).to_bytes(2, "big") + group.to_bytes(2, "big") + bytes([sequence, command]) + body


class Display(PairingDelegate):
    """A board with a display: it shows a passkey, and the other side types it."""

    def __init__(self):
        super().__init__(PairingDelegate.DISPLAY_OUTPUT_ONLY)

    async def confirm(self, auto=False):
        """Just Works is not enough here."""
        return False

    async def display_number(self, number, digits):
        say(f"passkey {number:0{digits}}")


PERMISSIONS = {
    "open": Attribute.Permissions(0),
    "encrypted": Attribute.Permissions.WRITE_REQUIRES_ENCRYPTION,
    "authenticated": Attribute.Permissions.WRITE_REQUIRES_ENCRYPTION | Attribute.Permissions.WRITE_REQUIRES_AUTHENTICATION,
}


class Peripheral:
    def __init__(self, device, server, policy):
        self.device, self.server, self.message = device, server, bytearray()
        self.reset_task = None
        kind, need = Characteristic.Properties, PERMISSIONS[policy]
        self.smp = Characteristic(CHARACTERISTIC, kind.WRITE_WITHOUT_RESPONSE | kind.NOTIFY, Attribute.Permissions.WRITEABLE | need,
                                  CharacteristicValue(write=self.written))
        device.add_service(Service(SERVICE, [self.smp]))
        for attribute in device.gatt_server.attributes:
            if attribute.type == GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR and attribute.handle > self.smp.handle:
                attribute.permissions |= need
        device.on("connection", self.connected)

    def connected(self, connection):
        self.message.clear()
        connection.on("connection_att_mtu_update", lambda: say(f"mtu {connection.att_mtu}"))
        connection.on("pairing", lambda keys: say("paired"))
        connection.on("pairing_failure", lambda reason: say(f"not paired: {reason}"))
        connection.on("connection_encryption_change", lambda: say(f"encrypted {bool(connection.encryption)}"))

    async def written(self, connection, data):
        """Fragments follow each other; one that does not fit the MTU or the buffers is the central's fault."""
        if len(data) > connection.att_mtu - 3:
            say(f"malformed fragment of {len(data)} bytes")
        self.message += data
        while len(self.message) >= 8 and len(self.message) >= (size := 8 + int.from_bytes(self.message[2:4], "big")):
            message = bytes(self.message[:size])
            del self.message[:size]
            if size > BUFFER_BYTES:
                say(f"malformed message of {size} bytes")
                continue
            reply = self.server.answer(message)
            for off in range(0, len(reply), connection.att_mtu - 3):
                await self.device.notify_subscriber(connection, self.smp, reply[off:off + connection.att_mtu - 3])
            if self.server.reset:
                self.server.reset, self.reset_task = False, asyncio.create_task(self.restart())

    async def restart(self):
        await asyncio.sleep(0.3)
        self.server.images.boot()
        for connection in list(self.device.connections.values()):
            await connection.disconnect()


async def main(policy, name, file):
    transport = await open_hci_socket_transport("1")
    device = Device.with_hci(name, Address("F0:F1:F2:F3:F4:F5"), transport.source, transport.sink)
    device.keystore = MemoryKeyStore()
    shows = policy == "authenticated"
    device.pairing_config_factory = lambda connection: PairingConfig(
        mitm=shows, delegate=Display() if shows else None, identity_address_type=PairingConfig.AddressType.PUBLIC)
    images = Images(pathlib.Path(file).read_bytes())
    peripheral = Peripheral(device, Server(images), policy)
    await device.power_on()
    images.boot()
    uuid, whole = (AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, AdvertisingData.Type.COMPLETE_LOCAL_NAME)
    await device.start_advertising(
        own_address_type=OwnAddressType.PUBLIC, auto_restart=True,
        advertising_data=bytes(AdvertisingData([(AdvertisingData.Type.FLAGS, bytes([6])), (uuid, bytes(SERVICE))])),
        scan_response_data=bytes(AdvertisingData([(whole, name.encode())])))
    say("ready")
    await asyncio.get_running_loop().create_future()
    del peripheral


asyncio.run(main(*sys.argv[1:]))
