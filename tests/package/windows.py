#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""holdfast.exe under wine gives the bytes and the answers of holdfast here: key, sign, verify, inspect, zip, bootloader, reason.

How      tools/windows builds it (BUILD/windows, libraries once). Folders and files with spaces, backslashes, PEM files with CRLF, bytes through
         standard input and output. wine is no Windows: what is shown is that program and libraries work by Windows' interfaces.
Cost     OpenSSL, cJSON and libzip 160 s of CPU, once; then 5 s.
Skips    Loudly, without the compiler or wine. `./dev windows` installs both.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import debs

SOURCE = os.environ["HOLDFAST_SOURCE_DIR"]
CLI = os.environ["HOLDFAST_CLI"]
INTO = os.path.join(debs.BUILD, "windows")
EXE = os.path.join(INTO, "build", "host", "holdfast.exe")
SAME = {"TZ": "UTC", "LC_ALL": "C.UTF-8"}


def build():
    for program in ("x86_64-w64-mingw32-gcc", "wine"):
        if not shutil.which(program):
            debs.skip(f"{program} is not installed; ./dev windows installs it")
    with open(os.path.join(debs.BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        trees = re.findall(r"^(HOLDFAST_(?:BEARSSL|MONOCYPHER|MICRO_ECC|MBEDTLS)_DIR):\w+=(.*)$", file.read(), re.M)
    print(debs.run(sys.executable, os.path.join(SOURCE, "tools", "windows"), INTO, f"-DHOLDFAST_LOADER_DIR={debs.FIRMWARE}",
                   *[f"-D{name}={path}" for name, path in trees]), end="")


class Done:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err.decode(errors="replace")

    def number(self):
        found = re.search(r"\(HF-(\d{4})\)", self.err)
        return found.group(1) if found else None


def run(command, args, stdin=b"", **env):
    """Files instead of pipes: wine's own services inherit them, and a pipe would stay open until those end, seconds later."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        code = subprocess.run([*command, *args], stdin=given, stdout=out, stderr=err, timeout=300, check=False,
                              env={**os.environ, **SAME, "WINEPREFIX": os.path.join(INTO, "wine"), "WINEDEBUG": "-all", **env}).returncode
        out.seek(0)
        err.seek(0)
        return Done(code, out.read(), err.read())


def here(*args, **more):
    return run([CLI], args, XDG_DATA_HOME=os.path.join(os.getcwd(), "data here"), **more)


def there(*args, **more):
    return run(["wine", EXE], args, XDG_DATA_HOME="data there", **more)


def good(done):
    assert done.code == 0, f"exit {done.code}: {done.err}{done.out[:500]}"
    return done


def both(*args, **more):
    """Both end alike: exit code, reason number; hands back what they wrote to standard output."""
    a, b = here(*args, **more), there(*args, **more)
    assert (a.code, a.number()) == (b.code, b.number()), f"{args}: {a.code} {a.err} / {b.code} {b.err}"
    return a, b


def same(*args, **more):
    a, b = both(*args, **more)
    assert a.out == b.out, f"{args}:\n{a.out}\n{b.out}"
    return a


def described(*args):
    """The same facts; where each found the key is its own."""
    a, b = (json.loads(good(done).out, object_hook=lambda facts: {key: fact for key, fact in facts.items() if key != "key"}) for done in both(*args))
    assert a == b, f"{args}:\n{a}\n{b}"


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def keys():
    for kind in ("ecdsa-p256", "ed25519", "rsa-2048", "ecdsa-p384"):
        good(there("key", "new", f"its keys\\{kind}.pem", "--type", kind, "--public", f"its keys/{kind}.pub.pem"))
        shown = json.loads(good(same("key", "show", f"its keys/{kind}.pem", "--json")).out)
        assert shown["private"] and shown["type"] == kind
        good(here("key", "new", f"our {kind}.pem", "--type", kind))
        good(same("key", "show", f"our {kind}.pem", "--json"))
        for form in ("pem", "der", "c", "raw"):
            good(same("key", "export", f"our {kind}.pem", "--form", form))  # to standard output: no byte is changed on its way
        text = bytes_of(f"our {kind}.pem")
        assert b"\r" not in text + bytes_of(f"its keys/{kind}.pem")
        write("crlf.pem", text.replace(b"\n", b"\r\n"))
        assert json.loads(good(same("key", "show", "crlf.pem", "--json")).out)["hash_sha256"] == \
            json.loads(here("key", "show", f"our {kind}.pem", "--json").out)["hash_sha256"]
    assert both("key", "new", "our ed25519.pem")[0].code == 3  # neither replaces a file
    good(there("key", "new", "our ecdsa-p384.pem", "--force"))
    write("secret.txt", b"correct horse\r\n")
    good(there("key", "new", "locked.pem", "--passphrase-file", "secret.txt"))
    good(same("key", "show", "locked.pem", "--passphrase-file", "-", stdin=b"correct horse\n"))
    good(same("key", "show", "locked.pem", "--passphrase-file", "-", stdin=b"correct horse\r\n"))
    good(same("key", "show", "locked.pem", HOLDFAST_PASSPHRASE="correct horse"))
    assert both("key", "show", "locked.pem", HOLDFAST_PASSPHRASE="wrong")[0].code != 0


def images():
    write("app raw.bin", bytes.fromhex("0010002001090100") + bytes(range(256)) * 300)
    plain = ["app raw.bin", "{}.bin", "-v", "1.2.3+4", "--board", "xiao_nrf54l15", "--pad-header", "-k", "our ed25519.pem"]
    lines = [(plain, ".bin"), (plain + ["--custom-tlv", "0xa0", "a text", "--security-counter", "auto", "--pad"], ".bin"),
             (["app raw.bin", "{}.hex", "-v", "2.0.0", "-H", "0x800", "-S", "0x40000", "--pad-header", "-k", "its keys/rsa-2048.pem", "-x", "0x10000"], ".hex")]
    for words, ending in lines:
        good(here("sign", *[word.format("ours") for word in words]))
        good(there("sign", *[word.format("theirs") for word in words]))
        if "rsa" not in " ".join(words):  # RSA-PSS has a random part, Ed25519 has none
            assert bytes_of("ours" + ending) == bytes_of("theirs" + ending), words
        assert len(bytes_of("ours" + ending)) == len(bytes_of("theirs" + ending)), words
        for name in ("ours", "theirs"):
            good(same("verify", name + ending, "-k", words[words.index("-k") + 1], "--json"))
            described("inspect", name + ending, "--json")
    good(there("sign", *[word.format("p256") for word in plain[:-1]], "its keys/ecdsa-p256.pem"))
    good(same("verify", "p256.bin", "-k", "its keys/ecdsa-p256.pub.pem", "--board", "xiao_nrf54l15", "--json"))
    good(both("verify", "p256.bin", "--json")[1])  # both have met the key
    damaged = bytearray(bytes_of("p256.bin"))
    damaged[0x900] ^= 1
    write("damaged.bin", damaged)
    refused = same("verify", "damaged.bin", "-k", "its keys/ecdsa-p256.pub.pem", "--json")
    assert refused.code == 1 and refused.number() == "0218", refused.err


def packages_and_bootloaders():
    for path in ("p256.bin", "ours.bin"):
        os.utime(path, (1700000000, 1700000000))
    good(here("zip", "p256.bin@0", "ours.bin@1", "-o", "ours.zip", "--soc", "any"))
    good(there("zip", "p256.bin@0", "ours.bin@1", "-o", "theirs.zip", "--soc", "any"))
    assert bytes_of("ours.zip") == bytes_of("theirs.zip")
    described("inspect", "theirs.zip", "--json")
    good(same("bootloader", "--list"))
    for ending in (".hex", ".bin"):
        for name, tool in (("ours", here), ("theirs", there)):
            good(tool("bootloader", "--board", "xiao_nrf54l15", "--key", "its keys/ecdsa-p256.pub.pem", "-o", f"loader {name}{ending}"))
        assert bytes_of(f"loader ours{ending}") == bytes_of(f"loader theirs{ending}")
        good(same("inspect", f"loader theirs{ending}", "--json"))
    good(same("board", "list", "--json"))
    good(same("reason", "HF-0218"))
    good(same("--version"))


def failures():
    for args, code in ((["sign"], 2), (["key", "show", "missing file.pem"], 3), (["nonsense"], 2), (["key", "new", "no folder/x.pem"], 3),
                       (["verify", "app raw.bin", "-k", "our ed25519.pem"], 1), (["key", "show", "app raw.bin"], 3), (["reason", "9998"], 2)):
        assert both(*args)[0].code == code, args
    update = there("update", "COM3", "p256.bin")
    assert update.code == 2 and "commands that need no device" in update.err, update.err
    left = [name for name in os.listdir(".") if name.startswith(".")]
    assert not left, left


def main():
    build()
    names = debs.run("x86_64-w64-mingw32-objdump", "-p", EXE)
    libraries = set(re.findall(r"DLL Name: (\S+)", names))
    strange = {name for name in libraries if name.lower() not in ("kernel32.dll", "msvcrt.dll", "user32.dll", "ws2_32.dll", "advapi32.dll", "crypt32.dll",
                                                                  "bcrypt.dll", "gdi32.dll")}
    assert not strange, f"the program asks for {strange}, which a Windows does not have"
    home = os.getcwd()
    # One server of wine for all runs; it ends by itself when nothing has asked it for a minute.
    subprocess.run(["wineserver", "--persistent=60"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                   env={**os.environ, "WINEPREFIX": os.path.join(INTO, "wine")})
    with tempfile.TemporaryDirectory(prefix="holdfast windows ") as folder:
        os.chdir(folder)
        os.mkdir("its keys")
        for part in (keys, images, packages_and_bootloaders, failures):
            start = time.monotonic()
            part()
            print(f"ok   {part.__name__.replace('_', ' ')} ({time.monotonic() - start:.0f} s)", flush=True)
        os.chdir(home)
    print("holdfast.exe agrees under wine; it asks Windows for " + ", ".join(sorted(libraries)))


if __name__ == "__main__":
    main()
