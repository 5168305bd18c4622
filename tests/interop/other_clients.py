# SPDX-License-Identifier: MIT
"""other_clients.py - SMP clients that others wrote, with one face, and the story that each of them goes through with a device.

smpclient, smpmgr, mcumgr-toolkit and mcumgr-client (a Rust program, here as its Python module) come with ./dev setup. mcumgr is a Go
program and is looked for (HOLDFAST_MCUMGR, or the path); where it is not, the tests say so and go on without it."""
import asyncio
import logging
import os
import random
import re
import shutil
import subprocess
import time

from virtual_board import need, read, write

need("smpclient", "smpmgr", "mcumgr_toolkit", "mcumgr_client")
from mcumgr_client import SerialSession  # noqa: E402
from mcumgr_toolkit import MCUmgrClient  # noqa: E402
from smpclient import SMPClient  # noqa: E402
from smpclient.generics import error, success  # noqa: E402
from smpclient.requests import enumeration_management as enum  # noqa: E402
from smpclient.requests import file_management as fs  # noqa: E402
from smpclient.requests import image_management as img  # noqa: E402
from smpclient.requests import os_management as smp_os  # noqa: E402
from smpclient.requests import settings_management as settings  # noqa: E402
from smpclient.requests import shell_management as shell  # noqa: E402
from smpclient.requests import statistics_management as stat  # noqa: E402
from smpclient.requests import zephyr_management as zephyr  # noqa: E402
from smpclient.transport.serial import SMPSerialTransport  # noqa: E402
from smpclient.transport.udp import SMPUDPTransport  # noqa: E402

from checks import check  # noqa: E402
from image_bytes import Image  # noqa: E402

os.environ["COLUMNS"] = "250"  # smpmgr prints a line an image
from smpmgr.main import app as smpmgr_app  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

logging.disable(logging.WARNING)
MCUMGR = os.environ.get("HOLDFAST_MCUMGR") or shutil.which("mcumgr")
HOST, PORT = "127.0.0.1", 1337  # smpmgr knows no other port


def hash_of(image):
    return Image(image).digest()[1]


# --- the clients, with one face --------------------------------------------------------------------------------------------------


class SmpClient:
    def __init__(self, wire, line):
        self.loop = asyncio.new_event_loop()
        self.client = SMPClient(SMPSerialTransport(), line) if wire == "serial" else SMPClient(SMPUDPTransport(), HOST)
        self.loop.run_until_complete(self.client.connect())

    def close(self):
        self.loop.run_until_complete(self.client.disconnect())
        self.loop.close()

    def ask(self, request, **more):
        return self.loop.run_until_complete(self.client.request(request, timeout_s=3.0, **more))

    def good(self, request):
        reply = self.ask(request)
        check(success(reply), f"{request}: {reply}")
        return reply

    def echo(self, text):
        return self.good(smp_os.EchoWrite(d=text)).r

    def list(self):
        return [(e.slot, e.version, e.active, e.confirmed, e.pending) for e in self.good(img.ImageStatesRead()).images]

    def upload(self, path):
        async def go():
            async for _ in self.client.upload(read(path)):
                pass
        self.loop.run_until_complete(go())

    def test(self, digest):
        self.good(img.ImageStatesWrite(hash=digest))

    def confirm(self):
        self.good(img.ImageStatesWrite(confirm=True))

    def erase(self):
        self.good(img.ImageErase(slot=1))

    def reset(self):
        self.good(smp_os.ResetWrite())

    def put(self, name, path):
        async def go():
            async for _ in self.client.upload_file(read(path), name):
                pass
        self.loop.run_until_complete(go())

    def get(self, name, path):
        write(path, self.loop.run_until_complete(self.client.download_file(name)))

    def shell(self, word):
        return self.good(shell.Execute(argv=[word])).o

    def rest(self, data):
        check(self.good(smp_os.MCUMgrParametersRead()).buf_count >= 2, "smpclient: params")
        check(self.good(smp_os.BootloaderInformationRead()).bootloader == "MCUboot", "smpclient: bootloader")
        check(self.good(smp_os.OSApplicationInfoRead(format="s")).output == "holdfast", "smpclient: info")
        check("main" in self.good(smp_os.TaskStatisticsRead()).tasks, "smpclient: tasks")
        self.good(smp_os.MemoryPoolStatisticsRead())
        check(re.match(r"20\d\d-", self.good(smp_os.DateTimeRead()).datetime), "smpclient: clock")
        self.good(smp_os.DateTimeWrite(datetime="2031-02-03T04:05:06"))
        check(self.good(fs.FileStatus(name="/lfs/a.bin")).len == len(data), "smpclient: file status")
        check(self.good(fs.SupportedFileHashChecksumTypes()).types, "smpclient: hash types")
        self.good(fs.FileHashChecksum(name="/lfs/a.bin", type="sha256"))
        self.good(fs.FileClose())
        check(error(self.ask(fs.FileStatus(name="/lfs/none"))), "smpclient: a file that is not there")
        self.good(settings.WriteSetting(name="a/b", val=b"\x01\x02"))
        for request in (settings.CommitSettings(), settings.SaveSettings(), settings.LoadSettings()):
            self.good(request)
        check(self.good(settings.ReadSetting(name="a/b")).val == b"\x01\x02", "smpclient: setting")
        self.good(settings.DeleteSetting(name="a/b"))
        check(error(self.ask(settings.ReadSetting(name="a/b"))), "smpclient: a deleted setting")
        check(self.good(shell.Execute(argv=["echo", "hi"])).o == "hi\r\n", "smpclient: shell")
        names = self.good(stat.ListOfGroups()).stat_list
        check(names and self.good(stat.GroupData(name=names[0])).fields, "smpclient: statistics")
        groups = self.good(enum.ListSupportedGroups()).groups
        check(self.good(enum.CountSupportedGroups()).count == len(groups), "smpclient: groups")
        check([self.good(enum.GroupId(index=i)).group for i in range(len(groups))] == list(groups), "smpclient: groups one by one")
        self.good(enum.GroupDetails())
        self.good(zephyr.EraseStorage())


class SmpManager:
    """Its commands in this process: starting a Python for each takes longer than all the rest."""

    def __init__(self, wire, line):
        self.options = ["--timeout", "3", *(["--port", line] if wire == "serial" else ["--ip", HOST])]

    def close(self):
        pass

    def __call__(self, *words):
        done = CliRunner().invoke(smpmgr_app, [*self.options, *words])
        check(done.exit_code == 0, f"smpmgr {words}: {done.exit_code} {done.exception}\n{done.output}")
        return done.output

    def echo(self, text):
        return re.search(r"r='(.*?)'", self("os", "echo", text))[1]

    def list(self):
        found = []
        for text in self("image", "state-read").split("ImageState(")[1:]:
            flags = [re.search(rf"{flag}=True", text) is not None for flag in ("active", "confirmed", "pending")]
            found.append((int(re.search(r"slot=(\d)", text)[1]), re.search(r"version='([0-9.]+)'", text)[1], *flags))
        return found

    def upload(self, path):
        self("image", "upload", path)

    def test(self, digest):
        self("image", "state-write", digest.hex())

    def confirm(self):
        self("image", "state-write", "--confirm")

    def erase(self):
        self("image", "erase", "1")

    def reset(self):
        self("os", "reset")

    def put(self, name, path):
        self("file", "upload", path, name)

    def get(self, name, path):
        self("file", "download", name, path)

    def shell(self, word):
        return self("shell", word)

    def rest(self, data):
        check(str(len(data)) in self("file", "read-size", "/lfs/a.bin"), "smpmgr: size of a file")
        self("file", "get-hash", "/lfs/a.bin")
        self("file", "get-supported-hash-types")
        check("hi" in self("shell", "echo hi"), "smpmgr: shell")
        self("statistics", "list")
        self("statistics", "fetch-all")


class Toolkit:
    def __init__(self, wire, line):
        self.client = MCUmgrClient.serial(line, 115200, 3000) if wire == "serial" else MCUmgrClient.udp(HOST, PORT, 3000)
        self.client.use_auto_frame_size()

    def close(self):
        self.client.__exit__(None, None, None)

    def echo(self, text):
        return self.client.os_echo(text)

    def list(self):
        return [(e.slot, e.version, e.active, e.confirmed, e.pending) for e in self.client.image_get_state()]

    def upload(self, path):
        self.client.image_upload(read(path))

    def test(self, digest):
        self.client.image_set_state(digest)

    def confirm(self):
        self.client.image_set_state(None, True)

    def erase(self):
        self.client.image_erase(1)

    def reset(self):
        self.client.os_system_reset()

    def put(self, name, path):
        self.client.fs_file_upload(name, read(path))

    def get(self, name, path):
        write(path, self.client.fs_file_download(name))

    def shell(self, word):
        return self.client.shell_execute([word])

    def rest(self, data):
        c = self.client
        c.check_connection()
        check(c.os_mcumgr_parameters().buf_count >= 2 and c.os_application_info("s") == "holdfast", "toolkit: params, info")
        check("mcuboot" in str(c.os_bootloader_info()).lower(), f"toolkit: {c.os_bootloader_info()}")
        check("main" in c.os_task_statistics() and "packets" in c.os_memory_pool_statistics(), "toolkit: tasks, pools")
        c.os_set_datetime(c.os_get_datetime())
        check(c.fs_file_status("/lfs/a.bin").length == len(data), "toolkit: file status")
        check({"crc32", "sha256"} <= set(c.fs_supported_checksum_types()), "toolkit: hash types")
        for kind in ("crc32", "sha256"):
            check(c.fs_file_checksum("/lfs/a.bin", kind).length == len(data), f"toolkit: {kind}")
        c.fs_file_close()
        c.settings_write("a/b", b"12")
        c.settings_commit()
        c.settings_save()
        c.settings_load()
        check(c.settings_read("a/b") == b"12", "toolkit: setting")
        c.settings_delete("a/b")
        check(c.shell_execute(["echo", "hi"]) == "hi\r\n", "toolkit: shell")
        check(all(c.stats_get_group_data(name) for name in c.stats_list_groups()), "toolkit: statistics")
        groups = c.enum_get_group_ids()
        check(c.enum_get_group_count() == len(groups) and [c.enum_get_group_id(i) for i in range(len(groups))] == groups, "toolkit: groups")
        check(len(c.enum_get_group_details()) == len(groups), "toolkit: details")
        check([len(image.slots) for image in c.image_slot_info()] == [2], "toolkit: slots")
        c.zephyr_erase_storage()


class RustClient:
    """mcumgr-client: images and reset over a console line."""

    def __init__(self, _, line):
        self.session = SerialSession(device=line, baudrate=115200, initial_timeout_s=3)

    def close(self):
        self.session = None

    def list(self):
        return [(e["slot"], e["version"], e["active"], e["confirmed"], e["pending"]) for e in self.session.list()]

    def upload(self, path):
        self.session.upload(path, 1)

    def test(self, digest):
        self.session.test(list(digest))

    def confirm(self):
        running = next(e for e in self.session.list() if e["active"])
        self.session.test(running["hash"], True)

    def erase(self):
        self.session.erase(1)

    def reset(self):
        self.session.reset()


class Mcumgr:
    def __init__(self, wire, line):
        where = ["serial", f"dev={line},baud=115200,mtu=512"] if wire == "serial" else ["udp", f"{HOST}:{PORT}"]
        self.words = [MCUMGR, "--conntype", where[0], "--connstring", where[1], "-t", "3"]

    def close(self):
        pass

    def __call__(self, *words):
        done = subprocess.run([*self.words, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
        check(done.returncode == 0 and "Error" not in done.stdout, f"mcumgr {words}: {done.returncode}\n{done.stdout}")
        return done.stdout

    def echo(self, text):
        return self("echo", text).strip()

    def list(self):
        return [(int(slot), version, "active" in flags, "confirmed" in flags, "pending" in flags) for slot, version, flags in
                re.findall(r"slot=(\d)\n +version: (\S+)\n.*?flags: ?(.*?)\n", self("image", "list"), re.S)]

    def upload(self, path):
        self("image", "upload", path)

    def test(self, digest):
        self("image", "test", digest.hex())

    def confirm(self):
        self("image", "confirm")

    def erase(self):
        self("image", "erase")

    def reset(self):
        self("reset")

    def put(self, name, path):
        self("fs", "upload", path, name)

    def get(self, name, path):
        self("fs", "download", name, path)

    def shell(self, word):
        return self("shell", "exec", word)

    def rest(self, _):
        check("main" in self("taskstat") and re.search(r"20\d\d-", self("datetime")), "mcumgr: tasks, clock")
        self("mpstat")  # it looks for the pools elsewhere than Zephyr's server puts them, and finds none
        check("holdfast" in self("config", "demo/name"), "mcumgr: setting")
        check("smp" in self("stat", "list") and "requests" in self("stat", "smp"), "mcumgr: statistics")
        check("hi" in self("shell", "exec", "echo", "hi"), "mcumgr: shell")


def kinds_here():
    """{name: class}; mcumgr only where it is."""
    kinds = {"smpclient": SmpClient, "smpmgr": SmpManager, "mcumgr-toolkit": Toolkit, "mcumgr-client": RustClient}
    if MCUMGR:
        kinds["mcumgr"] = Mcumgr
    else:
        print("NOT TESTED: mcumgr, the client in Go, is not here (HOLDFAST_MCUMGR may name it)")
    return kinds


# --- what each of them does ----------------------------------------------------------------------------------------------------


def listed(client, wanted, what):
    """Asked again while the device is away."""
    for turn in range(20):
        try:
            found = client.list()
            break
        except (SystemExit, TimeoutError, asyncio.TimeoutError, RuntimeError, OSError):
            if turn == 19:
                raise
            time.sleep(0.1)
    check(found == wanted, f"{what}:\nfound    {found}\nexpected {wanted}")


def resets(client):
    client.reset()
    time.sleep(0.1)


def with_files(client, folder, what):
    sent, back = os.path.join(folder, "sent"), os.path.join(folder, "back")
    data = write(sent, random.Random(what).randbytes(3500)) and read(sent)
    client.put("/lfs/a.bin", sent)
    client.get("/lfs/a.bin", back)
    check(read(back) == data, f"{what}: the file is another when it comes back")
    client.rest(data)


def story(client, images, what, files_in=None):
    """images: {version: path}; files_in: a folder, where the device has the example application."""
    old, new = "1.0.0", "1.1.0"
    if hasattr(client, "echo"):
        check(client.echo("hello there") == "hello there", f"{what}: echo")
    listed(client, [(0, old, True, True, False)], f"{what}, before")
    if files_in and hasattr(client, "put"):
        with_files(client, files_in, what)
    client.upload(images[new])
    listed(client, [(0, old, True, True, False), (1, new, False, False, False)], f"{what}, uploaded")
    client.test(hash_of(read(images[new])))
    listed(client, [(0, old, True, True, False), (1, new, False, False, True)], f"{what}, requested")
    resets(client)
    listed(client, [(0, new, True, False, False), (1, old, False, True, False)], f"{what}, on trial")
    resets(client)
    listed(client, [(0, old, True, True, False), (1, new, False, False, False)], f"{what}, taken back")
    client.test(hash_of(read(images[new])))
    resets(client)
    listed(client, [(0, new, True, False, False), (1, old, False, True, False)], f"{what}, on trial again")
    client.confirm()
    listed(client, [(0, new, True, True, False), (1, old, False, False, False)], f"{what}, confirmed")
    client.erase()
    listed(client, [(0, new, True, True, False)], f"{what}, erased")


def on_purpose(make, what):
    """The same command in program after program, and twice in one, is meant each time: the server does not take it for the same that came
    twice. make: begins a program anew."""
    done = 0
    for times in (1, 1, 2):
        client = make()
        for _ in range(times):
            done += 1
            said = client.shell("count") if hasattr(client, "shell") else ""
            check(not said or re.search(rf"(?<!\d){done}(?!\d)", said.replace("\\r", " ")), f"{what}: the command was not run the {done}. time: {said}")
        client.close()
