# SPDX-License-Identifier: MIT
"""Programs that others wrote, against the recovery that ships: the library smpclient and the command smpmgr, and the Go tool mcumgr where it
is installed. They see an MCUboot-like server: echo, params, image state, upload, test, reset."""
import asyncio
import logging
import os
import shutil
import subprocess
import sys
import tempfile

from virtual_board import evidence, need, read

need("smpclient", "smpmgr")
from smpclient import SMPClient  # noqa: E402
from smpclient.generics import error, success  # noqa: E402
from smpclient.requests.image_management import ImageErase, ImageStatesRead, ImageStatesWrite  # noqa: E402
from smpclient.requests.os_management import BootloaderInformationRead, EchoWrite, MCUMgrParametersRead, ResetWrite  # noqa: E402
from smpclient.transport.serial import SMPSerialTransport  # noqa: E402

from checks import check, count  # noqa: E402
from recovery import Lab, Line, version_of, why  # noqa: E402

logging.disable(logging.WARNING)
SMPMGR = os.path.join(os.path.dirname(sys.executable), "smpmgr")


def into_recovery(port):
    with Line(port) as line:
        why(line)
        line.ask(2, 0, 5, {"boot_mode": 1})
        check(why(line)["stop"] != 0, "in recovery")


async def library(lab, port):
    client = SMPClient(SMPSerialTransport(), port)
    await client.connect()
    reply = await client.request(EchoWrite(d="Hällo"))
    check(success(reply) and reply.r == "Hällo", f"echo: {reply}")
    reply = await client.request(MCUMgrParametersRead())
    check(success(reply) and reply.buf_size == 2052, f"params: {reply}")
    reply = await client.request(BootloaderInformationRead())
    check(success(reply) and reply.bootloader == "MCUboot", f"bootloader: {reply}")
    reply = await client.request(ImageErase(slot=0))
    check(error(reply), f"erase of the running image: {reply}")
    image = read(lab.images["1.1.0"])
    offs = [off async for off in client.upload(image, first_timeout_s=5)]
    check(offs and offs[-1] == len(image), f"upload: {offs}")
    reply = await client.request(ImageStatesRead(), timeout_s=5)
    check(success(reply) and [i.version for i in reply.images] == ["1.0.0", "1.1.0"] and reply.images[1].pending, f"state: {reply}")
    reply = await client.request(ImageStatesWrite(hash=reply.images[1].hash), timeout_s=5)
    check(success(reply), f"test: {reply}")
    check(success(await client.request(ResetWrite())), "reset")
    await client.disconnect()


def command(lab, port, *words):
    done = subprocess.run([SMPMGR, "--port", port, "--timeout", "10", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, env=dict(os.environ, COLUMNS="250"))
    check(done.returncode == 0, f"{lab.board}: smpmgr {' '.join(words)}: {done.stdout}")
    return done.stdout


def go_tool(lab, port):
    tool = shutil.which("mcumgr")
    if tool is None:
        return False
    line = ["--conntype", "serial", "--connstring", f"dev={port},baud=115200,mtu=512"]
    for words in (["echo", "hello"], ["image", "list"], ["image", "upload", lab.images["1.0.0"]], ["image", "list"], ["reset"]):
        done = subprocess.run([tool, *line, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120)
        check(done.returncode == 0, f"{lab.board}: mcumgr {' '.join(words)}: {done.stdout}")
    return True


def main():
    clients = "smpclient, smpmgr"
    with tempfile.TemporaryDirectory() as folder:
        for board in ("xiao_nrf54l15", "xiao_nrf52840"):
            lab = Lab(folder, board)
            with lab.live() as live:
                into_recovery(live.port)
                asyncio.run(library(lab, live.port))
                with Line(live.port) as line:
                    reply = why(line)
                    check(reply["stop"] == 0 and reply["trial"] and version_of(line)[0] == "1.1.0", f"{board}: 1.1.0 on trial: {reply}")
                    check(line.ask(2, 1, 0, {"confirm": True}) is not None, f"{board}: confirmed")
                into_recovery(live.port)
                check("1.1.0" in command(lab, live.port, "image", "state-read"), f"{board}: smpmgr lists")
                command(lab, live.port, "image", "upload", lab.images["1.0.0"])
                command(lab, live.port, "os", "reset")
                with Line(live.port) as line:
                    reply = why(line)
                    check(reply["stop"] == 0 and reply["trial"] and version_of(line)[0] == "1.0.0", f"{board}: smpmgr's upload on trial: {reply}")
                    line.ask(2, 1, 0, {"confirm": True})
                into_recovery(live.port)
                if go_tool(lab, live.port):
                    clients = "smpclient, smpmgr, mcumgr"
    evidence("recovery_clients", f"{clients} against recovery on both boards", count())


if __name__ == "__main__":
    main()
