#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Packages: what `zip` writes is what phone apps need, reads back as it was, and foreign or hostile archives are judged."""
import json
import os
import zipfile

import harness
from harness import FILE, REFUSED, USAGE, Device, fails, ok


def prepare():
    ok("key", "new", "k.pem")
    return harness.signed("app", "1.1.0", "k.pem"), harness.signed("net", "1.2.0+3", "k.pem", 2000)


def manifest_of(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return json.loads(archive.read("manifest.json"))


def archive(path, files, manifest, method=zipfile.ZIP_STORED, names=None):
    """A package that we did not make. files: name: bytes; names: for entries that a dict can't hold."""
    with zipfile.ZipFile(path, "w", method) as made:
        for name, data in (names or list(files.items())):
            made.writestr(name, data)
        if manifest is not None:
            made.writestr("manifest.json", manifest if isinstance(manifest, (str, bytes)) else json.dumps(manifest))
    return path


def one(name="app.bin", **more):
    return {"format-version": 0, "time": 1, "files": [{"file": name, "type": "application", "image_index": "0", **more}]}


def test_manifest_has_what_phone_apps_need():
    app, _ = prepare()
    ok("zip", app, "-o", "out.zip", "--board", "my_board", "--soc", "nrf54l15")
    manifest = manifest_of("out.zip")
    assert manifest["format-version"] == 0 and isinstance(manifest["time"], int)
    entry = manifest["files"][0]
    size = len(harness.read(app))
    wanted = {"type": "application", "board": "my_board", "soc": "nrf54l15", "image_index": "0", "slot_index_primary": "1",
              "slot_index_secondary": "2", "version_MCUBOOT": "1.1.0", "size": size, "file": "app.bin"}
    assert {key: entry[key] for key in wanted} == wanted and "slot" not in entry
    assert isinstance(entry["modtime"], int) and isinstance(entry["load_address"], int)
    with zipfile.ZipFile("out.zip") as made:
        assert made.read("app.bin") == harness.read(app)
        assert all("/" not in name and " " not in name for name in made.namelist())


def test_two_images_round_trip():
    app, net = prepare()
    said = ok("zip", app, net, "-o", "out.zip", "--json").json()
    assert [(row["name"], row["image"], row["version"]) for row in said["images"]] == [("app.bin", 0, "1.1.0"), ("net.bin", 1, "1.2.0+3")]
    shown = ok("inspect", "out.zip", "--json").json()["images"]
    assert [(row["image"], row["header"]["version"], row["hash_right"]) for row in shown] == [(0, "1.1.0", True), (1, "1.2.0+3", True)]
    judged = ok("verify", "out.zip", "-k", "k.pem", "--json").json()["images"]
    assert [row["verdict"] for row in judged] == ["accepted", "accepted"]
    ok("key", "new", "other.pem")
    fails(REFUSED, "KEY_UNKNOWN", "verify", "out.zip", "-k", "other.pem", holds=["out.zip:app.bin"])


def test_slots_and_numbers_on_the_command_line():
    app, net = prepare()
    ok("zip", f"{app}@0.0", f"{net}@0.1", "-o", "xip.zip")
    assert [(row["slot"], row["version_MCUBOOT+XIP"]) for row in manifest_of("xip.zip")["files"]] == [("0", "1.1.0"), ("1", "1.2.0+3")]
    ok("zip", f"{net}@3", "-o", "three.zip")
    assert manifest_of("three.zip")["files"][0]["slot_index_secondary"] == "8"
    fails(USAGE, "HOST_OPTION_CONFLICT", "zip", f"{app}@1", f"{net}@1", "-o", "x.zip")
    fails(USAGE, "HOST_OPTION_CONFLICT", "zip", f"{app}@0.0", f"{net}@0", "-o", "x.zip")
    for word in (f"{app}@300", f"{app}@1.", f"{app}@1.2.3", f"{app}@."):
        fails(USAGE, "HOST_OPTION_VALUE", "zip", word, "-o", "x.zip")
    fails(USAGE, "HOST_OPTION_MISSING", "zip", "-o", "x.zip")
    fails(USAGE, "HOST_OPTION_MISSING", "zip", app)
    assert not os.path.exists("x.zip")


def test_same_files_same_bytes():
    app, net = prepare()
    date = {"SOURCE_DATE_EPOCH": "1700000000"}
    ok("zip", app, net, "-o", "a.zip", env=date)
    os.utime(app, (1, 1))
    ok("zip", app, net, "-o", "b.zip", env=date)
    assert harness.read("a.zip") == harness.read("b.zip") and manifest_of("a.zip")["time"] == 1700000000


def test_names_padding_and_hex():
    prepare()
    padded = harness.signed("pad ded", "1.1.0", "k.pem", 3000, "--confirm", "--align", "8")
    os.mkdir("sub")
    os.rename(padded, "sub/pad ded.bin")
    ok("zip", "sub/pad ded.bin", "app.bin", "sub/pad ded.bin@2", "-o", "out.zip")
    entries = manifest_of("out.zip")["files"]
    assert [row["file"] for row in entries] == ["pad_ded.bin", "app.bin", "pad_ded-2.bin"]
    assert entries[0]["size"] < 5000
    harness.write("app.raw", harness.payload(3000))
    ok("sign", "app.raw", "app.hex", "-v", "1.1.0", "-H", "0x200", "-S", "0x20000", "--pad-header", "-k", "k.pem", "--hex-addr", "0xc000")
    ok("zip", "app.hex", "-o", "hex.zip")
    assert manifest_of("hex.zip")["files"][0]["load_address"] == 0xC000
    assert ok("inspect", "hex.zip", "--json").json()["images"][0]["hash_right"]


def test_board_rules_apply():
    app, _ = prepare()
    fails(REFUSED, "IMAGE_HEADER_OTHER", "zip", app, "-o", "x.zip", "--board", "xiao_nrf54l15")
    fails(REFUSED, "IMAGE_MAGIC", "zip", "app.raw", "-o", "x.zip")
    assert not os.path.exists("x.zip")


def test_package_of_the_sdk():
    """As the nRF Connect SDK writes it: deflated, more keys, numbers as text."""
    app, net = prepare()
    manifest = {"format-version": 0, "time": 1700000000, "name": "x", "firmware": {"zephyr": {"revision": "0"}}, "files": [
        {"type": "application", "board": "b", "soc": "s", "load_address": 49152, "image_index": "0", "slot_index_primary": "1",
         "slot_index_secondary": "2", "version_MCUBOOT": "1.1.0", "size": len(harness.read(app)), "file": "a.bin", "modtime": 1},
        {"image": 1, "file": "n.bin"}]}
    archive("sdk.zip", {"a.bin": harness.read(app), "n.bin": harness.read(net)}, manifest, zipfile.ZIP_DEFLATED)
    assert [row["image"] for row in ok("inspect", "sdk.zip", "--json").json()["images"]] == [0, 1]


def test_upload_of_a_package_with_one_image():
    app, net = prepare()
    old = harness.signed("old", "1.0.0", "k.pem")
    ok("zip", app, "-o", "one.zip")
    ok("zip", app, net, "-o", "two.zip")
    with Device("k.pem", old) as line:
        ok("image", "upload", line, "one.zip")
        ok("image", "test", line, "one.zip")
        fails(USAGE, "HOST_PACKAGE_SEVERAL", "image", "upload", line, "two.zip", holds=["2 images"])


def test_hostile_archives():
    app, _ = prepare()
    good = {"app.bin": harness.read(app)}
    harness.write("noise.zip", bytes(range(256)) * 10)
    fails(FILE, "HOST_ZIP", "inspect", "noise.zip")
    fails(FILE, "HOST_FILE_MISSING", "inspect", "absent.zip")
    fails(FILE, "HOST_ZIP", "inspect", archive("none.zip", good, None), holds=["manifest.json"])
    for name in ("../app.bin", "/app.bin", "dir/app.bin", "dir\\app.bin", ".app", "C:app.bin"):
        fails(FILE, "HOST_ZIP", "inspect", archive("name.zip", {name: good["app.bin"]}, one(name)), holds=["plain file name"])
    fails(FILE, "HOST_ZIP", "inspect", archive("twice.zip", {}, one(), names=[("app.bin", b"x"), ("APP.BIN", b"y")]), holds=["one name"])
    fails(FILE, "HOST_ZIP", "inspect", archive("lost.zip", {}, one()), holds=["it holds no app.bin"])
    fails(FILE, "HOST_FILE_TOO_LARGE", "inspect",
          archive("bomb.zip", {"app.bin": bytes(80 << 20)}, one(), zipfile.ZIP_DEFLATED), holds=["app.bin"])
    assert len(harness.read("bomb.zip")) < 1 << 20
    fails(FILE, "HOST_ZIP", "inspect", archive("many.zip", {f"{i}.bin": b"x" for i in range(100)}, one()))
    data = bytearray(harness.read(archive("crc.zip", good, one())))
    data[data.index(good["app.bin"]) + 0x300] ^= 1
    harness.write("crc.zip", data)
    fails(FILE, "HOST_ZIP", "inspect", "crc.zip", holds=["app.bin is damaged"])
    for field in (24, 20):  # sizes that are a lie, in the central directory: of the content, of what is stored
        for lie in (1, len(good["app.bin"]) - 1, len(good["app.bin"]) + 1, 0x7FFFFFFF, 0xFFFFFFFE):
            told = bytearray(harness.read(archive("lie.zip", good, one())))
            at = next(at for at in range(len(told)) if told[at : at + 4] == b"PK\1\2" and told[at + 46 : at + 53] == b"app.bin")
            told[at + field : at + field + 4] = lie.to_bytes(4, "little")
            harness.write("lie.zip", told)
            refused = harness.run("inspect", "lie.zip")
            assert refused.code == FILE, f"field {field}, {lie}\n{refused.text()}"
    for cut in range(1, len(data), len(data) // 40):
        harness.write("cut.zip", data[:cut])
        fails(FILE, "HOST_ZIP", "inspect", "cut.zip")


def test_hostile_manifests():
    app, _ = prepare()
    good = {"app.bin": harness.read(app)}

    def refused(manifest, words=""):
        fails(FILE, "HOST_MANIFEST", "inspect", archive("m.zip", good, manifest), holds=[words])

    refused("{", "no JSON")
    refused("[" * 5000, "no JSON")
    refused("[]", "files")
    refused("{}", "files")
    refused('{"files": []}', "files")
    refused('{"files": {}}', "files")
    refused('{"files": [1]}', "no object")
    refused('{"files": [], "files": [{"file": "app.bin"}]}', "twice")
    refused('{"files": [{"file": "app.bin", "file": "app.bin"}]}', "twice")
    refused({"files": [{}]}, "file")
    refused(one("../app.bin"), "plain")
    refused(one(size=12), "size")
    refused(one(size="12"), "size")
    refused(one(slot="-1"), "slot")
    refused(one(slot=1.5), "slot")
    refused(one(slot=1e300), "slot")
    for index in ("", "x", "1000", -1, 256, None, True, [], "0x1"):
        refused({"files": [{"file": "app.bin", "image_index": index}]}, "image_index")
    refused(one(type="suit-envelope"), "type")
    refused(one(type="mcuboot"), "type")
    refused({"files": [{"file": "app.bin"}, {"file": "app.bin"}]}, "same image")


def test_full_disk_leaves_what_was_there():
    app, _ = prepare()
    fails(FILE, "HOST_FILE_WRITE", "zip", app, "-o", "/dev/full")
    assert harness.leftovers() == []


harness.main(globals())
