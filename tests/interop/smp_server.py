# SPDX-License-Identifier: MIT
"""Holdfast's SMP server against the smpclient library: whole update, refusals in both protocol versions, odd requests.

usage: smp_server.py DEVICE_PROGRAM
"""
import asyncio
import hashlib
import logging
import os
import struct
import subprocess
import sys

from checks import check, count

try:
    from smp import header as smpheader
    from smp.error import MGMT_ERR
    from smp.image_management import IMG_MGMT_ERR
    from smp.os_management import OS_MGMT_RET_RC
    from smpclient import SMPClient
    from smpclient.generics import error_v1, error_v2, success
    from smpclient.requests.image_management import ImageErase, ImageStatesRead, ImageStatesWrite, ImageUploadWrite
    from smpclient.requests.os_management import (BootloaderInformationRead, EchoWrite, MCUMgrParametersRead,
                                                  OSApplicationInfoRead, ResetWrite)
    from smpclient.transport.serial import SMPSerialTransport
except ImportError as problem:
    print(f"skipped: {problem}")
    sys.exit(77)

V1 = smpheader.Version.V1
logging.disable(logging.WARNING)  # the library remarks on each version 1 request


def image_of(major, minor, payload):
    """A plain image: header, payload, SHA-256 TLV. The server does not look at signatures."""
    head = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 512, 0, len(payload), 0, major, minor, 0, 0, 0)
    body = head.ljust(512, b"\0") + payload
    digest = hashlib.sha256(body).digest()
    return body + struct.pack("<HHHH", 0x6907, 40, 0x10, 32) + digest, digest


def check_v2(reply, group_code, what):
    check(error_v2(reply) and reply.err.rc == group_code, f"{what}: {reply}")


def check_v1(reply, code, reason, what):
    check(error_v1(reply) and reply.rc == code and reply.rsn == reason, f"{what}: {reply}")


async def odds_and_ends(client):
    reply = await client.request(EchoWrite(d="Hällo, world"))
    check(success(reply) and reply.r == "Hällo, world", f"echo: {reply}")
    reply = await client.request(EchoWrite(d="one", version=V1))
    check(success(reply) and reply.r == "one", f"echo, version 1: {reply}")
    reply = await client.request(MCUMgrParametersRead())
    check(success(reply) and reply.buf_size == 1028 and reply.buf_count == 3, f"params: {reply}")
    reply = await client.request(OSApplicationInfoRead(format="pi"))
    check(success(reply) and reply.output == "cortex-m4 virtual", f"info: {reply}")
    check_v2(await client.request(OSApplicationInfoRead(format="z")), OS_MGMT_RET_RC.INVALID_FORMAT, "info z")
    check_v1(await client.request(OSApplicationInfoRead(format="z", version=V1)), MGMT_ERR.EINVAL, "HF-0920", "info z, version 1")
    reply = await client.request(BootloaderInformationRead())
    check(success(reply) and reply.bootloader == "MCUboot", f"bootloader: {reply}")
    check_v2(await client.request(BootloaderInformationRead(query="x")), OS_MGMT_RET_RC.QUERY_YIELDS_NO_ANSWER, "bootloader x")
    check_v2(await client.request(ImageErase(slot=0)), IMG_MGMT_ERR.NO_FREE_SLOT, "erase of the running image")
    check_v1(await client.request(ImageErase(slot=0, version=V1)), MGMT_ERR.EBADSTATE, "HF-0942", "the same, version 1")
    check_v2(await client.request(ImageErase(slot=9)), IMG_MGMT_ERR.INVALID_SLOT, "erase of slot 9")
    check_v2(await client.request(ImageStatesWrite(hash=bytes(32))), IMG_MGMT_ERR.HASH_NOT_FOUND, "unknown hash")
    check_v2(await client.request(ImageUploadWrite(off=0, data=bytes(64), len=64)), IMG_MGMT_ERR.INVALID_IMAGE_HEADER_MAGIC, "no image")


async def states(client):
    reply = await client.request(ImageStatesRead())
    check(success(reply), f"state: {reply}")
    return reply.images


async def update(client, file, digest, confirm_at_once):
    offsets = [off async for off in client.upload(file, first_timeout_s=5)]
    check(offsets[-1] == len(file) and offsets == sorted(offsets), "upload")
    images = await states(client)
    check(len(images) == 2 and images[1].hash == digest and not images[1].pending, f"after the upload: {images}")
    reply = await client.request(ImageStatesWrite(hash=digest, confirm=confirm_at_once))
    check(success(reply) and reply.images[1].pending and reply.images[1].permanent == confirm_at_once, f"request: {reply}")
    reply = await client.request(ResetWrite())
    check(success(reply), f"reset: {reply}")
    images = await states(client)
    check(images[0].hash == digest and images[0].active and images[0].confirmed == confirm_at_once, f"after the swap: {images}")
    return len(offsets)


async def session(port):
    first, first_digest = image_of(1, 1, os.urandom(70001))
    second, second_digest = image_of(1, 2, os.urandom(30000))
    async with SMPClient(SMPSerialTransport(), port) as client:
        await odds_and_ends(client)
        chunks = await update(client, first, first_digest, False)
        check(chunks < 90, f"messages of {len(first) / chunks:.0f} bytes: the buffer size was not used")
        # On trial: the way back is guarded.
        check_v2(await client.request(ImageErase()), IMG_MGMT_ERR.NO_FREE_SLOT, "erase during a trial")
        reply = await client.request(ImageUploadWrite(off=0, data=second[:64], len=len(second)))
        check_v2(reply, IMG_MGMT_ERR.NO_FREE_SLOT, "upload during a trial")
        reply = await client.request(ImageStatesWrite(hash=first_digest, confirm=True))
        check(success(reply) and reply.images[0].confirmed, f"confirm: {reply}")
        # Not confirmed: it goes back at the next reset.
        await update(client, second, second_digest, False)
        check(success(await client.request(ResetWrite())), "reset")
        images = await states(client)
        check(images[0].hash == first_digest and images[0].confirmed, f"after the revert: {images}")
        # Permanent at once.
        await update(client, second, second_digest, True)
        check(success(await client.request(ImageErase())), "erase")
        check(len(await states(client)) == 1, "one image is left")


def main():
    for options in ([], ["--rram"], ["--log"], ["--rram", "--log"]):
        device = subprocess.Popen([sys.argv[1], *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            asyncio.run(asyncio.wait_for(session(device.stdout.readline().strip()), 60))
        finally:
            device.stdin.close()
            device.wait(10)
        print("passed:", " ".join(options) or "NOR")
    print(f"{count()} checks")


main()
