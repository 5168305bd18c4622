#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a phone's update app does with the device, in its order and with its demands, from a Bluetooth stack that others wrote (ble_bumble.py).

The rules are those of the nRF Connect Device Manager libraries, restated from their sources:
  transport  MTU 498 (iOS: 527) before all else; the characteristic must write without response and notify; notifications on; then the
             parameters, whose buffer size bounds a message (mcumgr-ble/.../McuMgrBleTransport.java)
  validate   bootloader info without a query must say "MCUboot", its mode is asked for; the image list: an image of ours is not sent again; if the
             other slot is pending, or confirmed and active differ there, the device is reset first and looked at again (dfu/mcuboot/task/Validate.java)
  upload     the first chunk alone with len and sha, then as many in flight as buf_count - 1, each as long as fits
  test       the answer lists a slot with the image's hash, and it is pending (Test.java)
  reset      an answer or a lost link, both are good; then the same address again, without a search (Reset.java)
  confirm    by hash; the answer lists it as confirmed or permanent (Confirm.java)
All of NordicSemiconductor/Android-nRF-Connect-Device-Manager; iOS differs where it is said."""
import asyncio
import contextlib
import sys

from checks import check, count
from virtual_board import evidence, need

need("bumble", "cbor2")
import cbor2  # noqa: E402
from ble_bumble import CHARACTERISTIC, PATIENCE, SERVICE, UUID, Peer, hci, image, next_message, pairs, run, world  # noqa: E402
from bumble.core import AdvertisingData  # noqa: E402
from bumble.keys import MemoryKeyStore  # noqa: E402
from bumble.pairing import PairingDelegate  # noqa: E402

READ, WRITE = 0, 2
OS_PARAMS, OS_RESET, OS_BOOTLOADER, IMAGE_STATE, IMAGE_UPLOAD = (0, 6), (0, 5), (0, 8), (1, 0), (1, 1)
MAY_WRITE_COMMAND, MAY_NOTIFY = 0x04, 0x10


class Phone:
    """One app on one phone. What it did is in `steps`."""

    def __init__(self, w, mtu=498, empty=b"\xbf\xff"):
        self.w, self.mtu_wanted, self.empty, self.steps, self.sequence = w, mtu, empty, [], 0
        self.bytes, self.more, self.handles, self.bonded, self.in_flight = bytearray(), asyncio.Event(), None, False, 0

    # --- transport

    def notified(self, value):
        check(len(value) <= self.mtu - 3, "a notification of at most MTU - 3")
        self.bytes += value
        self.more.set()

    async def connect(self, address):
        """address: of a device known from before; it is connected to without a search."""
        if address is None:
            await self.w.connect()
        else:
            self.w.connection = await asyncio.wait_for(self.w.central.connect(address), PATIENCE)

    async def encrypted_by_request(self):
        """The device asks, the phone encrypts with its key; nobody is asked."""
        asked = asyncio.get_running_loop().create_future()
        self.w.connection.on("security_request", lambda auth: asked.done() or asked.set_result(auth))
        check(await asyncio.wait_for(asked, PATIENCE) & 0x09 == 0x09, "a Security Request: bonding, Secure Connections")
        await asyncio.wait_for(self.w.connection.encrypt(), PATIENCE)

    async def open_encrypted(self, address=None):
        self.bonded = True
        await self.connect(address)
        await self.encrypted_by_request()
        return await self.discover()

    async def open(self, address=None):
        await self.connect(address)
        return await self.discover()

    async def discover(self):
        peer = Peer(self.w.connection)
        self.address = self.w.connection.peer_address
        self.mtu = await peer.request_mtu(self.mtu_wanted)
        await peer.discover_services()
        service, = peer.get_services_by_uuid(SERVICE)
        await service.discover_characteristics()
        self.smp, = peer.get_characteristics_by_uuid(CHARACTERISTIC, service)
        check(self.smp.properties & (MAY_WRITE_COMMAND | MAY_NOTIFY) == MAY_WRITE_COMMAND | MAY_NOTIFY, "the properties that the app demands")
        handles = [(s.uuid.to_bytes(), s.handle) for s in peer.services] + [self.smp.handle]
        check(self.handles in (None, handles), "the same services at the same handles as before: a phone's cache stays true")
        self.handles = handles
        self.bytes.clear()
        await peer.subscribe(self.smp, self.notified)
        self.peer, self.length = peer, self.mtu - 3
        return self

    async def send(self, message):
        for off in range(0, len(message), self.mtu - 3):
            await self.smp.write_value(message[off:off + self.mtu - 3])

    async def receive(self):
        return await next_message(self.bytes, self.more)

    def message(self, op, command, body=None):
        self.sequence = (self.sequence + 1) % 256
        data = self.empty if body is None else cbor2.dumps(body)
        return bytes([0x08 | op, 0]) + len(data).to_bytes(2, "big") + command[0].to_bytes(2, "big") + bytes([self.sequence, command[1]]) + data

    def answer_of(self, message, request):
        check(message[0] == request[0] + 1 and message[4:8] == request[4:8], "an answer to this request: operation, group, sequence, command")
        return cbor2.loads(message[8:])

    async def ask(self, name, op, command, body=None):
        self.steps.append(name)
        request = self.message(op, command, body)
        await self.send(request)
        return self.answer_of(await self.receive(), request)

    # --- the steps

    async def parameters(self):
        answer = await self.ask("parameters", READ, OS_PARAMS)
        check(answer["buf_size"] >= self.length, "a buffer of at least one write")
        self.length, self.window = answer["buf_size"], max(1, answer["buf_count"] - 1)

    async def bootloader(self):
        check(await self.ask("bootloader", READ, OS_BOOTLOADER) == {"bootloader": "MCUboot"}, "the word that the app looks for")
        answer = await self.ask("mode", READ, OS_BOOTLOADER, {"query": "mode"})
        check(isinstance(answer.get("mode"), int) and answer["mode"] not in (4, 5), f"not one of the two modes in which nothing is swapped: {answer}")

    async def slots(self, name="list"):
        answer = await self.ask(name, READ, IMAGE_STATE)
        check({row["slot"] for row in answer["images"]} <= {0, 1}, "slots 0 and 1")
        for row in answer["images"]:
            for key, kind in {"version": str, "hash": bytes, "bootable": bool, "pending": bool, "confirmed": bool, "active": bool, "permanent": bool}.items():
                check(isinstance(row.get(key, kind()), kind), f"{key} of a slot as the app reads it")
        return {row["slot"]: {key: row.get(key, False) for key in ("hash", "pending", "confirmed", "active", "permanent")} for row in answer["images"]}

    async def validate(self, digest):
        """True: the image must be sent. Resets first where both slots are in use."""
        for _ in range(3):
            slots = await self.slots()
            if digest in [row["hash"] for row in slots.values()]:
                return False
            other = slots.get(1)
            if other is None or not (other["pending"] or other["confirmed"] != other["active"]):
                return True
            await self.reset("reset first")
        raise SystemExit("FAILED: after three resets the slots are still in use")

    def chunk(self, data, off, digest):
        """As long as fits, by the size of the encoding."""
        body = {"off": off, "data": b""}
        if off == 0:
            body |= {"len": len(data), "sha": digest}
        room = self.length - len(self.message(WRITE, IMAGE_UPLOAD, body)) - 2
        self.sequence = (self.sequence - 1) % 256
        body["data"] = data[off:off + room]
        return self.message(WRITE, IMAGE_UPLOAD, body), off + len(body["data"])

    async def upload(self, data, digest):
        self.steps.append("upload")
        off, waiting = 0, []
        while off < len(data) or waiting:
            while off < len(data) and len(waiting) < (self.window if off else 1):
                alone = off == 0
                request, off = self.chunk(data, off, digest)
                check(len(request) <= self.length, "a message that fits the device's buffer")
                await self.send(request)
                waiting.append((request, off))
                self.in_flight = max(self.in_flight, len(waiting))
                if alone:
                    break
            request, end = waiting.pop(0)
            answer = self.answer_of(await self.receive(), request)
            check(answer.get("off") == end, f"the offset after this chunk, {end}, not {answer}")

    async def test(self, digest):
        answer = await self.ask("test", WRITE, IMAGE_STATE, {"hash": digest, "confirm": False})
        row, = [row for row in answer["images"] if row["hash"] == digest]
        check(row.get("pending"), "the tested image is pending")

    async def confirm(self, digest):
        answer = await self.ask("confirm", WRITE, IMAGE_STATE, {"hash": digest, "confirm": True})
        row, = [row for row in answer["images"] if row["hash"] == digest]
        check(row.get("confirmed") or row.get("permanent"), "the answer to confirm shows it")

    async def reset(self, name="reset", wants_answer=True):
        """The link is lost as phones see it: by time. Then the same device at the same address."""
        self.steps.append(name)
        request = self.message(WRITE, OS_RESET)
        await self.send(request)
        if wants_answer:
            answer = self.answer_of(await self.receive(), request)
            check(not answer.get("rc") and "err" not in answer, "reset is granted")
        await self.w.device.line("boot")
        await self.link_lost()
        address = self.address
        await (self.open_encrypted(address) if self.bonded else self.open(address))
        check(self.address == address, "the same address after the reset")

    async def link_lost(self):
        """The supervision timeout of the phone's controller."""
        gone = asyncio.get_running_loop().create_future()
        self.w.connection.on("disconnection", lambda *_: gone.done() or gone.set_result(None))
        for connection in list(self.w.other.le_connections.values()):
            self.w.other.send_hci_packet(hci.HCI_Disconnection_Complete_Event(
                status=0, connection_handle=connection.handle, reason=hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR))
        self.w.other.le_connections.clear()
        self.w.radio.le_connections.clear()
        await asyncio.wait_for(gone, PATIENCE)


def other_image(payload_bytes):
    """Another image: its last byte differs, and so does its hash."""
    return image(payload_bytes + 4)


# --- scenarios -------------------------------------------------------------------------------------------------------------------


async def android():
    """Test and confirm, as the Android library does it."""
    async with world("--mtu", "498", acl_bytes=251, acl_packets=8) as w:
        data, digest = image(40000)
        phone = await Phone(w).open()
        check(phone.mtu == 498, "two full link-layer packets")
        await phone.parameters()
        await phone.bootloader()
        check(await phone.validate(digest), "a new image is wanted")
        await phone.upload(data, digest)
        check(not await phone.validate(digest), "an image that is there is not sent again")
        await phone.test(digest)
        await phone.reset()
        slots = await phone.slots("list after reset")
        check(slots[0]["hash"] == digest and slots[0]["active"] and not slots[0]["confirmed"], "it runs, on trial")
        check(slots[1]["confirmed"] and not slots[1]["active"], "the way back is kept and shown")
        await phone.confirm(digest)
        slots = await phone.slots("list at the end")
        check(slots[0]["confirmed"] and not slots.get(1, {"pending": False})["pending"], "confirmed")
        check(phone.steps == ["parameters", "bootloader", "mode", "list", "upload", "list", "test", "reset", "list after reset", "confirm", "list at the end"],
              f"the app's order: {phone.steps}")


async def confirm_only():
    """The libraries' default: no trial, no way back. An unconfirmed image before it costs a reset, a pending one two."""
    async with world("--mtu", "498", acl_bytes=251, acl_packets=8) as w:
        first, first_digest = image(20000)
        data, digest = other_image(20000)
        phone = await Phone(w).open()
        await phone.parameters()
        await phone.upload(first, first_digest)
        await phone.test(first_digest)
        phone.steps.clear()
        check(await phone.validate(digest), "room for another image")
        check(phone.steps == ["list", "reset first", "list", "reset first", "list"], f"a pending image is tried and taken back: {phone.steps}")
        await phone.upload(data, digest)
        await phone.confirm(digest)
        check((await phone.slots())[1]["permanent"], "permanent before the reset")
        await phone.reset()
        slots = await phone.slots()
        check(slots[0]["hash"] == digest and slots[0]["confirmed"], "it runs, for good")


async def ios():
    """MTU as the system wants it, definite empty maps, Nordic's own query, a window, a reset whose answer is lost."""
    async with world("--mtu", "517", acl_bytes=251, acl_packets=8) as w:
        data, digest = image(40000)
        phone = await Phone(w, mtu=527, empty=b"\xa0").open()
        check(phone.mtu == 517, "the device's MTU where it is the smaller one")
        await phone.parameters()
        check(phone.window >= 2, "more than one message at a time")
        await phone.bootloader()
        answer = await phone.ask("active slot", READ, OS_BOOTLOADER, {"query": "active_b0_slot"})
        check("err" in answer or answer.get("rc"), "a query that is not known is refused, not left unanswered")
        check(await phone.validate(digest), "a new image is wanted")
        await phone.upload(data, digest)
        check(phone.in_flight == phone.window, "the whole window was used")
        await phone.test(digest)
        await phone.reset(wants_answer=False)
        check((await phone.slots())[0]["hash"] == digest, "it runs")
        await phone.confirm(digest)


async def small():
    """A phone that does not get more than 20 bytes a packet: slow, and right."""
    async with world("--mtu", "498") as w:
        data, digest = image(3000)
        phone = await Phone(w, mtu=23).open()
        await phone.parameters()
        await phone.upload(data, digest)
        await phone.test(digest)


async def bonded():
    """A phone with a bond: asked to encrypt when it comes back, its subscription and its cache are still true, and nothing is asked of its user."""
    keys = MemoryKeyStore()
    async with world("--policy", "encrypted", "--mtu", "498", acl_bytes=251, acl_packets=8, keystore=keys) as w:
        pairs(w.central, PairingDelegate.NO_OUTPUT_NO_INPUT, mitm=False)
        data, digest = image(20000)
        await w.connect()
        await asyncio.wait_for(w.connection.pair(), PATIENCE)
        await w.device.line("bond 0 authenticated 0")
        await w.connection.disconnect()
        phone = await Phone(w).open_encrypted()
        await phone.parameters()
        await phone.upload(data, digest)
        await phone.test(digest)
        await phone.reset()
        check((await phone.slots())[0]["hash"] == digest, "it runs")
        await phone.confirm(digest)
        # A client that trusts what the bond keeps writes at once, without subscribing.
        address = phone.address
        await w.connection.disconnect()
        w.connection = await asyncio.wait_for(w.central.connect(address), PATIENCE)
        await phone.encrypted_by_request()
        peer = Peer(w.connection)
        phone.mtu = await peer.request_mtu(498)
        changed = []
        await peer.discover_services()
        service, = peer.get_services_by_uuid(UUID(0x1801))
        await service.discover_characteristics()
        service_changed, = peer.get_characteristics_by_uuid(UUID(0x2A05), service)
        peer.gatt_client.indication_subscribers.setdefault(service_changed.handle, set()).add(changed.append)
        peer.gatt_client.notification_subscribers.setdefault(phone.smp.handle, set()).add(phone.notified)
        phone.smp.client = peer.gatt_client
        check((await phone.slots())[0]["confirmed"], "answers come without a new subscription")
        check(not changed, "no Service Changed: the services are what the phone knows")


async def renamed():
    """What a list of devices shows: service in the advertisement, so that apps can filter, and the name in the scan response; the same after a
    reset. Read from the controller, since bumble's do not answer scans."""
    async with world(acl_bytes=251, acl_packets=8) as w:
        def shown():
            advertiser = w.radio.le_legacy_advertiser
            first, second = (AdvertisingData.from_bytes(bytes(data)) for data in (advertiser.advertising_data, advertiser.scan_response_data))
            return SERVICE in (first.get(0x07) or []), first.get(0x01), second.get(0x09)

        phone = await Phone(w).open()
        before = shown()
        check(before[0] and before[2] == "Holdfast test", f"service and name: {before}")
        await phone.parameters()
        await phone.reset()
        check(shown() == before, "service and name after the reset")


async def main():
    scenarios = {"android": android, "confirm only": confirm_only, "ios": ios, "small packets": small, "bonded": bonded, "name and address": renamed}
    for name, scenario in scenarios.items():
        if len(sys.argv) == 2 or any(word in name for word in sys.argv[2:]):
            await run(name, scenario)
    evidence("ble_phone", "the steps and demands of the phone libraries, by bumble's central: test and confirm, confirm only, iOS, bonds", count())
    print(f"{count()} checks")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
