# SPDX-License-Identifier: MIT
"""A virtual board is updated over its PTY by programs that others wrote: smpclient from upload to confirm, and smpmgr's command."""
import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time

from smpclient import SMPClient
from smpclient.generics import success
from smpclient.requests.image_management import ImageStatesRead, ImageStatesWrite
from smpclient.requests.os_management import EchoWrite, ResetWrite
from smpclient.transport.serial import SMPSerialTransport

from virtual_board import BOARDS, CLI, imgtool_sign, make_loader, payload, run

logging.disable(logging.WARNING)


async def states(client):
    """Asked again while the board swaps and starts."""
    for _ in range(120):
        try:
            reply = await client.request(ImageStatesRead(), timeout_s=1.0)
        except (TimeoutError, asyncio.TimeoutError):
            continue
        if success(reply):
            return reply.images
    raise SystemExit("the board does not come back")


async def update(client, path, hash_before):
    """Upload, test, reset, confirm."""
    with open(path, "rb") as file:
        image = file.read()
    async for _ in client.upload(image, first_timeout_s=5):
        pass
    uploaded = next(entry for entry in await states(client) if entry.slot == 1)
    reply = await client.request(ImageStatesWrite(hash=uploaded.hash))
    assert success(reply), reply
    assert success(await client.request(ResetWrite()))
    await asyncio.sleep(0.5)
    images = await states(client)
    assert images[0].hash == uploaded.hash and images[0].active and not images[0].confirmed, f"not on trial: {images}"
    assert images[1].hash == hash_before, f"the way back is not there: {images}"
    reply = await client.request(ImageStatesWrite(hash=uploaded.hash, confirm=True))
    assert success(reply) and reply.images[0].confirmed, reply
    assert success(await client.request(ResetWrite()))
    await asyncio.sleep(0.5)
    images = await states(client)
    assert images[0].hash == uploaded.hash and images[0].confirmed, f"after the confirm: {images}"


async def session(port, image):
    async with SMPClient(SMPSerialTransport(), port) as client:
        reply = await client.request(EchoWrite(d="there?"))
        assert success(reply) and reply.r == "there?"
        first = (await states(client))[0]
        assert first.version == "1.0.0" and first.active and first.confirmed, first
        await update(client, image, first.hash)


def smpmgr(port, *words):
    """smpmgr starts a session a call; the board may still be starting."""
    command = [os.path.join(os.path.dirname(sys.executable), "smpmgr"), "--port", port, "--timeout", "5", *words]
    for left in (4, 3, 2, 1, 0):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode == 0 or left == 0:
            assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
            return done.stdout
        time.sleep(1)
    return ""


def main():
    for board in BOARDS:
        with tempfile.TemporaryDirectory() as folder:
            key, old, new, newer = (os.path.join(folder, name) for name in ("key.pem", "old.bin", "new.bin", "newer.bin"))
            run(sys.executable, "-m", "imgtool.main", "keygen", "-t", "ecdsa-p256", "-k", key)
            loader = make_loader(board, key, folder)
            run(CLI, "sign", payload(board, "1.0.0"), old, "-v", "1.0.0", "--board", board, "--pad-header", "-k", key)
            imgtool_sign(sys.executable, board, "1.1.0", key, new)
            imgtool_sign(sys.executable, board, "1.2.0", key, newer)
            process = subprocess.Popen([CLI, "board", "run", board, "--loader", loader, "--app", old], stdout=subprocess.PIPE, text=True)
            try:
                port = process.stdout.readline().strip()
                assert port, "the virtual board did not start"
                asyncio.run(asyncio.wait_for(session(port, new), 120))
                print(f"{board}: smpclient updated 1.0.0 to 1.1.0, signed by imgtool, and confirmed it")
                smpmgr(port, "image", "upload", newer)
                listed = smpmgr(port, "image", "state-read")
                assert "1.2.0" in listed, listed
                print(f"{board}: smpmgr uploaded 1.2.0")
            finally:
                process.terminate()
                process.wait(10)


main()
