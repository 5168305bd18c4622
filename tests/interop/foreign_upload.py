#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""foreign_upload.py CLIENT PORT BAUD BUF_SIZE FILE: one upload by a client that others wrote, over a serial line; what tools/bench-smp times
beside ours. The device measures, so the start of an interpreter is not counted. CLIENT: smpclient, mcumgr-toolkit, mcumgr."""
import asyncio
import os
import subprocess
import sys


async def smpclient(port, baud, data):
    from smpclient import SMPClient
    from smpclient.transport.serial import SMPSerialTransport
    client = SMPClient(SMPSerialTransport(baudrate=baud), port)
    await client.connect()
    async for _ in client.upload(data):
        pass
    await client.disconnect()


def toolkit(port, baud, data):
    from mcumgr_toolkit import MCUmgrClient
    with MCUmgrClient.serial(port, baud, 10000) as client:
        client.use_auto_frame_size()
        client.image_upload(data)


def mcumgr(port, baud, buf_size, path):
    """The message size is the user's to know there (three quarters of mtu, less 13); 512 image bytes is its limit whatever the device takes."""
    words = [os.environ.get("HOLDFAST_MCUMGR", "mcumgr"), "--conntype", "serial", "--connstring",
             f"dev={port},baud={baud},mtu={(buf_size - 4 + 13) * 4 // 3}", "image", "upload", path]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode or "Done" not in done.stdout:
        sys.exit(f"mcumgr: {done.stdout[-400:]}")


def main():
    name, port, baud, buf_size, path = sys.argv[1:6]
    with open(path, "rb") as file:
        data = file.read()
    if name == "smpclient":
        asyncio.run(smpclient(port, int(baud), data))
    elif name == "mcumgr-toolkit":
        toolkit(port, int(baud), data)
    else:
        mcumgr(port, int(baud), int(buf_size), path)


main()
