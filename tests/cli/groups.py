#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The example application of `holdfast serve`, asked by a client that is not ours (smp.py): each group, and what must be refused."""
import os
import re
import subprocess
import time
import zlib

import harness
import smp
from harness import free_port, ok, serve
from smp import BASIC, ENUM, FS, OS, READ, SETTINGS, SHELL, STAT, WRITE, UdpClient


def prepare():
    ok("key", "new", "k.pem")
    return harness.signed("old", "1.0.0", "k.pem")


def test_settings():
    port = free_port()
    with serve(prepare(), "--udp", str(port), "-k", "k.pem"), UdpClient(port) as client:
        def value(name):
            return client.ask(READ, SETTINGS, 0, {"name": name})
        assert value("demo/name") == {"val": b"holdfast"}
        assert client.ask(WRITE, SETTINGS, 0, {"name": "a/b", "val": b"1"}) == {}
        assert client.ask(WRITE, SETTINGS, 0, {"name": "a/c", "val": b"2"}) == {}
        assert client.ask(WRITE, SETTINGS, 3, {"name": "a/b"}) == {} and client.ask(WRITE, SETTINGS, 2, {}) == {}
        assert client.ask(READ, SETTINGS, 3, {}) == {}
        assert value("a/b") == {"val": b"1"} and value("a/c") == {"err": {"group": 3, "rc": 3}}
        assert client.ask(WRITE, SETTINGS, 1, {"name": "a/b"}) == {} and client.ask(WRITE, SETTINGS, 3, {}) == {}
        assert value("a/b") == {"err": {"group": 3, "rc": 3}}
        assert client.ask(WRITE, SETTINGS, 0, {"name": "x" * 65, "val": b""}) == {"err": {"group": 3, "rc": 2}}
        assert client.ask(WRITE, SETTINGS, 0, {"name": "", "val": b""})["err"]["group"] == 3
        for number in range(40):
            last = client.ask(WRITE, SETTINGS, 0, {"name": f"n/{number}", "val": bytes(256)})
        assert last == {"err": {"group": 3, "rc": 1}}
        assert client.ask(WRITE, BASIC, 0, {}) == {} and value("demo/name") == {"err": {"group": 3, "rc": 3}}


def test_statistics_shell_tasks_clock():
    port = free_port()
    with serve(prepare(), "--udp", str(port), "-k", "k.pem"), UdpClient(port) as client:
        assert client.ask(READ, STAT, 1, {}) == {"stat_list": ["smp", "files", "settings"]}
        assert client.ask(READ, STAT, 0, {"name": "smp"})["fields"]["requests"] == 2
        assert client.ask(READ, STAT, 0, {"name": "none"}) == {"err": {"group": 2, "rc": 2}}
        assert client.ask(WRITE, SHELL, 0, {"argv": ["echo", "a  b", "c"]}) == {"o": "a  b c\r\n", "ret": 0}
        assert client.ask(WRITE, SHELL, 0, {"argv": ["fail", "-7"]}) == {"o": "", "ret": -7}
        assert client.ask(WRITE, SHELL, 0, {"argv": ["nothing"]})["ret"] == -8
        assert client.ask(WRITE, SHELL, 0, {"argv": []}) == {"err": {"group": 9, "rc": 3}}
        assert client.ask(WRITE, SHELL, 0, {"argv": ["x" * 300]}) == {"err": {"group": 9, "rc": 2}}
        assert client.ask(WRITE, SHELL, 0, {"argv": ["a"] * 500}) == {"err": {"group": 9, "rc": 2}}
        tasks = client.ask(READ, OS, 2, {})["tasks"]
        assert tasks["main"]["prio"] == 0 and tasks["idle"]["stksiz"] == 80
        assert client.ask(READ, OS, 3, {})["packets"]["nblks"] == 4
        assert client.ask(WRITE, OS, 4, {"datetime": "2031-02-03T04:05:06.789"}) == {}
        assert re.match(r"2031-02-03T04:05:0[6-9]$", client.ask(READ, OS, 4, {})["datetime"])
        for bad in ("2031-13-03T04:05:06", "2031-02-03", "x" * 19, "2031-02-03T04:05:06.78901234567", 7):
            assert client.ask(WRITE, OS, 4, {"datetime": bad}) not in ({},), bad
        groups = client.ask(READ, ENUM, 1, {})["groups"]
        assert groups[:2] == [0, 1] and {2, 3, 8, 9, 10, 63} < set(groups) and client.ask(READ, ENUM, 0, {}) == {"count": len(groups)}
        assert client.ask(READ, ENUM, 3, {"groups": [8]})["groups"] == [{"group": 8, "name": "fs mgmt", "handlers": 5}]


def file_put(client, name, data, piece=700):
    off = 0
    while off < len(data) or off == 0:
        first = {"len": len(data)} if off == 0 else {}
        reply = client.ask(WRITE, FS, 0, {"off": off, "name": name, "data": data[off : off + piece], **first})
        assert reply == {"off": min(off + piece, len(data))}, reply
        off = reply["off"]
        if not data:
            break


def file_get(client, name):
    data, size = b"", None
    while size is None or len(data) < size:
        reply = client.ask(READ, FS, 0, {"off": len(data), "name": name})
        assert "data" in reply, reply
        size = reply.get("len", size)
        data += reply["data"]
    return data


def exercise_files(client):
    data = bytes(i * 13 & 0xFF for i in range(5000))
    file_put(client, "/lfs/data.bin", data)
    assert file_get(client, "/lfs/data.bin") == data
    assert client.ask(READ, FS, 1, {"name": "/lfs/data.bin"}) == {"len": 5000}
    assert client.ask(READ, FS, 2, {"name": "/lfs/data.bin", "type": "crc32"})["output"] == zlib.crc32(data)
    assert len(client.ask(READ, FS, 2, {"name": "/lfs/data.bin", "type": "sha256"})["output"]) == 32
    assert set(client.ask(READ, FS, 3, {})["types"]) == {"crc32", "sha256"} and client.ask(WRITE, FS, 4, {}) == {}
    file_put(client, "/lfs/data.bin", b"short")
    assert file_get(client, "/lfs/data.bin") == b"short"
    file_put(client, "/lfs/empty", b"")
    assert client.ask(READ, FS, 1, {"name": "/lfs/empty"}) == {"len": 0}
    assert client.ask(READ, FS, 2, {"name": "/lfs/empty"}) == {"err": {"group": 8, "rc": 16}}
    assert client.ask(READ, FS, 1, {"name": "/lfs/none"}) == {"err": {"group": 8, "rc": 3}}
    assert client.ask(READ, FS, 0, {"name": "/lfs/data.bin", "off": 6}) == {"err": {"group": 8, "rc": 12}}
    assert client.ask(WRITE, FS, 0, {"name": "/lfs/data.bin", "off": 9, "data": b"x"}) == {"err": {"group": 8, "rc": 11}, "len": 5}
    for name, code in (("", 2), ("/lfs", 4), ("/lfs/", 4), ("/other/x", 14), ("/lfs/../x", 2), ("/lfs/a\0b", 2), ("/lfs/" + "n" * 130, 2)):
        assert client.ask(READ, FS, 1, {"name": name}) == {"err": {"group": 8, "rc": code}}, name


def test_files_in_memory():
    port = free_port()
    with serve(prepare(), "--udp", str(port), "-k", "k.pem"), UdpClient(port) as client:
        assert file_get(client, "/lfs/hello.txt").startswith(b"A file")
        exercise_files(client)
        for number in range(70):
            last = client.ask(WRITE, FS, 0, {"off": 0, "name": f"/lfs/{number}", "data": b"", "len": 0})
        assert last == {"err": {"group": 8, "rc": 5}}


def test_files_in_a_folder():
    port = free_port()
    for folder in ("lfs", "lfs/sub", "outside"):
        os.mkdir(folder)
    harness.write("outside/secret", b"secret")
    os.symlink("../outside/secret", "lfs/link")
    os.symlink("../outside", "lfs/way")
    os.mkfifo("lfs/pipe")
    with serve(prepare(), "--udp", str(port), "-k", "k.pem", "--files", "lfs"), UdpClient(port) as client:
        exercise_files(client)
        file_put(client, "/lfs/sub/x", b"inside")
        assert harness.read("lfs/sub/x") == b"inside" and harness.read("lfs/data.bin") == b"short"
        for name in ("link", "way/secret", "way/new", "../outside/secret", "sub/../../outside/secret", "//etc/passwd", "./data.bin", "sub//x", "pipe",
                     "sub", "none/x", "data.bin/x"):
            assert "err" in client.ask(READ, FS, 1, {"name": f"/lfs/{name}"}), name
            assert "err" in client.ask(WRITE, FS, 0, {"off": 0, "name": f"/lfs/{name}", "data": b"x", "len": 1}), name
    assert harness.read("outside/secret") == b"secret" and os.listdir("outside") == ["secret"]
    harness.fails(harness.FILE, "HOST_FILE_MISSING", "serve", "old.bin", "--udp", str(port), "-k", "k.pem", "--files", "absent")


def image_first(data, **more):
    return {"off": 0, "len": len(data), "data": data[:300], **more}


def test_a_second_client_does_not_touch_an_upload():
    port = free_port()
    old = prepare()
    new = harness.read(harness.signed("new", "1.1.0", "k.pem", 20000))
    other = harness.read(harness.signed("other", "2.0.0", "k.pem", 20000))
    with serve(old, "--udp", str(port), "--pty", "-k", "k.pem", "--lease-ms", "600000") as said, UdpClient(port) as first, UdpClient(port) as second:
        assert first.ask(WRITE, smp.IMAGE, 1, image_first(new)) == {"off": 300}
        assert second.ask(WRITE, smp.IMAGE, 1, image_first(other))["rc"] == 10
        assert second.ask(WRITE, smp.IMAGE, 1, {"off": 300, "data": other[300:600]}) == {"off": 0}
        assert second.ask(WRITE, smp.IMAGE, 5, {})["rc"] == 10
        refused = harness.run("image", "upload", said["pty"], "other.bin")
        assert refused.code == harness.DEVICE and "HF-0945" in refused.err, refused.text()
        off = 300
        while off < len(new):
            off = first.ask(WRITE, smp.IMAGE, 1, {"off": off, "data": new[off : off + 1000]})["off"]
        ok("image", "test", said["pty"], "new.bin")
        listed = ok("image", "list", said["pty"], "--json").json()["images"]
        assert listed[1]["version"] == "1.1.0" and listed[1]["pending"], listed


def test_a_second_client_does_not_touch_a_file():
    port = free_port()
    with serve(prepare(), "--udp", str(port), "-k", "k.pem", "--lease-ms", "1500"), UdpClient(port) as first, UdpClient(port) as second:
        mine, other = b"m" * 3000, b"o" * 3000
        name = {"name": "/lfs/x"}
        assert first.ask(WRITE, FS, 0, {"off": 0, "len": 3000, "data": mine[:1000], **name}) == {"off": 1000}
        assert second.ask(WRITE, FS, 0, {"off": 0, "len": 3000, "data": other[:1000], **name})["rc"] == 10
        assert second.ask(WRITE, FS, 0, {"off": 1000, "data": other[1000:2000], **name})["rc"] == 10
        assert second.ask(WRITE, FS, 4, {}) == {}
        assert second.ask(WRITE, FS, 0, {"off": 1000, "data": other[1000:2000], **name})["rc"] == 10
        assert first.ask(WRITE, FS, 0, {"off": 1000, "data": mine[1000:2000], **name}) == {"off": 2000}
        time.sleep(1.6)  # the first is silent: its claim ends
        assert second.ask(WRITE, FS, 0, {"off": 0, "len": 3000, "data": other[:1000], **name}) == {"off": 1000}
        assert first.ask(WRITE, FS, 0, {"off": 2000, "data": mine[2000:], **name})["rc"] == 10
        for off in (1000, 2000):
            assert second.ask(WRITE, FS, 0, {"off": off, "data": other[off : off + 1000], **name}) == {"off": off + 1000}
        assert file_get(first, "/lfs/x") == other
        # Complete: free for all again. And a first request that comes twice does not cut what is there.
        assert first.ask(WRITE, FS, 0, {"off": 0, "len": 2000, "data": mine[:1000], **name}) == {"off": 1000}
        again = smp.message(WRITE, FS, 0, first.sequence, {"off": 0, "len": 2000, "data": mine[:1000], **name})
        assert first.ask(WRITE, FS, 0, {"off": 1000, "data": mine[1000:2000], **name}) == {"off": 2000}
        first.socket.send(again)
        assert smp.load(first.receive()[8:]) == {"off": 1000}, "what was said the first time"
        assert file_get(second, "/lfs/x") == mine[:2000]


def both_at_once(*runs):
    """Two of our clients, started together."""
    started = [subprocess.Popen([harness.CLI, *run], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for run in runs]
    return [(process.communicate(timeout=120), process.returncode) for process in started]


def test_two_of_our_clients_at_once():
    """Whatever the order: no file and no slot holds a mixture, and who was refused is told why."""
    old = prepare()
    images = [harness.signed(name, version, "k.pem", 60000) for name, version in (("one", "1.1.0"), ("two", "1.2.0"))]
    files = [harness.write(name, name.encode() * 100000) for name in ("aaaa", "bbbb")]
    port = free_port()
    with serve(old, "--udp", str(port), "-k", "k.pem") as _:
        where = f"udp:127.0.0.1:{port}?mtu=576"
        for _ in range(3):
            outcomes = both_at_once(*[("image", "upload", where, image, "--window", "1") for image in images])
            assert any(code == 0 for _, code in outcomes), outcomes
            assert all(code == 0 or "HF-0945" in err for (_, err), code in outcomes), outcomes
            listed = ok("image", "list", where, "--json").json()["images"]
            assert listed[1]["version"] in ("1.1.0", "1.2.0"), listed
            ok("image", "test", where, "one.bin" if listed[1]["version"] == "1.1.0" else "two.bin")
            ok("image", "erase", where)
            outcomes = both_at_once(*[("fs", "upload", where, name, "/lfs/x", "--window", "2") for name in files])
            assert any(code == 0 for _, code in outcomes), outcomes
            ok("fs", "download", where, "/lfs/x", "got")
            assert harness.read("got") in [harness.read(name) for name in files]


harness.main(globals())
