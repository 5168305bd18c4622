#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sign, verify, inspect, bootloader: results, refusals with place, expected and found, and files never left half-written."""
import os
import signal
import struct
import subprocess
import time

import harness
from harness import FILE, INTERRUPTED, OK, REFUSED, USAGE, fails, ok, payload, read, run, write

SIGN = ("-v", "1.2.3+4", "-H", "0x200", "-S", "0x10000", "--pad-header")


def key(kind="ecdsa-p256", name="k.pem"):
    ok("key", "new", name, "--type", kind)
    return name


def test_sign_verify_inspect_of_each_type():
    write("app", payload())
    for kind in ("ecdsa-p256", "ed25519", "rsa-2048", "rsa-3072", "ecdsa-p384"):
        path = key(kind, f"{kind}.pem")
        made = ok("sign", "app", f"{kind}.bin", *SIGN, "-k", path, "--json").json()
        assert made["version"] == "1.2.3+4" and made["key_type"] == kind and made["header_bytes"] == 0x200
        shown = ok("verify", f"{kind}.bin", "-k", path, "--json").json()
        assert shown["verdict"] == "accepted" and shown["digest"] == made["digest"]
        ok("verify", f"{kind}.bin")  # finds the key by its hash
        seen = ok("inspect", f"{kind}.bin", "--json").json()
        assert seen["hash_right"] and seen["header"]["version"] == "1.2.3+4" and len(seen["tlvs"]) == 3
    path = key("ed25519", "e.pem")
    for more in (["--pure"], ["--sha", "512"]):
        ok("sign", "app", "e.bin", *SIGN, "-k", path, *more)
        ok("verify", "e.bin", "-k", path)


def test_same_input_same_bytes():
    write("app", payload())
    path = key("ed25519")
    ok("sign", "app", "a.bin", *SIGN, "-k", path)
    ok("sign", "app", "b.bin", *SIGN, "-k", path)
    assert read("a.bin") == read("b.bin")


def test_each_truncation_is_refused():
    path = key("ed25519")
    whole = read(harness.signed("app", "1.0.0", path, 600))
    for size in list(range(1, 64)) + list(range(64, len(whole), 37)) + [len(whole) - 1]:
        write("cut.bin", whole[:size])
        for command in (["verify", "cut.bin", "-k", path], ["inspect", "cut.bin"]):
            done = run(*command)
            assert done.code == REFUSED, f"{size} of {len(whole)} bytes\n{done.text()}"
            assert done.err.startswith("holdfast: cut.bin: "), done.text()


def test_each_changed_byte_is_refused():
    path = key("ed25519")
    whole = read(harness.signed("app", "1.0.0", path, 300))
    for at in list(range(0, 40)) + list(range(0x200, len(whole), 11)):
        changed = bytearray(whole)
        changed[at] ^= 0x40
        write("bad.bin", changed)
        done = run("verify", "bad.bin", "-k", path)
        assert done.code == REFUSED, f"byte {at}\n{done.text()}"


def test_lying_sizes():
    path = key("ed25519")
    whole = bytearray(read(harness.signed("app", "1.0.0", path)))
    struct.pack_into("<I", whole, 12, 0xFFFFFE00)
    write("wrap.bin", whole)
    fails(REFUSED, "IMAGE_SIZE_WRAPS", "verify", "wrap.bin", "-k", path, holds=["offset 0xc", "expected", "found"])
    struct.pack_into("<I", whole, 12, 0x100000)
    write("long.bin", whole)
    fails(REFUSED, "IMAGE_BEYOND_SLOT", "verify", "long.bin", "-k", path, holds=["offset 0xc"])
    struct.pack_into("<H", whole, 8, 16)
    write("small.bin", whole)
    fails(REFUSED, "IMAGE_HEADER_SMALL", "inspect", "small.bin")


def test_flags():
    path = key("ed25519")
    whole = bytearray(read(harness.signed("app", "1.0.0", path)))
    struct.pack_into("<I", whole, 16, 0x80004)
    write("flags.bin", whole)
    done = fails(REFUSED, "IMAGE_ENCRYPTED", "verify", "flags.bin", "-k", path)
    assert "encrypted" in done.err
    seen = run("inspect", "flags.bin", "--json").json()
    assert seen["ok"] is False and "unknown bits 0x80000" in seen["header"]["flag_names"]


def test_overlong_image():
    path = key("ed25519")
    write("long.bin", read(harness.signed("app", "1.0.0", path)) + b"junk" * 100)
    shown = ok("verify", "long.bin", "-k", path, "--json").json()
    assert shown["bytes_after_image"] == 400 and "400 bytes follow" in shown["notes"][0]
    write("raw", payload(480 * 1024, 0xC000))
    fails(REFUSED, "HOST_SIGN_BOARD_LIMIT", "sign", "raw", "x.bin", "-v", "1", "--board", "xiao_nrf52840", "--pad-header", "-k", path,
          holds=["raw", "expected at most 479184 bytes", "found 492"])
    fails(REFUSED, "HOST_SIGN_SLOT_SIZE", "sign", "raw", "x.bin", "-v", "1", "-H", "0x200", "-S", "0x76000", "--pad-header", "-k", path,
          holds=["image 0x", "trailer 0x"])
    assert not os.path.exists("x.bin")


def test_limit_of_each_layout_is_exact():
    path = key()
    layouts = [(board, layout) for board in ok("board", "list", "--json").json()["boards"] for layout in board["layouts"]]
    assert len(layouts) >= 17
    for board, layout in layouts:
        addr = layout["primary_addr"] + board["header_bytes"] - 0x200  # payload() counts from a header of 0x200
        sign = ("-v", "1", "--board", board["name"], "--layout", layout["name"], "--pad-header", "--pad-sig", "-k", path)
        write("raw", payload(1000, addr))
        ok("sign", "raw", "x.bin", *sign)
        around = len(read("x.bin")) - 1000
        filler = b"\x5a" * (layout["size_max"] - around - 1000)
        write("raw", payload(1000, addr) + filler)
        made = ok("sign", "raw", "x.bin", *sign, "--json").json()
        assert made["left_bytes"] == 0 and made["size_max"] == layout["size_max"] == len(read("x.bin")), made
        ok("verify", "x.bin", "-k", path, "--board", board["name"], "--layout", layout["name"])
        write("raw", payload(1001, addr) + filler)
        fails(REFUSED, "HOST_SIGN_BOARD_LIMIT", "sign", "raw", "y.bin", *sign)
        larger = ("-v", "1", "-H", str(board["header_bytes"]), "-S", "0x400000", "--pad-header", "--pad-sig", "-k", path)
        ok("sign", "raw", "y.bin", *larger)  # as a signer with other limits makes it
        fails(REFUSED, "IMAGE_BEYOND_LIMIT", "verify", "y.bin", "-k", path, "--board", board["name"], "--layout", layout["name"])


def test_each_layout_has_a_bootloader():
    keys = {kind: key(kind, f"{kind}.pem") for kind in ("ecdsa-p256", "ed25519")}
    for board in ok("board", "list", "--json").json()["boards"]:
        for layout in board["layouts"]:
            for kind, path in keys.items():
                words = ("bootloader", "--board", board["name"], "--layout", layout["name"], "-k", path, "-o", "l.hex", "--json")
                made = ok(*words).json()
                assert made["layout"] == layout["name"] and made["mode"] == layout["mode"] and made["size_max"] == layout["size_max"], made
                if kind == "ed25519" and "external" in layout["name"]:  # no room for the driver, the signature and recovery
                    fails(REFUSED, "HOST_LOADER_NO_RECOVERY", *words, "--recovery", "double-reset", holds=[path, layout["name"]])
                else:
                    ok(*words, "--recovery", "double-reset")


def test_wrong_board():
    path = key()
    write("raw", payload(3000, 0xC000))
    ok("sign", "raw", "x.bin", "-v", "1", "--board", "xiao_nrf52840", "--pad-header", "-k", path)
    fails(REFUSED, "IMAGE_HEADER_OTHER", "verify", "x.bin", "-k", path, "--board", "xiao_nrf54l15", holds=["expected 0x800, found 0x200"])
    fails(REFUSED, "HOST_IMAGE_HEADER_SIZE", "sign", "raw", "y.bin", "-v", "1", "--board", "xiao_nrf54l15", "-H", "0x200", "--pad-header", "-k", path,
          holds=["expected 0x800 for xiao_nrf54l15", "found 0x200"])
    fails(REFUSED, "IMAGE_VECTOR_OUTSIDE", "sign", "raw", "y.bin", "-v", "1", "--board", "xiao_nrf54l15", "--pad-header", "-k", path)
    assert not os.path.exists("y.bin")
    fails(USAGE, "HOST_BOARD_UNKNOWN", "sign", "raw", "y.bin", "-v", "1", "--board", "xiao_nrf54115", holds=["perhaps xiao_nrf54l15"])
    fails(USAGE, "HOST_LAYOUT_UNKNOWN", "sign", "raw", "y.bin", "-v", "1", "--board", "xiao_nrf52840", "--layout", "two-slot", holds=["two-slots"])
    fails(USAGE, "HOST_OPTION_MISSING", "sign", "raw", "y.bin", "-v", "1", "--layout", "two-slots", holds=["--board"])


def test_wrong_key():
    path, other = key(name="a.pem"), key(name="b.pem")
    image = harness.signed("app", "1.0.0", path)
    fails(REFUSED, "KEY_UNKNOWN", "verify", image, "-k", other, holds=[image, "offset"])
    ok("verify", image, "-k", other, "-k", path)
    key("ed25519", "e.pem")
    fails(REFUSED, "KEY_UNKNOWN", "verify", image, "-k", "e.pem")
    os.remove("a.pem")
    os.environ["XDG_DATA_HOME"] = os.path.join(os.getcwd(), "elsewhere")
    fails(REFUSED, "HOST_KEY_NOT_FOUND", "verify", image)
    ok("sign", "app.raw", "u.bin", *SIGN)
    fails(REFUSED, "SIG_MISSING", "verify", "u.bin", "-k", other)
    fails(REFUSED, "SIG_MISSING", "verify", "u.bin")
    ok("verify", "u.bin", "--hash-only")


def test_sign_refuses():
    path = key()
    write("app", payload())
    ok("key", "export", path, "-o", "pub.pem")
    fails(REFUSED, "HOST_KEY_PUBLIC_ONLY", "sign", "app", "o.bin", *SIGN, "-k", "pub.pem", holds=["pub.pem"])
    fails(REFUSED, "HOST_KEY_HASH_PAIR", "sign", "app", "o.bin", *SIGN, "-k", path, "--sha", "512")
    fails(REFUSED, "HOST_KEY_TYPE", "sign", "app", "o.bin", *SIGN, "-k", path, "--pure", holds=["Ed25519"])
    fails(REFUSED, "HOST_SIGN_NO_HEADER_SPACE", "sign", "app", "o.bin", "-v", "1", "-H", "0x200", "-S", "0x10000", "-k", path, holds=["offset 0x1"])
    write("short", bytes(100))
    fails(REFUSED, "HOST_SIGN_NO_HEADER_SPACE", "sign", "short", "o.bin", "-v", "1", "-H", "0x200", "-S", "0x10000", holds=["shorter"])
    fails(FILE, "HOST_FILE_MISSING", "sign", "absent", "o.bin", *SIGN)
    write("empty", b"")
    fails(FILE, "HOST_FILE_EMPTY", "sign", "empty", "o.bin", *SIGN)
    fails(REFUSED, "HOST_SIGN_HEX_ADDRESS", "sign", "app", "o.hex", *SIGN)
    for option in (["-E", "x"], ["--encrypt", "x"], ["--clear"], ["--compression", "lzma2"], ["--fix-sig", "x"]):
        fails(USAGE, "HOST_OPTION_UNSUPPORTED", "sign", "app", "o.bin", *SIGN, *option, holds=["neither encrypts nor compresses"])
    for version in ("01.2", "1.2.3.4", "256", "1.2.65536", "1.2.3+", "", "1.2.3+4294967296", "a"):
        fails(USAGE, "HOST_OPTION_VALUE", "sign", "app", "o.bin", "-v", version, "-H", "0x200", "-S", "0x10000", holds=["--version"])
    for more, number in ((["-H", "31"], "HOST_OPTION_VALUE"), (["-H", "70000"], "HOST_OPTION_VALUE"), (["-H", "12x"], "HOST_OPTION_VALUE"), (["--align", "3"], "HOST_OPTION_VALUE"),
                         (["-R", "1"], "HOST_OPTION_VALUE"), (["--sha", "1"], "HOST_OPTION_VALUE"), (["-d", "(1,2"], "HOST_OPTION_VALUE"), (["-s", "-1"], "HOST_OPTION_VALUE"),
                         (["--boot-record", "thirteen-long"], "HOST_OPTION_VALUE"), (["--cid", "name"], "HOST_OPTION_VALUE"), (["-e", "mid"], "HOST_OPTION_VALUE"),
                         (["-L", "1", "-F", "2"], "HOST_OPTION_CONFLICT"), (["--nonsense"], "HOST_OPTION_UNKNOWN"), (["--custom-tlv", "0xa1"], "HOST_OPTION_VALUE")):
        fails(USAGE, number, "sign", "app", "o.bin", *SIGN, *more)
    for tag, value in (("0x10", "a"), ("0xffff", "a"), ("0xa1", "0x1"), ("0xa1", "0xzz")):
        fails(REFUSED, "HOST_SIGN_TLV", "sign", "app", "o.bin", *SIGN, "--custom-tlv", tag, value)
    fails(REFUSED, "HOST_SIGN_TLV", "sign", "app", "o.bin", *SIGN, "--custom-tlv", "0xa1", "a", "--custom-tlv", "0xa1", "b")
    fails(USAGE, "HOST_OPTION_MISSING", "sign", "app", "o.bin", "-v", "1", "-H", "0x200", holds=["--slot-size"])
    fails(USAGE, "HOST_OPTION_MISSING", "sign", "app", "o.bin", "-H", "0x200", "-S", "0x10000", holds=["--version"])
    fails(USAGE, "HOST_OPTION_MISSING", "sign", "app", holds=["OUTPUT"])
    fails(USAGE, "HOST_USAGE", "sign", "app", "o.bin", "third", *SIGN, holds=["third"])
    assert not os.path.exists("o.bin") and not os.path.exists("o.hex") and harness.leftovers() == []


def test_hex_in_and_out():
    path = key("ed25519")
    write("app", payload(70000))
    ok("sign", "app", "o.bin", "-v", "1", "-H", "0x200", "-S", "0x20000", "--pad-header", "-k", path)
    ok("sign", "app", "o.hex", "-v", "1", "-H", "0x200", "-S", "0x20000", "--pad-header", "-k", path, "-x", "0xC000")
    ok("verify", "o.hex", "-k", path)
    seen = ok("inspect", "o.hex", "--json").json()
    assert seen["addr"] == 0xC000 and seen["image_bytes"] == len(read("o.bin"))
    text = read("o.hex").decode().splitlines()
    assert text[0] == ":020000040000FA" and text[-1] == ":00000001FF"
    write("crlf.hex", ("\r\n".join(text) + "\r\n").encode())
    ok("verify", "crlf.hex", "-k", path)


def test_bad_hex():
    good = [":10000000000102030405060708090A0B0C0D0E0F78", ":00000001FF"]
    cases = (([":1000000000010203"], "HOST_HEX_SYNTAX"), ([good[0]], "HOST_HEX_SYNTAX"), ([good[0][:-1] + "9", good[1]], "HOST_HEX_CHECKSUM"), (["hello", good[1]], "HOST_HEX_SYNTAX"),
             ([good[0], good[0], good[1]], "HOST_HEX_OVERLAP"), ([good[0].replace("0001", "0g01", 1), good[1]], "HOST_HEX_SYNTAX"), ([":00000007F9", good[1]], "HOST_HEX_SYNTAX"),
             ([":02000004FFFFFC", good[0], ":020000040000FA", good[0], good[1]], "HOST_HEX_SPARSE"), ([good[1]], "HOST_FILE_EMPTY"))
    for lines, number in cases:
        write("bad.hex", "\n".join(lines).encode() + b"\n")
        fails(FILE, number, "inspect", "bad.hex", holds=["bad.hex"])


def test_not_an_image():
    write("noise.bin", bytes(range(256)) * 4)
    fails(REFUSED, "IMAGE_MAGIC", "inspect", "noise.bin", holds=["noise.bin"])
    fails(REFUSED, "IMAGE_MAGIC", "verify", "noise.bin", "-k", key())
    write("blank.bin", b"\xff" * 4096)
    fails(REFUSED, "IMAGE_BLANK", "inspect", "blank.bin")
    write("raw.bin", payload())
    fails(REFUSED, "HOST_NOT_AN_IMAGE", "inspect", "raw.bin", holds=["not signed"])
    fails(FILE, "HOST_FILE_MISSING", "inspect", "absent.bin")
    fails(FILE, "HOST_FILE_READ", "verify", "/", "-k", "k.pem")


def test_full_disk_and_replacement():
    path = key()
    image = harness.signed("app", "1.0.0", path)
    before = read(image)
    fails(FILE, "HOST_FILE_WRITE", "sign", "app.raw", "/dev/full", *SIGN, "-k", path, holds=["/dev/full", "No space"])
    with open("/dev/full", "wb") as full:
        done = subprocess.run([harness.CLI, "inspect", image], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == FILE and b"HF-1122" in done.stderr
    os.symlink(image, "link.bin")
    ok("sign", "app.raw", "link.bin", *SIGN, "-k", path)
    assert os.path.islink("link.bin") and read(image) != before
    assert harness.leftovers() == []


def test_limited_file_size_leaves_the_old_file():
    path = key("ed25519")
    image = harness.signed("app", "1.0.0", path)
    before = read(image)
    write("big.raw", payload(60000))
    command = f"trap '' XFSZ; ulimit -f 8; exec '{harness.CLI}' sign big.raw {image} -v 2 -H 0x200 -S 0x20000 --pad-header -k {path}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == FILE and "HF-1122" in done.stderr, done.stderr
    assert read(image) == before and harness.leftovers() == []


def test_read_only_folder():
    if os.geteuid() == 0:
        os.mkdir("sub")
        target = "/proc/holdfast.bin"
    else:
        os.mkdir("sub", 0o500)
        target = "sub/o.bin"
    write("app", payload())
    fails(FILE, "HOST_FILE_WRITE", "sign", "app", target, *SIGN)


def test_interrupt_leaves_nothing():
    write("app", payload())
    os.mkfifo("pass")
    key()
    process = subprocess.Popen([harness.CLI, "sign", "app", "o.bin", *SIGN, "-k", "k.pem", "--passphrase-file", "pass"],
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    process.communicate(timeout=20)  # not encrypted: the pipe is never read
    assert process.returncode == OK
    os.remove("o.bin")
    ok("key", "new", "enc.pem", "--passphrase", env={"HOLDFAST_PASSPHRASE": "x"})
    process = subprocess.Popen([harness.CLI, "sign", "app", "o.bin", *SIGN, "-k", "enc.pem", "--passphrase-file", "pass"],
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == INTERRUPTED and b"HF-1132" in err
    assert not os.path.exists("o.bin") and harness.leftovers() == []


def test_bootloader():
    path = key()
    listed = ok("bootloader", "--list", "--json").json()["loaders"]
    if not listed:
        fails(REFUSED, "HOST_LOADER_MISSING", "bootloader", "--board", "xiao_nrf52840", "-k", path, "-o", "l.hex", holds=["loader-nrf52840-0x0-p256.bin"])
    else:
        made = ok("bootloader", "--board", "xiao_nrf54l15", "-k", path, "-o", "l.hex", "--policy", "no-downgrade,quiet", "--json").json()
        assert made["size_max"] == 724912 and made["policy"] == "no-downgrade quiet" and len(made["keys"]) == 1
        seen = ok("inspect", "l.hex", "--json").json()
        assert seen["kind"] == "Holdfast bootloader" and seen["primary"] == made["primary"] and seen["keys"] == made["keys"]
        ok("bootloader", "--board", "xiao_nrf52840", "--layout", "keep-uf2", "-k", path, "-o", "l.bin")
        made = ok("bootloader", "--board", "nrf52840dk", "--recovery", "pin,window=500", "-k", path, "-o", "r.bin", "--json").json()
        assert made["loader_binary"] == "loader-nrf52840-0x0-p256-recovery.bin" and made["recovery"] == "pin P0.11 held low, 500 ms after each reset"
        seen = ok("inspect", "r.bin", "--json").json()
        assert seen["recovery"] == made["recovery"] and seen["external_flash"] == made["external_flash"] and seen["external_flash"]["kind"] == "qspi"
        fails(USAGE, "HOST_OPTION_VALUE", "bootloader", "--board", "xiao_nrf52840", "--recovery", "pin", "-k", path, "-o", "x.hex")
        damaged = bytearray(read("l.bin"))
        damaged[0x7800 + 30] ^= 1
        write("d.bin", damaged)
        assert run("inspect", "d.bin").code == REFUSED
    key("ed25519", "e.pem")
    key("rsa-2048", "r.pem")
    fails(REFUSED, "HOST_KEYS_MIXED", "bootloader", "--board", "xiao_nrf52840", "-k", path, "-k", "e.pem", "-o", "x.hex")
    fails(REFUSED, "HOST_KEY_TYPE", "bootloader", "--board", "xiao_nrf52840", "-k", "r.pem", "-o", "x.hex", holds=["found rsa-2048"])
    fails(REFUSED, "HOST_KEYS_TOO_MANY", "bootloader", "--board", "xiao_nrf52840", *["-k", path] * 5, "-o", "x.hex")
    fails(USAGE, "HOST_OPTION_VALUE", "bootloader", "--board", "xiao_nrf52840", "-k", path, "-o", "x.hex", "--policy", "none-such", holds=["none-such"])
    for missing in (["-k", path, "-o", "x"], ["--board", "xiao_nrf52840", "-o", "x"], ["--board", "xiao_nrf52840", "-k", path]):
        fails(USAGE, "HOST_OPTION_MISSING", "bootloader", *missing)
    assert not os.path.exists("x.hex")


BOARD_PROGRAM = """#!/bin/sh
echo "$@"
for word in "$@"; do
  case $word in /dev/fd/*) cp "${word%@*}" given-loader.bin ;; esac
done
"""


def test_board_run_starts_the_right_board():
    write("board-program", BOARD_PROGRAM.encode())
    os.chmod("board-program", 0o755)
    env = {"HOLDFAST_BOARD_PROGRAM": os.path.join(os.getcwd(), "board-program")}
    path = key()
    write("raw", payload(3000, 0x33000))
    ok("sign", "raw", "app.bin", "-v", "1", "--board", "xiao_nrf52840", "--layout", "keep-uf2", "--pad-header", "-k", path)
    write("l.bin", b"loader")
    done = ok("board", "run", "xiao_nrf52840", "--layout", "keep-uf2", "--app", "app.bin", "--loader", "l.bin", "--flash", "f", "--",
              "--cut", "5", env=env)
    assert done.out.split() == ["xiao_nrf52840", "--layout", "keep-uf2", "--boot", "0x27000", "--load", "l.bin@0x27000", "--load",
                                "app.bin@0x33000", "--flash", "f", "--cut", "5"], done.out
    if ok("bootloader", "--list", "--json").json()["loaders"]:
        done = ok("board", "run", "xiao_nrf52840", "--layout", "keep-uf2", "--app", "app.bin", env=env)  # its key is found by the hash
        seen = ok("inspect", "given-loader.bin", "--json").json()
        assert seen["kind"] == "Holdfast bootloader" and seen["keys"][0]["hash_sha256"] == ok("key", "show", path, "--json").json()["hash_sha256"]
        os.remove(path)
        os.environ["XDG_DATA_HOME"] = os.path.join(os.getcwd(), "elsewhere")
        fails(REFUSED, "HOST_KEY_NOT_FOUND", "board", "run", "xiao_nrf52840", "--app", "app.bin", env=env)
    write("f", b"")
    done = ok("board", "run", "xiao_nrf52840", "--flash", "f", env=env)  # goes on from the flash file
    assert "--load" not in done.out
    fails(FILE, "HOST_VBOARD_MISSING", "board", "run", "xiao_nrf52840", "--loader", "l.bin", env={"HOLDFAST_BOARD_PROGRAM": "/no/such"})
    fails(FILE, "HOST_FILE_MISSING", "board", "run", "xiao_nrf52840", "--app", "absent.bin", env=env)
    fails(USAGE, "HOST_OPTION_MISSING", "board", "run", "xiao_nrf52840", env=env)
    fails(USAGE, "HOST_BOARD_UNKNOWN", "board", "run", "xiao", env=env)


def test_command_line():
    assert run().code == USAGE
    assert "sign" in ok("--help").out
    fails(USAGE, "HOST_COMMAND_UNKNOWN", "sing", holds=["holdfast sign"])
    fails(USAGE, "HOST_COMMAND_UNKNOWN", "key", "nwe", holds=["holdfast key new"])
    assert run("key").code == USAGE
    commands = [line.split("  ")[1].strip() for line in ok("--help").out.splitlines() if line.startswith("  ") and line[2].islower()]
    assert len(commands) > 15
    for name in commands:
        text = ok(*name.split(), "--help").out
        assert "Usage: holdfast " + name in text and "Exit codes:" in text and "--json" in text, name
        assert "Examples:" in text, name
        own = "Exit codes: its own" in text  # 1 and 2 mean something else there
        fails(FILE if own else USAGE, "HOST_OPTION_UNKNOWN", *name.split(), "--no-such-option")
    failure = run("sing", "--json")
    assert failure.code == USAGE and failure.json()["reason"]["number"] == 1101


def test_reason():
    assert "HF-0218" in ok("reason", "HF-0218").out
    shown = ok("reason", "218", "--json").json()
    assert shown["name"] == "IMAGE_HASH_WRONG" and shown["remedy"]
    listed = ok("reason", "--all", "--json").json()["reasons"]
    assert len(listed) > 100 and len({row["number"] for row in listed}) == len(listed)
    fails(USAGE, "HOST_OPTION_VALUE", "reason", "9999")
    fails(USAGE, "HOST_OPTION_VALUE", "reason", "x")


def test_board_list():
    boards = {board["name"]: board for board in ok("board", "list", "--json").json()["boards"]}
    assert set(boards) == {"xiao_nrf52840", "xiao_nrf54l15", "nrf52840dk", "nrf54l15dk"}
    assert boards["xiao_nrf52840"]["layouts"][0]["size_max"] == 479184
    text = ok("board", "list").out
    assert "keep-uf2" in text and "479184" in text


harness.main(globals())
