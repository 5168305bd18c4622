#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Inputs that are large, hostile or nothing at all: each ends with a clear word, in bounded time and memory."""
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
CLI = os.environ.get("HOLDFAST_CLI", "holdfast")
MEMORY_BYTES = 400 * 1024 * 1024  # address space; a log of 100 MB must not need its size


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def doctor(*args, stdin=None, bounded=True):
    started = time.monotonic()
    done = subprocess.run([CLI, "doctor", "--json", *args], capture_output=True, timeout=120, check=False, input=stdin,
                          preexec_fn=limit if bounded else None)
    said = json.loads(done.stdout) if done.stdout.strip() else {}
    print(f"  {time.monotonic() - started:.2f} s: {' '.join(args)[:60]}: {said.get('verdict', done.stderr[:80])}")
    return done.returncode, said, done.stderr.decode(errors="replace")


def codes(said):
    return [finding["code"] for finding in said["findings"]]


def test_log_of_100_mb():
    boot = ("*** Booting MCUboot v2.1.0 ***\nI: Starting bootloader\nI: Primary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3\n"
            "I: Image index: 0, Swap type: none\nI: Bootloader chainload address offset: 0xc000\nI: Jumping to the first image slot\n")
    noise = "".join(f"[00:00:{i % 60:02d}.000,000] <inf> app: sample {i} of the sensor, nothing to see here\n" for i in range(2000))
    with open("long.log", "w", encoding="ascii") as file:
        while file.tell() < 100 * 1024 * 1024:
            file.write(boot + noise)
        file.write("I: Starting bootloader\nE: Image in the secondary slot is not valid!\n")
    code, said, _ = doctor("long.log")
    assert code == 2 and "S05" in codes(said), said


def test_one_line_of_50_mb():
    with open("line.log", "wb") as file:
        file.write(b"I: Starting bootloader\n" + b"x" * 50_000_000 + b"\nE: Image in the secondary slot is not valid!\n")
    code, said, _ = doctor("line.log")
    assert code == 2 and said["findings"][0]["evidence"][0]["line"] == 3, said


def test_binary_as_log():
    with open("boot.log", "wb") as file:
        file.write(os.urandom(300_000))
    code, said, _ = doctor("boot.log")
    assert code in (0, 1), said


def test_yaml_bomb():
    with open("pm_static.yml", "w", encoding="ascii") as file:
        file.write("app: {address: 0x0, size: 0x1000}\na0: &a0 [x, x]\n")
        for i in range(1, 60):
            file.write(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n")
    code, said, _ = doctor("pm_static.yml")
    assert code == 2 and "D03" in codes(said) and "unfolds without end" in json.dumps(said), said
    with open("pm_static.yml", "w", encoding="ascii") as file:
        file.write("app: {address: 0x0, size: 0x1000}\nb: "+ "[" * 2000 + "]" * 2000 + "\n")
    code, said, _ = doctor("pm_static.yml")
    assert code == 2 and "D03" in codes(said) and "deeper" in json.dumps(said), said


def test_deep_devicetree():
    with open("app.overlay", "w", encoding="ascii") as file:
        file.write("/ {" + "a {" * 5000)
    code, said, _ = doctor("app.overlay")
    assert code == 2 and "D03" in codes(said), said


def test_folder_of_2000_files():
    for i in range(2000):
        folder = f"build/app/zephyr/part{i % 50}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/file{i}.{'obj' if i % 3 else 'conf'}", "w", encoding="ascii") as file:
            file.write(f"CONFIG_A{i}=y\n" * 40)
    started = time.monotonic()
    code, _, _ = doctor("build")
    took = time.monotonic() - started
    print(f"  2000 files: {took:.2f} s")  # docs/evidence.md has the figure; a loaded machine may take longer
    assert code == 0


def test_nothing_to_read():
    for name, text in (("empty.log", b""), ("blank.log", b"\n\n\n"), ("one.log", b"x")):
        with open(name, "wb") as file:
            file.write(text)
        code, said, _ = doctor(name)
        assert code == (0 if text else 1) and codes(said) == ["D12"], said
    os.mkdir("empty")
    code, said, _ = doctor("empty")
    assert code == 1 and codes(said) == ["D12"], said


def test_errors_of_use():
    code, said, err = doctor("no/such/file")
    assert code == 3 and not said["ok"] and "HF-1353" in err, err
    code, said, err = doctor("--no-such-option")
    assert code == 3 and "HF-1102" in err, err


def test_nothing_given():
    """Nothing named, and a terminal where text could be piped in."""
    master, terminal = os.openpty()
    done = subprocess.run([CLI, "doctor"], stdin=terminal, capture_output=True, timeout=60, check=False)
    os.close(terminal)
    os.close(master)
    assert done.returncode == 3 and b"HF-1352" in done.stderr, done


def test_too_many_files():
    os.mkdir("many")
    for i in range(50_001):
        os.close(os.open(f"many/{i}", os.O_CREAT | os.O_WRONLY))
    code, said, err = doctor("many")
    assert code == 3 and not said["ok"] and "HF-1354" in err, err


def test_utf_16():
    """As PowerShell's ">" writes a log."""
    text = "I: Starting bootloader\r\nE: Image in the secondary slot is not valid! \u2713\r\n"
    for name in ("utf-16-le", "utf-16-be"):
        with open("u.log", "wb") as file:
            file.write(("\ufeff" + text).encode(name))
        code, said, _ = doctor("u.log")
        assert code == 2 and said["findings"][0]["evidence"][0]["line"] == 2, said
        code, said, _ = doctor(stdin=("\ufeff" + text).encode(name))
        assert code == 2 and "S05" in codes(said), said


def test_standard_input():
    code, said, _ = doctor(stdin=b"I: Starting bootloader\nE: Image in the secondary slot is not valid!\n")
    assert code == 2 and said["findings"][0]["evidence"][0]["file"] == "standard input", said
    code, said, _ = doctor("-", stdin=b"mcuboot: {address: 0x0, size: 0x10000}\nslot0: {address: 0x10000, size: 0x1000}\n")
    assert code == 2 and "P03" in codes(said), said


def test_truncations():
    """Every parser on every beginning of a small file of its kind."""
    samples = {
        "pm_static.yml": "mcuboot: {address: 0x0, size: 0x10000}\nmcuboot_primary:\n  address: 0x10000\n  span: &a [mcuboot_pad, app]\n  size: 0x10\n",
        "a.overlay": "/ { chosen { zephyr,code-partition = &slot0_partition; }; };\n&flash0 { partitions { p: x@0 { reg = <0x0 DT_SIZE_K(4)>; }; }; };\n",
        "list.txt": "Images:\n image=0 slot=0\n    version: 1.0.0\n    flags: active\nImageState(slot=1, hash=HashBytes('00112233445566778899'))\n",
        "m.hex": ":020000040001F9\n:10000000000102030405060708090A0B0C0D0E0F78\n:00000001FF\n",
    }
    for name, text in samples.items():
        for length in range(0, len(text), 3):
            with open(name, "w", encoding="ascii") as file:
                file.write(text[:length])
            done = subprocess.run([CLI, "doctor", "--json", name], capture_output=True, timeout=60, check=False)
            assert done.returncode in (0, 1, 2), f"{name} cut to {length}: exit {done.returncode} {done.stderr}"
        os.remove(name)


def main():
    failed = 0
    for name, function in sorted(globals().items()):
        if not name.startswith("test_") or (len(sys.argv) > 1 and name not in sys.argv[1:]):
            continue
        home = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                function()
                print(f"ok   {name}")
            except AssertionError as error:
                failed += 1
                print(f"FAIL {name}: {str(error)[:600]}")
            os.chdir(home)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
