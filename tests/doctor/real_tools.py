#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The doctor on what real tools made: images that imgtool signed, rightly and wrongly in each way, and logs of virtual boards that run
the bootloaders of this build."""
import json
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
sys.dont_write_bytecode = True
from virtual_board import CLI, Bench, Live, imgtool, imgtool_key, make_loader, need, payload, read, signed, write  # noqa: E402

need("imgtool")
BOARD, HEADER, SLOT, PRIMARY = "xiao_nrf52840", 0x200, 0x70000, 0x10000
LAYOUT = """mcuboot: {address: 0x0, size: 0x10000, region: flash_primary}
mcuboot_pad: {address: 0x10000, size: 0x200}
app: {address: 0x10200, size: 0x6FE00}
mcuboot_primary: {address: 0x10000, size: 0x70000, span: [mcuboot_pad, app]}
mcuboot_secondary: {address: 0x80000, size: 0x70000}
"""
SWAP = "SB_CONFIG_BOOTLOADER_MCUBOOT=y\nSB_CONFIG_MCUBOOT_MODE_SWAP_USING_MOVE=y\n"
LISTING = "Images:\n image=0 slot=0\n    version: 2.0.0\n    bootable: true\n    flags: active confirmed\n    hash: " + "ab" * 32 + "\n"


def application(size=20000, base=PRIMARY + HEADER, stack=0x20001000):
    return struct.pack("<II", stack, base + 0x101) + bytes((i * 7 + (i >> 8)) & 0xff for i in range(size - 8))


def change(data, off, value):
    return data[:off] + value + data[off + len(value):]


def tail(data, back):
    """The byte that is so far from the end, changed."""
    return change(data, len(data) - back, bytes([data[-back] ^ 1]))


# what, imgtool's options, application, change afterwards, further files, code expected (None: no fault)
IMAGES = [
    ("right", {}, {}, None, {}, None),
    ("right, Ed25519", {"key": "ed25519"}, {}, None, {}, None),
    ("right, RSA-2048", {"key": "rsa-2048"}, {}, None, {}, None),
    ("right, padded and confirmed", {"more": ["--pad", "--confirm"]}, {}, None, {}, None),
    ("another key", {"key": "stranger"}, {}, None, {}, "K02"),
    ("no signature at all", {"key": None}, {}, None, {}, "K01"),
    ("header of another chip", {"header": 0x800}, {"base": PRIMARY + 0x800}, None, {"pm_static.yml": LAYOUT}, "P07"),
    ("linked for another slot", {}, {"base": 0x90200}, None, {"pm_static.yml": LAYOUT}, "P13"),
    ("fixed to another address", {"more": ["--rom-fixed", "0x80100"]}, {}, None, {"pm_static.yml": LAYOUT}, "K13"),
    ("no room for the swap", {"slot": 0x80000}, {"size": 457000}, None, {"pm_static.yml": LAYOUT, "sysbuild.conf": SWAP}, "P10"),
    ("signs, but does not swap", {"slot": 0x80000}, {"size": 453000}, None, {"pm_static.yml": LAYOUT, "sysbuild.conf": SWAP}, "P11"),
    ("larger than the slot", {"slot": 0x100000}, {"size": 500000}, None, {"pm_static.yml": LAYOUT, "sysbuild.conf": SWAP}, "P16"),
    ("lower version than the running one", {"version": "1.0.0"}, {}, None,
     {"list.txt": LISTING, "sysbuild.conf": SWAP + "SB_CONFIG_MCUBOOT_DOWNGRADE_PREVENTION=y\n"}, "K12"),
    ("another type than configured", {"key": "ed25519"}, {}, None,
     {"sysbuild.conf": SWAP + "SB_CONFIG_BOOT_SIGNATURE_TYPE_ECDSA_P256=y\n"}, "K06"),
    ("a bit of the payload changed", {}, {}, lambda data: change(data, 0x1000, bytes([data[0x1000] ^ 4])), {}, "D02"),
    ("a bit of the header changed", {}, {}, lambda data: change(data, 20, b"\x09"), {}, "D02"),
    ("a bit of the signature changed", {}, {}, lambda data: tail(data, 5), {}, "D02"),
    ("a bit of the key hash changed", {}, {}, lambda data: change(data, data.rfind(struct.pack("<HH", 1, 32)) + 8, b"\x00\x01\x02"), {}, "K02"),
    ("the end is missing", {}, {}, lambda data: data[:-30], {}, "D02"),
    ("only half was sent", {}, {}, lambda data: data[:9000], {}, "D02"),
    ("a payload longer than the file", {}, {}, lambda data: change(data, 12, struct.pack("<I", 10_000_000)), {}, "D02"),
    ("no TLV area", {}, {}, lambda data: change(data, data.find(b"\x07\x69", HEADER + 20000), b"\xff\xff"), {}, "D02"),
    ("protected area unannounced", {"more": ["-s", "1"]}, {}, lambda data: change(data, 10, b"\0\0"), {}, "D02"),
    ("the application without a signature", None, {}, None, {}, "U07"),
]


def doctor(*words):
    done = subprocess.run([CLI, "doctor", "--json", *words], capture_output=True, text=True, timeout=60, check=False)
    said = json.loads(done.stdout)
    return said, [finding["code"] for finding in said["findings"] if finding["severity"] != "note"]


def make_image(folder, keys, options, app):
    raw = write(os.path.join(folder, "raw.bin"), application(**app))
    if options is None:
        return read(raw)
    into, key = os.path.join(folder, "made.bin"), options.get("key", "own")
    imgtool("sign", *(["-k", keys[key]] if key else []), "-v", options.get("version", "3.0.0"), "-H", hex(options.get("header", HEADER)),
            "-S", hex(options.get("slot", SLOT)), "--align", "4", "--pad-header", *options.get("more", []), raw, into)
    return read(into)


def images():
    failed = 0
    with tempfile.TemporaryDirectory() as keyring:
        keys = {"own": imgtool_key(keyring, "ecdsa-p256"), "ed25519": imgtool_key(keyring, "ed25519"), "rsa-2048": imgtool_key(keyring, "rsa-2048"),
                "stranger": imgtool_key(keyring, "ecdsa-p256", "stranger")}
        for what, options, app, damage, files, code in IMAGES:
            with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as work:
                data = make_image(work, keys, options, app)
                image = write(os.path.join(folder, "zephyr.signed.bin"), damage(data) if damage else data)
                for name, text in files.items():
                    write(os.path.join(folder, name), text.encode())
                given = [keys["own"]] if options is None or options.get("key", "own") in ("own", "stranger", None) else [keys[options["key"]]]
                names = [os.path.join(folder, name) for name in files]
                said, codes = doctor(image, *names, *given)
                good = code in codes if code else said["verdict"] == "healthy"
                failed += not good
                print(f"{'ok  ' if good else 'FAIL'} {what}: {said['verdict']} {' '.join(codes)}{'' if good else f', wanted {code}'}")
    return failed


def boards():
    """Each of these logs is what the bootloader of this build printed."""
    failed = 0

    def judge(what, text, code):
        nonlocal failed
        with tempfile.TemporaryDirectory() as folder:
            said, codes = doctor(write(os.path.join(folder, "boot.log"), text.encode()))
        good = code in codes if code else said["verdict"] == "healthy"
        failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {what}: {said['verdict']} {' '.join(codes)}{'' if good else f', wanted {code}'}" + ("" if good else "\n" + text))

    with tempfile.TemporaryDirectory() as folder:
        key, other = imgtool_key(folder, "ecdsa-p256"), imgtool_key(folder, "ecdsa-p256", "other")
        facts = json.loads(subprocess.run([CLI, "board", "list", "--json"], capture_output=True, text=True, check=True).stdout)["boards"]
        slot = next(row for row in facts if row["name"] == BOARD)["layouts"][0]["secondary_bytes"]

        def made(version, signer, *more):
            into = os.path.join(folder, f"{version}-{len(more)}.bin")
            imgtool("sign", *(["-k", signer] if signer else []), "-v", version, "-H", hex(HEADER), "-S", hex(slot), "--align", "4", "--pad-header",
                    *more, payload(BOARD, version), into)
            return read(into)

        bench = Bench(folder, BOARD, key)
        bench.fill(0, made("1.0.0", key))
        judge("a normal start", bench.starts("1.0.0"), None)
        bench.fill(1, made("1.1.0", key, "--pad", "--test"))
        judge("a test update", bench.starts("1.1.0", 603), None)
        judge("not confirmed: taken back", bench.boot("Holdfast demo 1.0.0"), "C01")
        for what, data, code in (
                ("signed by another key", made("1.1.0", other, "--pad", "--test"), "K02"),
                ("not signed", made("1.1.0", None, "--pad", "--test"), "S05"),
                ("damaged on the way", tail(made("1.1.0", key, "--pad", "--test"), slot - 0x2000), "S05"),
        ):
            bench.clear()
            bench.fill(0, made("1.0.0", key))
            bench.fill(1, data)
            judge(what, bench.starts("1.0.0"), code)
        bench.clear()
        judge("nothing installed", bench.stops(), "K01")
        bench.fill(0, made("1.0.0", other))
        judge("an application of another key", bench.stops(), "K02")
    return failed


def live():
    """A board that runs: asked by --device at each station of an update; its flash as a dump; the loader's keys against the image's."""
    steps = failed = 0

    def judge(what, words, verdict, *wanted, without=()):
        nonlocal steps, failed
        said, _ = doctor(*words)
        codes = [finding["code"] for finding in said["findings"]]
        good = said["verdict"] == verdict and set(wanted) <= set(codes) and not set(without) & set(codes)
        steps, failed = steps + 1, failed + (not good)
        print(f"{'ok  ' if good else 'FAIL'} live, {what}: {said['verdict']} {' '.join(codes)}" + ("" if good else f"\n{said}"))

    def holdfast(*words):
        subprocess.run([CLI, *words], check=True, capture_output=True, timeout=300)

    with tempfile.TemporaryDirectory() as folder:
        key, other = imgtool_key(folder, "ecdsa-p256"), imgtool_key(folder, "ecdsa-p256", "other")
        files = {}
        for name, version, signer in (("1.0.0", "1.0.0", key), ("1.1.0", "1.1.0", key), ("stranger", "1.1.0", other)):
            files[name] = os.path.join(folder, f"{name}.bin")
            signed(BOARD, version, signer, files[name])
        loader = make_loader(BOARD, key, folder)
        with Live(folder, BOARD, "--loader", loader, "--app", files["1.0.0"]) as board:
            device = f"serial:{board.port}"
            judge("as installed", ("--device", device), "healthy", without=("K12", "C05", "D12"))
            judge("with a newer file", ("--device", device, files["1.1.0"]), "healthy", without=("K12", "K02"))
            judge("the loader's key and a file of another", ("--device", device, loader, files["stranger"]), "fault", "K02")
            judge("the loader's key and a file of it", ("--device", device, loader, files["1.1.0"]), "healthy", without=("K02", "K12"))
            holdfast("update", device, files["1.1.0"], "--no-confirm")
            judge("on trial", ("--device", device), "attention", "C05")
            judge("an older file than what runs", ("--device", device, files["1.0.0"]), "attention", "K12")
            holdfast("image", "confirm", device)
            judge("confirmed", ("--device", device), "healthy", without=("C05",))
            dump = os.path.join(folder, "flash.bin")
            board.flash(dump)
            judge("its flash", (dump,), "healthy", without=("D12", "D02"))
            judge("its flash and a file of another key", (dump, files["stranger"]), "fault", "K02")
    return steps, failed


def main():
    steps, wrong = live()
    failed = images() + boards() + wrong
    print(f"{len(IMAGES)} images, 9 logs, {steps} looks at a live board, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
