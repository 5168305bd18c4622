#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ble/ against a Bluetooth stack that others wrote, without a radio: bumble is the controller of our device (ble_device, HCI over pipes)
and the central that finds, pairs and uses it, on linked controllers; the SMP messages are smpclient's.

bumble's controllers skip what this test wants to see: fragments, few buffers, and keys. `Radio` adds them: a link is encrypted only if both
hosts give the same key."""
import asyncio
import contextlib
import hashlib
import logging
import random
import re
import struct
import sys

from checks import check, count
from virtual_board import evidence, need

need("bumble", "smpclient", "cryptography")
from bumble import hci, ll  # noqa: E402
from bumble.controller import Controller  # noqa: E402
from bumble.core import UUID, ProtocolError  # noqa: E402
from bumble.device import Device, Peer  # noqa: E402
from bumble.host import Host  # noqa: E402
from bumble.keys import MemoryKeyStore  # noqa: E402
from bumble.link import LocalLink  # noqa: E402
from bumble.pairing import PairingConfig, PairingDelegate  # noqa: E402
from bumble.transport.common import PacketParser  # noqa: E402
from cryptography.hazmat.primitives.ciphers import algorithms  # noqa: E402
from cryptography.hazmat.primitives.cmac import CMAC  # noqa: E402
from smpclient import SMPClient  # noqa: E402
from smpclient.generics import error, success  # noqa: E402
from smpclient.requests import image_management as img  # noqa: E402
from smpclient.requests import os_management as smp_os  # noqa: E402

PROGRAM = sys.argv[1]
SERVICE, CHARACTERISTIC = UUID("8D53DC1D-1DB7-4CD3-868B-8A527460AA84"), UUID("DA2E7828-FBCE-4E01-AE9E-261174997C48")
PATIENCE = 60  # seconds; a bound for what hangs, nothing is measured
logging.disable(logging.CRITICAL)


async def next_message(held, more):
    """The first whole SMP message of what notifications brought, taken out of held; more is set with each."""
    while len(held) < 8 or len(held) < 8 + int.from_bytes(held[2:4], "big"):
        more.clear()
        await asyncio.wait_for(more.wait(), PATIENCE)
    size = 8 + int.from_bytes(held[2:4], "big")
    message = bytes(held[:size])
    del held[:size]
    return message


# --- the air ---------------------------------------------------------------------------------------------------------------------


class Radio(Controller):
    """A controller that cuts what it receives into HCI fragments, has few buffers and gives them back late, and asks both hosts for the
    key before it encrypts."""

    def __init__(self, name, link, address, acl_bytes=27, acl_packets=3):
        super().__init__(name, link=link, public_address=address)
        self.le_acl_data_packet_length, self.total_num_le_acl_data_packets = acl_bytes, acl_packets
        self.asked, self.waiting, self.interval, self.update_answer = {}, 0, None, hci.HCI_ErrorCode.SUCCESS

    def on_hci_acl_data_packet(self, packet):
        self.waiting += 1
        check(self.waiting <= self.total_num_le_acl_data_packets, f"{self.name}: more packets than the controller has buffers")
        check(len(packet.data) <= self.le_acl_data_packet_length, f"{self.name}: a packet longer than the controller's buffers")
        asyncio.get_running_loop().call_soon(self.deliver, packet)

    def deliver(self, packet):
        self.waiting -= 1
        super().on_hci_acl_data_packet(packet)

    def on_link_acl_data(self, sender_address, transport, data):
        if (connection := self.le_connections.get(sender_address)) is None:
            return
        for off in range(0, len(data), self.le_acl_data_packet_length):
            piece = data[off:off + self.le_acl_data_packet_length]
            self.send_hci_packet(hci.HCI_AclDataPacket(connection.handle, 1 if off else 2, 0, len(piece), piece))

    def on_hci_le_set_data_length_command(self, command):
        return hci.HCI_StatusAndConnectionHandleReturnParameters(hci.HCI_ErrorCode.SUCCESS, command.connection_handle)

    def on_hci_le_set_phy_command(self, command):
        self._send_hci_command_status(hci.HCI_ErrorCode.UNSUPPORTED_REMOTE_FEATURE_ERROR, command.op_code)

    # Connection parameters. A peripheral's request goes to the central's host, if both controllers know the procedure.
    def on_hci_le_connection_update_command(self, command):
        self._send_hci_command_status(hci.HCI_COMMAND_STATUS_PENDING, command.op_code)
        asked = command.connection_interval_min, command.connection_interval_max, command.max_latency, command.supervision_timeout
        connection, other = self.both_ends(command.connection_handle)
        if connection.role == hci.Role.CENTRAL:
            self.update_both(command.connection_handle, asked)
        elif self.update_answer == hci.HCI_ErrorCode.SUCCESS:
            theirs = other.le_connections[connection.self_address].handle
            other.send_hci_packet(hci.HCI_LE_Remote_Connection_Parameter_Request_Event(theirs, *asked))
        else:
            self.send_hci_packet(hci.HCI_LE_Connection_Update_Complete_Event(self.update_answer, command.connection_handle, 0, 0, 0))

    def on_hci_le_remote_connection_parameter_request_reply_command(self, command):
        self.update_both(command.connection_handle, (command.interval_min, command.interval_max, command.max_latency, command.timeout))
        return hci.HCI_StatusAndConnectionHandleReturnParameters(hci.HCI_ErrorCode.SUCCESS, command.connection_handle)

    def both_ends(self, handle):
        connection = self.find_le_connection_by_handle(handle)
        return connection, self.link.find_le_controller(connection.peer_address)

    def update_both(self, handle, values):
        connection, other = self.both_ends(handle)
        for controller, its in ((self, handle), (other, other.le_connections[connection.self_address].handle)):
            controller.interval = values
            controller.send_hci_packet(hci.HCI_LE_Connection_Update_Complete_Event(hci.HCI_ErrorCode.SUCCESS, its, values[1], values[2], values[3]))

    # Encryption. The central's controller tells ours the key; real ones find out by encrypting.
    def on_hci_le_enable_encryption_command(self, command):
        connection = self.find_le_connection_by_handle(command.connection_handle)
        self._send_hci_command_status(hci.HCI_COMMAND_STATUS_PENDING, command.op_code)
        connection.send_ll_control_pdu(ll.EncReq(rand=command.random_number, ediv=command.encrypted_diversifier, ltk=command.long_term_key))

    def on_ll_control_pdu(self, sender_address, packet):
        if not isinstance(packet, ll.EncReq) or self.le_connections.get(sender_address) is None:
            return super().on_ll_control_pdu(sender_address, packet)
        connection = self.le_connections[sender_address]
        self.asked[connection.handle] = packet.ltk
        self.send_hci_packet(hci.HCI_LE_Long_Term_Key_Request_Event(connection.handle, packet.rand, packet.ediv))

    def key_answer(self, handle, key):
        connection, other = self.both_ends(handle)
        same = key is not None and self.asked.pop(handle, None) == key
        theirs = other.le_connections[connection.self_address].handle
        for controller, its in ((self, handle), (other, theirs)):
            if same or controller is other:
                status = hci.HCI_ErrorCode.SUCCESS if same else hci.HCI_ErrorCode.PIN_OR_KEY_MISSING_ERROR
                controller.send_hci_packet(hci.HCI_Encryption_Change_Event(status=status, connection_handle=its, encryption_enabled=int(same)))
        return hci.HCI_StatusAndConnectionHandleReturnParameters(hci.HCI_ErrorCode.SUCCESS, handle)

    def on_hci_le_long_term_key_request_reply_command(self, command):
        return self.key_answer(command.connection_handle, command.long_term_key)

    def on_hci_le_long_term_key_request_negative_reply_command(self, command):
        return self.key_answer(command.connection_handle, None)


class Air(LocalLink):
    """Frames arrive at the address that they were sent to, whatever kind of address the sender has."""

    def send_acl_data(self, sender_controller, destination_address, transport, data):
        receiver = self.find_le_controller(destination_address)
        if receiver is None:
            return
        connection = sender_controller.le_connections.get(destination_address)
        asyncio.get_running_loop().call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)


class Peripheral:
    """Our device as a process; what it sends goes to its controller, and what the controller sends to it."""

    def __init__(self, controller, process):
        self.controller, self.process, self.lines = controller, process, asyncio.Queue()
        self.controller.host = self
        self.parser = PacketParser(self.controller)
        self.tasks = [asyncio.create_task(self.read_packets()), asyncio.create_task(self.read_lines())]

    def on_packet(self, packet):
        if not self.process.stdin.is_closing():
            self.process.stdin.write(packet)

    async def read_packets(self):
        while data := await self.process.stdout.read(4096):
            self.parser.feed_data(data)

    async def read_lines(self):
        while line := await self.process.stderr.readline():
            await self.lines.put(line.decode().strip())
        await self.lines.put("ended")

    async def line(self, pattern):
        """The next line that matches; what comes before it is passed over."""
        while True:
            text = await asyncio.wait_for(self.lines.get(), PATIENCE)
            if match := re.fullmatch(pattern, text):
                return match
            check(text != "ended" and "Sanitizer" not in text and "hf_assert" not in text, f"the device ended before {pattern}: {text}")


class World:
    """One device, one central."""

    def __init__(self, central, device, radio, other):
        self.central, self.device, self.radio, self.other = central, device, radio, other

    async def connect(self):
        found = asyncio.get_running_loop().create_future()

        def advertised(advertisement):
            if SERVICE in (advertisement.data.get(0x07) or []) and not found.done():
                found.set_result(advertisement)

        self.central.on("advertisement", advertised)
        await self.central.start_scanning(active=True)
        advertisement = await asyncio.wait_for(found, PATIENCE)
        await self.central.stop_scanning()
        self.central.remove_listener("advertisement", advertised)
        self.connection = await asyncio.wait_for(self.central.connect(advertisement.address), PATIENCE)
        return Peer(self.connection)


@contextlib.asynccontextmanager
async def world(*options, acl_bytes=27, acl_packets=3, keystore=None):
    link = Air()
    radio = Radio("device", link, "F0:F1:F2:F3:F4:F5", acl_bytes, acl_packets)
    other = Radio("central", link, "E0:E1:E2:E3:E4:E5", acl_bytes=251, acl_packets=8)
    process = await asyncio.create_subprocess_exec(PROGRAM, *options, stdin=-1, stdout=-1, stderr=-1)
    device = Peripheral(radio, process)
    central = Device(name="central", address=hci.Address("E6:E1:E2:E3:E4:E5"), host=Host(other, other))
    other.host = central.host
    central.keystore = keystore or MemoryKeyStore()
    try:
        await central.power_on()
        await device.line("boot")
        yield World(central, device, radio, other)
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), PATIENCE)
        for task in device.tasks:
            task.cancel()
    check(process.returncode == 0, f"the device ended with {process.returncode}")


# --- SMP over it -----------------------------------------------------------------------------------------------------------------


class Wire:
    """A transport for smpclient: write without response in pieces of MTU - 3, and notifications."""

    _smp_server_transport_buffer_size = None

    def __init__(self, peer, characteristic, mtu):
        self.peer, self.characteristic, self.att_mtu = peer, characteristic, mtu
        self.bytes, self.more, self.pieces = bytearray(), asyncio.Event(), []

    def notified(self, value):
        self.pieces.append(len(value))
        self.bytes += value
        self.more.set()

    async def connect(self, address, timeout_s):
        await self.peer.subscribe(self.characteristic, self.notified)

    async def disconnect(self):
        pass

    def initialize(self, smp_server_transport_buffer_size):
        self._smp_server_transport_buffer_size = smp_server_transport_buffer_size

    @property
    def mtu(self):
        return self.att_mtu - 3

    @property
    def max_unencoded_size(self):
        return self._smp_server_transport_buffer_size or self.mtu

    async def send(self, data):
        for off in range(0, len(data), self.mtu):
            await self.characteristic.write_value(data[off:off + self.mtu])

    async def receive(self):
        return await next_message(self.bytes, self.more)

    async def send_and_receive(self, data):
        await self.send(data)
        return await self.receive()


async def smp_of(peer, mtu):
    await peer.discover_services()
    service, = peer.get_services_by_uuid(SERVICE)
    await peer.discover_characteristics(service=service)
    characteristic, = peer.get_characteristics_by_uuid(CHARACTERISTIC, service)
    wire = Wire(peer, characteristic, mtu)
    client = SMPClient(wire, "device", timeout_s=PATIENCE)
    await client.connect()
    return client, wire


async def ask(client, request):
    response = await client.request(request, timeout_s=PATIENCE)
    check(success(response) or error(response), "a reply that smpclient understands")
    return response


async def echo(client, text):
    response = await ask(client, smp_os.EchoWrite(d=text))
    check(success(response) and response.r == text, f"echo of {len(text)} bytes")


# --- scenarios -------------------------------------------------------------------------------------------------------------------


async def read_all(peer):
    """{uuid: value} of every characteristic that can be read, and the handles for the hash: as a phone fills its cache."""
    values, attributes = {}, []
    for service in peer.services:
        await service.discover_characteristics()
        attributes.append((service.handle, 0x2800, service.uuid.to_bytes()))
        for characteristic in service.characteristics:
            await characteristic.discover_descriptors()
            declared = bytes([characteristic.properties]) + characteristic.handle.to_bytes(2, "little") + characteristic.uuid.to_bytes()
            attributes.append((characteristic.handle - 1, 0x2803, declared))
            attributes += [(d.handle, 0x2902, b"") for d in characteristic.descriptors]
            if characteristic.properties & 2:
                values[characteristic.uuid] = await characteristic.read_value()
    return values, attributes


def database_hash(attributes):
    """Vol 3 Part G 7.3.1, computed by others from what was discovered."""
    cmac = CMAC(algorithms.AES128(bytes(16)))
    for handle, kind, value in sorted(attributes):
        cmac.update(handle.to_bytes(2, "little") + kind.to_bytes(2, "little") + value)
    return cmac.finalize()[::-1]


async def discovery():
    async with world("--mtu", "498") as w:
        peer = await w.connect()
        mtu = await peer.request_mtu(517)
        check(mtu == 498, f"MTU {mtu}")
        await peer.discover_services()
        check([s.uuid for s in peer.services] == [UUID(0x1800), UUID(0x1801), UUID(0x180A), SERVICE], "the services")
        values, attributes = await read_all(peer)
        check(values[UUID(0x2A00)] == b"Holdfast test" and values[UUID(0x2A29)] == b"Holdfast" and values[UUID(0x2A26)] == b"1.0.0", "texts")
        check(values[UUID(0x2B2A)] == database_hash(attributes), "the database hash")
        by_type = await peer.read_characteristics_by_uuid(UUID(0x2B2A))
        check(by_type == [values[UUID(0x2B2A)]], "the database hash, read by its type as phones do")
        try:
            await peer.gatt_client.write_value(3, b"other name", with_response=True)
            check(False, "a write of the name was accepted")
        except ProtocolError as problem:
            check(problem.error_code == 0x03, f"write not permitted, not {problem}")


async def echoes(mtu, acl_bytes, acl_packets, *options, answer=hci.HCI_ErrorCode.SUCCESS):
    """answer: of the controllers to the request for a short interval; where they do not know it the host is asked by signalling."""
    async with world("--mtu", str(mtu), *options, acl_bytes=acl_bytes, acl_packets=acl_packets) as w:
        w.radio.update_answer = answer
        peer = await w.connect()
        got = await peer.request_mtu(517)
        client, wire = await smp_of(peer, got)
        for size in (0, 1, 11, 12, 13, 100, got - 3, 2 * got, 900):
            if size <= 900:
                await echo(client, "x" * size)
        check(w.other.interval == (12, 12, 0, 400), "the central was asked for a short interval")
        check(max(wire.pieces) <= got - 3, "notifications of at most MTU - 3")
        # No request before the answer to the last one is smpclient's way; a window sends two.
        requests = [smp_os.EchoWrite(d=text) for text in ("first", "second")]
        await wire.send(b"".join(bytes(r) for r in requests))
        replies = [await wire.receive(), await wire.receive()]
        check(b"first" in replies[0] and b"second" in replies[1], "two messages in one write")


async def reconnects():
    """The device advertises again after each end, and forgets half a message."""
    async with world() as w:
        for turn in range(3):
            peer = await w.connect()
            client, wire = await smp_of(peer, 23)
            await echo(client, f"turn {turn}")
            await wire.send(bytes.fromhex("0a000040"))
            await w.connection.disconnect()


def image(payload_bytes):
    """(bytes, hash) of an unsigned MCUboot image, version 2.0.0."""
    data = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 32, 0, payload_bytes, 0, 2, 0, 0, 0, 0)
    data += random.Random(1).randbytes(payload_bytes)
    digest = hashlib.sha256(data).digest()
    return data + struct.pack("<HHHH", 0x6907, 40, 0x10, 32) + digest, digest


async def update():
    """Upload, test, reset, on trial, confirm."""
    async with world(acl_bytes=251, acl_packets=8) as w:
        data, digest = image(60000)
        peer = await w.connect()
        client, _ = await smp_of(peer, await peer.request_mtu(498))
        off = 0
        async for off in client.upload(data, slot=0):
            pass
        check(off == len(data), "the upload is complete")
        listed = (await ask(client, img.ImageStatesRead())).images
        check(listed[1].hash == digest and not listed[1].pending, "the image is listed")
        check(success(await ask(client, img.ImageStatesWrite(hash=digest))), "test")
        check(success(await ask(client, smp_os.ResetWrite())), "reset")
        await w.device.line("boot")
        with contextlib.suppress(Exception):
            await w.connection.disconnect()
        w.radio.le_connections.clear()
        peer = await w.connect()
        client, _ = await smp_of(peer, await peer.request_mtu(498))
        listed = (await ask(client, img.ImageStatesRead())).images
        check(listed[0].hash == digest and listed[0].active and not listed[0].confirmed, "the image runs on trial")
        check(success(await ask(client, img.ImageStatesWrite(hash=digest, confirm=True))), "confirm")
        listed = (await ask(client, img.ImageStatesRead())).images
        check(listed[0].confirmed, "the image is confirmed")


async def cut():
    """The link is lost in the middle of an upload; it goes on where it was."""
    async with world(acl_bytes=251, acl_packets=8) as w:
        data, digest = image(60000)
        peer = await w.connect()
        client, wire = await smp_of(peer, await peer.request_mtu(498))
        async for off in client.upload(data, slot=0):
            if off > 30000:
                break
        await wire.send(bytes.fromhex("0a000040000101"))
        await w.connection.disconnect()
        peer = await w.connect()
        client, _ = await smp_of(peer, await peer.request_mtu(498))
        offs = [off async for off in client.upload(data, slot=0)]
        check(offs[0] >= off and offs[-1] == len(data), f"an upload cut at {off} goes on there, not at {offs[0]}")
        check((await ask(client, img.ImageStatesRead())).images[1].hash == digest, "the image is whole")


def pairs(device, io, mitm, sc=True, number=None):
    class Delegate(PairingDelegate):
        async def get_number(self):
            text = await number()
            return int(text)

    device.pairing_config_factory = lambda connection: PairingConfig(
        sc=sc, mitm=mitm, bonding=True, delegate=Delegate(io_capability=io), identity_address_type=PairingConfig.AddressType.RANDOM)


async def refused_write(peer, expected):
    try:
        await smp_of(peer, 23)
    except ProtocolError as problem:
        check(problem.error_code == expected, f"error {expected:#x} before pairing, not {problem.error_code:#x}")
        return
    check(False, "the service could be used without pairing")


async def just_works(*options):
    keys = MemoryKeyStore()
    async with world("--policy", "encrypted", *options, keystore=keys) as w:
        peer = await w.connect()
        await refused_write(peer, 0x05)
        pairs(w.central, PairingDelegate.NO_OUTPUT_NO_INPUT, mitm=False)
        await asyncio.wait_for(w.connection.pair(), PATIENCE)
        check(w.connection.is_encrypted, "the link is encrypted")
        await w.device.line("bond 0 authenticated 0")
        client, _ = await smp_of(peer, 23)
        await echo(client, "after pairing")
        await w.connection.disconnect()
        # The bond: known, so encryption is asked for, not pairing; then the old key works, and a wrong one does not.
        peer = await w.connect()
        await refused_write(peer, 0x0F)
        await asyncio.wait_for(w.connection.encrypt(), PATIENCE)
        client, _ = await smp_of(peer, 23)
        await echo(client, "with the bond")
        await w.connection.disconnect()
        for _, known in await keys.get_all():
            known.ltk.value = bytes(16)
        peer = await w.connect()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(w.connection.encrypt(), 5)
        check(not w.connection.is_encrypted, "a wrong key does not encrypt")
        await refused_write(peer, 0x0F)


async def passkey():
    async with world("--policy", "authenticated", "--display") as w:
        async def shown():
            return (await w.device.line(r"passkey (\d{6})"))[1]

        peer = await w.connect()
        await refused_write(peer, 0x05)
        # Just Works is not enough here.
        pairs(w.central, PairingDelegate.NO_OUTPUT_NO_INPUT, mitm=False)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(w.connection.pair(), PATIENCE)
        check(not w.connection.is_encrypted, "pairing without passkey is refused")

        async def wrong():
            return (int(await shown()) + 1) % 1000000

        pairs(w.central, PairingDelegate.KEYBOARD_INPUT_ONLY, mitm=True, number=wrong)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(w.connection.pair(), PATIENCE)
        await w.device.line("passkey gone")
        check(not w.connection.is_encrypted, "a wrong passkey is refused")
        pairs(w.central, PairingDelegate.KEYBOARD_INPUT_ONLY, mitm=True, number=shown)
        await asyncio.wait_for(w.connection.pair(), PATIENCE)
        await w.device.line("bond 0 authenticated 1")
        client, _ = await smp_of(peer, 23)
        await echo(client, "after the passkey")


async def legacy_refused():
    async with world("--policy", "encrypted") as w:
        await w.connect()
        pairs(w.central, PairingDelegate.NO_OUTPUT_NO_INPUT, mitm=False, sc=False)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(w.connection.pair(), PATIENCE)
        check(not w.connection.is_encrypted, "legacy pairing is refused")


async def run(name, scenario):
    print(f"{name} ...", flush=True)
    await asyncio.wait_for(scenario(), 2 * PATIENCE)


async def main():
    scenarios = {
        "discovery": discovery, "echo, MTU 65": lambda: echoes(65, 27, 1, answer=hci.HCI_ErrorCode.UNSUPPORTED_REMOTE_FEATURE_ERROR), "echo, MTU 498": lambda: echoes(498, 251, 4),
        "echo, MTU 517, two links": lambda: echoes(517, 64, 2, "--links", "2"), "reconnects": reconnects, "update": update, "cut": cut,
        "just works": just_works, "just works, the chip's cryptography": lambda: just_works("--soft"), "passkey": passkey,
        "legacy pairing": legacy_refused,
    }
    for name, scenario in scenarios.items():
        if len(sys.argv) == 2 or any(word in name for word in sys.argv[2:]):
            await run(name, scenario)
    evidence("ble_bumble", "ble/ against bumble's controller and central: discovery, messages, update, a cut link, pairing, bonds", count())
    print(f"{count()} checks")


if __name__ == "__main__":
    asyncio.run(main())
