#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The doctor's rules, each by an input that fires it and by a near one that does not (cases/*.txt).

A case begins with "#fires CODE SEVERITY" or "#near CODE". "@NAME" begins a file of that name; a line with "!" makes a file:
  !key NAME TYPE [PASSPHRASE]      !sign NAME key=K [size=N base=ADDR header=H version=V sha=S more=WORDS]
  !flip NAME OFFSET                !cut NAME BYTES             !pad NAME MULTIPLE          !forget NAME
  !zip NAME IMAGE [KEY=VALUE..] (of the manifest)
  !secret WORDS (the passphrase)   !run NAME (it is what runs)      !dump NAME BYTES FILE@ADDR..        !loader NAME KEY (a program that holds the public key)
  !hex NAME ADDR:BYTES..           !uf2 NAME ADDR BYTES            !elf NAME ADDR BYTES TABLE_OFFSET
"""
import glob
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
sys.dont_write_bytecode = True
import schemas

CLI = os.environ.get("HOLDFAST_CLI", "holdfast")
HERE = os.path.dirname(os.path.abspath(__file__))
RULES = os.path.join(HERE, "..", "..", "host", "doctor", "rules.def")
DOCS = os.path.join(HERE, "..", "..", "docs", "doctor.md")
SEVERITIES = ("note", "attention", "fault")


class Case:
    def __init__(self, kind, code, severity, where):
        self.kind, self.code, self.severity, self.where = kind, code, severity, where
        self.files, self.makers = {}, []


def cases_of(path):
    cases, name = [], None
    for number, line in enumerate(open(path, encoding="utf-8").read().split("\n"), 1):
        head = re.match(r"#(fires|near) ([A-Z]\d\d)(?: (\w+))?$", line)
        if head:
            cases.append(Case(head[1], head[2], head[3], f"{os.path.basename(path)}:{number}"))
            name = None
        elif line.startswith("@"):
            name = line[1:]
            cases[-1].files[name] = []
        elif re.match(r"!(key|sign|flip|cut|pad|forget|hex|uf2|elf|zip|secret|run|dump|loader) ", line):
            cases[-1].makers.append(line[1:].split())
        elif name is not None:
            cases[-1].files[name].append(line)
    return cases


def tool(*args):
    subprocess.run([CLI, *map(str, args)], check=True, capture_output=True, env={**os.environ, "XDG_DATA_HOME": os.path.abspath("../keys")})


def application(size, base, header):
    body = bytes((i * 7 + (i >> 8)) & 0xff for i in range(size - 8))
    return struct.pack("<II", 0x20001000, (base + header + 0x101) | 1) + body


def make_signed(name, words):
    options = dict(word.split("=", 1) for word in words)
    header, base = int(options.get("header", "0x200"), 0), int(options.get("base", "0x10000"), 0)
    with open(".raw", "wb") as file:
        file.write(application(int(options.get("size", "4000")), base, header))
    more = options["more"].split(",") if "more" in options else []
    tool("sign", ".raw", name, "-v", options.get("version", "1.2.3"), "-H", hex(header), "-S", "0x100000", "--pad-header",
         "-k", options["key"], "--sha", options.get("sha", "auto"), *more)
    os.remove(".raw")


def hex_record(addr, kind, data):
    body = bytes([len(data), addr >> 8 & 255, addr & 255, kind]) + data
    return ":" + (body + bytes([-sum(body) & 255])).hex().upper() + "\n"


def make_hex(name, ranges):
    with open(name, "w", encoding="ascii") as file:
        for word in ranges:
            addr, size = (int(part, 0) for part in word.split(":"))
            file.write(hex_record(0, 4, struct.pack(">H", addr >> 16)))
            for at in range(0, size, 16):
                file.write(hex_record((addr + at) & 0xffff, 0, bytes(min(16, size - at))))
        file.write(hex_record(0, 1, b""))


def make_uf2(name, addr, size):
    count = (size + 255) // 256
    with open(name, "wb") as file:
        for i in range(count):
            head = struct.pack("<8I", 0x0a324655, 0x9e5d5157, 0x2000, addr + 256 * i, 256, i, count, 0xada52840)
            file.write(head + bytes(476) + struct.pack("<I", 0x0ab16f30))


def make_elf(name, addr, size, table):
    """One loadable segment; a vector table at that offset, in blanks."""
    body = bytearray(size)
    struct.pack_into("<II", body, table, 0x20004000, (addr + table + 0x101) | 1)
    head = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\x01\x01\x01", 2, 40, 1, addr, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    with open(name, "wb") as file:
        file.write(head + struct.pack("<8I", 1, 84, addr, addr, size, size, 5, 4) + body)


def make_dump(name, size, parts):
    data = bytearray(b"\xff" * size)
    for part in parts:
        file, addr = part.split("@")
        body = open(file, "rb").read()
        data[int(addr, 0):int(addr, 0) + len(body)] = body
    open(name, "wb").write(data)


def make_zip(name, image, changes):
    """A package, and then its manifest changed."""
    tool("zip", image, "-o", "made.zip")
    with zipfile.ZipFile("made.zip") as made, zipfile.ZipFile(name, "w") as package:
        for entry in made.namelist():
            data = made.read(entry)
            if entry == "manifest.json":
                manifest = json.loads(data)
                manifest["files"][0].update(word.split("=", 1) for word in changes)
                data = json.dumps(manifest)
            package.writestr(entry, data)
    os.remove("made.zip")
    os.remove(image)


def make_loader(name, key):
    """Code, and in it the public key as imgtool's getpub prints it."""
    der = subprocess.run([CLI, "key", "export", key, "--form", "der"], check=True, capture_output=True).stdout
    body = bytearray(application(0x8000, 0, 0))
    body[0x3210:0x3210 + len(der)] = der
    open(name, "wb").write(body)


def make(words):
    verb, name, rest = words[0], words[1], words[2:]
    if "/" in name:
        os.makedirs(os.path.dirname(name), exist_ok=True)
    if verb == "key" and len(rest) > 1:
        with open(".secret", "w", encoding="ascii") as file:
            file.write(rest[1] + "\n")
        tool("key", "new", name, "--type", rest[0], "--passphrase-file", ".secret")
        os.remove(".secret")
    elif verb == "key":
        tool("key", "new", name, "--type", rest[0])
    elif verb == "sign":
        make_signed(name, rest)
    elif verb == "hex":
        make_hex(name, rest)
    elif verb == "uf2":
        make_uf2(name, int(rest[0], 0), int(rest[1], 0))
    elif verb == "elf":
        make_elf(name, *(int(word, 0) for word in rest))
    elif verb == "dump":
        make_dump(name, int(rest[0], 0), rest[1:])
    elif verb == "zip":
        make_zip(name, rest[0], rest[1:])
    elif verb == "loader":
        make_loader(name, rest[0])
    elif verb == "forget":
        os.remove(name)
    else:
        data = bytearray(open(name, "rb").read())
        if verb == "flip":
            data[int(rest[0], 0)] ^= 1
        elif verb == "cut":
            del data[-int(rest[0], 0):]
        else:
            data += b"\xff" * (-len(data) % int(rest[0], 0))
        open(name, "wb").write(data)


def doctor(folder, *more, env=None):
    """ELF files are read only if they are named: a build leaves many."""
    named = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".elf")]
    done = subprocess.run([CLI, "doctor", "--json", folder, *named, *more], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **(env or {})})
    said = json.loads(done.stdout)
    schemas.check("doctor", said)
    assert done.returncode == ("healthy", "attention", "fault").index(said["verdict"]), f"exit {done.returncode} for {said['verdict']}"
    return said


def run(case):
    with tempfile.TemporaryDirectory() as home:
        folder = os.path.join(home, "case")
        os.mkdir(folder)
        os.chdir(folder)
        for name, lines in case.files.items():
            if "/" in name:
                os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(name, "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
        running = [os.path.abspath(words[1]) for words in case.makers if words[0] == "run"]
        for words in case.makers:
            if words[0] not in ("run", "secret"):
                make(words)
        env = {"HOLDFAST_PASSPHRASE": words[1] for words in case.makers if words[0] == "secret"}
        for at, path in enumerate(running):
            running[at] = os.path.join(home, os.path.basename(path))
            os.rename(path, running[at])
        said = doctor(folder, *(["--running", *running] if running else []), env=env)
        os.chdir(HERE)
    found = {finding["code"]: finding for finding in said["findings"]}
    if case.kind == "near":
        assert case.code not in found, f"{case.code} fires: {found[case.code]['evidence']}"
        return
    assert case.code in found, f"{case.code} does not fire; found: {' '.join(found)}"
    finding = found[case.code]
    assert finding["severity"] == case.severity, f"{case.code} is a {finding['severity']}, wanted {case.severity}"
    assert finding["evidence"], f"{case.code} without evidence"
    worst = max(SEVERITIES.index(f["severity"]) for f in said["findings"])
    assert said["verdict"] == ("healthy", "attention", "fault")[worst]


def documented():
    """docs/doctor.md with its list of codes as rules.def has them."""
    text = open(DOCS, encoding="utf-8").read()
    rows = re.findall(r'^RULE\((\w+), (\w+), \w+, \w+, "((?:[^"\\]|\\.)*)",\s*"(?:[^"\\]|\\.)*",\s*"((?:[^"\\]|\\.)*)"\)', open(RULES, encoding="utf-8").read(), re.M)
    table = "| code | severity | what | known from |\n|---|---|---|---|\n"
    table += "".join(f"| {code} | {severity.lower()} | {title} | {source} |\n".replace('\\"', '"') for code, severity, title, source in sorted(rows))
    return text, re.sub(r"(cases\.py --write-docs -->\n).*?(<!-- end -->)", lambda match: match[1] + table + match[2], text, flags=re.S), len(rows)


def main():
    text, wanted, rows = documented()
    if "--write-docs" in sys.argv:
        open(DOCS, "w", encoding="utf-8").write(wanted)
        return
    cases = [case for path in sorted(glob.glob(os.path.join(HERE, "cases", "*.txt"))) for case in cases_of(path)]
    codes = re.findall(r"^RULE\((\w+),", open(RULES, encoding="utf-8").read(), re.M)
    failed = 0
    for case in cases:
        if len(sys.argv) > 1 and case.code not in sys.argv[1:]:
            continue
        try:
            run(case)
        except (AssertionError, subprocess.CalledProcessError, json.JSONDecodeError) as error:
            failed += 1
            print(f"FAIL {case.where} {case.kind} {case.code}: {error}")
    for kind in ("fires", "near"):
        lacking = set(codes) - {case.code for case in cases if case.kind == kind}
        if lacking and len(sys.argv) == 1:
            failed += 1
            print(f"FAIL no case '{kind}' for {' '.join(sorted(lacking))}")
    if text != wanted or rows != len(codes):
        failed += 1
        print("FAIL docs/doctor.md has other codes than rules.def: python3 tests/doctor/cases.py --write-docs")
    print(f"{len(codes)} rules, {len(cases)} cases, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
