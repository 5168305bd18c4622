# SPDX-License-Identifier: MIT
"""Virtual boards with the binaries that ship are updated over their PTY by programs that others wrote: the library smpclient and the
command smpmgr. From upload to confirm, taken back, made permanent, refused by the loader, broken off and resumed; and what the device
refuses in both versions of the protocol, as they read it."""
import asyncio
import logging
import os
import re
import subprocess
import sys
import tempfile
import time

from virtual_board import BOARDS, Live, evidence, facts_of, imgtool_key, imgtool_sign, make_loader, need, payload, read, signed, write

need("imgtool", "smpclient", "smpmgr")
from smp import header as smpheader  # noqa: E402
from smp.error import MGMT_ERR  # noqa: E402
from smp.image_management import IMG_MGMT_ERR  # noqa: E402
from smp.os_management import OS_MGMT_RET_RC  # noqa: E402
from smpclient import SMPClient  # noqa: E402
from smpclient.exceptions import SMPUploadError  # noqa: E402
from smpclient.generics import error_v1, error_v2, success  # noqa: E402
from smpclient.requests.image_management import ImageErase, ImageStatesRead, ImageStatesWrite, ImageUploadWrite  # noqa: E402
from smpclient.requests.os_management import (BootloaderInformationRead, DateTimeRead, EchoWrite,  # noqa: E402
                                              MCUMgrParametersRead, OSApplicationInfoRead, ResetWrite)
from smpclient.transport.serial import SMPSerialTransport  # noqa: E402

from checks import check, count  # noqa: E402
from image_bytes import Image  # noqa: E402

os.environ["COLUMNS"] = "250"  # smpmgr prints a line an image
from smpmgr.main import app as smpmgr_app  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

logging.disable(logging.WARNING)
V1 = smpheader.Version.V1
SMPMGR = os.path.join(os.path.dirname(sys.executable), "smpmgr")


def hash_of(image):
    return Image(image).digest()[1]


class Session:
    """smpclient on one board. It is connected anew after each reset, as with a real port that goes away."""

    def __init__(self, board, port, images):
        self.board, self.port, self.images = board, port, images
        self.version = {hash_of(image): version for version, image in images.items()}
        self.client = None

    async def connect(self):
        self.client = SMPClient(SMPSerialTransport(), self.port)
        await self.client.connect()

    async def ask(self, request, **more):
        return await self.client.request(request, **more)

    async def states(self):
        """Asked again while the board swaps and starts."""
        for _ in range(60):
            try:
                reply = await self.ask(ImageStatesRead(), timeout_s=1.0)
            except (TimeoutError, asyncio.TimeoutError):
                continue
            check(success(reply), f"{self.board}: image state: {reply}")
            return {entry.slot: entry for entry in reply.images}
        raise SystemExit(f"{self.board}: the board does not come back")

    async def shows(self, what, running, confirmed, other=None, pending=False, permanent=False):
        images = await self.states()
        found = [(slot, self.version.get(e.hash), e.version, e.active, e.confirmed, e.pending, e.permanent) for slot, e in images.items()]
        wanted = [(0, running, running.removeprefix("bad "), True, confirmed, False, False)]
        if other:
            wanted.append((1, other, other.removeprefix("bad "), False, not confirmed, pending, permanent))
        check(found == wanted, f"{self.board}, {what}:\nfound    {found}\nexpected {wanted}")

    async def upload(self, version, resumes_at=0):
        offs = [off async for off in self.client.upload(self.images[version], first_timeout_s=5)]
        check(offs == sorted(offs) and offs[-1] == len(self.images[version]), f"{self.board}: upload of {version}: {offs}")
        check(offs[0] > resumes_at, f"{self.board}: upload of {version} begins with {offs[0]}, {resumes_at} was there")

    async def request(self, version, confirm=False):
        reply = await self.ask(ImageStatesWrite(hash=hash_of(self.images[version]), confirm=confirm))
        check(success(reply), f"{self.board}: request of {version}: {reply}")

    async def reset(self):
        check(success(await self.ask(ResetWrite())), f"{self.board}: reset")
        await self.client.disconnect()
        await asyncio.sleep(0.4)
        await self.connect()

    async def refused(self, request, code, rc, reason, what):
        """The same request in both versions. request: a function of further keywords. code: of the group (version 2)."""
        reply = await self.ask(request())
        check(error_v2(reply) and reply.err.rc == code, f"{self.board}, {what}: {reply}")
        reply = await self.ask(request(version=V1))
        check(error_v1(reply) and reply.rc == rc and reply.rsn == f"HF-{reason:04d}", f"{self.board}, {what}, version 1: {reply}")


async def asks_around(s):
    facts, layout = facts_of(s.board)
    for more in ({}, {"version": V1}):
        reply = await s.ask(EchoWrite(d="Hällo", **more))
        check(success(reply) and reply.r == "Hällo", f"{s.board}: echo: {reply}")
        reply = await s.ask(MCUMgrParametersRead(**more))
        check(success(reply) and reply.buf_size == 1028 and reply.buf_count >= 1, f"{s.board}: params: {reply}")
        reply = await s.ask(BootloaderInformationRead(**more))
        check(success(reply) and reply.bootloader == "MCUboot", f"{s.board}: bootloader: {reply}")
        reply = await s.ask(OSApplicationInfoRead(format="i", **more))
        check(success(reply) and s.board in reply.output, f"{s.board}: info: {reply}")
    for more in ({}, {"version": V1}):  # a command that the demo has not
        reply = await s.ask(DateTimeRead(**more))
        check(error_v1(reply) and reply.rc == MGMT_ERR.ENOTSUP, f"{s.board}: date: {reply}")
    await s.refused(lambda **v: BootloaderInformationRead(query="x", **v), OS_MGMT_RET_RC.QUERY_YIELDS_NO_ANSWER, MGMT_ERR.ENOENT, 921, "query x")
    await s.refused(lambda **v: ImageErase(slot=0, **v), IMG_MGMT_ERR.NO_FREE_SLOT, MGMT_ERR.EBADSTATE, 942, "erase of the running image")
    await s.refused(lambda **v: ImageErase(slot=9, **v), IMG_MGMT_ERR.INVALID_SLOT, MGMT_ERR.EINVAL, 937, "erase of slot 9")
    await s.refused(lambda **v: ImageStatesWrite(hash=bytes(32), **v), IMG_MGMT_ERR.HASH_NOT_FOUND, MGMT_ERR.EUNKNOWN, 939, "unknown hash")
    await s.refused(lambda **v: ImageUploadWrite(off=0, data=bytes(64), len=64, **v), IMG_MGMT_ERR.INVALID_IMAGE_HEADER_MAGIC, MGMT_ERR.EUNKNOWN,
                    933, "upload of something else")
    too_large = layout["size_max"] + 1
    await s.refused(lambda **v: ImageUploadWrite(off=0, data=s.images["1.1.0"][:64], len=too_large, **v), IMG_MGMT_ERR.INVALID_IMAGE_TOO_LARGE,
                    MGMT_ERR.EUNKNOWN, 506, "upload of too much")


async def update_and_confirm(s):
    await s.shows("before", "1.0.0", True)
    # Broken off in the middle, by a client that goes away; the next one goes on.
    reached = 0
    async for off in s.client.upload(s.images["1.1.0"], first_timeout_s=5):
        reached = off
        if off > len(s.images["1.1.0"]) // 2:
            break
    await s.client.disconnect()
    await s.connect()
    await s.upload("1.1.0", resumes_at=reached - 1)
    await s.shows("uploaded", "1.0.0", True, "1.1.0")
    await s.request("1.1.0")
    await s.shows("requested", "1.0.0", True, "1.1.0", pending=True)
    await s.reset()
    await s.shows("on trial", "1.1.0", False, "1.0.0")
    await s.refused(lambda **v: ImageErase(slot=1, **v), IMG_MGMT_ERR.NO_FREE_SLOT, MGMT_ERR.EBADSTATE, 502, "erase of the way back")
    await s.refused(lambda **v: ImageUploadWrite(off=0, data=s.images["1.2.0"][:64], len=len(s.images["1.2.0"]), **v), IMG_MGMT_ERR.NO_FREE_SLOT,
                    MGMT_ERR.EBADSTATE, 502, "upload during a trial")
    await s.request("1.1.0", confirm=True)
    await s.shows("confirmed", "1.1.0", True, "1.0.0")
    await s.reset()
    await s.shows("a reset later", "1.1.0", True, "1.0.0")


async def take_back(s):
    await s.upload("1.2.0")
    await s.request("1.2.0")
    await s.reset()
    await s.shows("on trial", "1.2.0", False, "1.1.0")
    await s.reset()
    await s.shows("taken back", "1.1.0", True, "1.2.0")


async def loader_refuses(s):
    """The server takes any bytes that look like an image; the loader does not run them."""
    for bad in ("bad 1.2.0", "bad 1.3.0"):
        await s.upload(bad)
        await s.request(bad)
        await s.reset()
        await s.shows(f"{bad} refused", "1.1.0", True, bad)
        await s.reset()
        await s.shows(f"{bad} refused, a reset later", "1.1.0", True, bad)
    await s.upload("1.2.0")
    await s.request("1.2.0", confirm=True)
    await s.shows("for good", "1.1.0", True, "1.2.0", pending=True, permanent=True)
    try:
        await s.upload("1.0.0")
        check(False, f"{s.board}: an upload over a request is not refused")
    except SMPUploadError as problem:
        check("NO_FREE_SLOT" in str(problem), f"{s.board}: {problem}")
    await s.reset()
    await s.shows("installed", "1.2.0", True, "1.1.0")
    await s.reset()
    await s.shows("installed, a reset later", "1.2.0", True, "1.1.0")
    check(success(await s.ask(ImageErase(slot=1))), f"{s.board}: erase")
    await s.shows("erased", "1.2.0", True)


async def smpclient_does_it(board, port, images):
    s = Session(board, port, images)
    await s.connect()
    await s.states()
    for part in (asks_around, update_and_confirm, take_back, loader_refuses):
        await part(s)
        print(f"{board}: smpclient, {part.__name__}")
    await s.client.disconnect()


class Manager:
    """smpmgr's commands. All but the first run in this process: starting a Python for each takes longer than all the rest."""

    def __init__(self, board, port):
        self.board, self.options = board, ["--port", port, "--timeout", "3"]

    def from_shell(self, *words):
        done = subprocess.run([SMPMGR, *self.options, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        check(done.returncode == 0, f"{self.board}: smpmgr {words}: exit code {done.returncode}\n{done.stdout}")
        return done.stdout

    def __call__(self, *words):
        for _ in range(5):  # the board may still be starting
            done = CliRunner().invoke(smpmgr_app, [*self.options, *words])
            if done.exit_code == 0:
                break
            time.sleep(0.3)
        check(done.exit_code == 0, f"{self.board}: smpmgr {words}: {done.exit_code} {done.exception}\n{done.output}")
        return done.output

    def shows(self, what, **wanted):
        """version=flags for each slot's image, in order."""
        text = self("image", "state-read")
        found = {version: {flag for flag in ("confirmed", "active", "pending", "permanent") if re.search(rf"{flag}=True", line)}
                 for line in text.split("ImageState(")[1:] for version in re.findall(r"version='([0-9.]+)'", line)}
        wanted = {version.replace("_", ".").lstrip("v"): set(flags.split()) for version, flags in wanted.items()}
        check(found == wanted, f"{self.board}, smpmgr, {what}:\nfound    {found}\nexpected {wanted}\n{text}")


def smpmgr_does_it(board, port, files, images):
    """From 1.2.0, confirmed, alone on the board."""
    smpmgr = Manager(board, port)
    check("there" in smpmgr.from_shell("os", "echo", "there"), f"{board}: smpmgr's echo")
    smpmgr.shows("before", v1_2_0="confirmed active")
    smpmgr("image", "upload", files["1.0.0"])
    smpmgr.shows("uploaded", v1_2_0="confirmed active", v1_0_0="")
    smpmgr("image", "state-write", hash_of(images["1.0.0"]).hex())
    smpmgr.shows("requested", v1_2_0="confirmed active", v1_0_0="pending")
    smpmgr("os", "reset")
    smpmgr.shows("on trial", v1_0_0="active", v1_2_0="confirmed")
    check("NO_FREE_SLOT" in smpmgr("image", "erase", "1"), f"{board}: smpmgr is told why")
    smpmgr("image", "state-write", "--confirm")
    smpmgr("os", "reset")
    smpmgr.shows("confirmed", v1_0_0="confirmed active", v1_2_0="")
    # upgrade: upload, request and reset in one command. With --slot 1 it asks for a trial, which nobody confirms here.
    smpmgr("upgrade", "--slot", "1", files["1.1.0"])
    smpmgr.shows("upgrade", v1_1_0="active", v1_0_0="confirmed")
    smpmgr("os", "reset")
    smpmgr.shows("taken back", v1_0_0="confirmed active", v1_1_0="")
    smpmgr("upgrade", "--confirm", files["1.1.0"])
    smpmgr.shows("upgrade for good", v1_1_0="confirmed active", v1_0_0="")
    print(f"{board}: smpmgr, test, confirm, take back, for good")


# As Zephyr's builds sign for these chips, and nRF Connect SDK's for the second: hashes of 32 and of 64 bytes.
SIGNED = {"xiao_nrf52840": ("ecdsa-p256", []), "xiao_nrf54l15": ("ed25519", ["--sha", "512"])}


def make_images(folder, board, key, stranger, options):
    """{name: bytes}, {name: file}. The bad ones have versions of their own, so that the lists can be told apart."""
    files = {version: os.path.join(folder, version.replace(" ", "-") + ".bin") for version in ("1.0.0", "1.1.0", "1.2.0", "bad 1.2.0", "bad 1.3.0")}
    images = {version: signed(board, version, key, files[version], *options) for version in ("1.0.0", "1.1.0", "1.2.0")}
    tampered = bytearray(images["1.2.0"])
    tampered[0x1234] ^= 0x10
    at = Image(images["1.2.0"]).tlvs[0][1]
    tampered[at] ^= 0x10  # its hash as well, so that the list tells it from the good one
    images["bad 1.2.0"] = bytes(tampered)
    write(files["bad 1.2.0"], images["bad 1.2.0"])
    imgtool_sign(board, "1.3.0", stranger, files["bad 1.3.0"], *options, app=payload(board, "1.2.0"))
    images["bad 1.3.0"] = read(files["bad 1.3.0"])
    return images, files


def main():
    with tempfile.TemporaryDirectory() as folder:
        for board in BOARDS:
            kind, options = SIGNED[board]
            key, stranger = (imgtool_key(folder, kind, f"{kind}-{name}") for name in ("key", "stranger"))
            images, files = make_images(folder, board, key, stranger, options)
            with Live(folder, board, "--loader", make_loader(board, key, folder), "--app", files["1.0.0"]) as live:
                asyncio.run(asyncio.wait_for(smpclient_does_it(board, live.port, images), 300))
                smpmgr_does_it(board, live.port, files, images)
                found = live.control("status")
                check(not found["findings"] and not found["overwrites"] and not found["lost_lines"], f"{board}: {found['findings']}")
    evidence("board_update.py", "smpclient and smpmgr update both virtual boards: trial, confirm, take back, for good, refused, resumed; errors of both protocol versions", count())


main()
